// “Leave this page”, interactive charts, and tools for postcodes, promises and wards. Every page works without them.
"use strict";

(() => {
  const exit = document.getElementById("exit");
  if (exit) {
    exit.querySelector(".shift").hidden = false;
    const leave = () => {
      document.documentElement.hidden = true; // hide the page before anything loads
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
    // Show the page again to readers who come back on purpose.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) document.documentElement.hidden = false;
    });
  }

  // The menu of small screens opens without script. Escape closes it, and so does a click anywhere else.
  const menu = document.querySelector(".menu");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });

  // The code of charts is loaded when a reader reaches for one. Charts without a picture are drawn as they come into view.
  const code = new URL("charts.js", document.currentScript.src);
  const near = "IntersectionObserver" in window && new IntersectionObserver(async (seen) => {
    const { draw } = await import(code);
    for (const one of seen) if (one.isIntersecting) draw(one.target);
  }, { rootMargin: "200px" });
  for (const chart of document.querySelectorAll(".chart[data-chart]")) {
    chart.tabIndex = 0;
    for (const button of chart.querySelectorAll(".chart__tools [hidden]")) button.hidden = false;
    const reach = async (event) => {
      const asks = event.type === "keydown" || event.type === "click";
      try {
        const { draw, answer } = await import(code);
        if (asks) await answer(chart, event);
        else draw(chart);
      } catch {
        // The picture is still shown. Only a reader who asked for something hears that it failed.
        if (asks) chart.querySelector(".chart__said").textContent = "The chart could not be loaded. Reload this page to try again.";
      }
    };
    if (chart.querySelector("picture")) {
      for (const kind of ["pointerenter", "touchstart"]) chart.addEventListener(kind, reach, { passive: true });
    } else if (near) near.observe(chart);
    chart.addEventListener("click", (event) => {
      if (event.target.closest("[data-do]")) reach(event);
    });
    chart.addEventListener("keydown", (event) => {
      if (event.target !== chart || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
      event.preventDefault();
      reach(event);
    });
  }

  // Find a ward by postcode. The list is a file of this site, and the postcode is not sent anywhere.
  const finder = document.querySelector("[data-finder]");
  if (finder) {
    const input = finder.querySelector("input");
    const found = finder.querySelector(".finder__found");
    let list;
    const find = async () => {
      const typed = input.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
      const postcode = `${typed.slice(0, -3)} ${typed.slice(-3)}`;
      try {
        list ??= await (await fetch(finder.dataset.finder)).json();
      } catch {
        found.textContent = "The list of postcodes could not be loaded. Choose your ward from the table.";
        return;
      }
      const place = list.postcodes[postcode.slice(0, -2)]?.[postcode.slice(-2)];
      if (place === undefined) {
        found.textContent = typed.length < 5 ? "Type a whole postcode, such as SE13 6AA." : `${postcode} is not in the list. It may be outside the borough, or new.`;
        return;
      }
      const [name, address] = list.wards[place];
      const link = document.createElement("a");
      link.href = new URL(address, new URL(finder.dataset.finder, location));
      link.textContent = `${name} ward`;
      found.replaceChildren(`${postcode} is in `, link, ".");
    };
    finder.querySelector("button").addEventListener("click", find);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") find();
    });
    finder.hidden = false;
  }

  // Filter promises: the page has all of them. This hides those that do not match, and opens the groups of those that do.
  const narrow = document.querySelector(".narrow");
  if (narrow) {
    const boxes = [...narrow.querySelectorAll("select")];
    const said = narrow.querySelector(".narrow__said");
    const rows = [...document.querySelectorAll(".promises [data-status]")];
    const opened = new Map([...document.querySelectorAll("details.promises")].map((group) => [group, group.open]));
    const planOf = (row) => row.closest("[data-plan]")?.dataset.plan;
    const fits = (row, { dataset: { by }, value }) =>
      !value || (by === "plan" ? planOf(row) === value : row.dataset[by].split(" ").includes(value));
    const show = (all = false) => {
      for (const row of rows) row.hidden = !boxes.every((box) => fits(row, box));
      const filtered = boxes.some((box) => box.value);
      for (const part of document.querySelectorAll(".promises tbody, details.promises, section[data-plan]")) {
        const own = [...part.querySelectorAll("[data-status]")];
        part.hidden = own.length > 0 && own.every((row) => row.hidden);
        if (opened.has(part)) part.open = filtered || all ? !part.hidden : opened.get(part);
      }
      const shown = rows.filter((row) => !row.hidden).length;
      said.textContent = !filtered ? `All ${rows.length} promises.` : shown ? `Showing ${shown} of ${rows.length} promises.` : "No promise fits. Change one of the boxes.";
    };
    for (const box of boxes) box.addEventListener("change", () => show());
    narrow.querySelector("button").addEventListener("click", () => {
      for (const box of boxes) box.value = "";
      show(true);
    });
    narrow.hidden = false;
    show();
  }

  // Compare two areas: the table has all of them, and this hides all but two columns.
  const chooser = document.querySelector("[data-compare]");
  if (chooser) {
    const [first, second] = chooser.querySelectorAll("select");
    const said = document.querySelector(".compare__said");
    const table = document.querySelector(".compare");
    const show = (columns) => {
      table.dataset.chosen = "";
      for (const row of table.rows) [...row.cells].forEach((cell, i) => (cell.hidden = i > 0 && columns !== null && !columns.includes(i)));
    };
    const choose = () => {
      show([+first.value + 1, +second.value + 1]);
      said.textContent = `The table shows ${first.selectedOptions[0].text} and ${second.selectedOptions[0].text}.`;
    };
    for (const box of [first, second]) box.addEventListener("change", choose);
    chooser.querySelector("button").addEventListener("click", () => {
      show(null);
      said.textContent = "The table shows all areas.";
    });
    chooser.hidden = false;
    choose();
  }
})();
