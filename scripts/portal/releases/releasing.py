"""Make releases: compare the data with the last release, check the request, and write an archive that never changes.

A correction is a new release.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.core import field_types, operating_system, periods
from portal.core.model import (
    Content,
    ReasonForChange,
    Release,
    ReleaseChange,
    WithdrawnFigure,
)
from portal.core.problems import PortalError, Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.data.packages import Package
from portal.disclosure.inference import EarlierRelease
from portal.disclosure.neighbourhoods import FormerPart
from portal.releases import archives, comparison, identities
from portal.releases.archives import About, Contents
from portal.releases.identities import NamesNow
from portal.releases.mentions import mentions

KIND = "releases"
# Leave pages about releases out of the list of changed pages.
OWN_PAGES = "releases/"
# Also leave out the pages that list the figures of another page for citing.
_CITE = "/cite/"
# Addresses below it that no release can have.
_TAKEN = ("corrections", "unusual")
NOTHING = Contents({}, {})
# Where a site lists withdrawn figures.
WITHDRAWN = "releases/corrections/withdrawn.csv"


@dataclass(frozen=True)
class Project:
    """A project as read: its settings, its packages, their content, and warnings that nobody has accepted.

    `mark` is a digest of the files that it was read from; "" if they were not all read from a folder.
    """

    settings: Settings
    packages: tuple[Package, ...]
    content: Content
    warnings: tuple[Problem, ...] = ()
    mark: str = ""

    @property
    def home(self) -> Path:
        """Return the folder of the package that lists the releases.

        Raises:
            PortalError: there is no such package, or more than one.
        """
        names = [p.name for p in self.packages if p.kind == KIND]
        if len(names) != 1:
            message = f"{len(names)} packages of the kind {KIND} are listed; one must be."
            fix = "Add the folder data_packages/releases, and its name to `packages`."
            raise PortalError([Problem(SETTINGS_FILE, field="packages", code=KIND, message=message, fix=fix)])
        return self.settings.packages_folder / names[0]

    @cached_property
    def earlier(self) -> tuple[EarlierRelease, ...]:
        """Return what each earlier release published, for the audit of what is withheld.

        Archives from which figures were withdrawn count too, because people can have downloaded the originals.

        Raises:
            PortalError: an archive is missing or differs from the one published.
        """
        return tuple(_past(self, release) for release in self.content.releases)

    @cached_property
    def names(self) -> Mapping[str, NamesNow]:
        """Return the names that what each release published has now, by id of the release.

        Raises:
            PortalError: an archive is missing or differs from the one published.
        """
        releases = self.content.releases
        past = [opened(self, release).contents for release in releases]
        found = identities.names_now(past, contents(self, {})) if past else ()
        return dict(zip((release.id for release in releases), found, strict=True))

    def file_name(self, path: Path) -> str:
        """Return the name of a file of the project for use in problems: its path from the project's folder."""
        packages = self.settings.packages_folder.parent
        return path.relative_to(packages if path.is_relative_to(packages) else self.settings.root).as_posix()


