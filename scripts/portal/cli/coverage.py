"""Report what the site covers: pages with a chart, measures with a figure, and sections of the source documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.core.model import Content
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.core.text import number
from portal.disclosure.clearing import ClearedContent
from portal.pages.all_pages import PageInputs, all_pages
from portal.pages.page import Page
from portal.pages.plan_views import ActionPage, FigureView, PriorityPage
from portal.pages.views import HomePage, RoutePage, SubjectPage, WardPage
from portal.site import written_pages

# How closely the nearest published figure matches a measure, and the heading of its column.
NEARNESS = {
    "same": "the same",
    "close": "close",
    "none": "nothing published",
    "not-a-count": "no number could show it",
}


@dataclass(frozen=True)
class Charted:
    """The paths of the pages of one kind, and of those that have a chart."""

    kind: str
    pages: tuple[str, ...]
    charted: tuple[str, ...]


def charted(site: Iterable[Page]) -> tuple[Charted, ...]:
    """Return the pages of each kind that begin with a chart, in the order of the menu."""
    by_kind: dict[str, list[tuple[str, bool]]] = {}
    for page in (p for p in site if not p.language):
        for kind, has in _chart_on(page.content):
            by_kind.setdefault(kind, []).append((page.path, has))
    return tuple(
        Charted(kind, tuple(path for path, _ in pages), tuple(path for path, has in pages if has))
        for kind, pages in by_kind.items()
    )


def _chart_on(content: object) -> Iterator[tuple[str, bool]]:
    """Yield the kind of a page that should have a chart, and whether it has one."""
    match content:
        case HomePage():
            yield "home", any(sum(o is not None and o.value is not None for o in n.trend) > 1 for n in content.figures)  # fmt: skip
        case PriorityPage():
            yield content.plan.plan.priority_word, _drawn([f.view for f in content.view.figures])
        case ActionPage():
            yield "action", _drawn([f.view for f in content.view.figures])
        case SubjectPage():
            yield "subject", _drawn([f.view for f in content.current])
        case WardPage():
            yield "ward", _drawn(content.charts)
        case RoutePage():
            yield "way to report", _drawn([f.view for f in content.figures])


def _drawn(views: Sequence[FigureView]) -> bool:
    """Return True if the first figure, which is the one that a page draws, has a chart."""
    return bool(views) and views[0].chart.draw is not None


def nearness(content: Content) -> tuple[tuple[str, Counter[str]], ...]:
    """Return for each plan how many measures there are of each nearness."""
    return tuple((p.title, Counter(m.nearness for m in p.measures)) for p in content.plans if p.measures)


def updates(content: Content) -> tuple[int, int]:
    """Return the number of updates, and the number of places where they are shown."""
    once = [u for p in content.plans for u in p.updates]
    linked = sum(len(p.update_actions) for p in content.plans)
    return len(once), sum(bool(u.priority) for u in once) + linked


def counts(settings: Settings, released: ClearedContent) -> str:
    """Return the counts as Markdown: pages with a chart, measures by nearness, and updates."""
    content = released.content
    lines = ["## Pages with a chart", "", "| kind of page | with a chart | of |", "|---|--:|--:|"]
    for c in charted(all_pages(settings, released, PageInputs(written=written_pages.read(settings)))):
        lines.append(f"| {c.kind} | {len(c.charted)} | {len(c.pages)} |")
    lines += ["", "## Measures by how near the nearest published figure is", ""]
    lines += [f"| plan | {' | '.join(NEARNESS.values())} | in all |", f"|---{'|--:' * (len(NEARNESS) + 1)}|"]
    for title, measures in nearness(content):
        cells = [str(measures[n]) for n in NEARNESS]
        lines.append(f"| {title.replace('|', '/')} | {' | '.join(cells)} | {measures.total()} |")
    once, shown = updates(content)
    lines += ["", "## Updates", "", f"{number(once)} updates, each counted once, shown at {number(shown)} places.", ""]  # fmt: skip
    return "\n".join(lines)


def table(settings: Settings, released: ClearedContent) -> str:
    """Return Markdown with a row for every section of every document.

    Raises: `PortalError` with each section that is neither shown nor left out with a reason, and each page that does
    not exist.
    """
    addresses = {
        p.path: p.label
        for p in all_pages(settings, released, PageInputs(written=written_pages.read(settings)))
    }
    problems, lines = [], ["# What the site covers", ""]
    lines += ["Made by `portal coverage` from the packages. Do not edit.", "", counts(settings, released)]
    lines += ["## Where each section of the documents is shown", ""]
    lines += ["The page of a priority leads to the pages of its actions, which are not listed here.", ""]
    for source in released.content.sources.values():
        sections = sorted(
            (s for s in released.content.sections if s.source == source.id), key=lambda s: s.number
        )
        if not sections:
            continue
        shown = sum(bool(s.pages) for s in sections)
        lines += [f"### {source.title}", "", f"{len(sections)} sections, {shown} shown.", ""]
        lines += ["| section | shown on, or why not |", "|---|---|"]
        for section in sections:
            pages = [p for p in section.pages.split(";") if p]
            place = f"sections of {source.id}, number {section.number}"
            problems += [
                Problem(place, code="coverage", message=f"There is no page {p}.", fix="Correct the address.")
                for p in pages
                if p not in addresses
            ]
            if not pages and not section.left_out:
                message = f"“{section.heading}” is neither shown nor left out."
                problems.append(
                    Problem(
                        place,
                        code="coverage",
                        message=message,
                        fix="Name the pages that show it, or the reason for leaving it out.",
                    )
                )
            shown_on = ", ".join(f"`{p}`" for p in pages)
            left = section.left_out if pages else f"left out: {section.left_out}"
            where = "; ".join(filter(None, (shown_on, left)))
            lines.append(f"| {section.heading.replace('|', '/')} | {where} |")
        lines.append("")
    if problems:
        raise PortalError(problems)
    return "\n".join(lines)
