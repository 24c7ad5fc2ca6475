"""Violence against women and girls by ward, from the Metropolitan Police's dashboard of it.

The table of places has a row for each ward, month of recording and month in which the offence was committed: the rows
of a month of recording are added up. The table of kinds of offence is for London only, and the two are never crossed.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from portal.core.model import Area, Content
from portal.core.problems import Problem, did_you_mean
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.importers.police.mps_checks import in_words
from portal.importers.shared import loose_tables
from portal.importers.shared.loose_tables import LooseTable
from portal.importers.shared.published_files import Counts, Finding, stop
from portal.importers.shared.repeated_faults import gathered

PLACES, KINDS = "vawg-offences", "vawg-offences-by-kind"
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_COUNT = re.compile(r"\d{1,9}")
_RECORDED = "recorded date months"


def is_header(row: Sequence[str]) -> bool:
    """Return True for the plain headings of one of the dashboard's tables of offences."""
    return {_RECORDED, "count"} <= set(row) and ("borough name" in row or "vawg offence" in row)


def counts(paths: Sequence[Path], content: Content, borough: str) -> Counts:
    """Count the offences of `borough` and its wards by the month in which they were recorded.

    Series: `vawg-offences`, with the rows that name no ward of today in the area of the kind rest; from a table by
    kind of offence `vawg-offences-by-kind` for the police force.

    Raises:
        PortalError: missing columns, invalid months or counts, no row of the borough.
    """
    area = content.areas[borough]
    frames, findings = [], []
    for path in paths:
        table = loose_tables.read(
            path, is_header, "a table of the dashboard on violence against women and girls"
        )
        stop(_problems(table))
        if table.column("borough name") is not None:
            frame, about = _of_places(table, content, area)
        else:
            frame, about = _of_kinds(table, content)
        frames.append(frame)
        findings += about
    every = pd.concat(frames, ignore_index=True)
    stop(_overlaps(paths, frames))
    return Counts(every, tuple(findings))


def _problems(table: LooseTable) -> Iterator[Problem]:
    fix = "Use the file as it was published."
    records = list(table.records())
    bad = [(n, r["count"]) for n, r in records if not _COUNT.fullmatch(r["count"])]
    yield from gathered(
        bad, lambda b: Problem(table.file, b[0], "count", "cell", f"“{b[1]}” is not a count.", fix)
    )
    undated = [(n, r[_RECORDED]) for n, r in records if not _MONTH.match(r[_RECORDED])]
    yield from gathered(
        undated, lambda b: Problem(table.file, b[0], _RECORDED, "cell", f"“{b[1]}” is not a month.", fix)
    )


def _overlaps(paths: Sequence[Path], frames: Sequence[pd.DataFrame]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for path, frame in zip(paths, frames, strict=True):
        for key in sorted(set(zip(frame["series"], frame["month"], strict=True))):
            other = seen.setdefault(key, path.name)
            if other != path.name:
                message = f"{in_words(key[1])} is also in {other}."
                yield Problem(path.name, 0, "", "twice", message, "Import only one of these files.")
                break


def _of_places(table: LooseTable, content: Content, area: Area) -> tuple[pd.DataFrame, list[Finding]]:
    ward_column = next(h for h in map(loose_tables.plain, table.header) if h.startswith("ward name"))
    records = [r for _, r in table.records()]
    ours = [r for r in records if r["borough name"].casefold() == area.name.casefold()]
    if not ours:
        there = {r["borough name"] for r in records}
        message = f"There is no borough {area.name} in this file."
        stop([Problem(table.file, 0, "borough_name", "areas", message, did_you_mean(area.name, there))])
    wards = {
        a.name.casefold(): a.code
        for a in content.areas.values()
        if (a.kind, a.parent, a.valid_to) == (AreaKind.WARD, area.code, None)
    }
    rest = next(
        (a.code for a in content.areas.values() if (a.kind, a.parent) == (AreaKind.REST, area.code)), ""
    )
    rows = pd.DataFrame({
        "month": [r[_RECORDED][:7] for r in ours], "count": [int(r["count"]) for r in ours],
        "area": [wards.get(r[ward_column].casefold(), rest) for r in ours],
    })  # fmt: skip
    strange = sorted(
        {r[ward_column] for r in ours}
        - {""}
        - {w for w in {r[ward_column] for r in ours} if w.casefold() in wards}
    )
    both = pd.concat([rows[rows["area"] != ""], rows.assign(area=area.code)])
    months = sorted(set(rows["month"]))
    every = pd.MultiIndex.from_product(
        [[area.code, *wards.values(), *([rest] if rest else [])], months], names=["area", "month"]
    )
    counted = both.groupby(["area", "month"])["count"].sum().reindex(every, fill_value=0).reset_index()
    nowhere = int(rows["count"][rows["area"] == rest].sum())
    total = int(rows["count"].sum())
    findings = [
        Finding("rows", f"{table.file}: {len(records):,} rows, {len(ours):,} of {area.name}: {total:,} offences recorded from {in_words(months[0])} to {in_words(months[-1])}.", {"rows": len(records), "offences": total, "months": len(months)}),
        Finding("nowhere", f"Offences that name no ward of today: {nowhere:,}.", {"offences": nowhere}),
    ]  # fmt: skip
    if strange:
        findings.append(
            Finding(
                "unknown-ward",
                f"Wards that the geography package does not have, which count for the whole borough only: {listed(strange)}.",
                {"wards": len(strange)},
            )
        )
    return counted.assign(series=PLACES, part=""), findings


def _of_kinds(table: LooseTable, content: Content) -> tuple[pd.DataFrame, list[Finding]]:
    """Count the table by kind of offence, whose labels have stray full stops and capitals, for the police force."""
    force = next((a.code for a in content.areas.values() if a.kind == AreaKind.POLICE_FORCE), "")
    records = [r for _, r in table.records()]
    rows = pd.DataFrame({
        "month": [r[_RECORDED][:7] for r in records], "count": [int(r["count"]) for r in records],
        "part": [_kind(r["vawg offence"]) for r in records],
    })  # fmt: skip
    months, kinds = sorted(set(rows["month"])), sorted(set(rows["part"]))
    every = pd.MultiIndex.from_product([kinds, months], names=["part", "month"])
    counted = rows.groupby(["part", "month"])["count"].sum().reindex(every, fill_value=0).reset_index()
    words = f"{table.file}: {len(records):,} rows for the whole police force, {len(kinds)} kinds of offence, {len(months)} months, {int(rows['count'].sum()):,} offences."
    finding = Finding("kinds", words, {"rows": len(records), "kinds": len(kinds), "months": len(months)})
    return counted.head(len(counted) if force else 0).assign(series=KINDS, area=force), [finding]


def _kind(label: str) -> str:
    """Return a kind of offence without a full stop at the end, with one capital letter at the beginning."""
    words = " ".join(label.split()).rstrip(".").strip()
    return f"{words[:1].upper()}{words[1:]}"
