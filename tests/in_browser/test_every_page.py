"""Every page of the real site, opened in Chromium from a server that sends the real headers.

Each page is opened once, on a phone, then widened: everything that can have the focus gets it, and what it loads is weighed.
`make every-page` runs this alone and prints what was counted.

It opens the pages that have, between them, every kind of element of the site: every tag with its classes and its role, below
every line of others up to the body. `make every-page` opens all. tests/axe.py says what axe-core reads of each.
"""

import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe import READY, Seen, read
from browser import leave
from playwright.sync_api import Browser, Page
from project import is_thorough
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sight import SIGHT

PHONE, WIDE = 360, 1280
ZOOMED = 320  # a window of 1,280 pixels at 400 %
SHARES = 8  # neighbouring pages are checked in so many parts, which the processes that test take in turn
NAMESPACE = "http://www.w3.org/2000/svg"  # a name that nothing asks for
BUDGET = 150_000  # bytes, compressed, until somebody reaches for something
# What the page does while it loads, and must not. Where text arrives in pieces, a word may wrap when the rest of it is
# there, which is under a hundredth; nothing may jump.
WATCH = """
window.portalSeen = {violations: [], moved: []};
addEventListener("securitypolicyviolation", e => portalSeen.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));
new PerformanceObserver(list => list.getEntries().forEach(e => e.value < 0.01 || portalSeen.moved.push(
  ...e.sources.map(s => `${s.node?.nodeName} ${s.node?.className ?? ""} “${s.node?.textContent.trim().slice(0, 40)}” `
    + `from ${s.previousRect.y.toFixed()} to ${s.currentRect.y.toFixed()} pixels from the top, so what is above it changed (${e.value.toFixed(4)})`)
))).observe({type: "layout-shift", buffered: true});
"""
# The observer reports after a frame was shown.
SEEN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(portalSeen))))"
KEPT = "() => [document.cookie, localStorage.length + sessionStorage.length].filter(Boolean)"
# What is folded is read too; the menu of a phone covers what is below it.
OPEN = "() => document.querySelectorAll('details').forEach(d => (d.open = true))"
CLOSE = "() => document.querySelectorAll('details.menu').forEach(d => (d.open = false))"
OVER = "() => document.documentElement.scrollWidth - innerWidth"
MEASURED = "() => [...portalSight.tooSmall(), ...portalSight.cutOff()]"
STOPS = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])")];
  const shown = all.filter(e => !e.disabled && !(e.type === "radio" && !e.checked) && e.checkVisibility({visibilityProperty: true}));
  shown.forEach((e, i) => e.dataset.stop = i);
  return [shown.length, shown.filter(e => e.tabIndex !== 0).map(e => e.outerHTML.slice(0, 60))];
}"""
Counts = Counter[str]
HEAVIEST = "bytes of the heaviest page, compressed (max)"


def addresses(site: Path) -> list[str]:
    """Of all pages, below the site."""
    found = sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html"))
    return [p.removesuffix("index.html") for p in found]


def chosen(paths: list[str]) -> list[str]:
    """Return every page in a thorough run; else every tenth of those that have more than a dozen like them.

    For what is checked of the source of a page: tests/integration/test_markup.py.
    """
    kinds: dict[tuple[str, int], list[str]] = {}
    for path in paths:
        top, *below = path.split("/")[:-1] or [path]
        kinds.setdefault((top, len(below)), []).append(path)
    return sorted(
        p for alike in kinds.values() for p in alike[:: 10 if len(alike) > 12 and not is_thorough() else 1]
    )


def _file(site: Path, path: str) -> Path:
    return site / (f"{path}index.html" if path.endswith("/") or not path else path)


Line = tuple[
    tuple[str, str, str], ...
]  # of an element and those around it: the tag, the classes and the role of each


def lines(html: str) -> set[Line]:
    """Return the line of each element of a page."""
    body = LexborHTMLParser(html).body
    found: set[Line] = set()
    left: list[tuple[LexborNode, Line]] = [(body, ())] if body else []
    while left:
        element, above = left.pop()
        told = element.attributes
        line = (*above, (str(element.tag), told.get("class") or "", told.get("role") or ""))
        found.add(line)
        left += [(child, line) for child in element.iter()]
    return found


@cache
def covering(site: Path) -> tuple[str, ...]:
    """Return every page in a thorough run; else few and small ones that have every line of the site between them."""
    paths = addresses(site)
    if is_thorough():
        return tuple(paths)
    html = {p: _file(site, p).read_text() for p in paths}
    own = {p: lines(text) for p, text in html.items()}
    every = set().union(*own.values())
    left = every.copy()
    taken: list[str] = []
    while left:
        taken.append(max(paths, key=lambda p: len(own[p] & left) / len(html[p])))
        left -= own[taken[-1]]
    times = Counter(line for p in taken for line in own[p])
    for path in taken.copy():  # one that was taken early can have nothing of its own any more
        if all(times[line] > 1 for line in own[path]):
            taken.remove(path)
            times.subtract(own[path])
    assert set().union(*(own[p] for p in taken)) == every
    return tuple(sorted(taken))


def test_no_style_sheet_and_no_script_of_ours_names_another_host(real_site: Path) -> None:
    """Not even one that would only be asked when something is pressed or pointed at."""
    named = re.compile(r"""(?:https?:|["'(\s])//[\w.-]+\.\w+[^\s"')]*""")
    files = [*real_site.glob("assets/css/*.css"), *real_site.glob("assets/js/*.js")]
    own = {f.name: f.read_text() for f in files if not f.name.startswith("plotly-")}
    assert len(own) > 10
    found = {name: {n for n in named.findall(text) if n != NAMESPACE} for name, text in own.items()}
    assert {name: hosts for name, hosts in found.items() if hosts} == {}


@pytest.fixture(scope="module")
def seen() -> Seen:
    """Return what the pages that axe has read show; each process has its own."""
    return Seen()


@pytest.mark.parametrize("share", range(SHARES))
def test_everybody_can_use_every_page(
    chromium: Browser,
    address: str,
    real_site: Path,
    share: int,
    seen: Seen,
    record_property: Callable[[str, object], None],
) -> None:
    paths = covering(real_site)
    assert len(paths) > (300 if is_thorough() else 60)
    first, last = (len(paths) * n // SHARES for n in (share, share + 1))
    own = paths[first:last]  # neighbours, which look alike
    counts: Counts = Counter()
    options = {"viewport": {"width": PHONE, "height": 800}, "reduced_motion": "reduce"}
    with chromium.new_context(**options) as context:  # type: ignore[arg-type]
        context.add_init_script(WATCH)
        context.add_init_script(READY)
        context.add_init_script(SIGHT)
        opened = Opened.on(context.new_page(), address, seen)
        wrong = [f"{p or 'the home page'}: {f}" for p in own for f in _faults(opened, p, real_site, counts)]
    assert wrong == []
    assert counts["accessibility rules that passed"] > 20 * counts["pages"]
    for name, number in counts.items():
        record_property(f"counted {name}", number)


@dataclass(frozen=True)
class Opened:
    """A tab that opens one page after the other: what each asks for, and what it complains of."""

    page: Page
    address: str
    seen: Seen
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @classmethod
    def on(cls, page: Page, address: str, seen: Seen) -> "Opened":
        """Listens to a tab."""
        own = cls(page, address, seen)
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
    own = [r for r in asked if r.startswith(opened.address)]
    yield from (f"asks for {r}" for r in asked if r not in own and not r.startswith("data:"))
    yield from (f"breaks the policy: {v}" for v in seen["violations"])
    yield from (f"moves while it loads: {m}" for m in seen["moved"])
    yield from (f"keeps {kept}" for kept in (*page.evaluate(KEPT), *page.context.cookies()))
    yield from _weight(own, site, counts)
    counts["requests, all to the site"] += len(own)
    page.evaluate(OPEN)
    for width in (ZOOMED, PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": 800})
        if (over := page.evaluate(OVER)) > 0:
            beyond = ", ".join(page.evaluate("portalSight.beyond()"))
            yield f"is {over} pixels wider than a window of {width}: {beyond}"
        yield from (f"{s} at {width}" for s in page.evaluate(MEASURED))
        if width == ZOOMED:
            page.evaluate(CLOSE)
        else:
            yield from _inaccessible(opened, width, counts)
    yield from _focus(page, counts)
    yield from _forced(page, counts)
    # A picture for another width is not waited for when the next page opens.
    yield from (s for s in opened.said if "ERR_ABORTED" not in s)
    counts["pages"] += 1


def _inaccessible(opened: Opened, width: int, counts: Counts) -> Iterator[str]:
    """What axe finds wrong with the page that is open."""
    found = read(opened.page, opened.seen, again=width != PHONE)
    yield from (f"{v} at {width}" for v in found.wrong)
    counts[f"pages read with all rules at {width} pixels"] += found.everything
    counts["accessibility rules that passed"] += len(found.passed)


@cache
def _compressed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 6, mtime=0))


def _weight(asked: list[str], site: Path, counts: Counts) -> Iterator[str]:
    """What is too heavy, and what is loaded before somebody reaches for it."""
    names = {unquote(urlsplit(a).path).lstrip("/") for a in asked}
    files = {n: _compressed(_file(site, n)) for n in names}
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
    yield from page.evaluate("portalSight.focus()")
    counts["stops of the Tab key"] += stops


def _forced(page: Page, counts: Counts) -> Iterator[str]:
    """What cannot be seen in the colours that a reader has chosen for everything."""
    counts["parts with a background only, seen in forced colours"] += page.evaluate("portalSight.note()")
    page.emulate_media(forced_colors="active")
    yield from page.evaluate("portalSight.forced()")
    page.emulate_media(forced_colors="none")
