// What the desk does with a script. Without it, every form still works.
"use strict";

// Move the focus to the message or the list of problems at the top, so that it is read out.
const first = document.querySelector("[autofocus]");
if (first && location.hash === "") first.focus();

// Follow work as it goes, and call `done` when it ends. If the desk cannot tell, because too many pages follow or it was
// stopped, ask again each second.
function follow(address, steps, done) {
  const events = new EventSource(address);
  events.addEventListener("steps", (event) => steps(JSON.parse(event.data)));
  events.addEventListener("done", () => {
    events.close();
    done();
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(done, 1000);
  });
}

// A page of progress shows each step as it begins, and goes on to the result.
const going = document.querySelector("[data-events]");
if (going) {
  const show = (steps) => {
    for (const [number, step] of steps.entries()) {
      const line = going.children[number] || going.appendChild(document.createElement("li"));
      const last = number === steps.length - 1;
      line.className = last ? "now" : "";
      line.textContent = last ? `${step} …` : `${step} `;
      if (!last) line.append(Object.assign(document.createElement("span"), { className: "unseen", textContent: "(done)" }));
    }
  };
  follow(going.dataset.events, show, () => location.reload());
}

// Show the start again once the tables are read, but not while someone uses it: a chosen file or the focus would be lost.
const chosen = () => [...document.querySelectorAll("input[type=file]")].some((input) => input.files.length);
const waiting = document.querySelector("[data-waiting]");
if (waiting) {
  const again = () => {
    if (document.activeElement === document.body && !chosen()) location.reload();
    else setTimeout(again, 1000);
  };
  follow(waiting.dataset.waiting, () => {}, again);
}

// Drop a file anywhere on the form.
for (const form of document.querySelectorAll(".drop")) {
  const input = form.querySelector("input[type=file]");
  for (const name of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.toggle("over", name === "dragover");
    });
  }
  form.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      input.focus();
    }
  });
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent && !form.action.endsWith("/template")) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Count down to the end of an embargo. Without a script, the page says how long it was when it was opened.
for (const time of document.querySelectorAll("time[data-until]")) {
  const left = () => Math.ceil((new Date(time.dataset.until) - Date.now()) / 60000);
  if (left() <= 0) continue;
  const show = () => {
    const minutes = left();
    if (minutes <= 0) {
      clearInterval(clock);
      location.reload(); // it has ended
      return;
    }
    const parts = [[Math.floor(minutes / 1440), "day"], [Math.floor(minutes / 60) % 24, "hour"], [minutes % 60, "minute"]];
    time.textContent = parts.filter(([n]) => n).map(([n, word]) => `${n} ${word}${n === 1 ? "" : "s"}`).join(", ");
  };
  const clock = setInterval(show, 15000);
  show();
}