@dataclass(frozen=True)
class ReleaseRequest:
    """The name of a release to make, and its note, embargo and reason for changes."""

    name: str
    note: str = ""
    embargo: str = ""
    reason: str = ""  # for revised and withdrawn figures that have none of their own
    put_back: str = ""

    @property
    def id(self) -> str:
        """Return the address of its page: letters, digits and hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class DraftRelease:
    """A release that is ready to write: its changes, and its files in the order in which to write them."""

    release: Release
    changes: tuple[ReleaseChange, ...]
    files: Mapping[Path, bytes]

    def write(self) -> None:
        """Write the files; the list of releases comes last, so that a release is complete or absent."""
        write(self.files)


def contents(project: Project, pages: Mapping[str, str]) -> Contents:
    """Return what a release would publish now, except the list of releases; `pages` maps addresses to names."""
    names = tuple(p.name for p in project.packages if p.kind != KIND)
    own_pages = {k: v for k, v in pages.items() if not k.startswith(OWN_PAGES) and not k.endswith(_CITE)}
    gathered = archives.gather(project.settings.packages_folder.parent, names, own_pages)
    return replace(gathered, lists=lists(project))


def lists(project: Project) -> Mapping[str, bytes]:
    """Return the tables of the package of releases whose text is published with each release."""
    return {name: (project.home / "data" / name).read_bytes() for name in archives.LISTS}


def last(project: Project) -> Contents:
    """Return what the last release published; empty contents if there is no release yet."""
    releases = project.content.releases
    return opened(project, releases[-1]).contents if releases else NOTHING


def opened(project: Project, release: Release) -> archives.Archive:
    """Return the archive of a release.

    Raises:
        PortalError: the archive is missing or differs from the one published.
    """
    path = archive_of(project, release.id)
    return archives.read(path, project.file_name(path), release.sha256)


def archive_of(project: Project, release: str) -> Path:
    """Return the path of the archive of a release."""
    return project.home / archives.FOLDER / f"{release}.zip"


def changes(
    project: Project, pages: Mapping[str, str], reason: str = "", whole: bool = False
) -> tuple[ReleaseChange, ...]:
    """Return every change since the last release, each with its own reason, or else with `reason`.

    `whole` is as in `comparison.compare`.
    """
    compared = comparison.compare(last(project), contents(project, pages), whole)
    return comparison.explained(compared, [r for r in project.content.reasons if not r.release], reason)


def draft(project: Project, request: ReleaseRequest, pages: Mapping[str, str], today: date) -> DraftRelease:
    """Return a release of everything as it is now, without writing it.

    Raises:
        PortalError: the name or embargo is wrong, nothing has changed, or a revised or withdrawn figure has no reason.
            All problems are in one error.
    """
    content, data = project.content, project.home / "data"
    differences = changes(project, pages, request.reason)
    faults = [
        *_faults(project, request, differences),
        *unexplained(project.file_name(data / "reasons.csv"), differences),
        *telling(project.file_name(data / "reasons.csv"), differences, comparison.keyed(last(project))),
    ]
    if faults:
        raise PortalError(faults)
    numbered = tuple(
        replace(c, release=request.id, number=n) for n, c in enumerate(comparison.condensed(differences), 1)
    )
    before = (content.releases[-1].id, content.releases[-1].sha256) if content.releases else ("", "")
    title = f"{project.settings.site.name}: {request.name}"
    about = About(request.id, title, today.isoformat(), *before, (), request.embargo)
    packed = archives.pack(about, contents(project, pages), table(ReleaseChange, numbered))
    figures = sum(map(len, content.observations.values()))
    day = max(today, moment(project.settings, request.embargo).date()) if request.embargo else today
    release = Release(
        request.id, request.name, day, request.embargo, request.put_back, request.note, figures, archives.sha256(packed), ""
    )  # fmt: skip
    reasons = used(content.reasons, differences, request.id)
    released = {e.id for e in content.releases}
    kept = [c for c in content.changes if c.release in released]
    files = {
        archive_of(project, request.id): packed,
        data / "changes.csv": table(ReleaseChange, [*kept, *numbered]).encode(),
        data / "reasons.csv": table(ReasonForChange, reasons).encode(),
        data / "releases.csv": table(Release, [*content.releases, release]).encode(),
    }
    return DraftRelease(release, numbered, files)


def used(
    reasons: Iterable[ReasonForChange], changes: Sequence[ReleaseChange], release: str
) -> list[ReasonForChange]:
    """Return the reasons; each open one that a change uses now names the release."""

    def carried(reason: ReasonForChange) -> bool:
        return any(c.reason == reason.reason for c in changes if comparison.fits(reason, c))

    return [replace(r, release=release) if not r.release and carried(r) else r for r in reasons]


def table(
    kind: type[Release | ReleaseChange | ReasonForChange | WithdrawnFigure],
    rows: Iterable[Release | ReleaseChange | ReasonForChange | WithdrawnFigure],
) -> str:
    """Return rows of the package of releases as CSV, with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = tuple(f.name for f in fields(kind))
    writer.writerow(names)
    writer.writerows(map(attrgetter(*names), rows))  # None becomes an empty cell
    return out.getvalue()


def _faults(
    project: Project, request: ReleaseRequest, differences: tuple[ReleaseChange, ...]
) -> Iterator[Problem]:
    if not field_types.is_storable(request.id) or request.id in _TAKEN:
        message = f"“{request.name}” cannot be the name of a release."
        yield Problem("NAME", code=KIND, message=message, fix="Write a name such as 2026 Q4.")
    elif request.id in {e.id for e in project.content.releases}:
        message = f"There is a release called {request.name} already, and a release is never changed."
        fix = f"Give the new one another name, such as {request.name} correction 1."
        yield Problem("NAME", code=KIND, message=message, fix=fix)
    elif not differences:
        message = "Nothing has changed since the last release."
        fix = "Put the new figures in first. To see what a release would hold, run `portal diff`."
        yield Problem("data_packages", code=KIND, message=message, fix=fix)
    if request.embargo:
        wrong = tuple(_moment_problems(project.settings, request.embargo))
        yield from wrong
        if not wrong and moment(project.settings, request.embargo) <= periods.now():
            message = f"{request.embargo} has passed, so nothing would wait."
            yield Problem(
                "--embargo", code=KIND, message=message, fix="Write a time in the future, or leave it out."
            )


