"""Every page of the real site, opened in Chromium from a server that sends the real headers.

Each page is opened once, on a phone, then widened: everything that can have the focus gets it, and what it loads is weighed.
`make every-page` runs this alone and prints what was counted.

axe-core reads with every rule each page that shows something new: an element whose tags and classes up to the body, colours,
size of letters and way of being placed were on no page before it, at either width. It reads the others without the rules for
colours on the phone, and for the size of what can be pressed on the wide screen. `make every-page` reads every page with every rule.

Of more than a dozen pages of one kind, such as the promises of all plans, it opens every tenth; `make every-page` opens all.
"""

import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import leave
from playwright.sync_api import Browser, Page
from project import ROOT, is_thorough

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the slowest rules by far
PHONE, WIDE = 360, 1280
ZOOMED = 320  # a window of 1,280 pixels at 400 %
SHARES = 8  # neighbouring pages are checked in so many parts, which the processes that test take in turn
BUDGET = 150_000  # bytes, compressed, until somebody reaches for something
# What the page does while it loads, and must not. Where text arrives in pieces, a word may wrap when the rest of it is
# there, which is under a hundredth; nothing may jump.
WATCH = """
window.portalSeen = {violations: [], moved: []};
addEventListener("securitypolicyviolation", e => portalSeen.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));
new PerformanceObserver(list => list.getEntries().forEach(e => e.value < 0.01 || portalSeen.moved.push(
  ...e.sources.map(s => `${s.node?.nodeName} ${s.node?.className ?? ""} by ${e.value.toFixed(4)}`)
))).observe({type: "layout-shift", buffered: true});
"""
# The observer reports after a frame was shown.
SEEN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(portalSeen))))"
KEPT = "() => [document.cookie, localStorage.length + sessionStorage.length].filter(Boolean)"
OVER = "() => document.documentElement.scrollWidth - innerWidth"
# Style sheets are fetched again only for experimental rules, which are not among ours.
VIOLATIONS = """([rules, off]) => axe.run(document, {
  runOnly: rules, rules: Object.fromEntries(off.map(o => [o, {enabled: false}])), resultTypes: ["violations"], preload: false
}).then(found => ({
  passed: found.passes.length,
  wrong: found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(" | ")}`)}))"""
