"""Report what changed since the last release: on the terminal, as a page to sign off, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from portal.core import periods
from portal.core.field_types import number_or_none
from portal.core.model import Content, Release, ReleaseChange
from portal.core.text import amount, number
from portal.releases import comparison

# Kinds of change in the order of the report, with their names in the singular and plural.
KINDS = {
    "new": ("new figure", "new figures"),
    "revised": ("revised figure", "revised figures"),
    "withdrawn": ("figure withdrawn", "figures withdrawn"),
    "rolled": ("figure whose period moved on", "figures whose period moved on"),
    "words": ("change of words", "changes of words"),
    "page-new": ("new page", "new pages"),
    "page-gone": ("page gone", "pages gone"),
}
# Kinds for which each indicator gets one line, however many figures there are.
GATHERED = ("new", "rolled")
NO_REASON = "No reason is given yet."
_SHOWN = 20
_LONG = 200


@dataclass(frozen=True)
class WordedChange:
    """One change in words: its subject, what happened, and why."""

    about: str
    became: str
    reason: str = ""
    lacks_reason: bool = False

    def __str__(self) -> str:
        """Return the change as one sentence."""
        return " ".join(filter(None, (f"{self.about}: {self.became}.", self.reason)))


class ChangeGroup(NamedTuple):
    """All changes of one kind of `KINDS`: how many there are, and their lines."""

    kind: str
    total: int
    lines: tuple[WordedChange, ...]


@dataclass(frozen=True)
class ChangeReport:
    """What changed since the last release.

    `lacking` counts changes without the reason that they need; `gone` counts withdrawn figures, whose numbers earlier
    releases still show.
    """

    since: str
    groups: tuple[ChangeGroup, ...]
    lacking: int
    gone: int = 0


def report(changes: Sequence[ReleaseChange], content: Content, longest: int | None = _LONG) -> ChangeReport:
    """Return the changes since the last release in words; None for `longest` leaves no text cut off."""
    by_kind = [
        (kind, [c for c in comparison.condensed(changes, GATHERED) if c.kind == kind]) for kind in KINDS
    ]
    groups = tuple(
        ChangeGroup(kind, sum(c.count for c in of_kind), tuple(line(c, content, longest) for c in of_kind))
        for kind, of_kind in by_kind
        if of_kind
    )
    lacking = sum(comparison.needs_reason(c) and not c.reason for c in changes)
    gone = sum(c.kind == "withdrawn" for c in changes)
    return ChangeReport(since(content.releases), groups, lacking, gone)


def since(releases: Sequence[Release]) -> str:
    """Return the sentence that names the release with which the changes are compared."""
    if not releases:
        return "Nothing has been released yet, so everything is new."
    last = releases[-1]
    return f"Compared with {last.name}, released on {periods.day(last.released_on)}:"


def line(change: ReleaseChange, content: Content, longest: int | None = _LONG) -> WordedChange:
    """Return one change in words, in which a text has at most `longest` characters."""
    if change.kind in ("page-new", "page-gone"):
        name = change.new or change.old
        return (
            WordedChange(f"/{change.place}", name)
            if name
            else WordedChange("The site", f"{number(change.count)} pages")
        )
    if change.kind == "words":
        return WordedChange(_place(change, content), _reworded(change, longest))
    lacks = comparison.needs_reason(change) and not change.reason
    reason = NO_REASON if lacks else f"Why: {change.reason}" if change.reason else ""
    return WordedChange(subject(change, content), became(change, content), reason, lacks)


def subject(change: ReleaseChange, content: Content) -> str:
    """Return the name of the figure or figures that changed."""
    indicator = content.indicators.get(change.indicator)
    title = indicator.title if indicator else change.indicator
    if change.count > 1 or not change.area:
        return title
    area = content.areas[change.area].name if change.area in content.areas else change.area
    return ", ".join(filter(None, (title, area, change.part, period(change, content))))


def period(change: ReleaseChange, content: Content) -> str:
    """Return the period of the figure that changed, in words."""
    indicator = content.indicators.get(change.indicator)
    kind = indicator.period_type if indicator else "rolling-months"
    return periods.label(kind, change.period_start, change.period_end)


def became(change: ReleaseChange, content: Content) -> str:
    """Return what happened to a figure, or how many figures are new."""
    if change.kind == "new" and change.count > 1:
        span = _days(change)
        withheld = ", all withheld to protect people" if change.new_status == comparison.WITHHELD else ""
        return f"{number(change.count)} new figures{span}{withheld}"
    if change.kind == "new" and not (change.new or change.new_status):
        return "new; the number was withdrawn later"
    if change.kind == "new":
        return f"new, {_value(change.new, change.new_status, change, content)}"
    if change.kind == "rolled":
        many = f"{number(change.count)} figures{_days(change)}: " if change.count > 1 else ""
        return f"{many}the period moved on, and other months are published instead"
    if change.new_status == comparison.WITHHELD:
        return "now withheld, to protect people"
    if change.kind == "withdrawn" and not change.old:
        return "no longer published"
    if change.kind == "revised" and not change.new:
        return "revised; the number was withdrawn later"
    before = _value(change.old, change.old_status, change, content)
    if change.kind == "revised":
        return f"from {before} to {_value(change.new, change.new_status, change, content)}"
    return f"it was {before}; no longer published"


def _days(change: ReleaseChange) -> str:
    return f", {_span(change)}" if change.period_end else ""


def _span(change: ReleaseChange) -> str:
    first = periods.day(change.period_start) if change.period_start else ""
    last = periods.day(change.period_end) if change.period_end else ""
    return f"from {first} to {last}" if first else f"to {last}"


def _value(cell: str, status: str, change: ReleaseChange, content: Content) -> str:
    value, indicator = number_or_none(cell), content.indicators.get(change.indicator)
    shown = "" if value is None else amount(value, indicator.unit) if indicator else cell
    return " ".join(filter(None, (shown, f"[{status}]" if status else ""))) or "not there"


def _place(change: ReleaseChange, content: Content) -> str:
    return f"{subject(change, content)}, {change.place}" if change.indicator else change.place


def _reworded(change: ReleaseChange, longest: int | None) -> str:
    old, new = _short(change.old, longest), _short(change.new, longest)
    if change.count > 1:
        return f"{number(change.count)} rows" + (
            f", from {old or 'empty'} to {new or 'empty'}" if old or new else ""
        )
    if not (old or new):
        return "1 row"
    if old and new:
        return f"{old} becomes {new}"
    return f"added: {new}" if new else f"taken out: {old}"


def _short(words: str, longest: int | None = _LONG) -> str:
    return (
        ""
        if not words
        else f"“{words}”"
        if longest is None or len(words) <= longest
        else f"“{words[:longest]}…”"
    )


def counted(changes_in_words: ChangeReport) -> str:
    """Return the number of changes of each kind: `12 new figures, 2 revised figures`."""
    return ", ".join(
        f"{number(count)} {KINDS[kind][count != 1]}" for kind, count, _ in changes_in_words.groups
    )


def as_text(changes_in_words: ChangeReport) -> str:
    """Return the report for the terminal, with at most 20 lines of each kind."""
    return "\n".join(_text(changes_in_words))


def _text(changes_in_words: ChangeReport) -> Iterator[str]:
    yield changes_in_words.since
    if not changes_in_words.groups:
        yield "  Nothing has changed."
    for kind, count, lines in changes_in_words.groups:
        yield f"\n  {number(count)} {KINDS[kind][count != 1]}"
        shown = sorted(lines, key=lambda one: not one.lacks_reason)[:_SHOWN]
        yield from (f"    {one}" for one in shown)
        if len(lines) > len(shown):
            yield f"    and {number(len(lines) - len(shown))} more; the page or the JSON has them all"
    if changes_in_words.lacking:
        what = "1 figure that was revised or withdrawn has" if changes_in_words.lacking == 1 else f"{number(changes_in_words.lacking)} figures that were revised or withdrawn have"  # fmt: skip
        yield f"\n{what} no reason yet. Without one there can be no release."
    if changes_in_words.gone:
        what = "the figure" if changes_in_words.gone == 1 else f"the {number(changes_in_words.gone)} figures"
        yield f"\nEarlier releases still show {what} withdrawn. To take the number out of them too: portal withdraw."


def as_html(changes_in_words: ChangeReport, site: str, code: str = "") -> str:
    """Return the report as a self-contained HTML page for the person who signs off; `code` names the list, if it has one."""
    from importlib import resources  # noqa: PLC0415

    import jinja2  # noqa: PLC0415 - only this command needs it

    text = (resources.files("portal.releases") / "change_report.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text).render(
        report=changes_in_words, kinds=KINDS, site=site, counted=counted(changes_in_words), code=code
    )


def as_json(changes: Iterable[ReleaseChange], releases: Sequence[Release]) -> str:
    """Return all changes as JSON for programs."""
    all_changes = list(changes)
    content = {
        "since": releases[-1].id if releases else None,
        "counts": dict(Counter(c.kind for c in all_changes)),
        "changes": [
            {k: v for k, v in asdict(c).items() if k not in ("release", "number")} for c in all_changes
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
