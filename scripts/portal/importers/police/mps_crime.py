"""Crime by ward and by borough, as the Metropolitan Police publish it each month on the London Datastore."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.problems import Problem
from portal.core.text import number
from portal.importers.police import mps_extract
from portal.importers.police.mps_checks import gathered, in_words, many, some
from portal.importers.police.mps_extract import CrimeExtract
from portal.importers.police.mps_parts import MonthsOfFile, in_use, joined, thin_findings
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Counts, Finding

ALL = "all-offences"


def read_wards(paths: Sequence[Path], areas: Mapping[str, Area] | None) -> Counts:
    """Return monthly counts by ward and group of offences from files of “MPS Ward Level Crime”.

    `areas` limits them to its wards, joined on the GSS code; None means every ward of the files. Wards whose
    `valid_to` is before a file begins are not expected in it. Series: the twelve groups, `all-offences`, and parts of a group
    such as `theft-without-shoplifting`.
    An area or group has zeros only for months of files in which it appears. If several files have a month,
    the file that ends last counts; a nearly empty first or last month is left out. Raises `PortalError`
    with every problem of every file.
    """
    extracts = gathered(paths, lambda path: mps_extract.load(path, "police/mps_ward.columns.csv"))
    return joined(gathered(extracts, lambda extract: _ward_part(extract, areas)), ALL, _names(areas or {}))


def read_boroughs(paths: Sequence[Path], areas: Mapping[str, Area]) -> Counts:
    """Return monthly counts by borough from files of “MPS Borough Level Crime”, otherwise as `read_wards`.

    These files have no codes: boroughs are joined on their exact names in `areas`. The area of the kind
    police-force, if there is one, is the sum of the whole file, including records without a borough.
    """
    extracts = gathered(paths, lambda path: mps_extract.load(path, "police/mps_borough.columns.csv"))
    return joined(gathered(extracts, lambda extract: _borough_part(extract, areas)), ALL, _names(areas))


def _names(areas: Mapping[str, Area]) -> dict[str, str]:
    return {code: a.name for code, a in areas.items()}


def compare(wards: Counts, boroughs: Counts, areas: Mapping[str, Area]) -> Finding:
    """Compare the boroughs of `areas` with the sums of their wards: all offences, in the months that both have.

    The figures `least`, `most` and `total` are borough minus wards, by borough and month and over all of them;
    `share` is the total as a percentage of the boroughs' records. The code is `adds-up` if there is no difference.
    """
    parents = {a.code: a.parent for a in areas.values() if a.kind == "ward"}
    inside = wards.frame[(wards.frame["series"] == ALL) & wards.frame["area"].isin(parents)]
    sums = inside.groupby([inside["area"].map(parents), "month"])["count"].sum()
    whole = boroughs.frame[boroughs.frame["series"] == ALL].set_index(["area", "month"])["count"]
    both = sums.index.intersection(whole.index)
    if both.empty:
        return Finding("does-not-add-up", "Wards and boroughs have no month in common.", {"months": 0})
    off = whole[both] - sums[both]
    months = both.get_level_values("month")
    total, share = int(off.sum()), 100 * float(off.sum()) / max(1, int(whole[both].sum()))
    span = f"from {in_words(min(months))} to {in_words(max(months))} ({months.nunique()} months)"
    least, most = int(off.min()), int(off.max())
    figures = {
        "months": months.nunique(),
        "least": least,
        "most": most,
        "total": total,
        "share": round(share, 2),
    }
    if not off.any():
        return Finding("adds-up", f"The wards add up to their borough in each month {span}.", figures)
    message = (
        f"Borough minus the sum of its wards, {span}: from {number(least)} to "
        f"{number(most)} a month, {number(total)} in all, {share:.2f}% of the borough's records."
    )
    return Finding("does-not-add-up", message, figures)


def _ward_part(extract: CrimeExtract, areas: Mapping[str, Area] | None) -> MonthsOfFile:
    rows = extract.rows
    named = rows["code"] != ""
    retired = rows["ward"].str.contains("NOT ACTIVE", case=False)
    wanted = set(rows["code"][named]) if areas is None else _wards_in_use(areas, extract.months[0])
    ours = rows["code"].isin(wanted) & named & ~retired
    if not ours.any():
        published_files.stop([_none_of_ours(extract, "wards")])
    near = ours | True if areas is None else rows["borough"].isin(_boroughs_of(rows[ours]))
    findings = [
        *_about(extract, "code", "ward"),
        *_strays(extract, near & ~ours, retired, areas or {}),
        *(_wards(extract.file, extract.months[0], areas, wanted, set(rows["code"][ours])) if areas else ()),
    ]
    return _part(extract, _cells(extract, rows["code"][ours]), findings)


def _none_of_ours(extract: CrimeExtract, what: str) -> Problem:
    message = f"None of the {what} in the geography package is in this file."
    return Problem(extract.file, 0, "", "areas", message, "Use the file of the police force of this area.")


def _wards_in_use(areas: Mapping[str, Area], first: str) -> set[str]:
    """Return the codes of the wards that still exist when the file begins."""
    return {a.code for a in areas.values() if a.kind == "ward" and in_use(a, first)}


def _boroughs_of(rows: pd.DataFrame) -> set[str]:
    """Return, over all wards, the borough's name that most rows of the ward have."""
    return {str(names.mode()[0]) for _, names in rows.groupby("code")["borough"]}


