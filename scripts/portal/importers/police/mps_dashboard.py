"""Hate crime, domestic abuse, knife and gun crime, from the data of the Metropolitan Police's monthly dashboard.

The counts are small: most counts by ward and month are about a few people. No finding here names the count of one
ward and month.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.problems import Problem
from portal.core.text import number
from portal.importers.police.mps_checks import gathered, in_words, many, plain, some
from portal.importers.police.mps_parts import MonthsOfFile, dropped_months, in_use, joined, thin_findings
from portal.importers.police.mps_records import (
    BOROUGH,
    NO_CODE,
    OUTCOMES,
    WARD,
    DashboardExtract,
    kinds,
    load,
)
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Counts, Finding

# All offences, and the two series that they are the sum of.
TOTAL, TOTAL_OF = "all-offences", ("victim-based-offences", "other-offences")
# A crime type whose usual month has fewer offences can have an empty month by chance.
_TELLING = 20


def wholes() -> Mapping[str, str]:
    """Return each series that is part of another one, with that other one."""
    return {r["series"]: r["inside"] for r in kinds().values() if r["inside"]}


def read(paths: Sequence[Path], areas: Mapping[str, Area]) -> Counts:
    """Return monthly counts of offences and of positive outcomes by borough, ward and rest of a borough, from dashboard files.

    Boroughs and wards are those of `areas` by their code. An area of the kind rest gets borough minus known wards
    (negative if the file gives it so). Absent rows are zero in months of files that have the series and the
    area at all. Series nest and are never added up. If several files have a month, the file that ends last
    counts; a nearly empty first or last month is left out. Raises `PortalError` with every problem of every file.
    """
    names = {code: a.name for code, a in areas.items()}
    counts = joined(gathered(gathered(paths, load), lambda extract: _part(extract, areas)), names=names)
    whole = pd.concat([counts.frame, _total(counts.frame)])
    rest = _rest(whole, areas)
    frame = pd.concat([whole, rest]).sort_values(["series", "area", "month"], ignore_index=True)
    findings = (*counts.findings, *_rest_findings(rest, areas), *_nested(counts.frame))
    return Counts(frame, findings)


def _ours(rows: pd.DataFrame, areas: Mapping[str, Area]) -> "pd.Series[bool]":
    """Return True for rows of our boroughs and wards that are in use when the file begins."""
    first = rows["month"].min()
    current = [a for a in areas.values() if in_use(a, first)]
    boroughs, wards = ({a.code for a in current if a.kind == kind} for kind in ("borough", "ward"))
    retired = rows["name"].str.contains("NOT ACTIVE", case=False)
    ward = (rows["kind"] == WARD) & rows["code"].isin(wards) & ~retired
    return ward | ((rows["kind"] == BOROUGH) & rows["code"].isin(boroughs))


def _part(extract: DashboardExtract, areas: Mapping[str, Area]) -> MonthsOfFile:
    rows, ours = extract.rows, _ours(extract.rows, areas)
    if not ours.any():
        message = "None of the boroughs and wards in the geography package is in this file."
        fix = "Use the file of the police force of this area."
        published_files.stop([Problem(extract.file, 0, "", "areas", message, fix)])
    used = rows[ours & (rows["series"] != "")]
    sums = used.groupby(["series", "label", "code", "month"])["count"].sum()
    cells = sums.unstack("month", fill_value=0).reindex(columns=list(extract.months), fill_value=0)
    totals = extract.totals()
    dropped = dropped_months(totals, _TELLING)
    findings = [
        *_about(extract),
        *thin_findings(extract.file, totals, _TELLING),
        *_strays(extract, areas, ours),
        *_absent(extract, areas, ours),
    ]
    offered = rows[(rows["series"] != "") & (rows["code"] != NO_CODE)]
    types = dict(zip(offered["series"], offered["type"], strict=True))
    return MonthsOfFile(
        extract.file,
        cells.rename_axis(index={"code": "area"}),
        tuple(sorted(set(offered["series"]))),
        tuple(sorted(set(rows["code"][ours]))),
        {s: dropped.get(plain(t), ()) for s, t in types.items()},
        frozenset(offered["label"]),
        tuple(findings),
    )


def _about(extract: DashboardExtract) -> Iterator[Finding]:
    """Yield the size of a file and what is left out of it."""
    rows, months = extract.rows, extract.months
    coded = rows[rows["code"] != NO_CODE]
    boroughs, wards = (coded["code"][coded["kind"] == kind].nunique() for kind in (BOROUGH, WARD))
    message = (
        f"{extract.file}: {many(len(rows), 'row')}, {many(boroughs, 'borough')}, {many(wards, 'ward')}, "
        f"{many(len(months), 'month')} from {in_words(months[0])} to {in_words(months[-1])}."
    )
    figures: dict[str, int | float | str] = {"rows": len(rows), "boroughs": boroughs, "wards": wards}
    figures |= {"months": len(months), "from": months[0], "to": months[-1]}
    yield Finding("size", message, figures)
    left_out = rows[rows["series"] == ""]
    if len(left_out):
        message = f"{extract.file}: {many(len(left_out), 'row')} of known kinds left out."
        yield Finding("left-out", message, {"rows": len(left_out)})
    yield from _no_borough(extract)
    every = {r["series"] for r in kinds().values() if r["series"]}
    absent = sorted(in_our_words(s) for s in every - set(rows["series"]) if not s.endswith(OUTCOMES))
    if absent:
        message = f"{extract.file} has no rows for {some(absent)}, which get no new figures from it."
        yield Finding("removed-category", message, {"categories": len(absent)})


def in_our_words(series: str) -> str:
    """Return the id of a series as words."""
    return series.replace("-", " ")


def _no_borough(extract: DashboardExtract) -> Iterator[Finding]:
    """Yield, once for the file, the rows that belong to no borough."""
    lost = extract.rows[extract.rows["code"] == NO_CODE]
    if len(lost):
        names = sorted({n for n in (*lost["name"], *lost["place"]) if n and n != NO_CODE})
        offences = ~lost["series"].str.endswith(OUTCOMES)
        outcomes = int(lost["count"][~offences].sum())
        message = (
            f"{extract.file}: {many(len(lost), 'row')} of no borough, which the file calls {_quoted(names)}. "
            f"They are in no figure. They have {many(int(lost['count'][offences].sum()), 'record')} of offences, "
            f"in types that overlap, and {many(outcomes, 'positive outcome')}. There is nothing to do."
        )
        yield Finding("no-borough", message, {"rows": len(lost), "names": len(names)})


def _quoted(names: Sequence[str]) -> str:
    return some([f"“{n}”" for n in names]) if names else f"“{NO_CODE}”"


def _strays(
    extract: DashboardExtract, areas: Mapping[str, Area], ours: "pd.Series[bool]"
) -> Iterator[Finding]:
    """Yield rows of wards in a borough whose wards we know that are not counted for any of them."""
    rows = extract.rows
    parents = {a.parent for a in areas.values() if a.kind == "ward"}
    names = set(rows["name"][(rows["kind"] == BOROUGH) & rows["code"].isin(parents)])
    inside = rows["place"].map(lambda place: any(place.startswith(f"{name} ") for name in names))
    stray = (rows["kind"] == WARD) & ~ours & inside
    old = rows["name"].str.contains("NOT ACTIVE", case=False) | rows["code"].isin(areas)
    for code, which, what in (
        ("not-active", stray & old, "in wards that are no longer in use"),
        ("unknown-ward", stray & ~old, "in wards that the geography package does not have"),
    ):
        if which.any():
            wards = sorted(set(rows["name"][which] + " " + rows["code"][which]))
            sums = rows["count"][which].groupby(~rows["series"].str.endswith(OUTCOMES)).sum()
            used, other = int(sums.get(True, 0)), int(sums.get(False, 0))
            message = (
                f"{extract.file}: {many(used, 'offence')} and {many(other, 'positive outcome')} {what}, "
                f"not counted for any ward: {some(wards)}."
            )
            figures = {"records": used, "outcomes": other, "rows": int(which.sum()), "names": len(wards)}
            yield Finding(code, message, figures)


def _absent(
    extract: DashboardExtract, areas: Mapping[str, Area], ours: "pd.Series[bool]"
) -> Iterator[Finding]:
    """Yield boroughs and wards in use that the file does not have."""
    here = set(extract.rows["code"][ours])
    for kind in ("borough", "ward"):
        wanted = [a for a in areas.values() if a.kind == kind and in_use(a, extract.months[0])]
        gone = [f"{a.name} {a.code}" for a in wanted if a.code not in here]
        if gone:
            message = f"{extract.file} has no rows for {len(gone)} of the {len(wanted)} {kind}s, which get no figures: "
            yield Finding(f"absent-{kind}", f"{message}{some(gone)}.", {f"{kind}s": len(gone)})


def _total(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the sum of offences with and without a victim, which are all offences, where the files have both."""
    parts = frame[frame["series"].isin(TOTAL_OF)]
    sums = parts.groupby(["area", "month"])["count"].agg(["sum", "size"])
    both = sums[sums["size"] == len(TOTAL_OF)]["sum"].rename("count").reset_index()
    return both.assign(series=TOTAL)[["series", "area", "month", "count"]]


