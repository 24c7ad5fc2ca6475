// Interactive charts: drawn by plotly.js, read point by point with the arrow keys, heard as tones, and copied.

const t = (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

const add = (tag, properties) =>
  new Promise((done, failed) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.onload = done;
    node.onerror = failed;
    document.head.append(node);
  });

let library; // a promise; emptied if loading fails, so that the next try loads again
const load = (address) =>
  (library ??= Promise.all([
    // If plotly.js finds this link, it does not add a <style>, which the content security policy forbids.
    add("link", {
      id: "plotly.js-style-global", className: "no-inline-styles", rel: "stylesheet",
      href: new URL("../css/plotly.css", new URL(address, location)),
    }),
    add("script", { src: address }),
  ]).catch((error) => {
    library = undefined;
    throw error;
  }));

// The dark colour of each colour in a drawing, as in charts/dark_scheme.py.
const DARK = {
  "#12436d": "#9ccbf3", "#28a197": "#45c4b8", "#801650": "#f29ac5", "#f46a25": "#ff9a5c",
  "#3d3d3d": "#c9ced3", "#a285d1": "#bea5e8", "#e4edf4": "#22384a", "#bcd2e5": "#2d5070",
  "#8bb3d3": "#3a6a94", "#2f6d9f": "#74aeda", "#ffffff": "#1a222a", "#f3efe4": "#2c363f",
  "#1a1a1a": "#eef1f3", "#4a4f55": "#b4bfc8", "#dfe3e6": "#3a4650", "#7a95b4": "#6a8bae",
  "#8c8c8c": "#8b959e", "#1b6e66": "#6fd3c8",
};
const wantsDark = matchMedia("(prefers-color-scheme: dark)");
const inScheme = (drawing) =>
  wantsDark.matches ? JSON.parse(JSON.stringify(drawing), (_, value) => DARK[value?.toLowerCase?.()] ?? value) : drawing;

const drawings = new WeakMap(); // by chart: a promise of its place and its series of points

export const draw = (chart) => {
  if (!drawings.has(chart)) {
    drawings.set(chart, drawn(chart).catch(() => {
      drawings.delete(chart); // the picture or the table is still shown
    }));
  }
  return drawings.get(chart);
};

const drawn = async (chart) => {
  chart.dataset.state = "loading";
  try {
    const response = await fetch(chart.dataset.chart);
    if (!response.ok) throw new Error(response.status);
    const [figures] = await Promise.all([response.json(), load(chart.dataset.library)]);
    const still = chart.querySelector("picture");
    const place = chart.querySelector(".chart__place") ?? document.createElement("div");
    const { paddingLeft, paddingRight } = getComputedStyle(chart);
    const room = chart.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const figure = room >= figures.wide.layout.width ? figures.wide : figures.narrow;
    const layout = { ...figure.layout };
    if (figure === figures.narrow) layout.width = Math.min(room, figures.wide.layout.width);
    if (still) {
      place.className = "chart__place";
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", still.querySelector("img").alt);
      place.style.height = `${still.clientHeight}px`;
      still.replaceWith(place);
    }
    place.replaceChildren();
    const paint = () => {
      const shown = inScheme({ data: figure.data, layout });
      return Plotly.newPlot(place, shown.data, shown.layout, {
        displayModeBar: false, plotlyServerURL: "", scrollZoom: false, doubleClick: false, showTips: false,
      });
    };
    await paint();
    wantsDark.addEventListener("change", paint);
    place.style.height = "";
    chart.dataset.state = "drawn";
    return { place, series: pointsOf(figure.data) };
  } catch (error) {
    delete chart.dataset.state;
    throw error;
  }
};

// The points of each trace that have a value: their place in the trace, their value, and the words for them.
const pointsOf = (traces) =>
  traces
    .map((trace, curve) => {
      const values = trace.meta?.values ?? (trace.orientation === "h" || trace.mode === "markers" ? trace.x : trace.y);
      return (trace.customdata ?? [])
        .map((words, point) => ({ curve, point, value: values[point], words: plain(words), more: plain(trace.hovertext?.[point] ?? ""), panel: (trace.xaxis ?? "x") + (trace.yaxis ?? "y") }))
        .filter((p) => p.value !== null && p.words);
    })
    .filter((points) => points.length);

const plain = (words) => new DOMParser().parseFromString(words.replace(/<br>/g, " "), "text/html").body.textContent.trim();

const say = (chart, words) => {
  chart.querySelector(".chart__said").textContent = words;
};

const places = new WeakMap(); // by chart: the series and the point that were read last
const FAILED = t("The chart could not be loaded. The table below has the same figures.");

export const answer = async (chart, event) => {
  if (event.type === "click") return tools[event.target.closest("[data-do]").dataset.do](chart);
  const { place, series = [] } = (await draw(chart)) ?? {};
  if (!place) return say(chart, FAILED);
  if (!series.length) return say(chart, t("No point of this chart has a number. The table below says why."));
  const at = places.get(chart);
  const line = Math.min(series.length - 1, Math.max(0, (at?.line ?? series.length - 1) + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0)));
  const last = series[line].length - 1;
  const next = { Home: 0, End: last, ArrowLeft: (at?.index ?? last + 1) - 1, ArrowRight: (at?.index ?? -1) + 1 }[event.key] ?? at?.index ?? 0;
  const index = Math.min(last, Math.max(0, next));
  places.set(chart, { line, index });
  const { curve, point, words, more, value, panel } = series[line][index];
  say(chart, more ? `${words}. ${more}` : words);
  Plotly.Fx.hover(place, [{ curveNumber: curve, pointNumber: point }], [panel]);
  if (chart.dataset.sound) tone(pitch(series[line], value), 0);
  return undefined;
};

// --- sound

let audio;
const tone = (frequency, delay) => {
  audio ??= new AudioContext();
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  const start = audio.currentTime + delay;
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.12, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.16);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.17);
};

// From A3 for zero to A5 for the highest value of a series.
const pitch = (points, value) => 220 * 4 ** (value / (Math.max(...points.map((p) => p.value), 0) || 1));

const tools = {
  async sound(chart) {
    const points = (await draw(chart))?.series.at(-1);
    if (!points) return say(chart, chart.dataset.state ? t("No point of this chart has a number.") : FAILED);
    chart.dataset.sound = "on";
    points.forEach((p, n) => tone(pitch(points, p.value), n * Math.min(0.18, 6 / points.length)));
    return say(chart, t("%(count)s points, from %(first)s to %(last)s. Higher tones are higher values. The arrow keys now play each point.", { count: points.length, first: points[0].words, last: points.at(-1).words }));
  },
  link: (chart) => copy(chart, new URL(`#${chart.id}`, location).href, t("The link to this chart is copied.")),
  data(chart) {
    const rows = document.getElementById(chart.dataset.numbers).closest("table").rows;
    const cells = [...rows].map((row) => [...row.cells].map((c) => c.textContent.trim()).join("\t"));
    return copy(chart, cells.join("\n"), t("The figures are copied. You can paste them into a spreadsheet."));
  },
};

const copy = async (chart, text, words) => {
  try {
    await navigator.clipboard.writeText(text);
    say(chart, words);
  } catch {
    say(chart, t("Your browser does not allow copying. Please copy the table below."));
  }
};
