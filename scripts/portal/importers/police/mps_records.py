"""Read one file of the Metropolitan Police's monthly dashboard: a row for each kind of record, area and month."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from portal.core.problems import Problem, did_you_mean
from portal.importers.police import mps_checks as checks
from portal.importers.police.mps_checks import plain
from portal.importers.shared import published_files

BOROUGH, WARD = "BOROUGH", "SAFER NEIGHBOURHOOD TEAMS"
_MONTH = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-01")
NO_CODE = "-1"  # the code of all rows that belong to no borough
# What the publisher writes, in the code or in a name, where records have no borough.
_NO_BOROUGH = {"1", "N K", "NK", "OTHER NK", "NON ATHENA FORCE", "UNKNOWN", "NOT KNOWN", ""}
# How the series of what became of offences end; before it is the series of the offences.
OUTCOMES = "-positive-outcomes"
_KEY = ["month", "kind", "place", "name", "code", "type", "subtype", "measure"]

Labels = tuple[str, str, str]  # type, subtype and measure

# The maps of series and columns, from the top of the repository.
SERIES = "scripts/portal/importers/police/mps_dashboard.series.csv"
COLUMNS = "scripts/portal/importers/police/mps_dashboard.columns.csv"


@dataclass(frozen=True)
class DashboardExtract:
    """A dashboard file whose every cell has been checked.

    `rows` has its text columns, with `month` as ISO month and `kind` as `BOROUGH` or `WARD`, and `series` (empty
    where it is left out), `label` and `count`, by the row as a spreadsheet counts it.
    """

    file: str
    rows: pd.DataFrame
    months: tuple[str, ...]

    def totals(self) -> pd.DataFrame:
        """Return the offences of each month by crime type (from the row for the whole type), all areas together."""
        types = self.rows["type"].map(plain)
        offences = (self.rows["series"] != "") & ~self.rows["series"].str.endswith(OUTCOMES)
        used = self.rows[offences & (types == self.rows["subtype"].map(plain))]
        sums = used.groupby(["month", used["type"].map(plain)])["count"].sum()
        return sums.unstack(fill_value=0).reindex(list(self.months), fill_value=0)


@cache
def kinds() -> Mapping[Labels, Mapping[str, str]]:
    """Return the rows of the map of series by type, subtype and measure, in the spelling used for comparison."""
    rows = published_files.mapped("police/mps_dashboard.series.csv")
    return {(plain(r["type"]), plain(r["subtype"]), plain(r["measure"])): r for r in rows}


def load(path: Path) -> DashboardExtract:
    """Read and check the file at `path`.

    Raises `PortalError` with every problem: missing, unknown or swapped columns, missing months, cells that
    are not counts, unknown labels, repeated rows.
    """
    columns = published_files.aliases("police/mps_dashboard.columns.csv")
    unused = columns.pop("", ())
    sheet = published_files.read(path, columns)
    rows = checks.frame_of(sheet, columns)
    counts, bad = checks.counts_of(rows[["count"]])
    names = {ours: theirs[0] for ours, theirs in columns.items()}
    lost = _lacks_borough(rows)
    rows.loc[lost, "code"] = NO_CODE
    types, subtypes, measures = (rows[c].map(plain) for c in ("type", "subtype", "measure"))
    known = [kinds().get(labels) for labels in zip(types, subtypes, measures, strict=True)]
    rows["label"] = types + ": " + subtypes
    problems = [
        *_column_problems(sheet.file, [c for c in sheet.header if c not in columns], unused, columns),
        *_text_problems(sheet.file, rows, lost, names),
        *_label_problems(sheet.file, rows[[row is None for row in known]], names),
        *checks.count_problems(sheet.file, rows[["count"]], bad, [names["count"]]),
    ]
    if not any(p.fix == checks.HEADS for p in problems):
        problems.extend(
            checks.duplicate_problems(sheet.file, rows.loc[~lost, _KEY], counts[~lost.to_numpy()])
        )
    published_files.stop(problems)
    rows = rows.assign(
        count=counts[:, 0],
        series=[row["series"] if row else "" for row in known],
        kind=rows["kind"].map(plain),
        month=rows["month"].str[:7],
    )
    return DashboardExtract(sheet.file, rows, checks.span(rows["month"].min(), rows["month"].max()))


def _column_problems(
    file: str, others: Sequence[str], unused: Sequence[str], columns: Mapping[str, tuple[str, ...]]
) -> Iterator[Problem]:
    heads = [*unused, *(theirs for all_theirs in columns.values() for theirs in all_theirs)]
    left_alone = {published_files.plain_heading(c) for c in unused}
    for column in [c for c in others if published_files.plain_heading(c) not in left_alone]:
        fix = f"{did_you_mean(column, heads)} If the column is new, add it to {COLUMNS}."
        yield Problem(file, 1, column[:60], "column", f"The column “{column[:60]}” is not known.", fix)


def _lacks_borough(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return True for rows without a code whose code or one of whose names says that their records have no borough."""
    named = [rows[c].map(plain).isin(_NO_BOROUGH) for c in ("code", "place", "name")]
    return ~rows["code"].str.fullmatch(checks.CODE) & (named[0] | named[1] | named[2])


