"""Rules about claims: each has what its kind needs, and the figures that it refers to exist."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import field_types
from portal.core.problems import Problem, did_you_mean
from portal.data.packages import Package

# Kinds of claims that state no number, and those for which no figure of the same period has to be there.
_RANKS = ("rank", "comparison")
WITHOUT_FIGURE = (*_RANKS, "total")
_WITHOUT = "change-percent-without"
# A figure: its indicator, area, part, first and last day.
_Figure = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class _Existing:
    """The figures that exist, the areas of each indicator and its parts."""

    figures: set[_Figure] = field(default_factory=set)
    areas: set[tuple[str, str]] = field(default_factory=set)
    parts: dict[str, set[str]] = field(default_factory=dict)

    def add(self, figures: Iterable[_Figure]) -> None:
        for indicator, area, part, start, end in figures:
            self.figures.add((indicator, area, part, start, end))
            self.areas.add((indicator, area))
            self.parts.setdefault(indicator, set()).update({part} - {""})


def _claims(checked: ValidRows) -> Iterator[Problem]:
    """Check that each claim has its number, and that the figures it refers to exist."""
    with_problems = checked.indicators_with_problems()
    if with_problems is None:
        return
    own = [p for p in checked.packages if p.kind == "indicators"]
    existing = _Existing()
    for package in (p for p in own if "observations" in p.tables):
        existing.add(_figures(package))
    if "" in existing.parts:
        return  # figures whose indicator is misspelt, which is reported separately, can be those of a claim
    for package in (p for p in own if "claims" in p.tables):
        for row in rows(package.tables["claims"]):
            if row["kind"] not in _RANKS:
                yield from _stated_number(row)
                yield from _missing_cells(row)
                yield from _missing_figures(row, package, existing, with_problems)


def _figures(package: Package) -> Iterator[_Figure]:
    for row in rows(package.tables["observations"]):
        yield row["indicator"], row["area"], _part(row, package), row["period_start"], row["period_end"]


def _part(row: ValidRow, package: Package) -> str:
    return next((row[b] for b in package.breakdowns if row[b]), "")


def _stated_number(row: ValidRow) -> Iterator[Problem]:
    """Check that a claim has its number, as precise as it says."""
    if not row.has("stated", "decimals"):
        return
    stated, decimals = row["stated"], row["decimals"]
    if not stated:
        message, fix = (
            "The number that the document states is missing.",
            "Write it, and how many decimal places the document gives.",
        )
        yield row.problem("stated", "claim", message, fix)
    elif not decimals:
        message = "How many decimal places the document gives is missing."
        yield row.problem("decimals", "claim", message, f"Write {_decimals(stated)} if it prints {stated}.")
    elif row["kind"] == "direction":
        if field_types.read_number(stated) not in (-1, 0, 1):
            message, fix = (
                f"{stated} is not a direction.",
                "Write 1 for up, 0 for unchanged or -1 for down.",
            )
            yield row.problem("stated", "claim", message, fix)
    elif _decimals(stated) > int(decimals):
        message = f"The number {stated} has more decimal places than {decimals}."
        fix = f"Write {_decimals(stated)} if the document prints {stated}. If not, write the number as it prints it."
        yield row.problem("decimals", "claim", message, fix)


def _decimals(stated: str) -> int:
    return len(stated.partition(".")[2])


def _missing_cells(row: ValidRow) -> Iterator[Problem]:
    """Check that a change names what it is measured from, and what it leaves out."""
    if row["kind"] == _WITHOUT and row.has("other_indicator") and not row["other_indicator"]:
        message = "The change is of figures without those of another indicator, which is not named."
        fix = "Write it under other_indicator. If nothing is left out, write change-percent under kind."
        yield row.problem("other_indicator", "claim", message, fix)
    days = ("period_start", "base_period_start", "base_period_end")
    is_change = row["kind"].startswith("change-percent")
    if is_change and row.has(*days) and bool(row["period_start"]) != bool(row["base_period_start"]):
        column, words = ("base_period_start", "from") if row["period_start"] else ("period_start", "to")
        message = f"The period that the change is measured {words} is missing."
        fix = "Write its first and last day. If the document gives no figures, clear the dates of the other period too."
        yield row.problem(column, "claim", message, fix)


def _missing_figures(
    row: ValidRow, package: Package, existing: _Existing, with_problems: Collection[str]
) -> Iterator[Problem]:
    """Check that the figures that a claim refers to exist."""
    if not row.has("indicator", "area", "other_indicator", *package.breakdowns):
        return  # reported separately
    other = row["other_indicator"] if row["kind"] == _WITHOUT else ""
    part = _part(row, package)
    for subject in sorted({row["indicator"], other} - {"", *with_problems}):
        parts = existing.parts.get(subject, set())
        if part and part not in parts:
            column = next(b for b in package.breakdowns if row[b])
            message = f"{subject} has no figure for “{part}”."
            yield row.problem(column, "claim", message, did_you_mean(part, parts))
            continue
        if not row["period_start"] or row["kind"] in WITHOUT_FIGURE:
            continue
        if (subject, row["area"]) not in existing.areas:
            fix = "Correct the area, or clear the dates if the document gives no figures."
            yield row.problem("area", "claim", f"{subject} has no figure for {row['area']}.", fix)
            continue
        for word, start, end in (
            ("", "period_start", "period_end"),
            ("earlier ", "base_period_start", "base_period_end"),
        ):
            figure = (subject, row["area"], part, row[start], row[end])
            if row.has(start, end) and row[start] and figure not in existing.figures:
                of = f" of “{part}”" if part else ""
                message = f"{subject} has no figure{of} for the {word}period {row[start]} to {row[end]}."
                fix = "Correct the dates, or clear them if the document gives no figures."
                yield row.problem(start, "claim", message, fix)


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {"claims": _claims}
