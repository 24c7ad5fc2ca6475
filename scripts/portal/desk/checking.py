"""The second step: what is wrong, what is unusual, and which changed figures lack a reason; and the reasons for these."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from portal.core import field_types, periods
from portal.core.model import Content, ReleaseChange
from portal.core.problems import Problem
from portal.data import csv_editing
from portal.desk.known_state import StateReader
from portal.desk.work import Tell
from portal.releases import change_report, comparison
from portal.releases.releasing import Project
from portal.site import building

ACCEPT, REASON = "accept", "reason"  # the first part of the names of fields
_SPENT = "spent"
_MOST_SHOWN = 20
_SEPARATOR = "|"


@dataclass(frozen=True)
class Unexplained:
    """The figures of one indicator that changed without a reason: the field for one reason for all, and each figure."""

    field: str
    title: str
    count: int
    figures: tuple[
        tuple[str, str, str], ...
    ]  # the field of one figure, which one it is, and what happened to it


@dataclass(frozen=True)
class Checked:
    """What the check found. `warnings` are those that nobody has accepted, `spent` acceptances without a warning.

    `subjects` say in words which figure or row a warning is about, by the name of the warning.
    """

    figures: int
    warnings: tuple[Problem, ...]
    spent: tuple[Problem, ...]
    unexplained: tuple[Unexplained, ...]
    subjects: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_clear(self) -> bool:
        """Return True if nothing is left to decide."""
        return not (self.warnings or self.spent or self.unexplained)


def check(states: StateReader, tell: Tell) -> Checked:
    """Check the project as `portal check` does.

    Raises:
        PortalError: with every problem.
    """
    state = states.read(tell)
    project = state.project
    tell("Checking that small counts stay protected")
    _ = state.cleared
    tell("Comparing with the last release")
    warnings = building.warnings(project)
    return Checked(
        sum(map(len, project.content.observations.values())),
        tuple(w for w in warnings if w.code != _SPENT),
        tuple(w for w in warnings if w.code == _SPENT),
        tuple(_unexplained(state.changes_of_tables, project.content)),
        {
            w.name: words
            for w in warnings
            if (words := _subject(w.name, project.content) or _name_of_row(w, project))
        },
    )


def _subject(name: str, content: Content) -> str:
    """Return in words the figure that a warning names, such as `jump:calls:E09999999:2020-06-01/2020-06-30`; empty if it names none."""
    _, id_, area, period = [*name.split(":"), "", "", ""][:4]
    if id_ not in content.indicators or area not in content.areas:
        return ""
    first, last = (field_types.date_or_none(day) for day in [*period.split("/"), ""][:2])
    indicator = content.indicators[id_]
    when = periods.label(indicator.period_type, first, last) if last else ""
    return ", ".join(filter(None, (indicator.short_title, content.areas[area].name, when)))


def _name_of_row(warning: Problem, project: Project) -> str:
    """Return the title or name of the row that a warning is about, such as that of a support service; empty if it has none."""
    for table in (t for p in project.packages for t in p.tables.values() if t.file == warning.file):
        row = dict(table.records).get(warning.row, {})
        return next((row[n] for n in ("short_title", "title", "name") if row.get(n)), "")
    return ""


def _unexplained(changes: Iterable[ReleaseChange], content: Content) -> Iterator[Unexplained]:
    lacking: dict[str, list[ReleaseChange]] = {}
    for change in changes:
        if comparison.needs_reason(change) and not change.reason:
            lacking.setdefault(change.indicator, []).append(change)
    for indicator, some in lacking.items():
        title = content.indicators[indicator].title if indicator in content.indicators else indicator
        figures = tuple(
            (_field(c), change_report.subject(c, content), change_report.became(c, content))
            for c in some[:_MOST_SHOWN]
        )
        yield Unexplained(_SEPARATOR.join((REASON, indicator, "", "")), title, len(some), figures)


def _field(change: ReleaseChange) -> str:
    """Return the name of the field for the reason of one figure."""
    return _SEPARATOR.join((REASON, change.indicator, change.area, str(change.period_end or "")))


def files(project: Project, form: Mapping[str, str], team: str, today: date) -> Mapping[Path, bytes | None]:
    """Return the tables of accepted warnings and of reasons with what was typed: the same rows as a person would add.

    `team` accepts the warnings. Readers see it, so it is not the name of the person at the desk, which the journal has.
    """
    accepted, reasons = project.home / "data" / "accepted.csv", project.home / "data" / "reasons.csv"
    fresh = [
        {
            "warning": name.partition(_SEPARATOR)[2],
            "reason": text,
            "accepted_on": today.isoformat(),
            "accepted_by": team,
        }
        for name, text in _typed(form, ACCEPT)
    ]
    why = [_reason(name, text) for name, text in _typed(form, REASON)]
    written: dict[Path, bytes | None] = {}
    if fresh:
        written[accepted] = csv_editing.add_rows(accepted.read_bytes(), fresh)
    if why:
        written[reasons] = csv_editing.add_rows(reasons.read_bytes(), why)
    return written


def without_spent(project: Project, name: str) -> Mapping[Path, bytes | None]:
    """Return the table of accepted warnings without the row of a warning that no longer appears."""
    path = project.home / "data" / "accepted.csv"
    return {
        path: csv_editing.edit_rows(path.read_bytes(), lambda row: None if row["warning"] == name else row)
    }


def _typed(form: Mapping[str, str], kind: str) -> Iterator[tuple[str, str]]:
    for name, text in form.items():
        words = " ".join(text.split())
        if name.startswith(f"{kind}{_SEPARATOR}") and words:
            yield name, words


def _reason(name: str, text: str) -> Mapping[str, str]:
    _, indicator, area, end = [*name.split(_SEPARATOR, 3), "", "", ""][:4]
    return {"indicator": indicator, "area": area, "period_end": end, "reason": text, "release": ""}
