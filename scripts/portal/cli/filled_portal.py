"""Fill a new portal from a folder of published files: find what each file is, import it, and say what is missing."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from portal.cli import new_portal
from portal.cli.new_portal import NewPortal
from portal.core.model import Content
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.data import packages
from portal.importers import importing, recognition, source_rows
from portal.importers.formats import formats
from portal.importers.geography import (
    geojson,
    lookups,
    neighbourhoods,
    population_groups,
    population_tables,
)
from portal.importers.importing import ImportJob, PlannedImport
from portal.importers.police import street_crime
from portal.importers.recognition import RecognisedFile
from portal.importers.shared import loose_tables, published_workbooks
from portal.site import building

Tell = Callable[[str], None]
_NAMES = ("name", "nm", "geography")
_GUIDE = "START.md"
_MARK = "<!-- files -->"
_FRESH = "?"  # in place of the source of numbers that are only looked at


@dataclass(frozen=True)
class Imported:
    """What became of the files of one format: those used, what the import said, and those not used with the reason.

    `doubts` are what an import would ask before it writes: a new portal goes on and says so.
    """

    format: str
    files: tuple[RecognisedFile, ...] = ()
    report: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilledPortal:
    """What a folder of files gave: the imports, the files that are nothing we can import, and what is missing.

    `elsewhere` are files that can be imported, but are about other places, or name the district by another code.
    """

    imports: tuple[Imported, ...]
    unknown: tuple[RecognisedFile, ...]
    missing: tuple[str, ...]
    elsewhere: tuple[RecognisedFile, ...] = ()

    @property
    def lines(self) -> Iterator[str]:
        """Yield what to print: a line for each format, each file that was left out, and each thing that is missing."""
        for one in self.imports:
            if one.files:
                yield f"{one.format}: {_named([f.path.name for f in one.files])}"
                yield from (f"  - {line}" for line in one.report)
            elif one.left:
                yield f"{one.format}: nothing was imported."
            yield from (f"  - Not used: {line}" for line in _by_reason(one.left))
        if self.unknown:
            yield "Files that cannot be imported:"
            yield from (f"  - {line}" for line in _by_reason({f.path.name: f.why for f in self.unknown}))
        if self.elsewhere:
            yield f"Files about other places, or about areas with other codes: {_named([f.path.name for f in self.elsewhere])}"
        if self.missing:
            yield "Still missing:"
            yield from (f"  - {words}" for words in self.missing)


def _by_reason(left: Mapping[str, str]) -> Iterator[str]:
    """Yield files with the reason that they share."""
    for why in dict.fromkeys(left.values()):
        yield f"{_named([name for name, own in left.items() if own == why])}: {why}"


def place_of(files: Iterable[RecognisedFile], area: str) -> str:
    """Return the name that the files give an area code; empty if none does."""
    for file in files:
        for rows in _tables(file.path):
            header: Sequence[str] = ()
            for row in rows:
                heads = [loose_tables.plain(c) for c in row]
                if any(h.endswith(("code", "cd")) for h in heads):
                    header = heads
                if area in row and header and (name := _beside(header, row, row.index(area))):
                    return name
    return ""


def _beside(header: Sequence[str], row: Sequence[str], code: int) -> str:
    """Return the name of the area whose code is in a cell: in the column of the same kind, or else in the next one.

    The column before the code is the last choice: in “ward name, district code, district name” it names another area.
    """

    def stem(heading: str) -> str:
        return re.sub(rf"\s*(code|cd|{'|'.join(_NAMES)})$", "", heading)

    named = [n for n, h in enumerate(header[: len(row)]) if h.endswith(_NAMES) and row[n].strip()]
    of_kind = [n for n in named if stem(header[n]) == stem(header[code])]
    beside = [n for n in (code + 1, code - 1) if n in named]
    return next((row[n].strip() for n in (*of_kind, *beside)), "")


def _tables(path: Path) -> Iterator[Iterable[Sequence[str]]]:
    try:
        if path.suffix.lower() in (".geojson", ".json"):
            lookup = lookups.read(path)
            code, name = lookup.column("district"), lookup.column("district", "name")
            if code and name:
                yield [["code", "name"], *([r[code], r[name]] for r in lookup.rows)]
        elif published_workbooks.is_workbook(path):
            yield from published_workbooks.sheets_of(path).values()
        elif path.suffix.lower() == ".csv":
            yield loose_tables.rows_of(path)
    except PortalError:
        return


def fill(portal: NewPortal, folder: Path, files: Sequence[RecognisedFile], tell: Tell) -> FilledPortal:
    """Import the recognised files into the new portal in `folder`, and complete its guide and settings.

    A file that an import refuses is left out with the reason, and the others are imported without it.
    """
    done = []
    here = _regions(portal)
    for format_, known in formats().items():
        if known.region not in here:
            continue
        if own := [*_files_for(format_, files, portal, folder)]:
            tell(f"Importing {format_}")
            done.append(_imported(format_, own, folder))
            if format_ == "populations":
                done[-1] = _with_groups(done[-1], own, folder)
    used = {f.path for one in done for f in one.files}
    named = {name for one in done for name in one.left}
    rest = [f for f in files if f.path not in used and f.path.name not in named]
    unknown = tuple(f for f in rest if not f.format)
    elsewhere = tuple(f for f in rest if f.format)
    filled = FilledPortal(tuple(done), unknown, tuple(_missing(portal, done)), elsewhere)
    _finish(portal, folder, filled)
    return filled


def _files_for(
    format_: str, files: Sequence[RecognisedFile], portal: NewPortal, folder: Path
) -> Iterator[RecognisedFile]:
    """Yield the files for an import that are about the place, the oldest first."""
    ordered = sorted(files, key=lambda f: (f.newest, f.path.name))
    if format_ == "wards":
        tables = [
            f
            for f in ordered
            if f.format in ("wards", "lsoas", "boundaries") and _has_wards(f.path, portal.area)
        ]
        newest = max(tables, key=lambda f: (f.newest, f.format == "wards"), default=None)
        if newest:
            yield newest
        elif portal.of_the_met:
            with_borough = [f for f in ordered if f.format == "mps-ward" and _has_word(f.path, portal.place)]
            yield from with_borough[-1:]
        return
    if format_ == "boundaries":
        yield from _outlines(ordered, portal.area, folder)
        return
    if format_ == "neighbourhoods":
        yield from _of_neighbourhoods(ordered, folder)
        return
    for file in (f for f in ordered if f.format == format_):
        if format_ == "lsoas" and not (
            _is_about(file.path, portal.area) or _names_place(file.path, portal.place)
        ):
            continue
        if format_ in ("police-street", "police-outcomes") and not _names_place(file.path, portal.place):
            continue
        yield file


def _has_wards(path: Path, area: str) -> bool:
    try:
        lookup = lookups.read(path)
    except PortalError:
        return False
    district = lookup.column("district")
    return lookup.has("ward", "district") and any(row[district] == area for row in lookup.rows if district)


def _outlines(files: Sequence[RecognisedFile], area: str, folder: Path) -> Iterator[RecognisedFile]:
    """Yield the files with the outlines of the wards of the portal in `folder`: one with all of them, or one for each.

    Of several files with all wards, the newest, and of equals the one whose name comes last.
    """
    _, content = building.read(folder)
    wards = {a.code for a in content.areas.values() if a.parent == area and a.kind == AreaKind.WARD}
    own = {f.path: (f, _codes(f.path) & wards) for f in files if f.format == "boundaries"}
    whole = [f for f, codes in own.values() if codes == wards]
    yield from whole[-1:] or [f for f, codes in own.values() if codes]


def _of_neighbourhoods(files: Sequence[RecognisedFile], folder: Path) -> Iterator[RecognisedFile]:
    """Yield the outlines of all LSOAs of 2021 of the portal in `folder`, and the tables with residents of LSOAs."""
    _, content = building.read(folder)
    lsoas = {e.code for e in content.lsoas if e.census == neighbourhoods.CENSUS}
    outlines = [f for f in files if f.format == "neighbourhoods" and lsoas and lsoas <= _codes(f.path)]
    if outlines:
        yield outlines[-1]
        yield from (f for f in files if f.format == "populations" and _has_residents(f.path, lsoas))


def _has_residents(path: Path, lsoas: Set[str]) -> bool:
    try:
        people = population_tables.people_of(path)
    except PortalError:
        return False
    return people is not None and lsoas <= people.residents.keys()


def _codes(path: Path) -> set[str]:
    """Return every text in the properties of outlines, the codes of their areas among them."""
    try:
        return {text for row in geojson.properties(path) for text in row.values()}
    except PortalError:
        return set()


def _is_about(path: Path, area: str) -> bool:
    """Return True if a lookup or outlines name the district, or no district at all."""
    try:
        lookup = lookups.read(path)
    except PortalError:
        return True  # without columns named after a year the import itself finds out
    district = lookup.column("district")
    return district is None or any(row[district] == area for row in lookup.rows)


def _has_word(path: Path, word: str) -> bool:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return any(f",{word}," in line for line in lines)


def _names_place(path: Path, place: str) -> bool:
    """Return True if a file names a small area of the place, such as `Cambridge 001A`."""
    pattern = re.compile(rf"(^|,|\"){re.escape(place.partition(',')[0])} \d{{3}}[A-Z]")
    with path.open(encoding="utf-8", errors="replace") as lines:
        return any(pattern.search(line) for line in lines)


def _imported(format_: str, files: Sequence[RecognisedFile], folder: Path) -> Imported:
    """Import files of one format; leave out those that the import refuses, until the others pass or none is left."""
    left: dict[str, str] = {}
    rest = list(files)
    while rest:
        try:
            if format_ == "populations":
                rest = [_best_population(rest, folder, left)]
            plan = _run(format_, rest, folder)
        except PortalError as error:
            refused = [f for f in rest if any(p.file == f.path.name for p in error.problems)] or rest[:]
            for file in refused:
                file_problem = next(
                    (p for p in error.problems if p.file == file.path.name), error.problems[0]
                )
                left[file.path.name] = f"{file_problem.message} {file_problem.fix}"
            rest = [f for f in rest if f not in refused]
        else:
            return Imported(format_, tuple(rest), plan.report, left, tuple(d.question for d in plan.doubts))
    return Imported(format_, left=left)


def _with_groups(imported: Imported, files: Sequence[RecognisedFile], folder: Path) -> Imported:
    """Take the residents by age, sex and ethnic group from the tables that were not chosen for the totals, the newest first."""
    for file in reversed([f for f in files if f not in imported.files]):
        _, content = building.read(folder)
        if not _themes(file, folder) - {p.theme for p in content.profiles}:
            continue
        try:
            plan = _run("populations", [file], folder, ("profiles.csv", "datapackage.json"))
        except PortalError:
            continue
        left = {name: why for name, why in imported.left.items() if name != file.path.name}
        said = tuple(line for line in plan.report if "rates of stop and search" in line)
        imported = Imported("populations", (*imported.files, file), (*imported.report, *said), left)
    return imported


def _themes(file: RecognisedFile, folder: Path) -> set[str]:
    """Return the groups of residents of the district that a table has: age groups, sex or ethnic groups."""
    settings, content = building.read(folder)
    try:
        own = population_groups.read(file.path, content.areas, content.lsoas, settings.site.area, "")
    except PortalError:
        return set()
    return set(own["theme"])


def _run(
    format_: str, files: Sequence[RecognisedFile], folder: Path, only: Sequence[str] = ()
) -> PlannedImport:
    """Write the row of the source, import the files and write the tables; leave no trace of an import that fails.

    With `only`, the names of some tables, no other is written.
    """
    table = folder / "data_packages" / "sources" / "data" / "sources.csv"
    before = table.read_text(encoding="utf-8")
    newest = max((f.newest for f in files), default="")
    if format_ == "populations":  # dates in the file can be of the day on which it was downloaded
        newest = _year(files[0], folder) or newest
    row = source_rows.row(format_, newest or new_portal.this_month())
    source_rows.write(table, [row])
    try:
        settings, content = building.read(folder)
        read_packages, _ = packages.read_all(folder, settings.packages)
        job = ImportJob(format_, tuple(f.path for f in files), row["id"])
        plan = importing.plan(job, content, read_packages, settings)
        if only:
            plan = replace(plan, files={p: text for p, text in plan.files.items() if p.name in only})
        if plan.figures == 0:
            fix = "Add the files of more months."
            raise PortalError([Problem("files", code="months", message=importing.TOO_SHORT, fix=fix)])
    except PortalError:
        table.write_text(before, encoding="utf-8", newline="\n")
        raise
    kept = {path: path.read_text(encoding="utf-8") for path in plan.files if path.exists()}
    plan.write()
    try:
        building.check(folder)
    except PortalError:
        for path in plan.files:
            path.write_text(kept[path], encoding="utf-8", newline="\n") if path in kept else path.unlink()
        table.write_text(before, encoding="utf-8", newline="\n")
        raise
    return plan


def _best_population(files: Sequence[RecognisedFile], folder: Path, left: dict[str, str]) -> RecognisedFile:
    """Return the table that has residents of most areas, the newest of equals: rates of one table can be compared."""
    settings, content = building.read(folder)
    covered = {f.path: len(_residents(f, content, settings)) for f in files}
    best = max(files, key=lambda f: (covered[f.path], f.newest))
    none, fewer = "It has no area of this portal.", f"{best.path.name} has as many or more of the areas."
    left |= {f.path.name: fewer if covered[f.path] else none for f in files if f is not best}
    return best


def _year(file: RecognisedFile, folder: Path) -> str:
    """Return the year that the residents of a table are of; empty if it has no area of the portal."""
    settings, content = building.read(folder)
    return max((year for year, _ in _residents(file, content, settings)), default="")


def _residents(file: RecognisedFile, content: Content, settings: Settings) -> list[tuple[str, str]]:
    """Return the year and area of each number of residents that a table has for the areas of the portal."""
    from portal.importers import geography_package  # noqa: PLC0415

    try:
        _, tables = geography_package.FORMATS["populations"]([file.path], content, settings, _FRESH)
    except PortalError:
        return []
    fresh = tables["populations"][tables["populations"]["source"] == _FRESH]
    return [(str(year), str(code)) for year, code in zip(fresh["year"], fresh["area"], strict=True)]


def _regions(portal: NewPortal) -> tuple[str, str]:
    """Return the regions of formats that a portal can import."""
    return "everywhere", "london" if portal.of_the_met else "elsewhere"


def _missing(portal: NewPortal, done: Sequence[Imported]) -> Iterator[str]:
    """Yield what the portal should have and the folder did not give."""
    there = {one.format for one in done if one.files}
    silent = street_crime.is_silent(portal.area)
    here = _regions(portal)
    for format_, known in formats().items():
        if format_ in there or known.region not in here:
            continue
        if format_ == "stop-and-search" and "boundaries" not in there and _left_out(format_, done):
            continue  # the files are there: the boundaries are missing
        if silent and format_ in ("police-street", "police-outcomes", "stop-and-search"):
            continue
        yield known.wanted
    if silent:
        yield f"crime by ward, which cannot be had: {silent}"


def _left_out(format_: str, done: Sequence[Imported]) -> bool:
    """Return True if there are files of a format, and none could be imported."""
    return any(one.left and not one.files for one in done if one.format == format_)


def _finish(portal: NewPortal, folder: Path, filled: FilledPortal) -> None:
    """Write into the guide what was imported and what is missing, and keep the list of gaps in the settings true."""
    guide = folder / _GUIDE
    text = guide.read_text(encoding="utf-8")
    guide.write_text(text.replace(_MARK, "\n".join(_section(filled)).strip()), encoding="utf-8", newline="\n")
    if not any(one.files for one in filled.imports):
        return
    settings = folder / "site_src" / "portal.toml"
    lines = settings.read_text(encoding="utf-8").replace(
        '  "We have not published any figures here yet.",\n', ""
    )
    settings.write_text(
        lines.replace('examples = "Examples, to be taken out"\n', ""), encoding="utf-8", newline="\n"
    )
    for name, start in (
        ("figures/data/indicators.csv", "example,"),
        ("sources/data/sources.csv", "example,"),
    ):
        path = folder / "data_packages" / name
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(r for r in rows if not r.startswith(start)), encoding="utf-8", newline="\n")
    building.check(folder)


def _section(filled: FilledPortal) -> Iterator[str]:
    yield "## What your files gave"
    yield ""
    for one in filled.imports:
        if one.files:
            yield f"- `{one.format}`: {_named([f.path.name for f in one.files])}"
            yield from (f"  - {words}" for words in one.doubts)
        elif one.left:
            yield f"- `{one.format}`: nothing"
            yield from (f"  - Not used: {line}" for line in _by_reason(one.left))
    yield ""
    if filled.missing:
        yield "Still missing:"
        yield ""
        yield from (f"- {words}" for words in filled.missing)
        yield ""
        yield "Steps 2 to 4 say how to add them. Everything else in these steps is done."
    else:
        yield "Steps 2 to 4 are done, apart from what only you know."


def _named(names: Sequence[str], most: int = 3) -> str:
    alike = {re.sub(r"\d", "0", name) for name in names}
    if len(names) <= most or len(alike) > 1:
        return listed(list(names))
    return f"{names[0]} to {names[-1]} ({len(names)} files)"


def begin(portal: NewPortal, source: Path, folder: Path, tell: Tell) -> FilledPortal:
    """Create a portal in `folder` and fill it from the files below `source`.

    Without a place in `portal`, it is the name that the files give the area.

    Raises:
        PortalError: with all problems of the names and folders; nothing is written then.
    """
    if not source.is_dir():
        fix = "Give a folder with the files that you have downloaded."
        raise PortalError([Problem("--from", code="new", message=f"{source} is not a folder.", fix=fix)])
    tell("Looking at the files")
    files = recognition.recognise_all(source)
    named = with_place(portal, files)
    tell("Writing the portal and checking it")
    new_portal.begin(named, folder)
    return fill(named, folder, files, tell)


def with_place(portal: NewPortal, files: Sequence[RecognisedFile]) -> NewPortal:
    """Return a portal with the names that follow from its place, which the files give if it has none.

    Raises:
        PortalError: no file names the area.
    """
    place = portal.place or place_of(files, portal.area)
    if not place:
        message = f"No file in the folder names the area {portal.area}."
        fix = "Check the code, or add the name with --place."
        raise PortalError([Problem("--area", code="new", message=message, fix=fix)])
    name = portal.name or f"Safer {place.split(',')[0]}"
    return replace(
        portal, name=name, place=place, partnership=portal.partnership or new_portal.partnership_of(place)
    )
