"""Keep releases under embargo apart from what is public.

The packages always hold the newest data. While the newest release is under embargo, the public site is built from the
archive of the newest public release. An urgent release, made meanwhile without an embargo, applies the rows changed
since the waiting release to the public data. It goes before the waiting release in the list, and the waiting release is
packed again, which is safe because it has not been published.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.core import periods
from portal.core.model import ReasonForChange, Release, ReleaseChange, WithdrawnFigure
from portal.core.problems import PortalError, Problem
from portal.data import csv_editing
from portal.data.csv_editing import Row
from portal.releases import archives, comparison, releasing
from portal.releases.archives import Archive, Contents
from portal.releases.older_tables import in_the_form_of_today
from portal.releases.releasing import DraftRelease, Project

# Packages of these kinds are never embargoed or rolled back, because people in need rely on them.
CONTACTS = ("routes", "services")
# The folder of the public packages, below `build`.
FOLDER = "public"


def waiting(project: Project) -> tuple[Release, ...]:
    """Return the releases that cannot be public yet: the first whose embargo has not ended, and all after it."""
    releases, now = project.content.releases, periods.now()
    first = next(
        (
            n
            for n, e in enumerate(releases)
            if e.embargo and now < releasing.moment(project.settings, e.embargo)
        ),
        len(releases),
    )
    return releases[first:]


def public_releases(project: Project) -> tuple[Release, ...]:
    """Return the releases that are public now."""
    return project.content.releases[: len(project.content.releases) - len(waiting(project))]


def until(project: Project) -> datetime | None:
    """Return when the last embargo ends, in the time zone of the settings; None if no release is waiting."""
    times = [releasing.moment(project.settings, e.embargo) for e in waiting(project) if e.embargo]
    return max(times).astimezone(ZoneInfo(project.settings.site.time_zone)) if times else None


def ended(project: Project) -> Mapping[Path, bytes]:
    """Return the list of releases with every embargo ended: releases that were waiting are public from this minute."""
    now = periods.now().astimezone(ZoneInfo(project.settings.site.time_zone))
    ids = {r.id for r in waiting(project)}
    path = project.home / "data" / "releases.csv"
    times = {"embargo": f"{now:%Y-%m-%dT%H:%M}", "released_on": f"{now:%Y-%m-%d}"}
    return {path: csv_editing.edit_rows(path.read_bytes(), lambda r: {**r, **times} if r["id"] in ids else r)}


def view(project: Project, contents: Contents | None = None) -> Mapping[str, bytes]:
    """Return the files of the public packages, by path below `data_packages`.

    `contents` is what they hold besides contact details; None means the contents of the newest public release. Contact
    details are always the newest.
    """
    releases = public_releases(project)
    shown = in_the_form_of_today(contents or releasing.opened(project, releases[-1]).contents)
    return {**with_contacts(project, shown).files, **dict(_record(project, shown, releases))}


def listed(project: Project, files: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the packages to which these files belong, in the order of the settings."""
    there = {name.split("/")[0] for name in files}
    known = [n for n in project.settings.packages if n in there]
    return (*known, *sorted(there - set(known)))


def with_contacts(project: Project, contents: Contents) -> Contents:
    """Return the contents with the newest contact details, and the sources that only those cite.

    What the details say about an indicator is the newest only where the contents have that indicator.
    """
    now = releasing.contents(project, {})
    with_contacts_in = {p.name for p in project.packages if p.kind in CONTACTS}
    fresh = {n: data for n, data in now.files.items() if n.split("/")[0] in with_contacts_in}
    kept = {n: data for n, data in contents.files.items() if n.split("/")[0] not in with_contacts_in}
    indicators = {
        row["id"]
        for package, path in paths(replace(contents, files=kept), "indicators")
        for row in csv_editing.read_rows(kept[f"{package}/{path}"])
    }
    for package, path in paths(replace(now, files=fresh), "connections"):
        name = f"{package}/{path}"
        fresh[name] = _connections(fresh[name], contents.files.get(name, b""), indicators)
    cited = {row.get("source") for t in now.tables if t.package in with_contacts_in for row in t.rows}
    for package, path in paths(replace(contents, files=kept), "sources"):
        name = f"{package}/{path}"
        there = {row["id"] for row in csv_editing.read_rows(kept[name])}
        more = [
            r
            for r in csv_editing.read_rows(now.files.get(name, b"id\n"))
            if r["id"] in cited and r["id"] not in there
        ]
        if more:
            kept[name] = csv_editing.add_rows(kept[name], more)
    return replace(contents, files={**kept, **fresh})


