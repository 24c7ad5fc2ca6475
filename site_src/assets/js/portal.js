// Two things only: the quick way out, and charts that answer to touch. Every page works without them.
"use strict";

(() => {
  const exit = document.getElementById("exit");
  if (exit) {
    exit.querySelector(".shift").hidden = false;
    const leave = () => {
      document.documentElement.hidden = true; // before anything is loaded
      location.replace(exit.href);
    };
    exit.addEventListener("click", (event) => {
      event.preventDefault();
      leave();
    });
    let presses = [];
    document.addEventListener("keyup", (event) => {
      if (event.key !== "Shift") {
        presses = [];
        return;
      }
      presses = [...presses.filter((at) => event.timeStamp - at < 5000), event.timeStamp];
      if (presses.length === 3) leave();
    });
    // A page that was hidden must not come back with the Back button.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) document.documentElement.hidden = false;
    });
  }

  let library;
  const load = (address) =>
    (library ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    }));

  const draw = async (chart) => {
    if (chart.dataset.state) return;
    chart.dataset.state = "loading";
    try {
      const answer = await fetch(chart.dataset.chart);
      const [figures] = await Promise.all([answer.json(), load(chart.dataset.library)]);
      const still = chart.querySelector("picture");
      const place = chart.querySelector(".chart__place") ?? document.createElement("div");
      const figure = chart.clientWidth >= figures.wide.layout.width ? figures.wide : figures.narrow;
      const layout = { ...figure.layout };
      if (figure === figures.narrow) layout.width = Math.min(chart.clientWidth, figures.wide.layout.width);
      if (still) {
        place.className = "chart__place";
        place.setAttribute("role", "img");
        place.setAttribute("aria-label", still.querySelector("img").alt);
        place.style.height = `${still.clientHeight}px`;
        still.replaceWith(place);
      }
      place.replaceChildren();
      await Plotly.newPlot(place, figure.data, layout, {
        displayModeBar: false, plotlyServerURL: "", scrollZoom: false, doubleClick: false, showTips: false,
      });
      place.style.height = "";
      chart.dataset.state = "drawn";
    } catch (error) {
      delete chart.dataset.state; // the picture, or the table, is still there
    }
  };

  const near = "IntersectionObserver" in window && new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) draw(one.target);
  }, { rootMargin: "200px" });
  for (const chart of document.querySelectorAll(".chart[data-chart]")) {
    if (chart.querySelector("picture")) {
      for (const reach of ["pointerenter", "touchstart"]) chart.addEventListener(reach, () => draw(chart), { passive: true });
    } else if (near) near.observe(chart);
  }
})();