def _text_problems(
    file: str, rows: pd.DataFrame, lost: "pd.Series[bool]", names: Mapping[str, str]
) -> Iterator[Problem]:
    for column in ("place", "name"):
        yield from checks.empty_problems(file, rows.loc[~lost, column], names[column])
    for column in ("type", "subtype", "measure"):
        yield from checks.empty_problems(file, rows[column], names[column])
    wrong = rows["month"][~rows["month"].map(lambda cell: _MONTH.fullmatch(cell) is not None)]
    yield from checks.several(file, names["month"], "months", wrong.items(), _no_month)
    if wrong.empty:
        yield from checks.gap_problems(file, rows["month"].str[:7], 0, names["month"])
    kinds_here = rows["kind"].map(plain)
    wrong = rows["kind"][~kinds_here.isin([BOROUGH, WARD]) & ~lost]
    yield from checks.several(file, names["kind"], "cell", wrong.items(), _no_kind)
    yield from checks.code_problems(file, rows["code"], lost, "an area", names["code"])
    teams = rows[(kinds_here == WARD) & ~lost]
    if (teams["place"].str.len() < teams["name"].str.len()).mean() > 0.5:
        message = (
            "Most cells are shorter than the ward's name. Each should have the borough and then the ward."
        )
        yield Problem(file, 1, names["place"], "column", message, checks.HEADS)


def _no_month(cell: str) -> tuple[str, str]:
    return f"“{cell[:60]}” is not the first day of a month, such as 2024-04-01.", checks.AGAIN


def _no_kind(cell: str) -> tuple[str, str]:
    return f"“{cell[:60]}” is not a type of area.", did_you_mean(
        cell, ["Borough", "Safer Neighbourhood Teams"]
    )


def _label_problems(file: str, strange: pd.DataFrame, names: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each three labels that the map does not have, or one for all if few are known."""
    three = ["type", "subtype", "measure"]
    first = strange[(strange[three] != "").all(axis=1)].drop_duplicates(three)
    if len(first) > checks.MOST:
        words = ", ".join(f"“{cell[:60]}”" for cell in first.iloc[0][three])
        message = f"{len(first):,} kinds of record are not known; the first is {words}."
        yield Problem(file, int(first.index[0]), names["subtype"], "label", message, checks.HEADS)
        return
    for row, *labels in first[three].itertuples():
        column, near = _nearest([plain(label) for label in labels])
        message = f"The record “{labels[0]}”, “{labels[1]}”, “{labels[2]}” is not known."
        fix = f"{near} If it is new, add it to {SERIES}."
        yield Problem(file, int(row), names[column], "label", message, fix)


def _nearest(labels: Sequence[str]) -> tuple[str, str]:
    """Return the first column whose label does not go with those before it, and a suggestion."""
    fitting = list(kinds())
    for place, column in enumerate(("type", "subtype", "measure")):
        known = {k[place] for k in fitting}
        if labels[place] not in known:
            return column, did_you_mean(labels[place], known)
        fitting = [k for k in fitting if k[place] == labels[place]]
    return "measure", ""