def _connections(newest: bytes, before: bytes, indicators: Collection[str]) -> bytes:
    """Return the newest rows about these indicators, and the earlier rows about those that the newest do not name."""
    named = {row["indicator"] for row in csv_editing.read_rows(newest)}
    earlier = (
        [r for r in csv_editing.read_rows(before) if r["indicator"] in set(indicators) - named]
        if before
        else []
    )
    return csv_editing.add_rows(
        csv_editing.edit_rows(newest, lambda row: row if row["indicator"] in indicators else None), earlier
    )


def paths(contents: Contents, table: str) -> Iterator[tuple[str, str]]:
    """Yield the package and the path of each table with this name."""
    for package in contents.packages:
        for resource in contents.descriptor(package)["resources"]:
            if resource["name"] == table:
                yield package, resource["path"]


def given_up(project: Project) -> Mapping[Path, bytes]:
    """Return the record of releases without those that are waiting.

    The reasons of dropped releases become open again. The list of releases is the last file.
    """
    releases = public_releases(project)
    contents = releasing.opened(project, releases[-1]).contents
    files = {
        project.settings.packages_folder / name: data
        for name, data in _record(project, contents, releases)
        if name.endswith(".csv")
    }
    ids = {e.id for e in releases}
    reasons = (r if r.release in ids else replace(r, release="") for r in project.content.reasons)
    files[project.home / "data" / "reasons.csv"] = releasing.table(ReasonForChange, reasons).encode()
    last = project.home / "data" / "releases.csv"
    return {**{p: data for p, data in files.items() if p != last}, last: files[last]}