# A number for each look of an element that the page shows.
LOOKS = """() => {
  const marks = new Map([[document.documentElement, 0]]);
  const mixed = (number, text) => { for (let i = 0; i < text.length; i++) number = Math.imul(number ^ text.charCodeAt(i), 16777619); return number; };
  const looks = new Set();
  for (const e of document.body.querySelectorAll("*")) {
    const mark = mixed(marks.get(e.parentElement) ?? 0, `${e.localName} ${e.getAttribute("class") ?? ""} ${e.getAttribute("role") ?? ""}`);
    marks.set(e, mark);
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    const s = getComputedStyle(e);
    looks.add(mixed(mark, [s.color, s.backgroundColor, s.backgroundImage, s.fill, s.opacity, s.fontSize, s.fontWeight, s.display, s.position].join()));
  }
  return [...looks];
}"""
STOPS = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])")];
  const shown = all.filter(e => !e.disabled && !(e.type === "radio" && !e.checked) && e.checkVisibility({visibilityProperty: true}));
  shown.forEach((e, i) => e.dataset.stop = i);
  return [shown.length, shown.filter(e => e.tabIndex !== 0).map(e => e.outerHTML.slice(0, 60))];
}"""
# What has the focus must be in sight, on top, and look different from what has not.
UNSEEN = """() => {
  const one = e => { const s = getComputedStyle(e); return [s.backgroundColor, s.boxShadow, s.outlineColor, s.outlineStyle, s.fill, s.stroke].join(); };
  const look = e => [one(e), ...[...e.children].map(one)].join();
  const wrong = [];
  for (const e of document.querySelectorAll("[data-stop]")) {
    document.activeElement.blur();
    const before = look(e);
    e.focus();
    const name = (e.textContent || e.getAttribute("aria-label") || e.id).trim().slice(0, 40);
    if (look(e) === before) wrong.push(`${name}: looks the same with the focus`);
    const middle = (low, high, end) => (Math.max(low, 0) + Math.min(high, end)) / 2;
    const seen = [...e.getClientRects()].some(b => {
      const top = document.elementFromPoint(middle(b.left, b.right, innerWidth), middle(b.top, b.bottom, innerHeight));
      return top && (e.contains(top) || top.contains(e));
    });
    if (!seen) wrong.push(`${name}: is hidden when it has the focus`);
  }
  document.activeElement.blur();
  return wrong;
}"""

Counts = Counter[str]
HEAVIEST = "bytes of the heaviest page, compressed (max)"


def addresses(site: Path) -> list[str]:
    """Of all pages, below the site."""
    found = sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html"))
    return [p.removesuffix("index.html") for p in found]


def chosen(paths: list[str]) -> list[str]:
    """Return every page in a thorough run; else every tenth of those that have more than a dozen like them."""
    kinds: dict[tuple[str, int], list[str]] = {}
    for path in paths:
        top, *below = path.split("/")[:-1] or [path]
        kinds.setdefault((top, len(below)), []).append(path)
    return sorted(
        p for alike in kinds.values() for p in alike[:: 10 if len(alike) > 12 and not is_thorough() else 1]
    )


@pytest.fixture(scope="module")
def looks() -> set[int]:
    """Return the looks of elements on the pages that axe has read; each process has its own."""
    return set()


@pytest.mark.parametrize("share", range(SHARES))
def test_everybody_can_use_every_page(
    chromium: Browser,
    address: str,
    real_site: Path,
    share: int,
    looks: set[int],
    record_property: Callable[[str, object], None],
) -> None:
    paths = chosen(addresses(real_site))
    assert len(paths) > (300 if is_thorough() else 100)
    first, last = (len(paths) * n // SHARES for n in (share, share + 1))
    own = paths[first:last]  # neighbours, which look alike
    counts: Counts = Counter()
    options = {"viewport": {"width": PHONE, "height": 800}, "reduced_motion": "reduce"}
    with chromium.new_context(**options) as context:  # type: ignore[arg-type]
        context.add_init_script(WATCH)
        context.add_init_script(AXE.read_text())
        opened = Opened.on(context.new_page(), address, looks)
        wrong = [f"{p}: {f}" for p in own for f in _faults(opened, p, real_site, counts)]
    assert wrong == []
    assert counts["accessibility rules that passed"] > 20 * counts["pages"]
    for name, number in counts.items():
        record_property(f"counted {name}", number)


@dataclass(frozen=True)
class Opened:
    """A tab that opens one page after the other: what each asks for, and what it complains of."""

    page: Page
    address: str
    looks: set[int]
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @classmethod
    def on(cls, page: Page, address: str, looks: set[int]) -> "Opened":
        """Listens to a tab."""
        own = cls(page, address, looks)
        # Each page is weighed as if it were the first that a browser sees.
        page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        page.on("request", lambda r: own.asked.append(r.url))
        page.on("requestfailed", lambda r: own.said.append(f"could not load {r.url}: {r.failure}"))
        page.on("pageerror", lambda e: own.said.append(f"error {e}"))
        page.on("console", lambda m: own.said.append(m.text) if m.type in ("error", "warning") else None)
        return own


def _faults(opened: Opened, path: str, site: Path, counts: Counts) -> Iterator[str]:
    """All that is wrong with a page."""
    page, asked = opened.page, opened.asked
    leave(page)  # what the page before still asks for, having had the focus, must not count for this one
    asked.clear()
    opened.said.clear()
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto(opened.address + path)
    seen = page.evaluate(SEEN)
    yield from (f"asks for {r}" for r in asked if not r.startswith((opened.address, "data:")))
    yield from (f"breaks the policy: {v}" for v in seen["violations"])
    yield from (f"moves while it loads: {m}" for m in seen["moved"])
    yield from (f"keeps {kept}" for kept in (*page.evaluate(KEPT), *page.context.cookies()))
    yield from _weight(asked, site, counts)
    for width in (ZOOMED, PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": 800})
        if (over := page.evaluate(OVER)) > 0:
            yield f"is {over} pixels wider than a window of {width}"
        if width != ZOOMED:
            yield from _inaccessible(opened, width, counts)
    yield from _focus(page, counts)
    # A picture for another width is not waited for when the next page opens.
    yield from (s for s in opened.said if "ERR_ABORTED" not in s)
    counts["pages"] += 1
    counts["requests, all to the site"] += len(asked)


def _inaccessible(opened: Opened, width: int, counts: Counts) -> Iterator[str]:
    """What axe finds wrong with the page that is open."""
    looks = set(opened.page.evaluate(LOOKS))
    everything = is_thorough() or not looks <= opened.looks
    opened.looks.update(looks)
    counts[f"pages read with all rules at {width} pixels"] += everything
    rules = RULES if everything or width == PHONE else ["target-size"]
    found = opened.page.evaluate(VIOLATIONS, [rules, [] if everything else COLOURS])
    yield from (f"{v} at {width}" for v in found["wrong"])
    counts["accessibility rules that passed"] += found["passed"]


@cache
def _compressed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 6, mtime=0))


def _weight(asked: list[str], site: Path, counts: Counts) -> Iterator[str]:
    """What is too heavy, and what is loaded before somebody reaches for it."""
    names = {unquote(urlsplit(a).path).lstrip("/") for a in asked}
    files = {n: _compressed(site / (f"{n}index.html" if n.endswith("/") or not n else n)) for n in names}
    total = sum(files.values())
    counts[HEAVIEST] = max(counts[HEAVIEST], total)
    if total > BUDGET:
        heaviest = max(files, key=lambda n: files[n])
        yield f"is {total:,} bytes heavy, of which {files[heaviest]:,} are {heaviest}"
    yield from (f"loads {n} at once" for n in names if "plotly-" in n or n.startswith("pagefind/"))


def _focus(page: Page, counts: Counts) -> Iterator[str]:
    """What the keyboard would reach out of turn, and what does not show that it has the focus."""
    stops, out_of_turn = page.evaluate(STOPS)
    yield from (f"is out of turn for the Tab key: {o}" for o in out_of_turn)
    yield from page.evaluate(UNSEEN)
    counts["stops of the Tab key"] += stops
