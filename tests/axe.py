"""axe-core reads a page that is open: every rule on the whole of it, and those for colours on two elements of each look.

The rules for colours take half of the time, and say the same of all elements that look alike: those with the same tags and
classes up to the body, the same grounds behind them, and the same colours and letters. A thorough run reads them all.
"""

from dataclasses import dataclass, field

from playwright.sync_api import Page
from project import ROOT, is_thorough

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
# For a script of every page: what most pages of a run do not need is not executed.
READY = f"window.portalAxe = () => {{ {AXE}\n}};"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")
SIZE = ("target-size",)
# Two numbers for what the page shows: one for each way in which an element is placed among others, and one for each look of
# a text. The first and the last element of each look are kept: one of them may be under something else.
_LOOKS = """() => {
  const mixed = (number, text) => { for (let i = 0; i < text.length; i++) number = Math.imul(number ^ text.charCodeAt(i), 16777619); return number; };
  const [places, grounds, shown, looks] = [new Map(), new Map(), new Set(), new Map()];
  for (const e of [document.body, ...document.body.querySelectorAll("*")]) {
    const place = mixed(places.get(e.parentElement) ?? 0, `${e.localName} ${e.getAttribute("class") ?? ""} ${e.getAttribute("role") ?? ""}`);
    places.set(e, place);
    const s = getComputedStyle(e);
    const ground = mixed(grounds.get(e.parentElement) ?? 0, `${s.backgroundColor} ${s.backgroundImage} ${s.opacity}`);
    grounds.set(e, ground);
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    shown.add(place);
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !e.matches("a[href], [role=link], input, select, textarea")) continue;
    const look = mixed(place ^ ground, [s.color, s.fill, s.fontSize, s.fontWeight, s.display, s.position, s.textDecorationLine].join());
    looks.set(look, [looks.get(look)?.[0] ?? e, e]);
  }
  window.portalLooks = looks;
  return [[...shown], [...looks.keys()]];
}"""
# Style sheets are fetched again only for experimental rules, which are not among ours.
_FAULTS = """([rules, colours, looks]) => {
  document.querySelectorAll("[data-look]").forEach(e => e.removeAttribute("data-look"));
  looks?.forEach(l => portalLooks.get(l).forEach(e => e.setAttribute("data-look", "")));
  axe.configure({rules: colours.map(([id, selector]) => ({id, selector: looks ? `:is(${selector})[data-look]` : selector}))});
  return axe.run(document, {runOnly: rules, resultTypes: ["violations"], preload: false, iframes: false}).then(found => [
    found.passes.map(p => p.id),
    found.violations.map(v => `${v.id}: ${v.nodes.map(n => `${String(n.target).replaceAll('[data-look=""]', "")} ${n.any[0]?.message ?? ""} ${n.html.slice(0, 120)}`).join(" | ")}`)]);
}"""
_SELECTORS = (("color-contrast", "*"), ("link-in-text-block", "a[href], [role=link]"))


@dataclass(frozen=True)
class Seen:
    """What pages had shown until now: how elements were placed among others, and how texts looked."""

    places: set[int] = field(default_factory=set)
    looks: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Read:
    """The rules that passed, what is wrong, whether every kind of rule was asked, and how many looks the texts have."""

    passed: tuple[str, ...]
    wrong: tuple[str, ...]
    everything: bool
    looks: int


def read(page: Page, seen: Seen, *, again: bool = False, only_colours: bool = False) -> Read:
    """Read the page that is open, and add what it shows to what was seen.

    If `again`, the page was read at another width: unless elements are shown that were nowhere before, only sizes and new
    looks can be wrong.
    """
    if not page.evaluate("() => { if (!window.axe) window.portalAxe?.(); return Boolean(window.axe); }"):
        page.evaluate(AXE)
    places, looks = page.evaluate(_LOOKS)
    everything = is_thorough() or not again or not seen.places.issuperset(places)
    new = None if is_thorough() else [look for look in looks if look not in seen.looks]
    seen.places.update(places)
    seen.looks.update(looks)
    few = COLOURS if only_colours else (*SIZE, *COLOURS)
    rules = RULES if everything and not only_colours else few
    passed, wrong = page.evaluate(_FAULTS, [list(rules), _SELECTORS, new])
    return Read(tuple(passed), tuple(wrong), everything, len(looks))
