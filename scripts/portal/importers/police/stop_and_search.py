"""Place stop-and-search records in wards and count them. Nothing is withheld here: never publish these counts as they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from portal.core.model import Area, Content
from portal.core.periods import day
from portal.core.problems import Problem
from portal.importers.geography import boundaries
from portal.importers.geography.boundaries import Plane, Shape
from portal.importers.police import stop_records
from portal.importers.police.mps_checks import in_spans, in_words, many, missing, some
from portal.importers.police.stop_records import KINDS, labels
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Counts, Finding

# The breakdowns; ethnicity is self-defined.
SERIES = {
    "stops-by-outcome": "outcome",
    "stops-by-object": "object",
    "stops-by-age": "age",
    "stops-by-gender": "gender",
    "stops-by-ethnicity": "ethnicity_self",
}
# Breakdowns in a few groups, so that small counts need not be withheld with large ones beside them.
GROUPED = {
    "stops-by-outcome-group": "outcome",
    "stops-by-object-group": "object",
    "stops-by-age-group": "age",
}
# Of the searches of people who did not state their ethnic group, the group that the officer recorded. The groups that
# officers rarely record are one, so that the others need not be withheld with them.
BY_OFFICER = "stops-not-stated-by-officer"
_GROUPS = "police/stop_and_search.groups.csv"
# With this many records in a file, some would have a label of each kind in `_UNCODED` if nothing had been left out.
_MANY_ENOUGH = 100
_UNCODED = {"type": ("Vehicle",), "ethnicity_self": ("Not stated", "Other")}
_CUT = 5_000  # metres: a file of a whole police force has records further than this from one borough
NEAR = 20  # metres: published points are approximate, so this close to a border the stop may have been in the next ward
MANY = 10  # records at one point
_EXPECTED = 30  # a file is incomplete if its missing days would have this many records, going by the others


@dataclass(frozen=True)
class Stops:
    """The records that could be placed, one a row, and the wards of each month, with those that have no record.

    `frame` has the columns month (such as 2024-07), area (GSS code of the ward, or of the borough where a point lies
    in its outline but in no ward) and those of `KINDS` in our words. `whole` has, for each month, the records of the
    whole police force and how many of them have no coordinates; a month is missing if its file was cut to one place.
    `filtered` are the months of which only a part is published: a breakdown of them would mislead.
    """

    frame: pd.DataFrame
    wards: Mapping[str, tuple[str, ...]]
    whole: Mapping[str, tuple[int, int]]
    filtered: tuple[str, ...]
    findings: tuple[Finding, ...]


def read(
    paths: Sequence[Path], areas: Mapping[str, Area], outlines: Mapping[str, Shape] | pd.DataFrame
) -> Stops:
    """Read files of one or more months and place each record in the wards of the last day of its month.

    `outlines` are in degrees by GSS code, or the resource `boundaries`, of the wards of one borough and
    perhaps the borough itself. Raises `PortalError`: missing columns, unknown labels, invalid dates or
    coordinates, the same records in two files or twice in one, no record in any ward.
    """
    shapes = _outlines(outlines) if isinstance(outlines, pd.DataFrame) else outlines
    files = {path: stop_records.read(path) for path in dict.fromkeys(paths)}
    published_files.stop(problem for _, problems in files.values() for problem in problems)
    frames = {path: frame.assign(area=_placed(frame, areas, shapes)) for path, (frame, _) in files.items()}
    published_files.stop((*_strangers(frames, shapes), *_twins(frames)))
    every = pd.concat(list(frames.values()), ignore_index=True)
    broken = {p: f for p, f in frames.items() if len(f) and _is_half(f)}
    left_out = {stop_records.month_of(p) for p, f in frames.items() if f.empty or p in broken}
    months = sorted({month for frame in frames.values() for month in _months(frame)} - left_out)
    if not months:
        published_files.stop([_nothing(next(iter(frames)).name)])
    wards = {m: tuple(sorted(c for c in shapes if _is_ward(areas.get(c), m))) for m in months}
    placed = every[(every["area"] != "") & every["month"].isin(months)].reset_index(drop=True)
    cut = sorted(m for path, f in frames.items() if _is_cut(f, shapes) for m in _months(f) if m in wards)
    filtered = tuple(m for m in months if _is_filtered(every[every["month"] == m]))
    findings = (
        *_findings_on_files(every, frames),
        *_findings_on_parts(cut, filtered),
        *_findings_on_months(frames, broken),
        *_findings_on_places(placed, shapes, areas),
    )
    whole = {
        str(m): (len(records), int(records["x"].isna().sum()))
        for m, records in every.groupby("month")
        if m in wards and m not in cut
    }
    kinds = [c for c in KINDS if c in placed]
    return Stops(placed[["month", "area", *kinds]], wards, whole, filtered, findings)


def counts(paths: Sequence[Path], content: Content, borough: str) -> Counts:
    """Count the records of `borough`, its wards and the whole force: all records and those without coordinates.

    One of the paths can be a GeoJSON file of the wards; otherwise their outlines are those of the geography package,
    which are a little coarser. Raises `PortalError` as `read` does, and if there are no outlines at all.
    """
    geojson = [
        p for p in paths if p.suffix.lower() in (".geojson", ".json") and not stop_records.is_of_api(p)
    ]
    outlines = boundaries.read(geojson[0], content.areas).exact if geojson else _of_package(content)
    stops = _before_hidden_breaks(
        read([p for p in paths if p not in geojson], content.areas, outlines), content
    )
    frame = tables(stops, borough)
    rows = [row for month, whole in stops.whole.items() for row in _of_force(content, month, whole)]
    for month, wards in stops.wards.items():
        outside = int((~stops.frame.loc[stops.frame["month"] == month, "area"].isin(wards)).sum())
        rows += [
            ("stops", a.code, month, "", outside)
            for a in content.areas.values()
            if (a.kind, a.parent) == ("rest", borough)
        ]
    return Counts(
        pd.concat([frame, pd.DataFrame(rows, columns=frame.columns)], ignore_index=True), stops.findings
    )


def _before_hidden_breaks(stops: Stops, content: Content) -> Stops:
    """Return the stops without months of which only a part is published, unless a break says so where they begin.

    Without the break a chart would show a fall that did not happen.

    Raises:
        PortalError: no month is left.
    """
    named = {r.indicator for rows in content.imports.values() for r in rows if r.series == "stops"}
    breaks = [f"{b.date:%Y-%m}" for b in content.breaks if b.indicator in named]
    whole = sorted(stops.wards.keys() - set(stops.filtered))
    hidden = [
        m
        for m in stops.filtered
        if not any(max([w for w in whole if w < m], default="") < b <= m for b in breaks)
    ]
    if not hidden:
        return stops
    months = some([in_words(m) for m in hidden])
    fix = f"Add a row to the table of breaks with the date {hidden[0]}-01, which says what is missing."
    words = f"Left out, since only a part is published and no break says so: {months}."
    if not set(stops.wards) - set(hidden):
        published_files.stop([Problem("files", code="month", message=words, fix=fix)])
    return replace(
        stops,
        frame=stops.frame[~stops.frame["month"].isin(hidden)],
        wards={m: w for m, w in stops.wards.items() if m not in hidden},
        whole={m: w for m, w in stops.whole.items() if m not in hidden},
        findings=(*stops.findings, Finding("no-break", f"{words} {fix}", {"months": len(hidden)})),
    )


def _of_force(
    content: Content, month: str, whole: tuple[int, int]
) -> Iterator[tuple[str, str, str, str, int]]:
    for code in (a.code for a in content.areas.values() if a.kind == "police-force"):
        yield ("stops", code, month, "", whole[0])
        yield ("stops-without-place", code, month, "", whole[1])


def _of_package(content: Content) -> dict[str, Shape]:
    if not content.outlines:
        message = "There are no outlines of wards to place the records in."
        fix = "Import the boundaries first, or give a GeoJSON file of the wards with the records."
        published_files.stop([Problem("data_packages", code="outlines", message=message, fix=fix)])
    return _outlines(pd.DataFrame([vars(o) for o in content.outlines]))


def tables(stops: Stops, borough: str) -> pd.DataFrame:
    """Return counts by month: of the borough and its parts in each breakdown, and of each ward as a whole.

    `borough` is the code of the borough whose wards were read. Columns: series, area, month, part (empty for the
    total), count. Every part in the map of labels and every ward has its row, even if it is zero. The series
    `BY_OFFICER` counts only searches whose self-defined ethnic group is not stated.
    """
    rows: list[tuple[str, str, str, str, int]] = []
    for month, wards in stops.wards.items():
        found = stops.frame[stops.frame["month"] == month]
        by_ward = found["area"].value_counts()
        rows.append(("stops", borough, month, "", len(found)))
        rows += [("stops", ward, month, "", int(by_ward.get(ward, 0))) for ward in wards]
        if month in stops.filtered:
            continue  # a part of the searches: a breakdown would mislead
        for series, column in (SERIES | GROUPED).items():
            groups = _groups(column) if series in GROUPED else {}
            rows += _split(found, column, (series, borough, month), groups)
        if "ethnicity_self" in found:
            unstated = found[found["ethnicity_self"] == "Not stated"]
            rows += _split(
                unstated, "ethnicity_officer", (BY_OFFICER, borough, month), _groups("ethnicity_officer")
            )
    return pd.DataFrame(rows, columns=["series", "area", "month", "part", "count"])


def _split(
    found: pd.DataFrame, column: str, key: tuple[str, str, str], groups: Mapping[str, str]
) -> Iterator[tuple[str, str, str, str, int]]:
    """Yield the rows of a breakdown; none if the file is a copy without this column. `key`: series, area and month."""
    if column not in found or found[column].isna().any():
        return
    by_part = found[column].replace(groups).value_counts()
    yield (*key, "", len(found))
    for part in dict.fromkeys(groups.get(part, part) for part in labels(column).values()):
        yield (*key, part, int(by_part.get(part, 0)))


def _groups(column: str) -> dict[str, str]:
    """Return the group of each of our words for a column; words that are a group themselves are missing."""
    return {r["ours"]: r["group"] for r in published_files.mapped(_GROUPS) if r["column"] == column}


def _outlines(table: pd.DataFrame) -> dict[str, Shape]:
    """Return the shapes of the resource `boundaries`."""
    rings: dict[str, dict[int, dict[int, np.ndarray]]] = {}
    for area, polygon, ring, points in table[["area", "polygon", "ring", "points"]].itertuples(index=False):
        line = np.array(points.split(), dtype=float).reshape(-1, 2)
        rings.setdefault(area, {}).setdefault(int(polygon), {})[int(ring)] = line
    return {
        area: shapely.MultiPolygon(
            [shapely.Polygon(r[1], [r[n] for n in sorted(r) if n > 1]) for _, r in sorted(polygons.items())]
        )
        for area, polygons in sorted(rings.items())
    }


def _is_ward(area: Area | None, month: str) -> bool:
    """Return True if a ward exists on the last day of a month, so that each month uses one set of wards."""
    if area is None or area.kind != "ward":
        return False
    year, number = map(int, month.split("-"))
    last = date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)
    return (area.valid_from or last) <= last <= (area.valid_to or last)


def _placed(frame: pd.DataFrame, areas: Mapping[str, Area], outlines: Mapping[str, Shape]) -> pd.Series:
    """Return the area of each record: the first ward by code that contains its point, else the borough, else empty."""
    codes = sorted(outlines)
    located = frame[frame["x"].notna() & frame["y"].notna()]
    points = shapely.points(located["x"], located["y"])
    at, which = shapely.STRtree([outlines[c] for c in codes]).query(points, predicate="intersects")
    hits = pd.DataFrame({"row": located.index[at], "area": [codes[i] for i in which]})
    pairs = zip(located["month"].iloc[at], hits["area"], strict=True)
    hits["rank"] = [
        0 if _is_ward(areas.get(c), m) else 1 if _is_borough(areas.get(c)) else 2 for m, c in pairs
    ]
    best = hits[hits["rank"] < 2].sort_values(["rank", "area"]).drop_duplicates("row")
    area_of = dict(zip(best["row"], best["area"], strict=True))
    return pd.Series([area_of.get(row, "") for row in frame.index], index=frame.index, dtype=object)


def _is_borough(area: Area | None) -> bool:
    return area is not None and area.kind == "borough"


def _months(frame: pd.DataFrame) -> list[str]:
    """Return the months of a file; a few records of the month before do not make it one of them."""
    if frame.empty:
        return []
    count = frame["month"].value_counts()
    return sorted(count.index[count * 20 >= count.max()])


def _strangers(frames: Mapping[Path, pd.DataFrame], outlines: Mapping[str, Shape]) -> Iterator[Problem]:
    """Yield the files without a record in the wards, unless records lie all around: then nobody was searched in them."""
    middle = shapely.union_all([*outlines.values()]).centroid
    for path, frame in frames.items():
        if not len(frame) or frame.loc[frame["month"].isin(_months(frame)), "area"].any():
            continue
        located = frame[frame["x"].notna() & frame["y"].notna()]
        if located.empty:
            message = f"None of the {len(frame):,} records has coordinates, so none can be placed: this force did not publish them."
            fix = "Leave the file out. Later files of the force may have coordinates."
            yield Problem(path.name, 0, "", "place", message, fix)
        elif not shapely.box(
            located["x"].min(), located["y"].min(), located["x"].max(), located["y"].max()
        ).covers(middle):
            message = f"None of the {len(frame):,} records is in any of the wards."
            yield Problem(
                path.name, 0, "", "place", message, "Use the file of the police force of this area."
            )


def _twins(frames: Mapping[Path, pd.DataFrame]) -> Iterator[Problem]:
    """Yield files with records that they, or other files, have too."""
    for path, frame in frames.items():
        yield from published_files.repeat_problems(path.name, frame["record"])
    records = {path: set(frame["record"]) for path, frame in frames.items()}
    for (one, first), (other, second) in combinations(records.items(), 2):
        shared = len(first & second)
        if 2 * shared > min(len(first), len(second)):
            message = f"{shared:,} records are also in {one.name}."
            yield Problem(other.name, 0, "", "twice", message, "Import only one of these files.")


def _findings_on_files(every: pd.DataFrame, frames: Mapping[Path, pd.DataFrame]) -> Iterator[Finding]:
    """Yield what to know about the files as a whole."""
    months, total = sorted(set(every["month"])), len(every)
    span = in_words(months[0])
    span += f" to {in_words(months[-1])}" if len(months) > 1 else ""
    yield Finding("records", f"Records: {total:,}, of {span}.", {"records": total, "months": len(months)})
    nowhere = int(every["x"].isna().sum())
    share = round(100 * nowhere / total, 1)
    words = f"Records without coordinates, which could be from anywhere in the police force's area: {nowhere:,} ({share}%)."
    yield Finding("nowhere", words, {"records": nowhere, "percent": share})
    again = sum(int(frame["record"].duplicated().sum()) for frame in frames.values())
    if again:
        words = f"Records that repeat an earlier one in every column, as when several people are searched at once: {again:,}. They are counted."
        yield Finding("repeated", words, {"records": again})
    for path, frame in frames.items():
        yield from _other_times(path.name, frame)
    yield from _quiet_days(frames.values())


def _is_half(frame: pd.DataFrame) -> bool:
    """Return True if days at the beginning or end of a month have no record although many would be expected in them."""
    (month,) = _months(frame)[:1] or [""]
    days = frame.loc[frame["day"].str[:7] == month, "day"]
    if days.empty:
        return True
    first, last = int(days.min()[8:]), int(days.max()[8:])
    empty = first - 1 + pd.Period(month).days_in_month - last
    return empty > 0 and empty * len(days) / (last - first + 1) >= _EXPECTED


def _is_cut(frame: pd.DataFrame, outlines: Mapping[str, Shape]) -> bool:
    """Return True if no record of a file is far from the outlines, so that it is not the file of a whole police force."""
    if frame.empty or frame["x"].notna().sum() == 0:
        return False
    plane = Plane.around(outlines.values())
    west, south, east, north = shapely.total_bounds([plane.metres(shape) for shape in outlines.values()])
    around = shapely.box(west - _CUT, south - _CUT, east + _CUT, north + _CUT)
    return bool(
        shapely.covers(around, plane.metres(shapely.points(frame["x"].dropna(), frame["y"].dropna()))).all()
    )


def _is_filtered(records: pd.DataFrame) -> bool:
    """Return True if the labels that fit no code are all missing, so that only a part of the searches is published."""
    if (
        len(records) < _MANY_ENOUGH
        or not _UNCODED.keys() <= set(records)
        or records["ethnicity_self"].isna().any()
    ):
        return False
    return not any(records[column].isin(words).any() for column, words in _UNCODED.items())


def _findings_on_parts(cut: Sequence[str], filtered: Sequence[str]) -> Iterator[Finding]:
    """Yield the months whose files were cut to one place, and those of which only a part is published."""
    if cut:
        words = (
            f"These files were cut to the surroundings of the borough, so they give no figures for the whole police force: "
            f"{in_spans(cut)}."
        )
        yield Finding("cut", words, {"months": len(cut)})
    if filtered:
        words = (
            "No search is of a vehicle only, and no ethnic group is “not stated” or “other”, so only a part of the searches "
            f"is published: {in_spans(filtered)}. These months get totals, and no figures by outcome, "
            "object, age or ethnic group."
        )
        yield Finding("filtered", words, {"months": len(filtered)})


def _nothing(file: str) -> Problem:
    message = "There is no whole month of records: the files are empty, or have a part of a month only."
    return Problem(file, 0, "", "month", message, "Fetch the file again.")


def _findings_on_months(
    frames: Mapping[Path, pd.DataFrame], broken: Mapping[Path, pd.DataFrame]
) -> Iterator[Finding]:
    """Yield the months that are left out: empty, half, or without a file between the first and the last."""
    for path, frame in frames.items():
        if frame.empty:
            words = f"{path.name} has no records. That does not mean that nobody was searched: the month is left out."
            yield Finding("empty-month", words, {"month": stop_records.month_of(path)})
    for path, frame in broken.items():
        first, last = frame["day"].min(), frame["day"].max()
        words = (
            f"{path.name} is not a whole month: its records are of {day(date.fromisoformat(first))} to "
            f"{day(date.fromisoformat(last))}. The month is left out. Fetch the file again."
        )
        yield Finding("half-month", words, {"month": last[:7], "first": first, "last": last})
    here = {m for frame in frames.values() for m in _months(frame)} | {
        stop_records.month_of(p) for p, f in frames.items() if f.empty
    }
    if gone := missing(here - {""}):
        words = f"No file for {in_spans(gone)}. These months get no figures."
        yield Finding("missing-months", words, {"months": len(gone)})
    bare = [p.name for p, f in frames.items() if len(f) and "ethnicity_self" not in f]
    if bare:
        words = f"Without the columns of ethnic groups, and so without figures by ethnic group: {some(bare)}."
        yield Finding("no-ethnicity", words, {"files": len(bare)})


def _other_times(file: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield records of a file that are of other months."""
    if frame.empty:
        return
    months = _months(frame)
    late = int((frame["day"].str[:7] != frame["month"]).sum())
    if late:
        words = f"{file}: records whose time is in another month, counted in the month of the file: {late:,}."
        yield Finding("other-days", words, {"records": late})
    others = int((~frame["month"].isin(months)).sum())
    if others:
        words = f"{file}: a few records of other months, which are left out: {others:,}."
        yield Finding("other-months", words, {"records": others})


