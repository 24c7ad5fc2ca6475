// The search, on top of Pagefind. Nothing is loaded before the reader types. The query is not put into a request, an
// address or storage.
"use strict";

(() => {
  const t = (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const tn = (count, ...forms) => t(forms[Number(count !== 1)], { count });
  const box = document.querySelector("[data-search]");
  if (!box) return;
  const input = box.querySelector("input");
  const said = document.querySelector(".search__said");
  const place = document.querySelector(".search__found");
  const root = new URL(box.dataset.search, location);
  const PAGE = 10;
  const LESS = 0.6; // weight of a page with a synonym, relative to a page with the word itself
  const [SHORTEST, LONGEST] = [8, 30]; // words in an excerpt
  // A postcode, its district, or its sector.
  const POSTCODE = /\b([a-z]{1,2}[0-9][a-z0-9]?)(?: ?([0-9])([a-z]{2})?)?\b/i;

  // Pagefind treats a part of its index that failed to load as empty, so its requests are watched here.
  let broken = false;
  const ask = window.fetch.bind(window);
  window.fetch = async (...asked) => {
    try {
      const answer = await ask(...asked);
      broken ||= !answer.ok;
      return answer;
    } catch (error) {
      broken = true;
      throw error;
    }
  };
  const read = async (address) => (await fetch(new URL(address, root))).json();

  let loading;
  let tries = 0;
  const load = () =>
    (loading ??= (async () => {
      tries += 1; // browsers remember by address that a script failed to load
      const [engine, words] = await Promise.all([
        import(new URL(`pagefind/pagefind.js${tries > 1 ? `?${tries}` : ""}`, root)),
        read("search/words.json"),
      ]);
      return { ...words, index: engine.createInstance({ noWorker: true }) };
    })());
  let postcodes;

  const tokens = (text) => text.normalize("NFC").toLowerCase().replace(/['’]/g, "").replace(/(\p{L})&(?=\p{L})/gu, "$1").split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean);
  const stem = (word) => (word.length > 3 ? word.replace(/s$/, "") : word);

  // Find synonyms in the query. A longer one hides those inside it.
  const meant = (typed, lists) => {
    const found = [];
    for (const list of lists) {
      for (const words of list.words.map(tokens)) {
        const at = typed.findIndex((_, i) => words.every((word, j) => stem(typed[i + j] ?? "") === stem(word)));
        if (at >= 0 && words.length) found.push({ list, at, end: at + words.length });
      }
    }
    const inside = (a, b) => b.at <= a.at && a.end <= b.end && b.end - b.at > a.end - a.at;
    return found.filter((one) => !found.some((other) => inside(one, other)));
  };
  // The variants of a query: as typed, and with each synonym in place of the word. Ignored words are left out, unless
  // they are part of a synonym or there are no others.
  const ways = (typed, matches, ignored) => {
    const told = (words, from) => words.filter((word, i) => !ignored.includes(word) || matches.some(({ at, end }) => at <= from + i && from + i < end));
    const words = told(typed, 0);
    const others = matches.flatMap(({ list, at, end }) =>
      (list.found ?? list.words).filter((other) => tokens(other).join(" ") !== typed.slice(at, end).join(" "))
        .map((other) => ({ before: told(typed.slice(0, at), 0), other, after: told(typed.slice(end), end) })));
    return [{ words: words.length ? words : typed }, ...others];
  };

  // For an unknown word Pagefind returns words that begin like it. Here only the ending can differ.
  const has = async (index, word) => {
    if ((await index.search(`"${word}"`)).results.length) return true;
    const [near] = (await index.search(word)).results;
    if (!near) return false;
    const page = await near.data();
    const [found] = tokens(page.content.split(/\s+/)[page.locations[0]] ?? "");
    return (found ?? "").startsWith(word.slice(0, Math.max(4, word.length - 2)));
  };
  const pagesWith = async (index, known, { words, before, other, after }) => {
    if (!(words ?? [...before, ...after]).every((word) => known.has(word))) return [];
    if (words) return (await index.search(words.join(" "))).results;
    const [found, exact] = await Promise.all([index.search([...before, other, ...after].join(" ")), index.search(`"${other}"`)]);
    const ids = new Set(exact.results.map((page) => page.id));
    return found.results.filter((page) => ids.has(page.id));
  };

  // Return pages with all of the words or their synonyms, or else pages with some of them. The best are first: those
  // with the highest scores, and those that match several variants.
  const find = async (index, [typed, ...others]) => {
    const words = [...new Set([typed, ...others].flatMap((way) => way.words ?? [...way.before, ...way.after]))];
    await Promise.all([...words, ...others.map((way) => way.other)].map((text) => index.preload(text)));
    const known = new Set();
    for (const word of words) if (await has(index, word)) known.add(word); // one by one, because Pagefind has a single state per page
    const scores = new Map();
    const keep = async (way) => {
      for (const page of await pagesWith(index, known, way)) {
        const one = scores.get(page.id) ?? { page, score: 0 };
        if (page.score > one.page.score) one.page = page;
        one.score += page.score * (way.other ? LESS : 1);
        scores.set(page.id, one);
      }
    };
    await Promise.all([typed, ...others].map(keep));
    const all = scores.size > 0 || typed.words.length < 2;
    if (!all) await Promise.all(typed.words.map((word) => keep({ words: [word] })));
    const best = [...scores.values()].sort((a, b) => b.score - a.score || (a.page.id < b.page.id ? -1 : 1));
    return { all, pages: best.map((one) => one.page) };
  };

  // Return the wards of a postcode in the query, and the rest of the query.
  const wardsIn = async (text, districts) => {
    const match = box.dataset.postcodes && text.match(POSTCODE);
    if (!match) return null;
    const [outward, digit, letters] = match.slice(1).map((part) => part?.toUpperCase());
    const rest = text.replace(match[0], " ");
    const name = [outward, `${digit ?? ""}${letters ?? ""}`].filter(Boolean).join(" ");
    if (!digit) return districts[outward] ? { name, rest, wards: districts[outward] } : null;
    const list = new URL(box.dataset.postcodes, location);
    postcodes ??= await read(list);
    const ends = postcodes.postcodes[`${outward} ${digit}`] ?? {};
    const places = new Set(letters ? [ends[letters]].filter((at) => at !== undefined) : Object.values(ends));
    if (!letters && !places.size) return null;
    const wards = [...places].map((at) => postcodes.wards[at]).map(([ward, path]) => [ward, new URL(path, list)]);
    return { name, rest, wards };
  };

  // Return an excerpt from where most matches are, or from the start of the page if its heading matches: one sentence,
  // or more if they are short. Matches are marked.
  const context = (page) => {
    const words = page.content.split(/\s+/);
    const heading = page.meta.title.split(/\s+/).length;
    const marks = page.locations.filter((at) => at < words.length);
    const near = (at) => marks.filter((other) => other >= at && other < at + LONGEST / 2).length;
    const ends = (at) => /[.!?]["”’)]*$/.test(words[at]);
    const best = marks.some((at) => at < heading) ? heading : marks.reduce((a, b) => (near(b) > near(a) ? b : a), heading);
    let from = best;
    while (from > heading && best - from < LONGEST / 2 && !ends(from - 1)) from -= 1;
    let to = best;
    while (to < words.length && to - from < LONGEST && !(to - from >= SHORTEST && ends(to - 1))) to += 1;
    const out = document.createElement("p");
    if (from > heading && !ends(from - 1)) out.append("… ");
    words.slice(from, to).forEach((word, i) => {
      const mark = document.createElement("mark");
      mark.textContent = word;
      out.append(i ? " " : "", marks.includes(from + i) ? mark : word);
    });
    if (to > from && !ends(to - 1)) out.append(" …");
    return out;
  };

  const make = (tag, text, name) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const item = (label, path, trail, ...more) => {
    const link = make("a", label);
    link.href = new URL(path, root);
    const heading = make("h3", "");
    heading.append(link);
    const made = document.createElement("li");
    made.append(heading, ...(trail ? [make("p", trail, "count")] : []), ...more);
    return made;
  };
  const listed = (title, items) => {
    const list = make("ul", "", "rows");
    list.append(...items);
    place.append(make("h2", title), list);
    return list;
  };
  const trail = (labels, path) =>
    Object.keys(labels).filter((parent) => parent && parent !== path && path.startsWith(parent))
      .sort((a, b) => a.length - b.length).map((parent) => labels[parent]).join(" › ");
  const pathOf = (page) => page.raw_url.replace(/^\//, "");

  let last = 0;
  const search = async () => {
    const turn = (last += 1);
    const tell = (text) => (turn === last ? (said.textContent = text) : undefined);
    place.replaceChildren();
    const text = input.value.trim();
    if (!tokens(text).length) return tell(t("Type a word, a ward or a postcode first."));
    tell(t("Searching …"));
    try {
      broken = false;
      await answer(text, turn, tell);
    } catch {
      broken = true;
    }
    if (!broken || turn !== last) return undefined;
    loading = undefined;
    place.replaceChildren();
    return tell(t("The search could not be loaded. Check your connection and try again, or start from one of the pages below."));
  };

  const answer = async (text, turn, tell) => {
    const { index, same, ignored, labels, districts } = await load();
    const where = await wardsIn(text, districts);
    const typed = tokens(where ? where.rest : text);
    const matches = meant(typed, same);
    const { all, pages } = typed.length
      ? await find(index, ways(typed, matches, ignored))
      : { all: true, pages: (await index.search(`"${where.name}"`)).results };
    const first = [...new Set(matches.flatMap(({ list }) => list.first))].filter((path) => labels[path]);
    const shown = await Promise.all(pages.slice(0, PAGE).map((page) => page.data()));
    if (turn !== last || broken) return;
    if (where?.wards.length) listed(where.wards.length > 1 ? t("%(postcode)s is in these wards", { postcode: where.name }) : t("%(postcode)s is in this ward", { postcode: where.name }), where.wards.map(([name, path]) => item(t("%(ward)s ward", { ward: name }), path)));
    const entry = (page) => item(page.meta.title, pathOf(page), trail(labels, pathOf(page)), context(page));
    const known = new Map(shown.map((page) => [pathOf(page), page]));
    if (first.length) listed(t("Start here"), first.map((path) => (known.has(path) ? entry(known.get(path)) : item(labels[path], path, trail(labels, path)))));
    const rest = shown.filter((page) => !first.includes(pathOf(page)));
    if (pages.length) more(listed(all ? t("Pages") : t("Pages with some of these words"), rest.map(entry)), pages, entry, tell);
    tell(summary(where, first, all, pages));
  };

  const summary = (where, first, all, pages) => {
    const told = [];
    if (where) told.push(where.wards.length ? `${where.name}: ${tn(where.wards.length, "%(count)s ward.", "%(count)s wards.")}` : t("%(postcode)s is not in the list of postcodes. It may be outside the borough, or new.", { postcode: where.name }));
    if (pages.length) {
      told.push(all ? tn(pages.length, "%(count)s page found.", "%(count)s pages found.") : tn(pages.length, "%(count)s page with some of these words.", "%(count)s pages with some of these words."));
      if (pages.length > PAGE) told.push(t("The first %(count)s are below.", { count: PAGE }));
    } else if (!where) told.push(first.length ? t("No page has these words. The pages below may help.") : t("Nothing found. Check the spelling, try another word, or start from one of the pages below."));
    return told.join(" ");
  };

  // A button that shows more results and moves the focus to the first of them.
  const more = (list, pages, entry, tell) => {
    let shown = Math.min(PAGE, pages.length);
    if (shown === pages.length) return;
    const button = make("button", t("Show more pages"), "button");
    button.type = "button";
    button.addEventListener("click", async () => {
      broken = false;
      const next = await Promise.all(pages.slice(shown, shown + PAGE).map((page) => page.data())).catch(() => []);
      if (broken || !next.length) {
        loading = undefined; // the module remembers failed requests
        return tell(t("These pages could not be loaded. Check your connection, then search again."));
      }
      const items = next.map(entry);
      list.append(...items);
      tell(t("Pages %(from)s to %(to)s of %(count)s are shown now.", { from: shown + 1, to: shown + next.length, count: pages.length }));
      shown += next.length;
      items[0].querySelector("a").focus();
      return shown < pages.length || button.remove();
    });
    place.append(button);
  };

  input.addEventListener("input", () => {
    if (input.value.trim()) return load().catch(() => (loading = undefined));
    last += 1; // drop results that arrive after the search was cleared
    place.replaceChildren();
    said.textContent = "";
    return undefined;
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) search();
  });
  box.querySelector("button").addEventListener("click", search);
  box.hidden = false;
})();
