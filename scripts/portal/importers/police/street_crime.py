"""Crime and anti-social behaviour as data.police.uk publishes them: a row for each, with a small area of the Census.

Points are moved to the nearest of a list of places, so they are not read: rows count for the LSOA that they name. The
LSOA counts for the ward that the geography package says. Nothing is withheld here: never publish these counts as they
are.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from portal.core.model import Area, Content
from portal.core.problems import Problem, did_you_mean
from portal.core.text import listed
from portal.importers.police.mps_checks import gathered as of_all
from portal.importers.police.mps_checks import in_spans, in_words, many, missing
from portal.importers.shared import loose_tables, published_files
from portal.importers.shared.published_files import Counts, Finding, stop
from portal.importers.shared.repeated_faults import gathered

ROWS, COUNTS, OUTCOMES = (
    "police/street_crime.columns.csv",
    "police/street_counts.columns.csv",
    "police/outcomes.columns.csv",
)
CATEGORIES, OUTCOME_LABELS, SILENT = (
    "police/street_crime.categories.csv",
    "police/outcomes.labels.csv",
    "police/silent_forces.csv",
)
ALL, ASB, BY_OUTCOME = "all-crime", "anti-social-behaviour", "crime-by-outcome"
NO_OUTCOME = "No outcome published"
UNKNOWN = "unknown"  # rows of a type that the map of categories does not have
UNKNOWN_TYPE = "unknown-type"  # the finding about them, which is asked about before an import is written
_MOST_UNKNOWN = 0.5  # with more than this share of a file's rows, it is not a file of this kind
CHANGED = "2023-06"  # the month from which rows have the LSOAs of the Census of 2021
THIN = 0.1  # a month with less than this share of the usual month is incomplete
_MONTH = re.compile(r"20[0-4]\d-(0[1-9]|1[0-2])")
_COUNT = re.compile(r"\d{1,9}")
_LSOA = re.compile(r"[EW]01\d{6}")
_SMALL_AREA = r" \d{3}[A-Z]{1,2}"  # what follows the district in the name of an LSOA


@dataclass(frozen=True)
class PoliceFile:
    """The rows of a file: month, lsoa, name, category (a series of ours), outcome (in our words), crime, force and count."""

    file: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Place:
    """The district of the portal and how rows are placed in it."""

    area: Area
    lsoas: Mapping[int, Mapping[str, str]]  # by Census: the area that each LSOA counts for
    neighbourhoods: Mapping[str, str]  # of LSOAs of 2021
    rest: str  # the code of the area of rows that name no ward; empty if there is none

    @classmethod
    def of(cls, content: Content, borough: str) -> "Place":
        """Return the place of a portal."""
        by_census: dict[int, dict[str, str]] = {}
        for e in content.lsoas:
            by_census.setdefault(e.census, {})[e.code] = e.area
        rest = next((a.code for a in content.areas.values() if (a.kind, a.parent) == ("rest", borough)), "")
        parts = {e.lsoa: e.area for e in content.neighbourhoods}
        return cls(content.areas[borough], by_census, parts, rest)


def counts(paths: Sequence[Path], content: Content, borough: str) -> Counts:
    """Count the rows of street-level files by month, ward and category, for the district `borough`.

    Neighbourhoods have the categories from the first month that has LSOAs of 2021.

    Series: the categories, `all-crime` (all but anti-social behaviour) and `crime-by-outcome` (all crime by its last
    published outcome, for the whole district). The part of a row that names no ward or an LSOA in several wards is in
    the area of the kind rest. Also reads counts by LSOA, category and month that someone has made from these files.

    A category that we do not know may be one that has to be protected. It is counted nowhere, and its months get no
    total of all crime: the total less the known categories would give it away.

    Raises:
        PortalError: missing columns, a file with mostly unknown categories, invalid months, a month in two files, crimes that a file has twice, LSOAs of two Censuses
            in a month, rows in LSOAs that the geography package does not have, no row in the district.
    """
    stop(_silent(content.areas[borough], paths))
    place = Place.of(content, borough)
    files = of_all(paths, read)
    ids = ((f.file, f.frame["crime"]) for f in files)
    repeated = (p for name, crime in ids for p in published_files.repeat_problems(name, crime[crime != ""]))
    stop([*_twice(files), *repeated])
    placed, findings = _placed(files, place)
    kept, thin = _without_thin(placed)
    strange = kept[kept["series"] == UNKNOWN]
    named = kept[kept["series"] != UNKNOWN]
    crimes = named[(named["series"] != ASB) & ~named["month"].isin(strange["month"])]
    outcomes = crimes[crimes["outcome"].notna()]
    frames = [
        _by_area(named, place, named["series"]),
        _by_area(crimes, place, pd.Series(ALL, crimes.index)),
        _by_neighbourhood(named, place),
        _with_total(_by_part(outcomes, place)),
    ]
    filled = [f for f in frames if not f.empty]
    return Counts(pd.concat(filled, ignore_index=True), (*findings, *thin, *_of_unknown(strange)))


def _of_unknown(strange: pd.DataFrame) -> Iterator[Finding]:
    """Yield what to know about rows of the district whose category is not in the map."""
    if strange.empty:
        return
    known = _labels(CATEGORIES, "series")
    by_label = strange.groupby("category")["count"].sum()
    names = listed([f"“{label}” ({many(int(n), 'row')})" for label, n in by_label.items()])
    near = did_you_mean(str(by_label.index[0]), known) if len(by_label) == 1 else ""
    words = (
        f"Types that are not known: {names}, in {in_spans(sorted(set(strange['month'])))}. A new type may be one that has to "
        "be protected, so it is counted nowhere, and these months get no figure of all crime. If it was a part of another "
        "type before, that type falls: add a row to the table of breaks. To count it, add it to "
        f"scripts/portal/importers/{CATEGORIES}. {near}"
    )
    yield Finding(UNKNOWN_TYPE, words.strip(), {"rows": int(by_label.sum()), "types": len(by_label)})


def outcome_counts(paths: Sequence[Path], content: Content, borough: str) -> Counts:
    """Count the outcomes of files of outcomes by month and kind, for the district `borough`: the series `outcomes`.

    A file lists what was recorded in its month, whenever the crime was; a crime can have several outcomes.

    Raises:
        PortalError: as `counts` does.
    """
    stop(_silent(content.areas[borough], paths))
    place = Place.of(content, borough)
    files = of_all(paths, read_outcomes)
    stop(_twice(files))
    placed, findings = _placed(files, place)
    frame = _by_part(placed, place).assign(series="outcomes")
    total = (
        frame.groupby(["series", "area", "month"], as_index=False)["count"]
        .sum()
        .assign(part="", series="outcomes-all")
    )
    return Counts(pd.concat([frame, total], ignore_index=True), tuple(findings))


def read(path: Path) -> PoliceFile:
    """Read a street-level file, or a table of counts by LSOA made from such files.

    Raises:
        PortalError: as `counts` does for one file.
    """
    rows = loose_tables.rows_of(path)
    heads = {loose_tables.plain(c) for c in rows[0]} if rows else set()
    made = {loose_tables.plain(a) for aliases in published_files.aliases(COUNTS).values() for a in aliases}
    frame = _of_counts(path) if made <= heads else _of_rows(path, ROWS)
    return PoliceFile(path.name, frame)


def read_outcomes(path: Path) -> PoliceFile:
    """Read a file of outcomes."""
    return PoliceFile(path.name, _of_rows(path, OUTCOMES).assign(series="outcomes"))


def _of_rows(path: Path, columns: str) -> pd.DataFrame:
    names = published_files.aliases(columns)
    sheet = published_files.read(path, names)
    if not sheet.rows:
        stop(
            [
                Problem(
                    sheet.file,
                    2,
                    code="file",
                    message="The file has a header but no rows: this force has published nothing for the month.",
                    fix="Leave the file out. A month without rows is not a month without crime.",
                )
            ]
        )
    raw = pd.DataFrame(sheet.rows, range(2, len(sheet.rows) + 2), list(sheet.header), dtype=object)
    raw = raw[list(names)].apply(lambda cells: cells.str.strip())
    frame: pd.DataFrame = raw.assign(count=1)
    check = _CellCheck(sheet.file, columns)
    problems = [*check.form(raw["month"], _MONTH, "is not a month such as 2024-01")]
    problems += check.form(raw["lsoa"][raw["lsoa"] != ""], _LSOA, "is not the code of an LSOA")
    known = _labels(OUTCOME_LABELS, "ours")
    problems += check.labels(raw["outcome"][raw["outcome"] != ""], known, OUTCOME_LABELS)
    frame["outcome"] = raw["outcome"].map(known).where(raw["outcome"] != "", NO_OUTCOME)
    if "category" in names:
        problems += check.categories(raw["category"])
        frame["series"] = _series(raw["category"])
    stop(problems)
    return frame


def _of_counts(path: Path) -> pd.DataFrame:
    names = published_files.aliases(COUNTS)
    header = loose_tables.rows_of(path)[0]
    theirs = {
        ours: tuple(c for c in header if loose_tables.plain(c) == loose_tables.plain(aliases[0]))
        for ours, aliases in names.items()
    }
    sheet = published_files.read(path, theirs)
    raw = pd.DataFrame(sheet.rows, range(2, len(sheet.rows) + 2), list(sheet.header), dtype=object)
    raw = raw[list(names)].apply(lambda cells: cells.str.strip())
    month = raw["year"] + "-" + raw["month"].str.zfill(2)
    check = _CellCheck(sheet.file, COUNTS)
    problems = [*check.form(month.rename("month"), _MONTH, "is not a month")]
    problems += check.form(raw["count"], _COUNT, "is not a count")
    problems += check.categories(raw["category"])
    stop(problems)
    frame: pd.DataFrame = raw.assign(
        month=month, series=_series(raw["category"]), count=raw["count"].astype(int)
    )
    filled: pd.DataFrame = frame.assign(outcome=None, crime="", force="")
    return filled


def _labels(name: str, column: str) -> dict[str, str]:
    return {row["theirs"]: row[column] for row in published_files.mapped(name)}


def _series(categories: "pd.Series[str]") -> "pd.Series[str]":
    return categories.map(_labels(CATEGORIES, "series")).fillna(UNKNOWN)


@dataclass(frozen=True)
class _CellCheck:
    """Finds cells of a file that are not as they should be; `columns` is the map of its columns."""

    file: str
    columns: str

    def form(self, cells: "pd.Series[str]", pattern: re.Pattern[str], what: str) -> Iterator[Problem]:
        """Yield one problem for the cells of a column that do not have its form."""
        wrong = cells[~cells.isin([c for c in cells.unique() if pattern.fullmatch(c)])]
        fix = "Use the file as it was published."
        heading = self._heading(cells)
        yield from gathered(
            list(wrong.index),
            lambda row: Problem(self.file, row, heading, "cell", f"“{wrong[row]}” {what}.", fix),
        )

    def labels(self, cells: "pd.Series[str]", known: Mapping[str, str], table: str) -> Iterator[Problem]:
        """Yield a problem for each label that is not known; `table` is the map of labels."""
        strange = cells[~cells.isin(list(known))]
        heading = self._heading(cells)
        for label, rows in strange.groupby(strange, sort=False):
            fix = (
                f"{did_you_mean(str(label), known)} If it is new, add it to scripts/portal/importers/{table}."
            )
            message = f"“{label}” is not known."
            each = [Problem(self.file, int(row), heading, "label", message, fix) for row in rows.index]
            yield from gathered(each, lambda problem: problem)

    def categories(self, cells: "pd.Series[str]") -> Iterator[Problem]:
        """Yield a problem for each unknown category if most rows have one, so that the file is not of this kind."""
        known = _labels(CATEGORIES, "series")
        if (~cells.isin(list(known))).mean() > _MOST_UNKNOWN:
            yield from self.labels(cells, known, CATEGORIES)

    def _heading(self, cells: "pd.Series[str]") -> str:
        return published_files.aliases(self.columns)[str(cells.name)][0]


def _silent(area: Area, paths: Sequence[Path]) -> Iterator[Problem]:
    """Yield a problem if the force of the district publishes nothing."""
    for row in published_files.mapped(SILENT):
        if area.code in row["areas"].split(";") or any(row["file"] in p.name for p in paths):
            name = paths[0].name if paths else "files"
            fix = "Import the table of the Office for National Statistics with the format csp."
            yield Problem(name, code="silent", message=row["note"], fix=fix)


def is_silent(area: str) -> str:
    """Return why a district's police force publishes nothing on data.police.uk; empty if it does."""
    return next(
        (row["note"] for row in published_files.mapped(SILENT) if area in row["areas"].split(";")), ""
    )


