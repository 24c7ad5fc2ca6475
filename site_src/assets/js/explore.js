// The page “Explore”: choose a measure, areas, periods and a view. The choice is in the address, so that it can be
// shared and Back works. All numbers come from the files of figures; rates and sums follow the rules of measures.py.
"use strict";

(async () => {
  const root = document.querySelector("[data-explore]");
  if (!root) return;
  const embedded = "embedded" in root.dataset;
  const site = new URL(root.dataset.explore, location);
  const result = root.querySelector(".explore__result");
  const get = async (path) => {
    const answer = await fetch(new URL(path, site));
    if (!answer.ok) throw new Error(path);
    return answer.json();
  };

  // Until the page is first shown, let the browser answer its reader between two steps of the work.
  const pause = () => root.hidden && new Promise((next) => { setTimeout(next); });

  // --- words, numbers and days

  const DAY = 86400000;
  const time = (day) => Date.parse(`${day}T00:00:00Z`);
  const dayBefore = (day) => new Date(time(day) - DAY).toISOString().slice(0, 10);
  // Made once: making one for each number, day or comparison took nine tenths of the time until the first drawing.
  const byMonth = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
  const byDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const alphabet = new Intl.Collator("en-GB");
  const byDecimals = new Map();
  const monthName = (day) => byMonth.format(time(day));
  const dayName = (day) => byDay.format(time(day));
  const written = (value, decimals) => {
    const digits = decimals === undefined ? { maximumFractionDigits: 20 } : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    if (!byDecimals.has(decimals)) byDecimals.set(decimals, new Intl.NumberFormat("en-GB", digits));
    return byDecimals.get(decimals).format(value).replace("-", "−");
  };
  const count = (n, one, many = `${one}s`) => `${written(n)} ${n === 1 ? one : many}`;
  const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
  const unique = (list) => [...new Set(list)];

  // Whole months between two days, or 0, as `months_between` in periods.py.
  const monthsOf = (start, end) => {
    const [y, m, d] = start.split("-").map(Number);
    const [v, n] = end.split("-").map(Number);
    const last = dayBefore(new Date(Date.UTC(v, n, 1)).toISOString().slice(0, 10)) === end;
    return d === 1 && last ? (v - y) * 12 + n - m + 1 : 0;
  };
  const firstDay = (end, months) => {
    const [y, m] = end.split("-").map(Number);
    return new Date(Date.UTC(y, m - months, 1)).toISOString().slice(0, 10);
  };
  const lengthOf = ({ start, end }) => {
    if (!start || !end) return "undated";
    const months = monthsOf(start, end);
    return months ? `${months}` : `${Math.round((time(end) - time(start)) / DAY) + 1}d`;
  };
  const lengthName = (length) =>
    length === "undated" ? "Not stated" : length.endsWith("d") ? count(parseInt(length, 10), "day") : count(+length, "month");

  // --- figures

  const SEP = "\u001f";
  const keyOf = (f) => `${f.start ?? ""}_${f.end ?? ""}`;
  const MARKS = ["b", "e", "p", "r"]; // the most important first, for a sum
  const UNSETTLED = { p: "provisional", e: "estimated" }; // drawn hollow and lighter

  // Figures that fill the days from `start` to `end`, newest first; null if none do. The longest are tried first.
  const tiles = (ending, start, end) => {
    if (end < start) return [];
    for (const f of ending.get(end) ?? []) {
      if (f.start < start) continue;
      const rest = tiles(ending, start, dayBefore(f.start));
      if (rest) return [f, ...rest];
    }
    return null;
  };

  const summed = (pieces) => {
    const [newest] = pieces;
    const statuses = unique(pieces.map((f) => f.status));
    const missing = pieces.some((f) => f.value === null);
    const status = statuses.includes("c") ? "c" : missing ? (statuses.every((s) => s === "z") ? "z" : "x") : MARKS.find((m) => statuses.includes(m)) ?? "";
    const value = missing ? null : pieces.reduce((sum, f) => sum + f.value, 0);
    const start = pieces.at(-1).start;
    const label = `12 months to ${monthName(newest.end)}`;
    return { ...newest, start, label, value, status, pieces: pieces.length, sources: pieces.flatMap((f) => f.sources) };
  };

  // All figures of a measure by length, area and part, and period; with 12 months added up where they can be.
  const arrange = (measure, file) => {
    const lengths = new Map();
    const put = (f) => {
      const length = lengthOf(f);
      if (!lengths.has(length)) lengths.set(length, new Map());
      const series = f.area + SEP + f.part;
      if (!lengths.get(length).has(series)) lengths.get(length).set(series, new Map());
      lengths.get(length).get(series).set(keyOf(f), f);
    };
    const figures = file.figures.map((f) => ({
      area: f.area, part: f.part ?? "", label: f.period.label, start: f.period.start, end: f.period.end,
      value: f.value, unit: f.unit, status: f.status?.mark ?? "", pieces: 1, sources: [f.source],
    }));
    figures.forEach(put);
    if (measure.can_be_added && !measure.parts) {
      const areas = new Map();
      for (const f of figures.filter((one) => one.start && one.end)) {
        if (!areas.has(f.area)) areas.set(f.area, new Map());
        const ending = areas.get(f.area);
        ending.set(f.end, [...(ending.get(f.end) ?? []), f].sort((a, b) => (a.start < b.start ? -1 : 1)));
      }
      // As `rolling` in measures.py: a year with a break inside mixes two ways of counting. Only the newest is kept.
      for (const ending of areas.values()) {
        const years = [...ending.keys()].sort().map((end) => tiles(ending, firstDay(end, 12), end)).filter(Boolean).map(summed);
        for (const year of years) if (year.pieces > 1 && (year === years.at(-1) || !brokenBy(year, year, measure))) put(year);
      }
    }
    return { lengths, parts: unique(figures.map((f) => f.part)), areas: unique(figures.map((f) => f.area)), release: file.release };
  };

  const MEANINGS = {}; // of each status, from the files of figures
  const loaded = new Map();
  const load = async (measure) => {
    if (!loaded.has(measure.slug)) {
      const file = await get(`figures/${measure.slug}/figures.json`);
      await pause();
      Object.assign(MEANINGS, file.statuses);
      loaded.set(measure.slug, arrange(measure, file));
    }
    return loaded.get(measure.slug);
  };

  // --- the choice

  let index, outlines, places;
  try {
    [index, outlines] = await Promise.all([get("api/index.json"), get("explore/outlines.json")]);
  } catch {
    return; // the links are still shown
  }
  const measures = new Map(index.indicators.map((m) => [m.slug, m]));
  places = new Map(index.areas.map((a) => [a.code, a]));
  if (!measures.size) return;

  const VIEWS = { line: "Lines", bars: "Bars", map: "Map", table: "Table" };
  const KINDS = { borough: "Boroughs", ward: "Wards", neighbourhood: "Parts of wards", former: "Former wards", region: "Regions", "police-force": "Police forces", rest: "No ward recorded" };
  const kindOf = (area) => (area.kind === "ward" && area.valid_to ? "former" : area.kind);
  const placeName = (code) => {
    const area = places.get(code);
    return area?.valid_to ? `${area.name} (until ${dayName(area.valid_to)})` : area?.name ?? code;
  };
  // Boroughs and larger areas first, then A to Z. Nothing is ordered by its figures.
  const orderOf = (codes) => {
    const kinds = ["borough", "region", "police-force", "ward", "neighbourhood", "rest", "former"];
    const rank = (code) => [code === root.dataset.area ? -1 : kinds.indexOf(kindOf(places.get(code) ?? {})), placeName(code)];
    const ranks = new Map([...codes].map((code) => [code, rank(code)]));
    return [...codes].sort((a, b) => {
      const [[i, n], [j, k]] = [ranks.get(a), ranks.get(b)];
      return i - j || alphabet.compare(n, k);
    });
  };

  const readAddress = () => {
    const q = new URLSearchParams(location.search);
    const list = (name) => q.getAll(name).filter(Boolean);
    return {
      measure: q.get("measure") ?? "", areas: list("area"), parts: q.has("part") ? q.getAll("part") : null, length: q.get("length") ?? "",
      from: q.get("from") ?? "", to: q.get("to") ?? "", period: q.get("period") ?? "", other: q.get("with") ?? "",
      rate: q.get("as") === "rate", view: q.get("view") ?? "",
    };
  };
  const query = (c) => {
    const q = new URLSearchParams();
    q.set("measure", c.measure);
    for (const area of c.areas) q.append("area", area);
    if (c.allParts === false) for (const part of c.parts) q.append("part", part);
    q.set("length", c.length);
    if (c.view === "line" || c.view === "table") {
      if (c.from) q.set("from", c.from);
      if (c.to) q.set("to", c.to);
    } else {
      if (c.period) q.set("period", c.period);
      if (c.view === "bars" && c.other) q.set("with", c.other);
    }
    if (c.rate) q.set("as", "rate");
    q.set("view", c.view);
    return `?${q}`;
  };

  const periodsOf = (series) => {
    const all = new Map();
    for (const s of series) for (const [key, f] of s.figures) if (!all.has(key)) all.set(key, f);
    return [...all].map(([key, f]) => ({ key, label: f.label, start: f.start, end: f.end }))
      .sort((a, b) => ((a.end ?? "") < (b.end ?? "") ? 1 : (a.end ?? "") > (b.end ?? "") ? -1 : 0));
  };

  // What can be chosen for a measure, and the choice with everything that does not exist replaced by what does.
  const complete = (asked, data, measure) => {
    const c = { ...asked, measure: measure.slug };
    const known = orderOf(data.areas);
    c.areas = known.filter((a) => asked.areas.includes(a));
    if (!c.areas.length) c.areas = known.includes(root.dataset.area) ? [root.dataset.area] : known.slice(0, 1);
    c.parts = asked.parts?.filter((p) => data.parts.includes(p)) ?? [];
    c.allParts = !c.parts.length || c.parts.length === data.parts.length;
    if (c.allParts) c.parts = data.parts;
    else c.parts = data.parts.filter((p) => c.parts.includes(p));
    const mapped = known.filter((a) => a in outlines);
    const shown = asked.view === "map" ? mapped : c.areas;
    const has = (length, area) => [...data.lengths.get(length).keys()].some((k) => k.startsWith(area + SEP));
    const rank = (length) => shown.filter((a) => has(length, a)).length * 1000 + (length === "12" ? 500 : parseInt(length, 10) || 0);
    const lengths = [...data.lengths.keys()].sort((a, b) => (parseInt(a, 10) || 999) - (parseInt(b, 10) || 999));
    c.length = lengths.includes(asked.length) ? asked.length : [...lengths].sort((a, b) => rank(b) - rank(a))[0];
    const seriesOf = (areas) => areas.flatMap((area) => c.parts.map((part) => ({
      area, part, figures: data.lengths.get(c.length).get(area + SEP + part) ?? new Map(),
    })));
    const mapAreas = mapped.filter((a) => has(c.length, a));
    const can = { map: mapAreas.length > 0 && c.parts.length === 1, bars: true, table: true };
    let series = seriesOf(c.areas);
    can.line = c.length !== "undated" && periodsOf(series).length > 1;
    c.view = can[asked.view] ? asked.view : asked.view || !can.line || periodsOf(series).length < 3 ? "bars" : "line";
    if (c.view === "map") series = seriesOf(mapAreas);
    // The newest period that all areas share comes first.
    const periods = periodsOf(series);
    const shared = periods.filter((p) => series.every((s) => s.figures.has(p.key)));
    const exists = (key) => periods.some((p) => p.key === key);
    const newest = (shared[0] ?? periods[0])?.key ?? "";
    c.period = exists(asked.period) ? asked.period : newest;
    c.other = exists(asked.other) && asked.other !== c.period ? asked.other : "";
    const common = shared.length > 1 ? shared : periods;
    c.from = exists(asked.from) ? asked.from : common.at(-1)?.key ?? "";
    c.to = exists(asked.to) ? asked.to : common[0]?.key ?? "";
    const place = (key) => periods.findIndex((p) => p.key === key);
    if (place(c.from) < place(c.to)) [c.from, c.to] = [c.to, c.from];
    const rated = series.some((s) => places.get(s.area)?.population && !(s.area in measure.no_rates));
    can.rate = measure.has_rates && rated;
    c.rate = asked.rate && can.rate;
    const chosen = c.view === "line" || c.view === "table" ? periods.slice(place(c.to), place(c.from) + 1) : periods.filter((p) => p.key === c.period || p.key === c.other);
    for (const s of series) s.name = nameOf(s, c, data);
    return { choice: c, can, series, periods, chosen, lengths, shared: new Set(shared.map((p) => p.key)), known, data, measure };
  };
  const nameOf = (s, c, data) => {
    const part = s.part || "All together";
    if (data.parts.length === 1) return placeName(s.area);
    return c.areas.length === 1 ? part : c.parts.length === 1 ? `${placeName(s.area)}, ${part}` : `${placeName(s.area)}, ${part}`;
  };

  // What is shown for a figure: its number, or words. A rate is rounded to one decimal, halves up.
  const look = (f, s, now) => {
    if (!f) return { value: null, text: "not published", why: "none" };
    if (f.value === null) return { value: null, text: f.status === "c" ? "withheld" : MEANINGS[f.status] ?? "not available", why: f.status || "x", status: f.status };
    if (!now.choice.rate) return { value: f.value, text: written(f.value), status: f.status };
    const people = places.get(s.area)?.population?.people;
    if (s.area in now.measure.no_rates) return { value: null, text: "no rate", why: "no-rate" };
    if (!people || !Number.isInteger(f.value) || f.value < 0) return { value: null, text: "population not known", why: "no-population" };
    const tenths = Math.floor((f.value * 20000 + people) / (2 * people));
    return { value: tenths / 10, text: written(tenths / 10, 1), status: f.status };
  };
  const unitOf = (now) => {
    const [f] = now.series.flatMap((s) => [...s.figures.values()]);
    return now.choice.rate ? `${now.measure.unit} per 1,000 people` : f?.unit ?? now.measure.unit;
  };
  // The break between two figures or inside one of them, as `broken` in measures.py.
  const brokenBy = (earlier, later, measure) =>
    earlier.start && later.end ? measure.breaks.find((b) => earlier.start < b.date && b.date <= later.end) : undefined;

  // --- drawing: small SVG, without styles of its own

  const make = (space) => (tag, attributes = {}, ...inside) => {
    const node = space ? document.createElementNS(space, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value);
    }
    node.append(...inside.flat(Infinity).filter((part) => part !== null && part !== undefined && part !== false));
    return node;
  };
  const h = make("");
  const svg = make("http://www.w3.org/2000/svg");
  const MOST_LINES = 6;
  const DASHES = ["", "7 3", "2 3", "10 3 2 3", "4 4", "1 4"];
  const letters = (text, size = 13) => text.length * size * 0.54;
  const short = (text, width, size = 13) => {
    const most = Math.max(4, Math.floor(width / (size * 0.54)));
    return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
  };

  const stepsTo = (low, high, most = 5) => {
    const span = high - low || 1;
    const rough = span / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
    const ticks = [];
    for (let n = Math.floor(low / step + 1e-9); n <= Math.ceil(high / step - 1e-9); n += 1) ticks.push(+(n * step).toPrecision(12));
    return ticks;
  };
  const drawing = (width, height, label, ...parts) =>
    svg("svg", { class: "explore__svg", role: "img", "aria-label": label, width, height, viewBox: `0 0 ${width} ${height}` }, parts);

  const wrapped = (text, width, size = 12) => {
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (lines.at(-1) && letters(longer, size) > width) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  };

  const drawLines = (now, width) => {
    const shown = now.series.slice(0, MOST_LINES);
    const periods = [...now.chosen].reverse();
    const points = shown.map((s) => periods.map((p) => ({ p, f: s.figures.get(p.key), look: look(s.figures.get(p.key), s, now) })));
    const values = points.flat().map((d) => d.look.value).filter((v) => v !== null);
    const ticks = stepsTo(Math.min(0, ...values), Math.max(0, ...values) || 1);
    const [low, high] = [ticks[0], ticks.at(-1)];
    const beside = width >= 560 ? 150 : 0;
    const left = Math.max(...ticks.map((t) => letters(written(t)))) + 12;
    const right = width - beside - 12;
    // Breaks of the measure inside the drawing, each with a number that the notes below explain.
    const [first, last] = [time(periods[0].end), time(periods.at(-1).end)];
    const breaks = now.measure.breaks.filter((b) => time(b.date) > first && time(b.date) <= last);
    const top = breaks.length ? 34 : 14;
    const bottom = top + Math.max(200, Math.min(320, width * 0.5));
    const x = (day) => left + 6 + ((time(day) - first) / (last - first || 1)) * (right - left - 12);
    const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
    const parts = [];
    for (const t of ticks) {
      parts.push(svg("line", { class: t === 0 ? "explore__zero" : "explore__rule", x1: left, x2: right, y1: y(t), y2: y(t) }));
      parts.push(svg("text", { x: left - 8, y: y(t) + 4, "text-anchor": "end" }, written(t)));
    }
    const years = unique(periods.map((p) => +p.end.slice(0, 4)));
    const span = years.at(-1) - years[0];
    if (span >= 2) {
      const step = [1, 2, 5, 10, 20].find((n) => ((right - left) / (span + 1)) * n >= 46) ?? 50;
      for (let year = years[0]; year <= years.at(-1) + 1; year += 1) {
        const start = `${year}-01-01`;
        if (year % step || time(start) < first || time(start) > last) continue;
        parts.push(svg("line", { class: "explore__tick", x1: x(start), x2: x(start), y1: bottom, y2: bottom + 6 }));
        parts.push(svg("text", { x: x(start), y: bottom + 20, "text-anchor": "middle" }, `${year}`));
      }
    } else {
      let free = -Infinity;
      const few = (p) => new Date(time(p.end)).toLocaleDateString("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
      for (const p of periods) {
        const half = letters(few(p)) / 2;
        const at = Math.min(Math.max(x(p.end), half), width - half);
        if (at - half < free + 8) continue;
        free = at + half;
        parts.push(svg("line", { class: "explore__tick", x1: x(p.end), x2: x(p.end), y1: bottom, y2: bottom + 6 }));
        parts.push(svg("text", { x: at, y: bottom + 20, "text-anchor": "middle" }, few(p)));
      }
    }
    breaks.forEach((b, n) => {
      parts.push(svg("line", { class: "explore__break", x1: x(b.date), x2: x(b.date), y1: top - 10, y2: bottom }));
      parts.push(svg("text", { class: "explore__strong", x: x(b.date), y: top - 16, "text-anchor": "middle" }, `Break ${n + 1}`));
    });
    // Periods without a number have a row of their own below the line, with the reason in words.
    // Before its first and after its last figure a series has nothing to explain, and the notes say where rates are missing.
    for (const line of points) {
      const covered = line.filter((d) => d.f).map((d) => d.p.end);
      for (const d of line) d.lane = d.look.why && !d.look.why.startsWith("no-") && d.p.end >= covered[0] && d.p.end <= covered.at(-1) ? d.look.why : "";
    }
    const reasons = unique(points.flat().map((d) => d.lane).filter(Boolean));
    let below = bottom + 34;
    for (const why of reasons) {
      const words = NO_NUMBER(why);
      parts.push(svg("text", { class: "explore__quiet", x: left, y: below + 12 }, short(`× ${words}`, right - left)));
      points.forEach((line, n) => line.filter((d) => d.lane === why).forEach((d) => {
        const at = x(d.p.end);
        parts.push(svg("path", { class: `explore__s${n}`, "stroke-width": 2, d: `M${at - 4} ${below + 20 + n * 3}l8 8m0 -8l-8 8` }, svg("title", {}, `${shown[n].name}, ${d.p.label}: ${d.look.text}`)));
      }));
      below += 36 + shown.length * 3;
    }
    const ends = [];
    points.forEach((line, n) => {
      let pieces = [];
      let before = null;
      const cut = () => {
        if (pieces.length > 1) parts.push(svg("path", { class: `explore__s${n}`, "stroke-dasharray": DASHES[n], fill: "none", d: `M${pieces.join("L")}` }));
        pieces = [];
      };
      for (const d of line) {
        if (d.look.value === null) {
          cut();
          before = null;
          continue;
        }
        // A line joins only figures without a break or a missing period between them.
        const joined = before && !brokenBy(before, d.f, now.measure) && d.f.status !== "b" && time(d.f.start) <= time(before.end) + DAY;
        if (!joined) cut();
        pieces.push(`${x(d.p.end).toFixed(1)} ${y(d.look.value).toFixed(1)}`);
        before = d.f;
      }
      cut();
      for (const d of line.filter((one) => one.look.value !== null)) {
        const hollow = d.look.status in UNSETTLED ? " explore__hollow" : "";
        parts.push(svg("circle", { class: `explore__s${n} explore__dot${hollow}`, cx: x(d.p.end).toFixed(1), cy: y(d.look.value).toFixed(1), r: line.length > 40 ? 2.5 : 4 },
          svg("title", {}, `${shown[n].name}, ${d.p.label}: ${d.look.text}${d.look.status ? ` (${MEANINGS[d.look.status]})` : ""}`)));
      }
      const final = line.filter((one) => one.look.value !== null).at(-1);
      if (final) ends.push({ n, y: y(final.look.value), name: shown[n].name });
    });
    if (beside) {
      ends.sort((a, b) => a.y - b.y);
      ends.forEach((e, i) => { e.at = Math.max(e.y, i ? ends[i - 1].at + 17 : top + 4); });
      const over = (ends.at(-1)?.at ?? 0) - bottom;
      if (over > 0) for (const e of ends) e.at -= over;
      for (const e of ends) parts.push(svg("text", { class: `explore__t${e.n}`, x: right + 8, y: e.at + 4 }, short(e.name, beside)));
    }
    const height = Math.max(below, bottom + 30);
    const key = shown.length > 1 && h("ul", { class: "explore__key" }, shown.map((s, n) => h("li", {}, svg("svg", { width: 30, height: 12, "aria-hidden": "true" },
      svg("line", { class: `explore__s${n}`, "stroke-dasharray": DASHES[n], x1: 0, x2: 30, y1: 6, y2: 6 })), ` ${s.name}`)));
    return [key, drawing(width, height, `Line chart: ${titleOf(now)}. The table below has the same figures.`, parts)];
  };
  const NO_NUMBER = (why) =>
    why === "none" ? "Not published" : why === "no-rate" ? "No rate: not meaningful here" : why === "no-population" ? "No rate: population not known" : why === "c" ? `Withheld${MEANINGS.c ? MEANINGS.c.replace(/^withheld/, "") : ""}` : sentence(MEANINGS[why] ?? "not available");
  const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  const drawBars = (now, width) => {
    const all = now.chosen.map((p) => now.series.map((s) => look(s.figures.get(p.key), s, now)));
    const values = all.flat().map((l) => l.value).filter((v) => v !== null);
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const most = Math.max(60, ...all.flat().map((l) => letters(l.text) + 34));
    const room = low < 0 ? most : 0;
    const x = (v) => room + ((v - low) / (high - low || 1)) * (width - most - room);
    return now.chosen.map((p, n) => {
      const parts = [];
      let y = 6;
      now.series.forEach((s, i) => {
        const l = all[n][i];
        for (const line of wrapped(s.name, width - 4, 14)) {
          parts.push(svg("text", { x: 0, y: y + 12 }, line));
          y += 17;
        }
        if (l.value === null) {
          parts.push(svg("text", { class: "explore__quiet", x: x(0) + 4, y: y + 15 }, NO_NUMBER(l.why)));
        } else {
          const [a, b] = [x(Math.min(0, l.value)), x(Math.max(0, l.value))];
          parts.push(svg("line", { class: "explore__zero", x1: x(0), x2: x(0), y1: y - 2, y2: y + 22 }));
          parts.push(svg("rect", { class: `explore__bar${l.status in UNSETTLED ? " explore__bar--light" : ""}`, x: a, y, width: Math.max(b - a, l.value ? 1 : 0), height: 20 }));
          const words = l.text + (l.status ? ` [${l.status}]` : "");
          parts.push(svg("text", { class: "explore__strong", x: l.value < 0 ? a - 5 : b + 5, y: y + 15, "text-anchor": l.value < 0 ? "end" : "start" }, words));
        }
        y += 30;
      });
      const heading = now.chosen.length > 1 && h("h3", {}, p.label);
      return [heading, drawing(width, y, `Bar chart: ${titleOf(now)}, ${p.label}. The table below has the same figures.`, parts)];
    });
  };

  const CLASSES = 5;
  const drawMap = (now, width) => {
    const [p] = now.chosen;
    const wide = Math.min(width, 620);
    const rings = now.series.flatMap((s) => outlines[s.area]).flat();
    const [west, east] = [Math.min(...rings.map((r) => r[0])), Math.max(...rings.map((r) => r[0]))];
    const [south, north] = [Math.min(...rings.map((r) => r[1])), Math.max(...rings.map((r) => r[1]))];
    const squeeze = Math.cos(((north + south) / 2) * (Math.PI / 180));
    const scale = (wide - 8) / ((east - west) * squeeze || 1);
    const at = ([lon, lat]) => `${(4 + (lon - west) * squeeze * scale).toFixed(1)} ${(4 + (north - lat) * scale).toFixed(1)}`;
    const looks = now.series.map((s) => look(s.figures.get(p.key), s, now));
    const values = looks.map((l) => l.value).filter((v) => v !== null);
    const ticks = stepsTo(Math.min(0, ...values), Math.max(0, ...values) || 1, CLASSES);
    const step = ticks[1] - ticks[0];
    const classOf = (v) => Math.min(ticks.length - 2, Math.floor((v - ticks[0]) / step + 1e-9));
    const shapes = now.series.map((s, i) => svg("path", {
      class: looks[i].value === null ? "explore__area" : `explore__area explore__c${classOf(looks[i].value)}`,
      fill: looks[i].value === null ? "url(#explore-hatch)" : null, "fill-rule": "evenodd",
      d: outlines[s.area].map((ring) => `M${ring.map(at).join("L")}Z`).join(""),
    }, svg("title", {}, `${s.name}: ${looks[i].value === null ? NO_NUMBER(looks[i].why) : looks[i].text}`)));
    // Each area has the number of its row in the table, at the middle of its largest ring.
    const middle = (ring) => {
      let [twice, lon, lat] = [0, 0, 0];
      ring.forEach(([x, y], i) => {
        const [v, w] = ring[(i + 1) % ring.length];
        const cross = (x - west) * (w - south) - (v - west) * (y - south);
        twice += cross;
        lon += (x + v - 2 * west) * cross;
        lat += (y + w - 2 * south) * cross;
      });
      return { size: Math.abs(twice), at: twice ? [west + lon / (3 * twice), south + lat / (3 * twice)] : ring[0] };
    };
    now.series.forEach((s, i) => {
      const largest = outlines[s.area].map(middle).sort((a, b) => b.size - a.size)[0];
      const [x, y] = at(largest.at).split(" ");
      shapes.push(svg("text", { class: "explore__number", x, y: +y + 5, "text-anchor": "middle", "aria-hidden": "true" }, `${i + 1}`));
    });
    const hatch = () => svg("pattern", { id: "explore-hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { class: "explore__blank", width: 7, height: 7 }), svg("line", { class: "explore__hatch", x1: 0, x2: 0, y1: 0, y2: 7 }));
    const used = unique(looks.filter((l) => l.value !== null).map((l) => classOf(l.value))).sort((a, b) => a - b);
    const reasons = unique(looks.map((l) => l.why).filter(Boolean));
    const swatch = (attributes, words) => h("li", {}, svg("svg", { width: 22, height: 16, "aria-hidden": "true" }, svg("rect", { class: "explore__area", width: 22, height: 16, ...attributes })), ` ${words}`);
    const key = h("ul", { class: "explore__key" },
      used.map((n) => swatch({ class: `explore__area explore__c${n}` }, `${written(ticks[n])} to ${n === ticks.length - 2 ? written(ticks[n + 1]) : `under ${written(ticks[n + 1])}`}`)),
      reasons.map((why) => swatch({ fill: "url(#explore-hatch)" }, NO_NUMBER(why))));
    const height = (north - south) * scale + 8;
    return [key, drawing(wide, height, `Map: ${titleOf(now)}, ${p.label}. The table below has the same figures.`, svg("defs", {}, hatch()), shapes)];
  };

  // --- the table, the notes and the download: all of exactly what is shown

  const titleOf = (now) => `${now.measure.title}, ${unitOf(now)}`;
  const spanOf = (now) => {
    const [to, from] = [now.chosen[0], now.chosen.at(-1)];
    if (!to) return "";
    if (now.chosen.length === 1) return to.label;
    return now.choice.view === "bars" ? `${to.label}, and ${from.label}` : `${from.label} – ${to.label}`;
  };

  const partName = (now) => sentence((now.measure.parts ?? "part").replaceAll("_", " "));
  const cell = (f, s, now) => {
    const l = look(f, s, now);
    return h("td", { class: "n" }, l.value === null ? l.text : l.text + (l.status ? ` [${l.status}]` : ""));
  };
  const table = (now) => {
    const down = now.choice.view === "line" || now.choice.view === "table";
    const head = down ? now.series.map((s) => s.name) : now.chosen.map((p) => p.label);
    const rows = down
      ? now.chosen.map((p) => [p.label, now.series.map((s) => cell(s.figures.get(p.key), s, now))])
      : now.series.map((s, n) => [now.choice.view === "map" ? `${n + 1}. ${s.name}` : s.name, now.chosen.map((p) => cell(s.figures.get(p.key), s, now))]);
    return h("div", { class: "table", role: "region", tabindex: 0, "aria-labelledby": "explore-caption" },
      h("table", { class: "figures" },
        h("caption", { id: "explore-caption" }, `${titleOf(now)}: ${spanOf(now)}`),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, down ? "Period" : now.data.parts.length > 1 && now.choice.areas.length === 1 ? partName(now) : "Area"), head.map((name) => h("th", { scope: "col", class: "n" }, name)))),
        h("tbody", {}, rows.map(([name, cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells)))));
  };

  const shownFigures = (now) => now.chosen.flatMap((p) => now.series.map((s) => ({ p, s, f: s.figures.get(p.key), look: look(s.figures.get(p.key), s, now) })));

  const notes = (now) => {
    const shown = shownFigures(now);
    const found = [];
    const used = unique(shown.map((d) => d.look.status).filter((m) => m && MEANINGS[m]));
    for (const mark of used.filter((m) => shown.some((d) => d.look.status === m && d.look.value !== null))) found.push(`[${mark}]: ${MEANINGS[mark]}.`);
    const unsettled = Object.keys(UNSETTLED).filter((mark) => used.includes(mark)).map((mark) => UNSETTLED[mark]);
    if (unsettled.length && now.choice.view === "line") found.push(`Hollow points are ${unsettled.join(" or ")}.`);
    if (shown.some((d) => d.look.why === "c")) found.push(`Withheld${(MEANINGS.c ?? "").replace(/^withheld/, "")}: we do not show these numbers. Withheld does not mean zero.`);
    if (shown.some((d) => d.look.why === "none")) found.push("Not published: we have no figure for that area and period.");
    const starts = shown.map((d) => d.f?.start).filter(Boolean).sort();
    const ends = shown.map((d) => d.f?.end).filter(Boolean).sort();
    const breaks = now.measure.breaks.filter((b) => starts.length && starts[0] < b.date && b.date <= ends.at(-1));
    const numbered = now.choice.view === "line" && now.measure.breaks.filter((b) => b.date > now.chosen.at(-1).end && b.date <= now.chosen[0].end);
    for (const b of breaks) {
      const n = numbered ? numbered.indexOf(b) + 1 : 0;
      found.push(`${n ? `Break ${n}. ` : ""}Not comparable: ${b.title.replace(/\.$/, "")}, ${dayName(b.date)}. ${b.explanation}`);
    }
    if (shown.some((d) => d.f?.pieces > 1)) found.push("Figures for 12 months are shorter periods added up, where no figure for all 12 is published.");
    if (now.choice.view === "line" && now.series.length > MOST_LINES) found.push(`The chart shows the first ${MOST_LINES} lines of ${now.series.length}. The table and the download have all.`);
    if (now.choice.view === "line") found.push("A line stops where figures cannot be compared or where a period has no number.");
    if (now.choice.rate) {
      const years = unique(now.series.map((s) => places.get(s.area)?.population?.year).filter(Boolean)).sort();
      const from = unique(now.series.map((s) => places.get(s.area)?.population?.source.title).filter(Boolean));
      found.push(`Rates are per 1,000 residents of ${listed(years.map(String))} (${listed(from)}), for ${now.choice.length === "undated" ? "the period" : lengthName(now.choice.length)}. Visitors are not counted.`);
      const why = new Map();
      for (const s of now.series) if (s.area in now.measure.no_rates) why.set(now.measure.no_rates[s.area], [...(why.get(now.measure.no_rates[s.area]) ?? []), placeName(s.area)]);
      const unknown = unique(now.series.filter((s) => !places.get(s.area)?.population).map((s) => placeName(s.area)));
      if (unknown.length) found.push(`No rate for ${listed(unknown)}: we do not have the population.`);
      for (const [reason, names] of why) found.push(`No rate for ${listed(unique(names))}. ${reason}`);
    }
    if (now.choice.view === "map" && !now.choice.rate) found.push("These are counts: areas with more people have more of most things.");
    return found;
  };

  const csv = (now) => {
    const quoted = (value) => {
      const text = value === null || value === undefined ? "" : String(value);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const part = now.measure.parts ? [now.measure.parts] : [];
    const rate = now.choice.rate ? ["count", "population", "population_year", "population_source"] : [];
    const rows = [["indicator", "area_code", "area", "period", "period_start", "period_end", ...part, "value", "unit", "status", "note", ...rate, "source", "locator"]];
    for (const { p, s, f, look: l } of shownFigures(now)) {
      const lived = places.get(s.area)?.population;
      rows.push([
        now.measure.title, s.area, places.get(s.area)?.name, p.label, p.start, p.end, ...(part.length ? [s.part] : []), l.value, unitOf(now),
        f?.status, l.value === null ? NO_NUMBER(l.why) : f.pieces > 1 ? `sum of ${f.pieces} figures` : "",
        ...(rate.length ? [f?.value, lived?.people, lived?.year, lived?.source.title] : []),
        unique(f?.sources.map((one) => one.title) ?? []).join("; "), unique(f?.sources.map((one) => one.locator) ?? []).join("; "),
      ]);
    }
    return `${rows.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
  };

  // --- the page

  const shareAddress = (now, page) => new URL(`${page}${query(now.choice)}`, site).href;
  const copyable = (id, label, value) => {
    const box = h("textarea", { id, readonly: true, rows: 3, spellcheck: "false" });
    box.value = value;
    const said = h("span", { role: "status" });
    const copy = async () => {
      box.select();
      try {
        await navigator.clipboard.writeText(value);
        said.textContent = " Copied.";
      } catch {
        said.textContent = " The text is marked. Copy it with your keyboard or the menu.";
      }
    };
    return h("div", {}, h("label", { for: id }, label), box, h("p", {}, h("button", { type: "button", click: copy }, "Copy"), said));
  };

  const chart = h("div", { class: "explore__chart" });
  let current = null;
  let drawnAt = 0;
  const draw = () => {
    if (!current || current.choice.view === "table" || !current.chosen.length) return chart.replaceChildren();
    drawnAt = Math.max(260, Math.floor(chart.clientWidth));
    const kinds = { line: drawLines, bars: drawBars, map: drawMap };
    return chart.replaceChildren(...kinds[current.choice.view](current, drawnAt).flat().filter(Boolean));
  };
  if ("ResizeObserver" in window) {
    new ResizeObserver(() => {
      if (current && Math.abs(Math.floor(chart.clientWidth) - drawnAt) > 1) draw();
    }).observe(chart);
  }

  const said = h("p", { class: "explore__said", role: "status" });
  const body = h("div", {});
  const own = result.querySelector(".explore__own");
  result.append(said, body);

  const show = (now) => {
    current = now;
    if (embedded) document.querySelector("h1").textContent = now.measure.title;
    const sources = unique(shownFigures(now).flatMap((d) => d.f?.sources.map((one) => one.title) ?? []));
    const save = () => {
      const link = h("a", { href: URL.createObjectURL(new Blob([csv(now)], { type: "text/csv" })), download: `${now.measure.slug}-chosen.csv` });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    };
    const figurePage = new URL(`figures/${now.measure.slug}/`, site).href;
    const explanations = notes(now);
    const frame = `<iframe src="${shareAddress(now, "embed/").replaceAll("&", "&amp;")}" title="${now.measure.title.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}" width="100%" height="620" loading="lazy"></iframe>`;
    const numbers = table(now);
    body.replaceChildren(...[
      !embedded && h("h2", {}, now.measure.title),
      h("p", { class: "explore__unit" }, `${sentence(unitOf(now))}. ${spanOf(now)}.`),
      chart,
      explanations.length > 0 && h("ul", { class: "explore__notes" }, explanations.map((text) => h("li", {}, text))),
      embedded ? h("details", {}, h("summary", {}, "The figures"), numbers) : numbers,
      h("p", { class: "explore__source" }, `Source: ${sources.join("; ") || "none"}.${now.data.release ? ` Release: ${now.data.release.name}.` : ""} `,
        embedded
          ? h("a", { href: shareAddress(now, "explore/"), target: "_top" }, `Choose other figures on ${index.name}`)
          : h("a", { href: figurePage }, "About this figure: what it counts, caveats and where it comes from")),
      !embedded && h("p", {}, h("button", { type: "button", click: save }, "Download what is shown (CSV)")),
      !embedded && h("details", {}, h("summary", {}, "Share or embed this view"),
        copyable("explore-link", "Link to this view", shareAddress(now, "explore/")), own,
        copyable("explore-frame", "To show it on your own site, copy this into your page", frame)),
    ].filter(Boolean));
    if (own) own.firstElementChild.href = shareAddress(now, "embed/");
    said.classList.toggle("explore__said--quiet", now.chosen.length > 0); // the heading says the same to those who see it
    const withheld = shownFigures(now).filter((d) => d.look.why === "c").length;
    const what = now.choice.view === "map" ? count(now.series.length, "area") : listed(now.series.map((s) => s.name).slice(0, 3)) + (now.series.length > 3 ? ` and ${now.series.length - 3} more` : "");
    said.textContent = now.chosen.length
      ? `Showing ${VIEWS[now.choice.view].toLowerCase()}: ${titleOf(now)}, for ${what}. ${spanOf(now)}.${withheld ? ` ${count(withheld, "figure is", "figures are")} withheld.` : ""}`
      : "There is no figure for this choice. Choose another length of period or other areas.";
  };

  // --- the controls

  const more = root.querySelector(".explore__more");
  const measureBox = root.querySelector("#explore-measure");
  const isWide = matchMedia("(min-width: 60em)");
  isWide.addEventListener("change", () => { for (const options of root.querySelectorAll(".explore__options")) options.open = isWide.matches; });
  const select = (id, label, options, value, change) =>
    h("p", {}, h("label", { for: id }, label), h("select", { id, change: (event) => change(event.target.value) },
      options.map(([key, words]) => h("option", { value: key, selected: key === value }, words))));

  const controls = (now) => {
    const { choice: c, can } = now;
    const change = (changed) => go({ ...c, parts: c.allParts ? null : c.parts, ...changed });
    const changeAreas = (areas) => change({ areas, period: "", other: "" }); // then the newest period that they share
    const groups = new Map();
    for (const code of now.known) {
      const kind = kindOf(places.get(code));
      groups.set(kind, [...(groups.get(kind) ?? []), code]);
    }
    const checked = (list) => [...list.querySelectorAll("input:checked")].map((box) => box.value);
    const areaList = h("div", { class: "explore__list" });
    const pick = () => { if (checked(areaList).length) changeAreas(checked(areaList)); };
    for (const [kind, codes] of groups) {
      const set = h("fieldset", {}, h("legend", {}, KINDS[kind] ?? sentence(kind)),
        codes.map((code) => h("label", {}, h("input", { type: "checkbox", id: `explore-area-${code}`, value: code, checked: c.areas.includes(code), change: pick }), ` ${placeName(code)}`)),
        codes.length > 2 && h("p", {}, h("button", { type: "button", id: `explore-all-${kind}`, click: () => changeAreas(unique([...c.areas, ...codes])) }, `All ${codes.length}`), " ",
          h("button", { type: "button", id: `explore-none-${kind}`, click: () => changeAreas(c.areas.filter((a) => !codes.includes(a))) }, "None")));
      areaList.append(set);
    }
    const filter = h("input", { type: "search", id: "explore-filter", autocomplete: "off", spellcheck: "false", input: () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const label of areaList.querySelectorAll("label")) label.hidden = !label.textContent.toLowerCase().includes(wanted);
    } });
    const open = more.querySelector(".explore__areas")?.open ?? true;
    const parts = now.data.parts.length > 1 && h("details", { class: "explore__parts", open: more.querySelector(".explore__parts")?.open ?? false },
      h("summary", {}, `${partName(now)}: ${c.allParts ? "all" : c.parts.length}`),
      h("fieldset", { class: "explore__list" }, h("legend", {}, partName(now)), now.data.parts.map((part, n) => h("label", {},
        h("input", { type: "checkbox", id: `explore-part-${n}`, value: part, checked: c.parts.includes(part), change: (event) => {
          const chosen = checked(event.target.closest("fieldset"));
          if (chosen.length) change({ parts: chosen });
        } }), ` ${part || "All together"}`))));
    const periodName = (p) => p.label + (now.shared.has(p.key) || now.series.length < 2 ? "" : " (not for all)");
    const options = now.periods.map((p) => [p.key, periodName(p)]);
    const ranged = c.view === "line" || c.view === "table";
    const narrowing = [
      c.view === "map"
        ? h("p", { class: "explore__hint" }, "The map shows every area that has an outline and figures.")
        : h("details", { class: "explore__areas", open }, h("summary", {}, `Areas: ${count(c.areas.length, "chosen", "chosen")}`),
          now.known.length > 8 && h("p", {}, h("label", { for: "explore-filter" }, "Find in this list"), filter), areaList),
      parts,
      now.lengths.length > 1 && select("explore-length", "Length of period", now.lengths.map((l) => [l, lengthName(l)]), c.length, (length) => change({ length, from: "", to: "", period: "", other: "" })),
      ranged && options.length > 1 && select("explore-from", "From", options, c.from, (from) => change({ from })),
      ranged && options.length > 1 && select("explore-to", "To", options, c.to, (to) => change({ to })),
      !ranged && options.length > 1 && select("explore-period", "Period", options, c.period, (period) => change({ period })),
      c.view === "bars" && options.length > 1 && select("explore-with", "Compare with", [["", "No other period"], ...options.filter(([key]) => key !== c.period)], c.other, (other) => change({ other })),
      can.rate && h("fieldset", { class: "explore__views" }, h("legend", {}, "Show"), [[false, "count", "Counts"], [true, "rate", "Per 1,000 people"]].map(([rate, key, name]) => h("label", {},
        h("input", { type: "radio", name: "explore-as", id: `explore-as-${key}`, checked: c.rate === rate, change: () => change({ rate }) }), ` ${name}`))),
    ].filter(Boolean);
    more.replaceChildren(
      h("fieldset", { class: "explore__views" }, h("legend", {}, "View"), Object.entries(VIEWS).filter(([key]) => can[key]).map(([key, name]) => h("label", {},
        h("input", { type: "radio", name: "explore-view", id: `explore-view-${key}`, value: key, checked: c.view === key, change: () => change({ view: key }) }), ` ${name}`))),
      // On a phone folded at first, so that the drawing is on the first screen.
      h("details", { class: "explore__options", open: isWide.matches || (more.querySelector(".explore__options")?.open ?? false) },
        h("summary", {}, "Places, period and rates"), narrowing));
    measureBox.value = c.measure;
  };

  // --- from a choice to the page

  let turn = 0;
  const render = async (asked) => {
    const mine = (turn += 1);
    const measure = measures.get(asked.measure) ?? measures.values().next().value;
    let data;
    try {
      data = await load(measure);
    } catch {
      root.hidden = false;
      said.classList.remove("explore__said--quiet");
      if (mine === turn) said.textContent = "These figures could not be loaded. Check your connection and choose again.";
      return null;
    }
    await pause();
    if (mine !== turn) return null; // a newer choice was made meanwhile
    const now = complete(asked, data, measure);
    // Controls are made again, so the focus goes back to the one that had it.
    const id = more?.contains(document.activeElement) ? document.activeElement.id : "";
    if (more) controls(now);
    if (id) document.getElementById(id)?.focus();
    await pause();
    if (mine !== turn) return null;
    show(now);
    await pause();
    if (mine !== turn) return null;
    root.hidden = false;
    for (const links of document.querySelectorAll(".explore__links")) links.hidden = true;
    draw();
    if (asked.measure && !measures.has(asked.measure)) said.classList.remove("explore__said--quiet");
    if (asked.measure && !measures.has(asked.measure)) said.textContent = `We no longer have the figure in this address, so you see another. ${said.textContent}`;
    root.dataset.state = "shown";
    return now;
  };
  const go = async (choice) => {
    const now = await render(choice);
    if (now) history.pushState(null, "", `${location.pathname}${query(now.choice)}`);
  };

  measureBox?.addEventListener("change", () => {
    const { areas, view, rate } = current?.choice ?? readAddress();
    go({ measure: measureBox.value, areas, parts: null, length: "", from: "", to: "", period: "", other: "", rate, view: view === "map" || view === "table" ? view : "" });
  });
  window.addEventListener("popstate", () => render(readAddress()));
  await render(readAddress());
})();
