// The picker of the map of wards: shows the map of another page in place. Without this script its links lead there.
(() => {
  "use strict";
  const t = (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const picker = document.querySelector(".mappicker");
  if (!picker) return;
  const said = picker.querySelector(".mappicker__said");
  const links = [...picker.querySelectorAll("a")];
  let newest = 0;

  picker.addEventListener("click", async (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const turn = ++newest;
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const map = page.getElementById("wardmap");
      if (!map) throw new Error("no map");
      if (turn !== newest) return;
      for (const a of map.querySelectorAll("a")) a.setAttribute("href", new URL(a.getAttribute("href"), link.href).pathname);
      document.getElementById("wardmap").replaceWith(document.adoptNode(map));
      for (const a of links) a.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      const more = document.querySelector(".wardmap__more a");
      more.href = link.href;
      more.textContent = t("%(title)s: all figures, with a table of the wards", { title: map.querySelector("figcaption strong").textContent });
      said.textContent = t("The map shows %(measure)s, %(period)s.", { measure: link.textContent, period: map.dataset.period });
    } catch {
      location.href = link.href;
    }
  });
})();