def _twice(files: Sequence[PoliceFile]) -> Iterator[Problem]:
    """Yield the months that two files of a force have."""
    first: dict[tuple[str, str], str] = {}
    for file in files:
        usual = _main_months(file.frame)
        for force, month in sorted(set(zip(file.frame["force"], file.frame["month"], strict=True))):
            if month not in usual:
                continue
            other = first.setdefault((force, month), file.file)
            if other != file.file:
                message = f"{in_words(month)} is also in {other}."
                yield Problem(file.file, 0, "", "twice", message, "Import only one of these files.")


def _main_months(frame: pd.DataFrame) -> set[str]:
    """Return the months of a file; a few rows of other months do not make it one of them."""
    count = frame.groupby("month")["count"].sum()
    return set(count.index[count * 20 >= count.max()])


def _placed(files: Sequence[PoliceFile], place: Place) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows of the district with their `area`, and what to know about the others."""
    frame = pd.concat([f.frame for f in files], ignore_index=True)
    named = frame["name"].str.fullmatch(re.escape(_short(place.area.name)) + _SMALL_AREA)
    every = set().union(*place.lsoas.values()) if place.lsoas else set()
    ours = frame[named | frame["lsoa"].isin(every)]
    if ours.empty:
        message = f"None of the {len(frame):,} rows is in {place.area.name}."
        fix = "Use the files of the police force of this area. The name must be the one in the names of its LSOAs."
        stop([Problem(files[0].file, 0, "", "place", message, fix)])
    areas, findings = _areas(files[0].file, ours, place)
    nowhere, total = int(frame["count"][frame["lsoa"] == ""].sum()), int(frame["count"].sum())
    months = sorted(set(ours["month"]))
    span = in_words(months[0]) if len(months) == 1 else f"{in_words(months[0])} to {in_words(months[-1])}"
    about = [
        Finding("rows", f"Rows: {total:,} in {many(len(files), 'file')}, {int(ours['count'].sum()):,} of them in {place.area.name}, {span}.", {"rows": total, "ours": int(ours["count"].sum()), "months": len(months)}),
        Finding("nowhere", f"Rows without a place, which can be anywhere in the area of the police force and are counted nowhere: {nowhere:,} ({100 * nowhere / total:.1f}%).", {"rows": nowhere}),
    ]  # fmt: skip
    elsewhere = total - nowhere - int(ours["count"].sum())
    if elsewhere:
        about.append(
            Finding(
                "elsewhere",
                f"Rows in other districts, which are left out: {elsewhere:,}.",
                {"rows": elsewhere},
            )
        )
    gaps = missing(months)
    if gaps:
        about.append(
            Finding(
                "gaps",
                f"Months without a file, across which no figure is made: {in_spans(gaps)}.",
                {"months": len(gaps)},
            )
        )
    crimes = ours["crime"][ours["crime"] != ""]
    again = int(crimes.duplicated().sum())
    if again:
        about.append(
            Finding(
                "repeated",
                f"Rows with a Crime ID that an earlier row has: {again:,}. They are counted, as the police publish them.",
                {"rows": again},
            )
        )
    return ours.assign(area=areas), [*about, *findings]


def _short(name: str) -> str:
    """Return a district as the names of its LSOAs have it: Bristol for “Bristol, City of”."""
    return name.split(",", maxsplit=1)[0].strip()


def _areas(file: str, ours: pd.DataFrame, place: Place) -> tuple["pd.Series[str]", list[Finding]]:
    """Return the ward of each row of the district, or the area of rows that name no ward.

    The LSOAs of a month are those of one Census: the one that has all of its codes.
    """
    areas = pd.Series(place.rest, ours.index, dtype=object)
    used: dict[str, int] = {}
    problems: list[Problem] = []
    for month, rows in ours.groupby("month"):
        codes = set(rows["lsoa"]) - {""}
        fitting = [census for census, known in place.lsoas.items() if codes <= known.keys()]
        if not place.lsoas:
            continue
        if not fitting:
            problems.append(_unplaced(file, str(month), codes, place))
            continue
        likely = 2021 if str(month) >= CHANGED else 2011
        census = likely if likely in fitting else fitting[0]
        used[str(month)] = census
        wards = rows["lsoa"].map(place.lsoas[census])
        areas[rows.index] = wards.where(wards != place.area.code, place.rest).fillna(place.rest)
    stop(problems[:1] if len({p.message for p in problems}) == 1 else problems)
    findings = []
    if not place.lsoas:
        words = "No LSOAs are known, so the rows count for the whole area only. Import a lookup with the format lsoas to get wards."
        findings.append(Finding("no-wards", words, {}))
    censuses = Counter(used.values())
    if len(censuses) > 1:
        first = min(m for m, census in used.items() if census == 2021)
        words = f"LSOAs of 2011 are used before {in_words(first)} and those of 2021 from then on; they are never mixed in a month."
        findings.append(
            Finding("censuses", words, {"months-2011": censuses[2011], "months-2021": censuses[2021]})
        )
    between = int(ours["count"][areas == place.rest].sum()) if place.lsoas else 0
    if between:
        words = f"Rows in LSOAs that are in several wards, which count for the whole area only: {between:,}."
        findings.append(Finding("between", words, {"rows": between}))
    return areas, findings


def _unplaced(file: str, month: str, codes: set[str], place: Place) -> Problem:
    """Return the problem of a month whose LSOAs are not all of one Census."""
    known = set().union(*place.lsoas.values())
    strange = sorted(codes - known)
    if strange:
        message = f"The geography package does not have {many(len(strange), 'LSOA')} of {place.area.name}, such as {strange[0]}."
        other = next(iter({2011, 2021} - place.lsoas.keys()), None)
        lookup = f"a lookup of the LSOAs of {other}" if other else "a newer lookup of LSOAs"
        fix = f"Import {lookup} with the format lsoas first. Rows before June 2023 have the LSOAs of 2011, later ones those of 2021."
        return Problem(file, 0, "", "lsoa", message, fix)
    message = f"{in_words(month)} has LSOAs of 2011 and of 2021: the file was put together from two."
    return Problem(file, 0, "", "mixed", message, "Use the files as they were published.")


def _without_thin(placed: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows without those of nearly empty months, and a finding about these."""
    by_month = placed.groupby("month")["count"].sum()
    thin = by_month[by_month < THIN * by_month.median()]
    if thin.empty:
        return placed, []
    words = listed([f"{in_words(str(m))} ({many(int(n), 'row')})" for m, n in thin.items()])
    finding = Finding(
        "thin",
        f"Months that are nearly empty and are left out, so that no figure is made across them: {words}.",
        {"months": len(thin)},
    )
    return placed[~placed["month"].isin(thin.index)], [finding]


