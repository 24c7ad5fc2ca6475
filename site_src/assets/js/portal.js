// “Leave this page”, interactive charts, and tools for postcodes, promises and wards. Every page works without them.
"use strict";

(() => {
  // A text that visitors see. In a portal in another language, the build puts the translations here.
  const t = (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

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

  // Words of the glossary: the link becomes a button that shows the meaning below the line. Escape closes it.
  for (const term of document.querySelectorAll("a.term")) {
    const meaning = document.createElement("span");
    meaning.className = "meaning";
    meaning.setAttribute("role", "status");
    const show = (open) => {
      term.setAttribute("aria-expanded", open);
      const more = document.createElement("a");
      more.href = term.href;
      more.textContent = t("Words and abbreviations");
      meaning.replaceChildren(...(open ? [term.dataset.meaning, " ", more] : []));
    };
    term.setAttribute("role", "button");
    term.setAttribute("aria-expanded", "false");
    term.after(meaning);
    const toggle = (event) => {
      event.preventDefault();
      show(term.getAttribute("aria-expanded") !== "true");
    };
    term.addEventListener("click", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) toggle(event);
    });
    for (const one of [term, meaning]) {
      one.addEventListener("keydown", (event) => {
        if (event.key === " " && event.target === term) toggle(event);
        if (event.key !== "Escape" || !meaning.hasChildNodes()) return;
        show(false);
        term.focus();
      });
    }
  }

  // The code of charts is loaded when a reader reaches for one.
  const code = new URL("charts.js", document.currentScript.src);
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
        if (asks) chart.querySelector(".chart__said").textContent = t("The chart could not be loaded. Reload this page to try again.");
      }
    };
    for (const kind of ["pointerenter", "touchstart"]) chart.addEventListener(kind, reach, { passive: true });
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
        found.textContent = t("The list of postcodes could not be loaded. Choose your ward from the table.");
        return;
      }
      const place = list.postcodes[postcode.slice(0, -2)]?.[postcode.slice(-2)];
      if (place === undefined) {
        found.textContent = typed.length < 5 ? t("Type a whole postcode, such as SE13 6AA.") : t("%(postcode)s is not in the list. It may be outside the borough, or new.", { postcode });
        return;
      }
      const [name, address] = list.wards[place];
      const link = document.createElement("a");
      link.href = new URL(address, new URL(finder.dataset.finder, location));
      link.textContent = t("%(ward)s ward", { ward: name });
      found.replaceChildren(t("%(postcode)s is in", { postcode }), " ", link, ".");
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
      said.textContent = !filtered ? t("All %(count)s promises.", { count: rows.length }) : shown ? t("Showing %(shown)s of %(count)s promises.", { shown, count: rows.length }) : t("No promise fits. Change one of the boxes.");
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
      said.textContent = t("The table shows %(first)s and %(second)s.", { first: first.selectedOptions[0].text, second: second.selectedOptions[0].text });
    };
    for (const box of [first, second]) box.addEventListener("change", choose);
    chooser.querySelector("button").addEventListener("click", () => {
      show(null);
      said.textContent = t("The table shows all areas.");
    });
    chooser.hidden = false;
    choose();
  }
})();