def _moment_problems(settings: Settings, embargo: str) -> Iterator[Problem]:
    try:
        moment(settings, embargo)
    except NoSuchTimeError:
        message = f"There is no {embargo}: the clocks go forward over it."
        yield Problem("--embargo", code=KIND, message=message, fix="Write a time an hour later.")
    except ValueError:
        message = f"“{embargo}” is not a day and time."
        yield Problem("--embargo", code=KIND, message=message, fix="Write it like 2026-12-01T09:30.")


class NoSuchTimeError(ValueError):
    """A time that is skipped when the clocks go forward."""


def moment(settings: Settings, embargo: str) -> datetime:
    """Return a day and time in the time zone of the settings as UTC.

    A time that occurs twice, when the clocks go back, is the later one.

    Raises:
        ValueError: there is no such day or time.
    """
    zone = ZoneInfo(settings.site.time_zone)
    local = datetime.strptime(embargo, "%Y-%m-%dT%H:%M")
    instant = local.replace(tzinfo=zone, fold=1)
    if instant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise NoSuchTimeError(embargo)
    return instant.astimezone(UTC)  # two times of one zone are compared without their fold


def unreleased(project: Project) -> Iterator[Problem]:
    """Yield a warning if figures differ from the last release, because no page of a release lists them."""
    if project.content.releases:
        changed = comparison.figures(last(project), contents(project, {}))
        if count := sum(1 for _ in changed):
            name = project.content.releases[-1].name
            message = f"{count:,} figures are new or changed since the release {name}, and in no release yet."
            fix = "Run portal diff and portal release, then build again."
            yield Problem("data_packages", 0, "", "unreleased", message, fix, "unreleased")


def unexplained(file: str, differences: Iterable[ReleaseChange]) -> Iterator[Problem]:
    """Yield a problem for each figure that was revised or withdrawn without a reason.

    Many of one indicator are one problem, because one reason is usually true of them all.
    """
    silent = [c for c in differences if comparison.needs_reason(c) and not c.reason]
    alike: dict[tuple[str, str], list[ReleaseChange]] = {}
    for c in silent:
        alike.setdefault((c.indicator, "revised" if c.kind == "revised" else "withdrawn"), []).append(c)
    for (indicator, kind), group in alike.items():
        fix = f"Add a row with the indicator {indicator} and the reason, or give one for all with --reason."
        if len(group) > comparison.MANY:
            message = (
                f"{len(group):,} figures were {kind} and nothing says why. The first is {_what(group[0])}"
            )
            yield Problem(file, code="reason", message=message, fix=fix)
            continue
        for c in group:
            message = f"This figure was {kind} and nothing says why: {_what(c)}"
            yield Problem(file, code="reason", message=message, fix=fix)


def telling(
    file: str, differences: Iterable[ReleaseChange], before: Mapping[comparison.Figure, comparison.Row]
) -> Iterator[Problem]:
    """Yield a problem for each reason that states the number of a figure that is withdrawn for it.

    Where a reason is that of many figures, only numbers with three digits or more count. `before` are the figures of the
    last release.
    """
    gone = [c for c in differences if c.kind == "withdrawn" and c.reason]
    often, seen = Counter(c.reason for c in gone), set[str]()
    for c in gone:
        number = field_types.number_or_none(before.get(comparison.of_change(c), {}).get("value", ""))
        if number is None or c.reason in seen or not mentions(c.reason, {number}, places=False):
            continue
        if often[c.reason] <= comparison.MANY or comparison.is_long(number):
            seen.add(c.reason)
            message = f"The reason gives away a number that is taken out, and readers will see the reason: {_what(c)}"
            yield Problem(file, code="reason", message=message, fix="Say why without the number.")


def _what(c: ReleaseChange) -> str:
    place = ", ".join(filter(None, (c.indicator, c.area, c.part, f"up to {c.period_end}" if c.period_end else "")))  # fmt: skip
    became = f"from {c.old} to {c.new}" if c.new else "no longer published"
    return f"{place}: {became}." if c.old or not c.new else f"{place}."


# --- releases made earlier


def check(project: Project) -> Iterator[Problem]:
    """Yield a problem for each archive that is missing, changed or not listed, or whose changes differ from the log."""
    yield from _unlisted(project)
    before: tuple[str, str] = ("", "")
    for release in project.content.releases:
        if release.embargo:
            yield from _moment_problems(project.settings, release.embargo)
        try:
            archive = opened(project, release)
        except PortalError as error:
            yield from error.problems
        else:
            yield from _unlike(project, release, archive, before)
        before = release.id, release.sha256
    if project.content.withdrawals:
        yield from _shown_again(project)