def _by_area(rows: pd.DataFrame, place: Place, series: "pd.Series[str]") -> pd.DataFrame:
    """Count rows by series, area and month, with the whole district and all zeros."""
    keyed = rows.assign(series=series)
    whole = keyed.assign(area=place.area.code)
    both = pd.concat([keyed[keyed["area"] != ""] if place.lsoas else keyed[:0], whole])
    counted = both.groupby(["series", "area", "month"])["count"].sum()
    areas = [
        place.area.code,
        *(sorted({a for known in place.lsoas.values() for a in known.values()} - {place.area.code})),
    ]
    areas += [place.rest] if place.rest and place.lsoas else []
    months = sorted(set(rows["month"]))
    every = pd.MultiIndex.from_product(
        [sorted(set(series)), areas, months], names=["series", "area", "month"]
    )
    return counted.reindex(every, fill_value=0).reset_index().assign(part="")


def _by_neighbourhood(rows: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Count rows by category, neighbourhood and month, with all zeros."""
    inside = rows[rows["month"] >= CHANGED] if place.neighbourhoods else rows[:0]
    counted = (
        inside.assign(area=inside["lsoa"].map(place.neighbourhoods))
        .dropna(subset=["area"])
        .groupby(["series", "area", "month"])["count"]
        .sum()
    )
    axes = (set(inside["series"]), set(place.neighbourhoods.values()), set(inside["month"]))
    every = pd.MultiIndex.from_product([sorted(a) for a in axes], names=["series", "area", "month"])
    return counted.reindex(every, fill_value=0).reset_index().assign(part="")


def _with_total(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of a split with their total, which other indicators publish: a small part is withheld against it."""
    total = parts.groupby(["series", "area", "month"])["count"].sum().reset_index().assign(part="")
    whole: pd.DataFrame = pd.concat([parts, total], ignore_index=True)
    return whole


def _by_part(rows: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Count rows by outcome and month for the whole district."""
    counted = rows.groupby(["outcome", "month"])["count"].sum()
    parts, months = sorted(set(rows["outcome"])), sorted(set(rows["month"]))
    every = pd.MultiIndex.from_product([parts, months], names=["part", "month"])
    full = counted.rename_axis(["part", "month"]).reindex(every, fill_value=0).reset_index()
    return full.assign(series=BY_OUTCOME, area=place.area.code)[["series", "area", "month", "count", "part"]]
