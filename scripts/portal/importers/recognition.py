"""Find out what published files are: their format, and the newest month or year that they are about."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.core import input_files, periods
from portal.core.problems import PortalError
from portal.data import tables
from portal.importers.geography import geojson, population_tables, vintages
from portal.importers.police import csp, public_attitudes, stop_records, vawg
from portal.importers.shared import loose_tables, published_files, published_workbooks
from portal.importers.shared.loose_tables import Row

_SHAPEFILE = (".shp", ".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx")
_TABLES = (".csv", ".txt", ".tsv")  # Excel saves “Unicode text” as .txt
_MOST_FILES = 2_000
_WIDEST = 16_384  # columns of a sheet of Excel
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_ISO = re.compile(r"(?<!\d)(20[0-4]\d)-?(0[1-9]|1[0-2])(?!\d{4})(?!\d(?!\d))")
_WORDS = re.compile(rf"\b({'|'.join(_MONTHS)}) (20[0-4]\d)", re.IGNORECASE)
_LOOK = 200_000  # bytes of each end of a file in which months are looked for


@dataclass(frozen=True)
class RecognisedFile:
    """A file and what it is: a format of `portal import`, or empty with `why` it is none."""

    path: Path
    format: str
    why: str = ""
    newest: str = ""  # the newest month (2024-12) or year that it is about; empty if it does not say


def recognise_all(folder: Path) -> tuple[RecognisedFile, ...]:
    """Return what each file below a folder is, in the order of their names.

    Raises:
        PortalError: the folder is not there, or has more files than anybody gathers by hand.
    """
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))[
        : _MOST_FILES + 1
    ]
    return tuple(recognise(path) for path in paths[:_MOST_FILES])


def recognise(path: Path) -> RecognisedFile:
    """Return what one file is. Never raises for a file that cannot be read: `why` says so."""
    if found := [*input_files.command_line_problems([path])]:
        return RecognisedFile(path, "", found[0].message)
    suffix = path.suffix.lower()
    try:
        if suffix in (".geojson", ".json"):
            format_, why = _of_json(path)
        elif suffix in _SHAPEFILE:
            format_, why = "", "a part of a shapefile: download the boundaries as GeoJSON"
        elif suffix == ".ods":
            format_, why = ("csp", "") if _is_quarterly_ods(path) else ("", "a spreadsheet of another kind")
        elif published_workbooks.is_workbook(path):
            format_, why = _of_workbook(path)
        elif suffix in _TABLES:
            format_, why = _of_csv(path)
        elif suffix == ".zip":
            format_, why = "", "a zip file: unpack it, and put the files in it into the folder"
        else:
            format_, why = "", f"files that end in “{suffix or path.name}” are not read"
    except PortalError as error:
        format_, why = "", error.problems[0].message
    except input_files.UnreadableError as error:
        format_, why = "", error.message
    return RecognisedFile(path, format_, why, _newest(path) if format_ else "")


def _of_json(path: Path) -> tuple[str, str]:
    try:
        properties = geojson.properties(path)
    except PortalError:
        content = input_files.parse_json(path.read_bytes())
        if (
            isinstance(content, list)
            and content
            and isinstance(content[0], dict)
            and "outcome_object" in content[0]
        ):
            return "stop-and-search", ""
        raise
    kinds = {
        v.kind for row in properties[:1] for name in row if (v := vintages.vintage(name)) and v.part == "code"
    }
    if {"lsoa", "ward"} <= kinds:
        return "lsoas", ""
    if "lsoa" in kinds:
        return "neighbourhoods", ""
    names = {n.upper() for n in published_files.aliases(geojson.COLUMNS)["code"]} | {"GSS_CODE"}
    if "ward" in kinds or any(n in names for row in properties[:1] for n in row):
        return "boundaries", ""
    return "", "outlines without codes of wards"


def _is_quarterly_ods(path: Path) -> bool:
    for _, rows in published_workbooks.ods_sheets(path):
        for number, row in enumerate(rows):
            if csp.is_quarterly_header([loose_tables.plain(c) for c in row]):
                return True
            if number > loose_tables.TITLE_ROWS:
                return False  # the sheets of the published file all have this header; none is read further
    return False


def _of_workbook(path: Path) -> tuple[str, str]:
    sheets = published_workbooks.sheets_of(path)
    if csp.is_yearly(sheets):
        return "csp", ""
    for rows in sheets.values():
        if format_ := _of_rows(rows):
            return format_, ""
    return ("populations", "") if population_tables.is_table(path) else ("", "a workbook of another kind")


def _of_csv(path: Path) -> tuple[str, str]:
    rows = _first_rows(path)
    if format_ := _of_rows(rows):
        return format_, ""
    if population_tables.is_header_of(rows):
        return "populations", ""
    return "", "no format that can be imported has its headings"


def _first_rows(path: Path) -> list[list[str]]:
    """Return the first rows of a CSV file, as far as a spreadsheet is wide; either way it can be very long."""
    import csv  # noqa: PLC0415
    from itertools import islice  # noqa: PLC0415

    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return [row[:_WIDEST] for row in islice(csv.reader(lines), loose_tables.TITLE_ROWS)]
    except (UnicodeDecodeError, csv.Error):
        return [row[:_WIDEST] for row in loose_tables.rows_of(path)[: loose_tables.TITLE_ROWS]]


def _columns(name: str, optional: Sequence[str] = ()) -> Callable[[Row], bool]:
    """Return a test of plain headings: whether they have each column of a map beside the importers but the `optional`."""

    def has(row: Row) -> bool:
        here = set(row)
        wanted = published_files.aliases(name)
        return all(
            here & {loose_tables.plain(a) for a in aliases}
            for ours, aliases in wanted.items()
            if ours and ours not in optional
        )

    return has


def _is_postcodes(row: Row) -> bool:
    names = published_files.aliases("geography/postcodes.columns.csv")
    here = set(row)
    wards = {loose_tables.plain(a) for a in names["area"]}
    ward = here & wards or any(v.kind == "ward" and v.part == "code" for v in vintages.columns(row))
    return bool(here & {loose_tables.plain(a) for a in names["postcode"]}) and bool(ward)


def _kinds(row: Row) -> set[str]:
    return {v.kind for v in vintages.columns([c.replace(" ", "_") for c in row]) if v.part == "code"}


def _is_lsoas(row: Row) -> bool:
    censuses = {
        v.year
        for v in vintages.columns([c.replace(" ", "_") for c in row])
        if (v.kind, v.part) == ("lsoa", "code")
    }
    return {"lsoa", "ward"} <= _kinds(row) or len(censuses) > 1


# The tests of plain headings, in order: the first that a row passes says what the file is.
TESTS: Sequence[tuple[str, Callable[[Row], bool]]] = (
    ("police-street", _columns("police/street_crime.columns.csv")),
    ("police-street", _columns("police/street_counts.columns.csv")),
    ("police-outcomes", _columns("police/outcomes.columns.csv")),
    ("stop-and-search", _columns("police/stop_and_search.columns.csv", stop_records.OPTIONAL)),
    ("mps-ward", _columns("police/mps_ward.columns.csv")),
    ("mps-dashboard", _columns("police/mps_dashboard.columns.csv")),
    ("mps-borough", _columns("police/mps_borough.columns.csv")),
    ("pas", public_attitudes.is_header),
    ("vawg", vawg.is_header),
    ("csp", csp.is_quarterly_header),
    ("postcodes", _is_postcodes),
    ("lsoas", _is_lsoas),
    ("wards", lambda row: {"ward", "district"} <= _kinds(row)),
)


def _of_rows(rows: Iterable[Row]) -> str:
    """Return the format of the first row that has the headings of one; empty if none has."""
    for row in [*rows][: loose_tables.TITLE_ROWS]:
        heads = [loose_tables.plain(c) for c in row]
        for format_, test in TESTS:
            if test(heads):
                return format_
    return ""


def _newest(path: Path) -> str:
    """Return the newest month that both ends of a file name, or else the newest year in its headings."""
    return max(_months(path), default="") or max(_years(path), default="")


def _months(path: Path) -> Iterator[str]:
    if published_workbooks.is_workbook(path):
        for rows in published_workbooks.sheets_of(path).values():
            for row in rows[:3]:
                for month, year in _WORDS.findall(" ".join(row)):
                    yield f"{year}-{_MONTHS.index(month.lower()) + 1:02}"
        return
    today = f"{periods.today():%Y-%m}"
    for text in (path.name, *_ends(path)) if path.suffix.lower() in _TABLES else ():
        yield from (m for y, mm in _ISO.findall(text) if y > "2009" and (m := f"{y}-{mm}") <= today)


def _years(path: Path) -> Iterator[str]:
    head = next(iter(_ends(path)), "")[:20_000]
    found = (vintages.vintage(w) for w in re.findall(r"\b[A-Za-z]+\d\d(?:CD|NM|cd|nm|_code|_name)\b", head))
    yield from (str(v.year) for v in found if v)


def _ends(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        first = file.read(_LOOK)
        size = path.stat().st_size
        if tables.encoding_of(first) == "utf-16":  # a spreadsheet program has saved it; it is never long
            return (path.read_bytes().decode("utf-16", "replace"),)
        if size <= _LOOK:
            return (first.decode("utf-8", "replace"),)
        file.seek(max(size - _LOOK, _LOOK))
        return first.decode("utf-8", "replace"), file.read(_LOOK).decode("utf-8", "replace")
