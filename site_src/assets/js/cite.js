// Buttons that copy a citation. Without script, and where the browser does not allow it, the line can still be selected.
"use strict";

(() => {
  const t = (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const places = document.querySelectorAll("details.place");
  // The figure that the address names may be in a closed part of the page.
  const reveal = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const place = row?.closest("details.place");
    if (!place || place.open) return;
    place.open = true;
    row.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  if (!navigator.clipboard) return;
  const said = document.querySelector(".cite__said");
  const addButtons = (place) => {
    for (const cell of place.querySelectorAll("td[data-label='Cite as']:not([data-line])")) {
      cell.dataset.line = cell.firstChild.textContent.trim();
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = t("Copy");
      const about = cell.parentElement.querySelector("th").textContent;
      button.setAttribute("aria-label", t("Copy the citation of %(figure)s", { figure: about }));
      cell.append(" ", button);
    }
  };
  for (const place of places) {
    if (place.open) addButtons(place);
    place.addEventListener("toggle", () => addButtons(place));
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.parentElement.dataset.line);
      button.textContent = t("Copied");
      said.textContent = t("Copied.");
      setTimeout(() => (button.textContent = t("Copy")), 2000);
    } catch {
      said.textContent = t("Your browser does not let this page copy. Select the line instead.");
    }
  });
})();