def _quiet_days(frames: Iterable[pd.DataFrame]) -> Iterator[Finding]:
    """Yield how many days of the months have no record: all months in one finding, since small places have many such days."""
    without: dict[str, int] = {}
    for frame in (f for f in frames if not f.empty):
        for month in _months(frame):
            days = frame.loc[frame["day"].str[:7] == month, "day"]
            if empty := pd.Period(month).days_in_month - days.nunique():
                without[month] = empty
    if without:
        words = (
            f"Days without a record: {sum(without.values()):,}, in {many(len(without), 'month')}, up to {max(without.values())} "
            "in a month. In a place with few searches that is normal; in another, a file may have been cut off."
        )
        yield Finding("days", words, {"days": sum(without.values()), "months": len(without)})


def _findings_on_places(
    placed: pd.DataFrame, outlines: Mapping[str, Shape], areas: Mapping[str, Area]
) -> Iterator[Finding]:
    """Yield what to know about the records in the wards and between them."""
    between = int(placed["area"].map(lambda code: _is_borough(areas[code])).sum())
    inside = len(placed) - between
    yield Finding("placed", f"Records in the wards: {inside:,}.", {"records": inside})
    if between:
        words = f"Records in the borough's outline but in no ward: {between:,}."
        yield Finding("between", words, {"records": between})
    plane = Plane.around(outlines.values())
    borders = {code: shapely.boundary(plane.metres(shape)) for code, shape in outlines.items()}
    points = plane.metres(shapely.points(placed["x"], placed["y"]))
    near = int((shapely.distance(points, [borders[code] for code in placed["area"]]) < NEAR).sum())
    words = (
        f"Records in the wards within {NEAR} metres of a border, too close to be sure of the ward: {near:,}."
    )
    yield Finding("near", words, {"records": near})
    at = placed.groupby(["x", "y"]).size()
    shared = {"points": len(at), "many": int((at >= MANY).sum()), "most": int(at.max())}
    words = f"Points on the map: {len(at):,}, with {shared['most']} records at most; {MANY} or more at {shared['many']}."
    yield Finding("points", words, shared)
    kinds = [c for c in KINDS if c in placed]
    blanks = {c: int(placed[c].isin(["Not recorded", "Not stated"]).sum()) for c in kinds}
    words = ", ".join(f"{c.replace('_', ' by ')} {n:,}" for c, n in blanks.items() if n)
    yield Finding("blank", f"Not recorded or not stated: {words or 'nothing'}.", blanks)
    vehicles = int((placed["type"] == "Vehicle").sum())
    if vehicles:
        words = f"Searches of a vehicle only, without anyone's age or ethnicity: {vehicles:,}."
        yield Finding("vehicles", words, {"records": vehicles})
