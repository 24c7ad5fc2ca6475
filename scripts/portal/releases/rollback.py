"""Restore the data of an earlier release as a new release, without figures that are withdrawn or withheld now."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portal.core import text
from portal.core.model import Release, ReleaseChange
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.data import csv_editing
from portal.data.csv_editing import Row
from portal.releases import comparison, embargo, identities, releasing
from portal.releases.archives import Contents
from portal.releases.comparison import Figure
from portal.releases.identities import NamesNow
from portal.releases.older_tables import in_the_form_of_today
from portal.releases.releasing import KIND, Project, ReleaseRequest


@dataclass(frozen=True)
class Rollback:
    """A release whose data will be restored.

    `request` describes the new release that restores it; `files` are the packages to write, and `changes` the resulting
    changes to the tables. `given_up` are the waiting releases to drop, with their archives. `kept` counts the figures that stay withheld.
    """

    release: Release
    request: ReleaseRequest
    files: Mapping[Path, bytes]
    changes: tuple[ReleaseChange, ...]
    given_up: tuple[Release, ...] = ()
    archives_given_up: tuple[Path, ...] = ()
    kept: int = 0
    contacts: bool = False


def put_back(project: Project, name: str, reason: str, contacts: bool = False) -> Rollback:
    """Plan how to restore the release with this id or name, with its contact details if `contacts` is True.

    Raises:
        PortalError: there is no such public release, no reason is given, or packages were added or removed since.
    """
    releases = embargo.public_releases(project)
    named = next((e for e in releases if name in (e.id, e.name)), None)
    if named is None:
        raise PortalError([_no_such(project, name, releases)])
    then = in_the_form_of_today(releasing.opened(project, named).contents)
    faults = [*_no_reason(reason), *_other_packages(project, then)]
    if faults:
        raise PortalError(faults)
    now = releasing.contents(project, {})
    hidden, names = _hidden(project, now), project.names[named.id]
    target = replace(
        _without(then if contacts else embargo.with_contacts(project, then), hidden, now, names),
        pages={},
        lists=now.lists,
    )
    kept = sum(1 for k, row in comparison.keyed(then).items() if names.figure(k) in hidden and row["value"])
    again = sum(e.put_back == named.id for e in releases)
    title = f"Return to {named.name}" + (f" ({again + 1})" if again else "")
    note = f"The data of {named.name} were put back: {reason}"
    folder = project.settings.packages_folder
    files = {folder / path: data for path, data in target.files.items()}
    given_up = embargo.waiting(project)
    if given_up:
        files |= embargo.given_up(project)
    changes = comparison.explained(comparison.compare(now, target), (), reason)
    request = ReleaseRequest(title, note, "", reason, named.id)
    dropped = tuple(releasing.archive_of(project, e.id) for e in given_up)
    return Rollback(named, request, files, changes, given_up, dropped, kept, contacts)


def _no_such(project: Project, name: str, releases: Collection[Release]) -> Problem:
    if any(name in (e.id, e.name) for e in project.content.releases):
        message = f"The release {name} is not public yet, so there is nothing to go back to."
        return Problem("NAME", code=KIND, message=message, fix="Name a release that is public.")
    fix = did_you_mean(name, {e.name for e in releases}) if releases else "None was made yet."
    return Problem("NAME", code=KIND, message=f"There is no release called “{name}”.", fix=fix)


def _no_reason(reason: str) -> Iterator[Problem]:
    if not reason:
        message = "Putting a release back needs a reason, which readers will see."
        yield Problem("--reason", code=KIND, message=message, fix='Write --reason "…".')


def _other_packages(project: Project, then: Contents) -> Iterator[Problem]:
    listed = {p.name for p in project.packages if p.kind != KIND}
    newer = [f"{n} is newer" for n in sorted(listed - set(then.packages))]
    strange = [*newer, *(f"{n} is gone" for n in sorted(set(then.packages) - listed))]
    if strange:
        message = f"The packages of that release are not those in the settings now: {text.listed(strange)}."
        fix = "Such a release cannot be restored as a whole. Withdraw what is wrong with portal withdraw, or change it back in the tables and release that."
        yield Problem(SETTINGS_FILE, field="packages", code=KIND, message=message, fix=fix)


def _hidden(project: Project, now: Contents) -> set[Figure]:
    """Return the figures whose number must not come back: withheld now, withdrawn, or left out to protect people."""
    figures, names = comparison.keyed(now), project.names
    withheld = {k for k, row in figures.items() if row["status"] == comparison.WITHHELD}
    protected = (w for w in project.content.withdrawals if w.kind == "protect")
    taken = {k for w in protected for k in identities.withdrawn_now(w, names)}
    careful = {i.id for i in project.content.indicators.values() if i.sensitive or i.protected}
    own_and_before = identities.around(names)
    left_out = {
        n.figure((c.indicator, c.area, c.part, str(c.period_start or ""), str(c.period_end or "")))
        for c in project.content.changes
        if c.kind == "withdrawn"
        for n in own_and_before.get(c.release, (identities.UNCHANGED,))
    }
    return withheld | taken | {k for k in left_out if k not in figures and k[0] in careful}


def _without(
    then: Contents, hidden: Collection[Figure], now: Contents, names: NamesNow = identities.UNCHANGED
) -> Contents:
    """Return the contents, which have these names, with hidden figures as they are now: withheld or absent."""
    current = comparison.keyed(now)

    def change(row: Row) -> Row | None:
        figure = names.figure(comparison.of_row(row))
        if figure not in hidden or not row["value"]:
            return row
        as_now = current.get(figure)
        return {**row, **{c: as_now[c] for c in ("value", *comparison.AROUND)}} if as_now else None

    files = dict(then.files)
    for package, path in embargo.paths(then, "observations"):
        files[f"{package}/{path}"] = csv_editing.edit_rows(files[f"{package}/{path}"], change)
    return replace(then, files=files)
