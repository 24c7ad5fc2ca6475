"""Read one crime file of the Metropolitan Police: a row for each offence and area, a column for each month."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd

from portal.core.problems import Problem, did_you_mean
from portal.importers.police import mps_checks as checks
from portal.importers.police.mps_checks import plain
from portal.importers.police.mps_parts import dropped_months
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Finding, PublishedTable

# A spreadsheet program can make a date of a month.
_SWAPPED = 3  # months
_MONTH = re.compile(r"((?:19|20)[0-9]{2})-?(0[1-9]|1[0-2])(?:-01)?")
_NO_WARD = ("", "unknown", "not known", "none", "n/a", "na")
# A label with fewer records than this in its busiest month appears and disappears by chance.
_NOTICEABLE = 10

Labels = tuple[str, str]  # major and minor

# The map of offences, from the top of the repository.
OFFENCES = "scripts/portal/importers/police/mps_offences.csv"


@dataclass(frozen=True)
class CrimeExtract:
    """A crime file whose every cell has been checked.

    `rows` are its text columns (major, minor, borough and in ward files ward and code; no code where there is no
    ward), with `series` and `label`; `counts` are its months as whole numbers. The index of both is the row as a
    spreadsheet counts it, the columns of `counts` are ISO months in order.
    """

    file: str
    rows: pd.DataFrame
    counts: pd.DataFrame

    @property
    def months(self) -> tuple[str, ...]:
        """Return the months of the file, in order, including nearly empty ones."""
        return tuple(self.counts.columns)

    def dropped(self) -> tuple[str, ...]:
        """Return the months at either end that are nearly empty over the whole file."""
        return dropped_months(self.totals(), 1).get("", ())

    def totals(self) -> pd.DataFrame:
        """Return the records of each month, in one column whose name is empty."""
        return self.counts.sum().to_frame("")


@cache
def offences() -> Mapping[Labels, Mapping[str, str]]:
    """Return the rows of the map of offences by their two labels, in the spelling used for comparison."""
    return {
        (plain(r["major"]), plain(r["minor"])): r for r in published_files.mapped("police/mps_offences.csv")
    }


def series_within(labels: Set[str]) -> Mapping[str, frozenset[str]]:
    """Return the series that are parts of another, each with those of its labels that a file has; none without any."""
    within: dict[str, set[str]] = {}
    for (major, minor), row in offences().items():
        label = f"{major}: {minor}"
        if row["also"] and label in labels:
            within.setdefault(row["also"], set()).add(label)
    return {series: frozenset(own) for series, own in within.items()}


def load(path: Path, columns: str) -> CrimeExtract:
    """Read and check the file at `path`; `columns` is the map of its columns.

    Raises `PortalError` with every problem: missing, unknown or swapped columns, months that do not
    follow each other, cells that are not counts, unknown labels, repeated rows.
    """
    wanted = published_files.aliases(columns)
    sheet = published_files.read(path, wanted)
    cells = checks.frame_of(sheet, wanted)
    months = _in_order([c for c in sheet.header if _MONTH.fullmatch(c)])
    rows = cells[list(wanted)].copy()
    counts, bad = checks.counts_of(cells[months])
    pairs = [(plain(a), plain(b)) for a, b in zip(rows["major"], rows["minor"], strict=True)]
    rows["series"] = [offences()[p]["series"] if p in offences() else "" for p in pairs]
    rows["label"] = [f"{a}: {b}" for a, b in pairs]
    names = {ours: theirs[0] for ours, theirs in wanted.items()}
    problems = [
        *_column_problems(sheet, wanted, months, columns),
        *_text_problems(sheet.file, rows, names),
        *_label_problems(sheet.file, rows, names),
        *checks.count_problems(sheet.file, cells[months], bad, months),
    ]
    if not any(p.fix == checks.HEADS for p in problems):
        problems.extend(checks.duplicate_problems(sheet.file, rows[list(wanted)], counts))
    published_files.stop(problems)
    if "code" in rows:
        rows.loc[_lacks_ward(rows), "code"] = ""
    iso = [_MONTH.sub(r"\1-\2", m) for m in months]
    return CrimeExtract(sheet.file, rows, pd.DataFrame(counts, rows.index, iso))


def _in_order(months: Sequence[str]) -> list[str]:
    """Return the months with the oldest first if the file has the newest first; any other order stays as it is.

    Of two or three months the headings may have been swapped instead.
    """
    is_reversed = len(months) > _SWAPPED and all(a > b for a, b in pairwise(months))
    return [*reversed(months)] if is_reversed else [*months]


def _column_problems(
    sheet: PublishedTable, wanted: Mapping[str, tuple[str, ...]], months: Sequence[str], columns: str
) -> Iterator[Problem]:
    """Yield columns that are neither known nor a month, and months that do not follow each other."""
    heads = [theirs for all_theirs in wanted.values() for theirs in all_theirs]
    for column in [c for c in sheet.header if c not in wanted and c not in months]:
        near = did_you_mean(column, heads) if re.search("[A-Za-z]{3}", column) else ""
        fix = f"{near} Write a month as 202404. If the column is new, add it to scripts/portal/importers/{columns}."
        message = f"The column “{column[:60]}” is not known."
        yield Problem(sheet.file, 1, column[:60], "column", message, fix.strip())
    if not months:
        yield Problem(sheet.file, 1, "", "months", "No column is a month, such as 202404.", checks.AGAIN)
    for before, after in pairwise(months):
        if after < before:
            message = f"{before} comes before {after}: two column headings may have been swapped."
            yield Problem(sheet.file, 1, after, "months", message, checks.AGAIN)
    yield from checks.gap_problems(sheet.file, [_MONTH.sub(r"\1-\2", m) for m in months], 1)


def _lacks_ward(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return True for rows that say that their records have no ward."""
    code, name = (rows[column].str.lower().isin(_NO_WARD) for column in ("code", "ward"))
    return code & name