def _rest(frame: pd.DataFrame, areas: Mapping[str, Area]) -> pd.DataFrame:
    """Return borough minus its wards for the areas of the kind rest, in the columns of `frame`."""
    parents = {a.code: a.parent for a in areas.values() if a.kind == "ward"}
    rest = {a.parent: a.code for a in areas.values() if a.kind == "rest"}
    key = ["series", "area", "month"]
    wards = frame[frame["area"].isin(parents)]
    sums = wards.assign(area=wards["area"].map(parents)).groupby(key)["count"].sum()
    whole = frame[frame["area"].isin(rest)].set_index(key)["count"]
    both = whole.index.intersection(sums.index)
    left = (whole[both] - sums[both]).reset_index()
    return left.assign(area=left["area"].map(rest))


def _rest_findings(rest: pd.DataFrame, areas: Mapping[str, Area]) -> Iterator[Finding]:
    for area, left in rest[~rest["series"].str.endswith(OUTCOMES)].groupby("area"):
        name = areas[areas[str(area)].parent].name
        sums = {str(k): int(n) for k, n in left.groupby("series")["count"].sum().items() if k not in wholes()}
        words = some([f"{in_our_words(series)} {number(n)}" for series, n in sums.items()])
        message = f"{name}: offences without a known ward in all months: {words}."
        yield Finding("no-ward", message, sums)
        below = left[left["count"] < 0]
        if len(below):
            least = int(below["count"].min())
            what = many(len(below), "figure")
            message = (
                f"{name}: {what} by kind and month smaller than the sum of the wards, by up to {-least:,}."
            )
            yield Finding("negative-rest", message, {"figures": len(below), "least": least})


def _nested(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield parts that are greater than their whole, by area and month."""
    by_series = frame.pivot(index=["area", "month"], columns="series", values="count")
    for part, whole in wholes().items():
        if part in by_series and whole in by_series:
            count = int((by_series[part] > by_series[whole]).sum())
            if count:
                message = (
                    f"{in_our_words(part).capitalize()} is greater than {in_our_words(whole)}, of which it is a part, "
                    f"{many(count, 'time')} by area and month. This is how the file has it, so do not add parts up."
                )
                yield Finding(
                    "part-greater-than-whole", message, {"part": part, "whole": whole, "cells": count}
                )