def _record(project: Project, contents: Contents, releases: Sequence[Release]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the package of releases without the waiting releases and what its lists say about them."""
    content, home, ids = project.content, project.home, {e.id for e in releases}
    data = f"{home.name}/data"
    yield f"{home.name}/{archives.DESCRIPTOR}", (home / archives.DESCRIPTOR).read_bytes()
    yield f"{data}/releases.csv", releasing.table(Release, releases).encode()
    yield (
        f"{data}/changes.csv",
        releasing.table(ReleaseChange, (c for c in content.changes if c.release in ids)).encode(),
    )
    reasons = (r for r in content.reasons if not r.release or r.release in ids)
    yield f"{data}/reasons.csv", releasing.table(ReasonForChange, reasons).encode()
    yield f"{data}/accepted.csv", _accepted(project, contents, releases[-1].released_on)
    yield f"{data}/calendar.csv", _calendar(project, contents)
    if (home / "data" / "withdrawals.csv").is_file():
        seen = (
            replace(w, releases=";".join(shown))
            for w in content.withdrawals
            if (shown := [r for r in w.releases.split(";") if r in ids])
        )
        yield f"{data}/withdrawals.csv", releasing.table(WithdrawnFigure, seen).encode()
    for e in releases:
        yield f"{home.name}/{archives.FOLDER}/{e.id}.zip", releasing.archive_of(project, e.id).read_bytes()


def _accepted(project: Project, contents: Contents, day: date) -> bytes:
    """Return the accepted warnings that are public: those in the archive, or accepted by `day` if it has no list."""
    now = releasing.lists(project)["accepted.csv"]
    if "accepted.csv" not in contents.lists:
        return csv_editing.edit_rows(now, lambda row: row if row["accepted_on"] <= day.isoformat() else None)
    then = csv_editing.read_rows(contents.lists["accepted.csv"])
    return csv_editing.edit_rows(now, lambda row: row if row in then else None)


def _calendar(project: Project, contents: Contents) -> bytes:
    """Return the newest release dates; leave notes and unpublished indicators out of rows that are not public yet."""
    then = csv_editing.read_rows(contents.lists.get("calendar.csv", b""))
    known = {row["id"] for t in contents.tables if t.name == "indicators" for row in t.rows}

    def public_row(row: Row) -> Row:
        if row in then:
            return row
        return {
            **row,
            "note": "",
            "indicators": ";".join(i for i in row["indicators"].split(";") if i in known),
        }

    return csv_editing.edit_rows(releasing.lists(project)["calendar.csv"], public_row)


# --- an urgent release: made without an embargo while another release is waiting


@dataclass(frozen=True)
class UrgentChange:
    """The public contents, and those of each waiting release, with the rows changed since the waiting release."""

    contents: Contents
    held: tuple[Contents, ...]


def urgent(project: Project) -> UrgentChange:
    """Return what an urgent release would contain.

    Raises:
        PortalError: nothing is public yet, or a row was changed both by a waiting release and since.
    """
    past = public_releases(project)
    held = [in_the_form_of_today(releasing.opened(project, e).contents) for e in waiting(project)]
    now = releasing.contents(project, {})
    with_contacts_in = {p.name for p in project.packages if p.kind in CONTACTS}
    conflicts: list[Problem] = []
    before = in_the_form_of_today(releasing.opened(project, past[-1]).contents) if past else releasing.NOTHING
    contents = _merged(held[-1], now, before, with_contacts_in, conflicts)
    others = tuple(_merged(held[-1], now, h, with_contacts_in, conflicts) for h in held[:-1])
    if not past:
        message = "Nothing is public yet, so an urgent release has nothing to build on."
        conflicts = [
            Problem("NAME", code="embargo", message=message, fix="Add --embargo, so that it waits too.")
        ]
    if conflicts:
        raise PortalError(dict.fromkeys(conflicts))
    return UrgentChange(with_contacts(project, contents), (*others, now))


def _merged(
    base: Contents, ours: Contents, theirs: Contents, contacts: set[str], conflicts: list[Problem]
) -> Contents:
    """Return `theirs` with the changes from `base` to `ours`; add what cannot be merged to `conflicts`.

    A package that was renamed keeps the name that it has in `theirs`.
    """
    names = _package_names(base, theirs, contacts)
    base, ours = _in_packages(base, names), _in_packages(ours, names)
    today = {then: name for name, then in names.items()}
    keys = {f"{t.package}/{path}": t.key for t, path in _with_paths(ours)}
    files = dict(theirs.files)
    for name in dict.fromkeys((*base.files, *ours.files)):
        b, o, t = (c.files.get(name) for c in (base, ours, theirs))
        package, _, path = name.partition("/")
        place = f"{today.get(package, package)}/{path}"
        if package in contacts:
            files |= {name: o} if o is not None else {}
        elif o == b:
            continue
        elif b == t:
            files |= {name: o} if o is not None else {}
            if o is None:
                files.pop(name, None)
        elif b is None or o is None or t is None or name not in keys:
            conflicts.append(
                _conflict(place, 0, "This file was changed, and the release that waits changes it too.")
            )
        else:
            files[name] = _rows_merged(place, keys[name], (b, o, t), conflicts)
    lists = {
        n: _rows_merged(n, _LIST_KEYS[n], (base.lists[n], ours.lists[n], t), [])
        for n, t in theirs.lists.items()
        if n in base.lists
    }
    return replace(theirs, files=files, lists={**theirs.lists, **lists})


def _package_names(base: Contents, theirs: Contents, contacts: set[str]) -> Mapping[str, str]:
    """Return the names in `theirs` of packages that have another name in `base`: those with most rows in common."""

    def rows(contents: Contents, package: str) -> set[tuple[str, ...]]:
        tables = (t for t in contents.tables if t.package == package)
        return {(t.name, *(row.get(k, "") for k in t.key)) for t in tables for row in t.rows}

    names: dict[str, str] = {}
    left = {t: rows(theirs, t) for t in theirs.packages if t not in base.packages}
    for package in (b for b in base.packages if b not in theirs.packages and b not in contacts):
        own = rows(base, package)
        alike = max(left, key=lambda t: len(own & left[t]), default="")
        if alike and own & left[alike]:
            names[package] = alike
            del left[alike]
    return names


def _in_packages(contents: Contents, names: Mapping[str, str]) -> Contents:
    """Return contents with other names of packages."""
    parts = ((name.partition("/"), data) for name, data in contents.files.items())
    files = {f"{names.get(package, package)}/{path}": data for (package, _, path), data in parts}
    return replace(contents, files=files) if names else contents


_LIST_KEYS = {"accepted.csv": ("warning",), "calendar.csv": ("release",)}


def _with_paths(contents: Contents) -> Iterator[tuple[archives.ArchivedTable, str]]:
    paths = {
        (package, r["name"]): r["path"]
        for package in contents.packages
        for r in contents.descriptor(package)["resources"]
    }
    for table in contents.tables:
        yield table, paths[table.package, table.name]


def _conflict(name: str, row: int, message: str) -> Problem:
    fix = "Put it back as the waiting release has it, or have this release wait too, with --embargo. It can follow when the waiting one is public."
    return Problem(f"data_packages/{name}", row, code="embargo", message=message, fix=fix)


def _rows_merged(
    name: str, key: Sequence[str], versions: tuple[bytes, bytes, bytes], conflicts: list[Problem]
) -> bytes:
    """Return the third version with the changes from the first to the second; add conflicting rows to `conflicts`."""
    b, o, t = ({tuple(r.get(k, "") for k in key): r for r in csv_editing.read_rows(v)} for v in versions)
    places = {k: n for n, k in enumerate(o, 2)}
    changed = [k for k in dict.fromkeys((*b, *o)) if b.get(k) != o.get(k)]
    apply: dict[tuple[str, ...], Row | None] = {}
    for k in changed:
        if t.get(k) == b.get(k):
            apply[k] = o.get(k)
        else:
            what = " ".join(filter(None, k))
            message = f"The row {what} was changed, and the release that waits changes it too."
            conflicts.append(_conflict(name, places.get(k, 0), message))

    def change(row: Row) -> Row | None:
        k = tuple(row.get(column, "") for column in key)
        return apply.get(k, row) if k in apply else row

    new = [row for k, row in apply.items() if row is not None and k not in t]
    return csv_editing.add_rows(csv_editing.edit_rows(versions[2], change), new)


def before_waiting(project: Project, change: UrgentChange, draft: DraftRelease) -> Mapping[Path, bytes]:
    """Return the files that insert a release before those that are waiting, whose archives then name it.

    The list of releases is the last file.
    """
    past, held = public_releases(project), waiting(project)
    data = project.home / "data"
    new = draft.release
    packed = draft.files[next(p for p in draft.files if p.suffix == ".zip")]
    files = {releasing.archive_of(project, new.id): packed}
    pages = archives.unpacked(packed).contents.pages
    was = releasing.opened(project, past[-1]).contents.pages
    releases, last = [*past, new], new
    for release, contents in zip(held, change.held, strict=True):
        archive = releasing.opened(project, release)
        again = _packed_again(archive, contents, _pages(was, pages, archive.contents.pages), last)
        last = replace(release, sha256=archives.sha256(again), figures=_count(contents))
        files[releasing.archive_of(project, release.id)] = again
        releases.append(last)
    ids, later = {e.id for e in past}, {e.id for e in held}
    log = project.content.changes
    changes = [*(c for c in log if c.release in ids), *draft.changes, *(c for c in log if c.release in later)]
    reasons = releasing.used(project.content.reasons, draft.changes, new.id)
    return {
        **files,
        data / "changes.csv": releasing.table(ReleaseChange, changes).encode(),
        data / "reasons.csv": releasing.table(ReasonForChange, reasons).encode(),
        data / "releases.csv": releasing.table(Release, releases).encode(),
    }


def _packed_again(archive: Archive, contents: Contents, pages: Mapping[str, str], before: Release) -> bytes:
    about = replace(archive.about, before=before.id, before_sha256=before.sha256)
    return archives.pack(about, replace(contents, pages=pages), archive.changes)


def _pages(was: Mapping[str, str], now: Mapping[str, str], then: Mapping[str, str]) -> Mapping[str, str]:
    """Return the pages of a waiting release, without pages removed since `was` and with those added or renamed."""
    gone = was.keys() - now.keys()
    fresh = {path: label for path, label in now.items() if was.get(path) != label}
    return {**{path: label for path, label in then.items() if path not in gone}, **fresh}


def _count(contents: Contents) -> int:
    return sum(1 for _ in comparison.observations(contents))
