"""Rules about claims: each has what its kind needs, and the figures that it refers to exist."""

from collections.abc import Callable, Iterator, Mapping

from portal.checks.valid_rows import ValidRows
from portal.core import field_types
from portal.core.problems import Problem

# Kinds of claims that state no number, and those for which no figure of the same period has to be there.
_RANKS = ("rank", "comparison")
WITHOUT_FIGURE = (*_RANKS, "total")


def _claims(checked: ValidRows) -> Iterator[Problem]:
    """Check that each claim has its number, and that the figures it refers to exist."""
    with_problems = checked.indicators_with_problems()
    if with_problems is None:
        return
    key = ("indicator", "area", "period_start", "period_end")
    existing = {tuple(row[c] for c in key) for row in checked.rows("indicators", "observations")}
    if any(not indicator for indicator, *_ in existing):
        return  # figures whose indicator is misspelt, which is reported separately, can be those of a claim
    for row in checked.rows("indicators", "claims"):
        kind = row["kind"]
        if kind in _RANKS:
            continue
        if not row["stated"] or not row["decimals"]:
            yield row.problem(
                "stated",
                "claim",
                "The number that the document states is missing.",
                "Write it, and how many decimal places the document gives.",
            )
        elif kind == "direction" and field_types.number_or_none(row["stated"]) not in (-1, 0, 1):
            message = f"{row['stated']} is not a direction."
            yield row.problem("stated", "claim", message, "Write 1 for up, 0 for unchanged or -1 for down.")
        if not row["period_start"] or kind in WITHOUT_FIGURE:
            continue
        spans = {"": ("period_start", "period_end")}
        if kind.startswith("change-percent") or row["base_period_start"]:
            spans["earlier "] = ("base_period_start", "base_period_end")
        others = {row["other_indicator"]} if kind == "change-percent-without" else set()
        for subject in sorted({row["indicator"], *others} - with_problems):
            for word, (start, end) in spans.items():
                figure = (subject, row["area"], row[start], row[end])
                if row.has(start, end) and figure not in existing:
                    yield row.problem(
                        start,
                        "claim",
                        f"{subject} has no figure for the {word}period {row[start]} to {row[end]}.",
                        "Correct the dates, or clear them if the document gives no figures.",
                    )


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {"claims": _claims}