def _strays(
    extract: CrimeExtract, stray: "pd.Series[bool]", retired: "pd.Series[bool]", areas: Mapping[str, Area]
) -> Iterator[Finding]:
    """Yield a finding for each kind of row near our wards that is counted for none of them."""
    rows = extract.rows
    lost = rows["code"] == ""
    old = (retired | rows["code"].isin(areas)) & ~lost
    for code, which, what in (
        ("no-ward", stray & lost, "without a ward"),
        ("not-active", stray & old, "in wards that are no longer in use"),
        ("unknown-ward", stray & ~lost & ~old, "in wards that the geography package does not have"),
    ):
        if which.any():
            names = (rows["ward"] + " " + rows["code"]).str.strip()[which].replace("", "no name")
            sums = _kept(extract)[which].sum(axis=1).groupby(names).sum()
            records, listed = int(sums.sum()), some([f"{n} ({count:,})" for n, count in sums.items()])
            message = f"{extract.file}: {many(records, 'record')} {what}, not counted for any ward: {listed}."
            yield Finding(code, message, {"records": records, "names": len(sums), "rows": int(which.sum())})


def _wards(
    file: str, first: str, areas: Mapping[str, Area], wanted: set[str], here: set[str]
) -> Iterator[Finding]:
    """Yield the wards that a file should have but does not, and those that it has from before they existed."""
    gone = sorted(wanted - here)
    if gone:
        listed = some([f"{areas[c].name} {c}" for c in gone])
        message = (
            f"{file} has no rows for {len(gone)} of the {len(wanted)} wards, which get no figures: {listed}."
        )
        yield Finding("absent-ward", message, {"wards": len(gone)})
    begun = {c: a.valid_from for c, a in areas.items() if c in here and a.valid_from}
    younger = [c for c, day in begun.items() if day.isoformat()[:7] > first]
    if younger:
        message = (
            f"{file} begins in {in_words(first)}, before {len(younger)} of its wards existed: the police have "
            "recalculated earlier figures for the new boundaries."
        )
        yield Finding("cast-back", message, {"wards": len(younger)})


def _borough_part(extract: CrimeExtract, areas: Mapping[str, Area]) -> MonthsOfFile:
    names = {a.name: a.code for a in areas.values() if a.kind == "borough"}
    force = [a.code for a in areas.values() if a.kind == "police-force"][:1]
    codes = extract.rows["borough"].map(names)
    if codes.isna().all():
        published_files.stop([_none_of_ours(extract, "boroughs")])
    cells = [_cells(extract, codes.dropna())]
    cells += [_cells(extract, pd.Series(code, extract.rows.index)) for code in force]
    findings = [*_about(extract, "borough", "borough"), *_boroughs(extract, names, bool(force))]
    return _part(extract, pd.concat(cells), findings)


def _boroughs(extract: CrimeExtract, names: Mapping[str, str], force: bool) -> Iterator[Finding]:
    """Yield our boroughs that the file does not have, and its names that are not boroughs of ours."""
    here = set(extract.rows["borough"])
    gone = sorted(set(names) - here)
    if gone:
        message = f"{extract.file} has no rows for {some(gone)}, which get no figures."
        yield Finding("absent-borough", message, {"boroughs": len(gone)})
    others = extract.rows["borough"][~extract.rows["borough"].isin(names)]
    if len(others):
        sums = _kept(extract).loc[others.index].sum(axis=1).groupby(others).sum()
        listed = some([f"{n} ({count:,})" for n, count in sums.items()])
        then = "counted only for the police force" if force else "not counted"
        message = (
            f"{extract.file}: {many(len(sums), 'name')} not among the boroughs of the geography package, with "
            f"{many(int(sums.sum()), 'record')}, {then}: {listed}. "
            "To show one of them, add it to the table of areas with the name as the file has it."
        )
        yield Finding("other-names", message, {"names": len(sums), "records": int(sums.sum())})


def _cells(extract: CrimeExtract, area: "pd.Series[str]") -> pd.DataFrame:
    """Return the counts of the rows in `area`, by series, label and area."""
    rows = extract.rows.loc[area.index]
    keys = [rows["series"], rows["label"], area.rename("area")]
    return extract.counts.loc[area.index].groupby(keys).sum()


def _kept(extract: CrimeExtract) -> pd.DataFrame:
    return extract.counts.drop(columns=list(extract.dropped()))


def _about(extract: CrimeExtract, column: str, thing: str) -> Iterator[Finding]:
    """Yield the size of a file, its nearly empty months and what to know about its labels."""
    count, months = extract.rows[column].replace("", pd.NA).nunique(), extract.months
    message = (
        f"{extract.file}: {many(len(extract.rows), 'row')}, {many(count, thing)}, {many(len(months), 'month')} from "
        f"{in_words(months[0])} to {in_words(months[-1])}."
    )
    figures: dict[str, int | float | str] = {
        "rows": len(extract.rows),
        f"{thing}s": count,
        "months": len(months),
        "from": months[0],
        "to": months[-1],
    }
    yield Finding("size", message, figures)
    yield from thin_findings(extract.file, extract.totals(), 1)
    yield from mps_extract.findings(extract)


def _part(extract: CrimeExtract, cells: pd.DataFrame, findings: Sequence[Finding]) -> MonthsOfFile:
    series = tuple(sorted(set(extract.rows["series"])))
    labels = frozenset(extract.rows["label"])
    within = mps_extract.series_within(labels)
    return MonthsOfFile(
        extract.file,
        cells,
        series,
        tuple(sorted(set(cells.index.get_level_values("area")))),
        dict.fromkeys((*series, *within, ALL), extract.dropped()),
        labels,
        tuple(findings),
        within,
    )
