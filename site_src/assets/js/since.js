// Show what changed since a day. The choice is in the part of the address that browsers do not send to a server.
"use strict";

(() => {
  const t = (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const chooser = document.querySelector(".since");
  const day = chooser.querySelector("#since");
  const about = chooser.querySelector("#about");
  const said = chooser.querySelector(".since__said");
  const next = chooser.querySelector(".since__today");
  const releases = [...document.querySelectorAll(".since__release")];

  // The day on this device, not in Greenwich.
  const today = () => {
    const now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  };
  const address = (since, page) => {
    const kept = new URLSearchParams();
    if (since) kept.set("since", since);
    if (page) kept.set("about", page);
    return `#${kept}`;
  };

  // A release of the day itself is shown, because it may be younger than the visit.
  const show = () => {
    for (const release of releases) {
      const lines = [...release.querySelectorAll("[data-about]")];
      for (const line of lines) line.hidden = about.value !== "" && line.dataset.about !== about.value;
      for (const kind of release.querySelectorAll(".since__kind")) kind.hidden = !kind.querySelector("li:not([hidden])");
      const concerned = !about.value || lines.some((line) => !line.hidden);
      release.hidden = !concerned || (day.value !== "" && release.dataset.day < day.value);
      release.querySelector(".since__all").hidden = about.value !== "";
      const details = release.querySelector("details");
      if (details) details.open = about.value !== "";
    }
    const count = releases.filter((release) => !release.hidden).length;
    said.textContent = !count ? t("Nothing changed since that day.") : count === 1 ? t("Showing 1 release.") : t("Showing %(count)s releases.", { count });
    next.href = address(today(), about.value);
  };
  const read = () => {
    const kept = new URLSearchParams(location.hash.slice(1));
    day.value = kept.get("since") ?? "";
    about.value = kept.get("about") ?? "";
    if (about.selectedIndex < 0) about.value = "";
    show();
  };
  for (const box of [day, about])
    box.addEventListener("change", () => {
      history.replaceState(null, "", address(day.value, about.value));
      show();
    });
  addEventListener("hashchange", read);
  chooser.hidden = false;
  read();
})();