def _unlisted(project: Project) -> Iterator[Problem]:
    """Yield a problem for each archive that has to wait but is in no list, because then its embargo would not be kept."""
    listed = {archive_of(project, e.id) for e in project.content.releases}
    for path in sorted({*(project.home / archives.FOLDER).glob("*.zip")} - listed):
        embargo = archives.unpacked(path.read_bytes()).about.embargo
        if embargo and periods.now() < moment(project.settings, embargo):
            message = f"This release is under embargo until {embargo}, but releases.csv has no row with the id {path.stem}."
            fix = (
                "If the row was removed, put it back from a copy. If the release was interrupted, move this file out of "
                "the folder and make the release again with its embargo."
            )
            yield Problem(project.file_name(path), code="archive", message=message, fix=fix)


def _unlike(
    project: Project, release: Release, archive: archives.Archive, before: tuple[str, str]
) -> Iterator[Problem]:
    """Yield a problem where the lists of releases and changes differ from the archive."""
    data = project.home / "data"
    if (archive.about.before, archive.about.before_sha256) != before:
        message = f"The release before {release.name} is not the one that was there when it was made."
        fix = "Put the rows back as they were, in their order."
        yield Problem(project.file_name(data / "releases.csv"), code="archive", message=message, fix=fix)
    listed = [c for c in project.content.changes if c.release == release.id]
    if table(ReleaseChange, listed) != archive.changes:
        message = f"The changes of {release.name} are not those that were published with it."
        fix = "Put the rows back from its archive; the log is permanent."
        yield Problem(project.file_name(data / "changes.csv"), code="archive", message=message, fix=fix)


def _shown_again(project: Project) -> Iterator[Problem]:
    """Yield a problem for each withdrawn figure that the tables show again, or an archive, under whatever name."""
    try:
        names = project.names
    except PortalError:
        return  # reported separately
    gone = [(w, identities.withdrawn_now(w, names)) for w in project.content.withdrawals]
    for release in project.content.releases:
        archive = opened(project, release).contents
        shown = {names[release.id].figure(k) for k, row in comparison.keyed(archive).items() if row["value"]}
        for w, keys in gone:
            if keys & shown and (w.kind == "protect" or release.id in w.releases.split(";")):
                message = (
                    f"The archive of {release.name} shows a withdrawn figure: number {w.number} of the list."
                )
                fix = "Put back the archive and the lists as they were after the withdrawal."
                yield Problem(
                    project.file_name(archive_of(project, release.id)),
                    code="archive",
                    message=message,
                    fix=fix,
                )
    protected = {k: w for w, keys in gone if w.kind == "protect" for k in keys}
    for name, number, row in comparison.rows_of_figures(contents(project, {})):
        withdrawal = protected.get(comparison.of_row(row))
        if withdrawal and row["value"]:
            message = f"This figure was withdrawn on {withdrawal.withdrawn_on} to protect people, but it has a number again."
            yield Problem(
                f"data_packages/{name}",
                number,
                "value",
                "withdrawn",
                message,
                "Clear the value and write c under status.",
            )


def _past(project: Project, release: Release) -> EarlierRelease:
    """Return what a release published about areas that still exist, under the names that it all has now."""
    contents = opened(project, release).contents
    then, names = identities.indicators_of(contents), project.names[release.id]
    figures = tuple(identities.published(project.content, contents, names))
    renamed = (
        replace(i, id=names.indicator(i.id), part_of=names.indicator(i.part_of)) for i in then.values()
    )
    parts = (replace(p, indicator=names.indicator(p.indicator)) for p in _parts(contents))
    return EarlierRelease(release.name, figures, {i.id: i for i in renamed}, tuple(parts))


def _parts(contents: Contents) -> Iterator[FormerPart]:
    """Yield the numbers that a release published for neighbourhoods, also for those that no longer exist."""
    lsoas: dict[str, set[str]] = {}
    for row in (r for t in contents.tables if t.name == "neighbourhoods" for r in t.rows):
        lsoas.setdefault(row["area"], set()).add(row["lsoa"])
    if not lsoas:
        return
    names = {r["code"]: r["name"] for t in contents.tables if t.name == "areas" for r in t.rows}
    for row, _ in comparison.observations(contents):
        if row["value"] and (code := row["area"]) in lsoas:
            days = field_types.date_or_none(row["period_start"]), field_types.date_or_none(row["period_end"])
            yield FormerPart(row["indicator"], code, names.get(code, code), frozenset(lsoas[code]), *days)


def write(files: Mapping[Path, bytes]) -> None:
    """Write every file in this order, each atomically."""
    for path, data in files.items():
        path.parent.mkdir(exist_ok=True)
        operating_system.write_atomically(path, data)


@contextmanager
def restored(files: Iterable[Path]) -> Iterator[None]:
    """Restore these files if the block fails, and delete those that did not exist before."""
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    try:
        yield
    except BaseException:
        for path, data in before.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                operating_system.write_atomically(path, data)
        raise