def _text_problems(file: str, rows: pd.DataFrame, names: Mapping[str, str]) -> Iterator[Problem]:
    for column in ("major", "minor", "borough"):
        yield from checks.empty_problems(file, rows[column], names[column])
    if "code" not in rows:
        return
    yield from checks.code_problems(file, rows["code"], _lacks_ward(rows), "a ward", names["code"])
    boroughs, wards = rows["borough"].nunique(), rows["ward"].nunique()
    if boroughs > wards and boroughs > checks.MOST:
        message = f"There are more borough names ({boroughs}) than ward names ({wards})."
        yield Problem(file, 1, names["borough"], "column", message, checks.HEADS)


def _label_problems(file: str, rows: pd.DataFrame, names: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each pair of labels that the map does not have, or one for all if few are known."""
    strange = rows[(rows["series"] == "") & (rows["major"] != "") & (rows["minor"] != "")]
    first = strange.drop_duplicates(["major", "minor"])
    if len(first) > checks.MOST:
        major, minor = first.iloc[0][["major", "minor"]]
        message = (
            f"{len(first):,} kinds of offence are not known; the first is “{major[:60]}”, “{minor[:60]}”."
        )
        yield Problem(file, int(first.index[0]), names["minor"], "label", message, checks.HEADS)
        return
    for row, major, minor in first[["major", "minor"]].itertuples():
        known = {m for a, m in offences() if a == plain(major)}
        column, label = ("minor", minor) if known else ("major", major)
        near = did_you_mean(plain(label), known or {a for a, _ in offences()})
        count = int((strange["label"] == strange["label"][row]).sum())
        message = f"The offence “{major}”, “{minor}” is not known (in {checks.many(count, 'row')})."
        fix = f"{near} If the label is new, add it to {OFFENCES} with its series."
        yield Problem(file, int(row), names[column], "label", message, fix)


def findings(extract: CrimeExtract) -> Iterator[Finding]:
    """Yield what to know about the labels of a file, ignoring nearly empty months."""
    kept = extract.counts.drop(columns=list(extract.dropped()))
    months = kept.groupby(extract.rows["label"]).sum()
    yield from _spellings(extract)
    yield from _relabelled(extract.file, months)
    yield from _out_of_time(extract.file, months)


def _spellings(extract: CrimeExtract) -> Iterator[Finding]:
    """Yield labels that differ only in punctuation or capitals."""
    for _, ways in extract.rows.groupby("label")["minor"]:
        if ways.nunique() > 1:
            written = sorted(set(ways))
            message = (
                f"{extract.file}: “{'” and “'.join(written)}” are spellings of one label, counted together."
            )
            yield Finding("label-changed", message, {"labels": len(written)})


def _relabelled(file: str, months: pd.DataFrame) -> Iterator[Finding]:
    """Yield labels that end where another label of the same group begins, give or take a month."""
    peak = months.max(axis=1)
    used = (months.ge(0.1 * peak, axis=0) & months.gt(0))[peak >= _NOTICEABLE]
    place = {m: i for i, m in enumerate(months.columns)}
    first, last = used.idxmax(axis=1), used.iloc[:, ::-1].idxmax(axis=1)
    ended = [label for label in used.index if last[label] != months.columns[-1]]
    begun = [label for label in used.index if first[label] != months.columns[0]]
    for old in ended:
        group = old.split(": ")[0]
        near = [
            n for n in begun if n.startswith(f"{group}: ") and abs(place[first[n]] - place[last[old]]) <= 1
        ]
        for new in (n for n in near if n != old):
            yield Finding(
                "label-changed",
                f"{file}: “{old}” is last used in {checks.in_words(last[old])} and “{new}” first in "
                f"{checks.in_words(first[new])}: the first may have been renamed to the second.",
                {"old": old, "new": new, "last": last[old], "first": first[new]},
            )


def _out_of_time(file: str, months: pd.DataFrame) -> Iterator[Finding]:
    """Yield labels with records outside their months in the map, and labels that the map expects but the file does not have."""
    known = {f"{a}: {b}": r for (a, b), r in offences().items()}
    end = months.columns[-1]
    unexpected, absent = [], []
    for label, row in known.items():
        since, until = row["since"] or "0000", row["until"] or "9999"
        if label in months.index:
            used = months.columns[months.loc[label].to_numpy() > 0]
            outside = [str(m) for m in used if not since <= m <= until]
            unexpected += [f"{label} ({outside[0]} to {outside[-1]})"] if outside else []
        elif since <= end and not row["until"]:
            absent.append(label)
    if unexpected:
        message = (
            f"{file} uses labels in months that {OFFENCES} does not give them: {checks.some(unexpected)}."
        )
        yield Finding("new-category", message, {"categories": len(unexpected)})
    if absent:
        message = f"{file} has no rows for labels that {OFFENCES} gives as in use: {checks.some(absent)}."
        yield Finding("removed-category", message, {"categories": len(absent)})
