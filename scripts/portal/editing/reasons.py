"""Give reasons that are published: for a warning that is accepted, and for a figure that was revised."""

from datetime import date
from pathlib import Path

from portal.core import field_types
from portal.core import settings as config
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.data import csv_editing
from portal.editing import entries, planned_changes
from portal.editing.entries import EntryKind
from portal.editing.planned_changes import PlannedChange
from portal.releases import comparison, releasing
from portal.site import building

_ACCEPTED = EntryKind("releases", "accepted", "accepted warning")
_REASONS = EntryKind("releases", "reasons", "reason")
_AFTER_BUILD = "unlinked:"  # warnings that only a build can find


def accept(root: Path, warning: str, reason: str, team: str, today: date) -> PlannedChange:
    """Plan to accept a warning with the reason and the team, both of which are published.

    A name that ends in * accepts every warning that begins like it.

    Raises:
        PortalError: the project has problems, so its warnings are not known.
    """
    settings = config.load(root)
    words = "accepted warning"
    table = entries.open_table(settings, _ACCEPTED)
    project = building.project_of(settings)
    names = {w.name for w in building.warnings(project) if not w.name.startswith("spent:")}
    problems = []
    if warning in {r["warning"] for r in table.rows}:
        problems.append(
            _wrong(words, "warning", f"{warning} is accepted already.", "There is nothing to do.")
        )
    elif not warning.startswith(_AFTER_BUILD) and not _is_warned(warning, names):
        fix = did_you_mean(warning, names) if names else "There is no warning to accept now."
        problems.append(_wrong(words, "warning", f"There is no warning “{warning}”.", fix))
    if not reason.strip():
        fix = "Write why the data is right. Readers will see it."
        problems.append(_wrong(words, "reason", "The reason is missing.", fix))
    if not team.strip():
        fix = "Write the team that accepts it, such as Communications."
        problems.append(_wrong(words, "accepted_by", "The team is missing.", fix))
    if problems:
        return planned_changes.refused(words, problems)
    row = {
        "warning": warning,
        "reason": " ".join(reason.split()),
        "accepted_on": today.isoformat(),
        "accepted_by": " ".join(team.split()),
    }
    return entries.add_rows(settings, {table.name: (table, [row])}, words)


def _is_warned(accepted: str, names: set[str]) -> bool:
    if accepted.endswith("*"):
        return len(accepted) > 1 and any(n.startswith(accepted[:-1]) for n in names)
    return accepted in names


def take_back(root: Path, warning: str) -> PlannedChange:
    """Plan to take back the acceptance of a warning.

    Raises:
        PortalError: the warning is not accepted.
    """
    settings = config.load(root)
    table = entries.open_table(settings, _ACCEPTED)
    names = [r["warning"] for r in table.rows]
    if warning not in names:
        message = f"The warning “{warning}” is not accepted."
        raise PortalError([_wrong("accepted warning", "warning", message, did_you_mean(warning, names))])
    data = csv_editing.edit_rows(table.data, lambda r: None if r["warning"] == warning else r)
    now = planned_changes.look(settings)
    return planned_changes.plan(
        now, f"No longer accept the warning {warning}.", {table.path: data}, lambda p: p
    )


def explain(
    root: Path, reason: str, indicator: str = "", area: str = "", period_end: str = ""
) -> PlannedChange:
    """Plan a reason for figures that were revised or withdrawn since the last release.

    It counts for all such figures of the indicator, area and period; empty means all.

    Raises:
        PortalError: the project has problems, so what was revised is not known.
    """
    settings = config.load(root)
    words = "reason"
    table = entries.open_table(settings, _REASONS)
    project = building.project_of(settings)
    changes = [c for c in releasing.changes(project, {}) if comparison.needs_reason(c)]
    problems = []
    if not reason.strip():
        problems.append(_wrong(words, "reason", "The reason is missing.", "Write why, for readers."))
    if period_end and not field_types.is_date(period_end):
        fix = "Write the last day of the period, such as 2026-12-31."
        problems.append(_wrong(words, "period_end", f"“{period_end}” is not a day.", fix))
    wanted = {"indicator": indicator, "area": area, "period_end": period_end}
    fitting = changes
    for column, text in wanted.items():
        if not text or problems:
            continue
        known = {str(getattr(c, column) or "") for c in fitting}
        fitting = [c for c in fitting if str(getattr(c, column) or "") == text]
        if not fitting:
            message = f"No revised or withdrawn figure has the {column} {text}."
            fix = did_you_mean(text, known - {""}) if known - {""} else "Import the revision first."
            problems.append(_wrong(words, column, message, fix))
    if not changes and not problems:
        fix = (
            "Import the revision first. A reason is for figures that are in a release and have changed since."
        )
        problems.append(_wrong(words, "", "No figure was revised or withdrawn since the last release.", fix))
    if problems:
        return planned_changes.refused(words, problems)
    row = {**wanted, "reason": " ".join(reason.split()), "release": ""}
    return entries.add_rows(settings, {table.name: (table, [row])}, words)


def _wrong(words: str, column: str, message: str, fix: str) -> Problem:
    return Problem(words, field=column, code="reason", message=message, fix=fix)
