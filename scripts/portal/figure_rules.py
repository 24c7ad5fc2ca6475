"""The rules about figures: what stands beside what, periods, breakdowns, charts and claims."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from portal import periods
from portal.checked import Checked, Row, rows
from portal.config import FILE as SETTINGS_FILE
from portal.policy import LEAST_MINIMUM
from portal.problems import Problem, did_you_mean

# Statuses that stand instead of a figure; the others stand beside one.
INSTEAD = frozenset({"c", "x", "z", "low"})


def _figures(checked: Checked) -> Iterator[Problem]:
    """A row has a figure, or a status that says why it has none, and not both."""
    for row in checked.rows("indicators", "observations"):
        if not {"value", "status"} <= row.cells.keys():
            continue
        value, status = row["value"], row["status"]
        if not value and status not in INSTEAD:
            yield row.wrong(
                "value",
                "figure",
                "There is no figure and nothing says why.",
                "Write the figure, or under status: c withheld, x not available, z not applicable, low.",
            )
        elif value and status in INSTEAD:
            yield row.wrong(
                "value",
                "figure",
                f"The status {status} says that there is no figure, but {value} stands here.",
                "Empty the cell, or take the status away.",
            )


def _periods(checked: Checked) -> Iterator[Problem]:
    """A period has two ends in the right order, and is of the kind that its indicator says."""
    kinds = {r["id"]: r["period_type"] for r in checked.rows("indicators", "indicators")}
    for row in checked.rows("indicators", "observations"):
        yield from _ends(row, "")
        kind = kinds.get(row["indicator"], "")
        start, end = row["period_start"], row["period_end"]
        if periods.is_date(start) and periods.is_date(end) and start <= end and not _fits(kind, start, end):
            yield row.wrong(
                "period_end",
                "period",
                f"{start} to {end} is not a period of the kind {kind}.",
                "Correct the days, or the indicator's period_type.",
            )
    for row in checked.rows("indicators", "claims"):
        yield from _ends(row, "")
        yield from _ends(row, "base_")


def _ends(row: Row, prefix: str) -> Iterator[Problem]:
    columns = (f"{prefix}period_start", f"{prefix}period_end")
    if not set(columns) <= row.cells.keys():
        return
    start, end = (row[c] for c in columns)
    if bool(start) != bool(end):
        yield row.wrong(
            columns[1], "period", "Only one end of the period is given.", "Write both days, or neither."
        )
    elif start > end:
        yield row.wrong(
            columns[1],
            "period",
            f"The period ends ({end}) before it begins ({start}).",
            "Swap or correct the two days.",
        )


def _fits(kind: str, start: str, end: str) -> bool:
    first = date.fromisoformat(start)
    months = periods.months_between(first, date.fromisoformat(end))
    wanted = {
        "month": months == 1,
        "year-to": months == 12,
        "rolling-months": months > 0,
        "calendar-year": months == 12 and first.month == 1,
        "academic-year": months == 12 and first.month == 9,
        "not-stated": False,
    }
    return wanted.get(kind, True)


def _breakdowns(checked: Checked) -> Iterator[Problem]:
    """A figure is split only by its own indicator's breakdown, which the package declares."""
    for package in (p for p in checked.packages if p.kind == "indicators" and "indicators" in p.tables):
        own = {r["id"]: r["breakdown"] for r in rows(package.tables["indicators"])}
        for row in rows(package.tables["indicators"]):
            if row["breakdown"] and row["breakdown"] not in package.breakdowns:
                yield row.wrong(
                    "breakdown",
                    "breakdown",
                    f"The package declares no breakdown “{row['breakdown']}”.",
                    did_you_mean(row["breakdown"], package.breakdowns),
                )
        for resource in sorted({"observations", "claims"} & package.tables.keys()):
            for row in rows(package.tables[resource]):
                for column in package.breakdowns:
                    if row[column] and own.get(row["indicator"], column) != column:
                        yield row.wrong(
                            column,
                            "breakdown",
                            f"{row['indicator']} is not split by {column}.",
                            "Empty the cell, or name the breakdown in the indicator's row.",
                        )


def _charts(checked: Checked) -> Iterator[Problem]:
    """The kind of chart suits the figures it is to show."""
    doubtful = checked.doubtful()
    if doubtful is None:
        return
    imported = checked.values("indicators", "imports", "indicator")
    figures: dict[str, list[Row]] = {}
    for row in checked.rows("indicators", "observations"):
        figures.setdefault(row["indicator"], []).append(row)
    for row in checked.rows("indicators", "indicators"):
        why = _unsuited(row, figures.get(row["id"], []))
        waiting = row["id"] in imported and row["id"] not in figures  # for its first import
        if why and row["id"] not in doubtful and not waiting:
            yield row.wrong(
                "chart",
                "chart",
                f"The chart {row['chart']} does not suit: {why}.",
                "Choose another kind of chart, or none.",
            )


def _unsuited(indicator: Row, own: list[Row]) -> str:
    """Why a chart cannot show these figures, or nothing."""
    chart, starts = indicator["chart"], {r["period_start"] for r in own}
    one_each = len({r["area"] for r in own}) <= 1 and len(starts) == len(own)
    if chart in ("", "none"):
        return ""
    if not own:
        return "there are no figures"
    if chart == "pair" and (len(own) != 2 or len(starts) != 2):
        return "a pair needs exactly two figures, for two periods"
    if chart in ("line", "bars") and (indicator["breakdown"] or not one_each):
        return "a line or bars need one figure for each period, of one area and not split"
    if chart in ("small-multiples", "ranked-bars", "areas") and not indicator["breakdown"]:
        return "the figures are not split"
    if chart in ("ranked-bars", "areas") and len(starts) > 1:
        return "the figures are for more than one period"
    return ""


def _claims(checked: Checked) -> Iterator[Problem]:
    """A claim has its number, and one that names periods is about figures that are there."""
    doubtful = checked.doubtful()
    if doubtful is None:
        return
    key = ("indicator", "area", "period_start", "period_end")
    have = {tuple(row[c] for c in key) for row in checked.rows("indicators", "observations")}
    for row in checked.rows("indicators", "claims"):
        kind = row["kind"]
        if kind in ("rank", "comparison"):
            continue
        if not row["stated"] or not row["decimals"]:
            yield row.wrong(
                "stated",
                "claim",
                "The number that the document states is missing.",
                "Write it, and how many decimals the document prints.",
            )
        if not row["period_start"] or kind == "total":
            continue
        spans = {"": ("period_start", "period_end")}
        if kind.startswith("change-percent") or row["base_period_start"]:
            spans["earlier "] = ("base_period_start", "base_period_end")
        others = {row["other_indicator"]} if kind == "change-percent-without" else set()
        for subject in sorted({row["indicator"], *others} - doubtful):
            for word, (start, end) in spans.items():
                if (subject, row["area"], row[start], row[end]) not in have:
                    yield row.wrong(
                        start,
                        "claim",
                        f"{subject} has no figure for the {word}period {row[start]} to {row[end]}.",
                        "Correct the days, or empty them where the document prints no figures.",
                    )


def _minimums(checked: Checked) -> Iterator[Problem]:
    """A package's own policy on small counts is at least as strict as that of the settings."""
    policy = checked.settings.disclosure
    for name in ("ward_minimum", "borough_minimum"):
        least = getattr(policy, name)
        if least < LEAST_MINIMUM:
            yield Problem(
                SETTINGS_FILE,
                field=f"disclosure.{name}",
                code="minimums",
                message=f"The minimum is {least}. Counts under it are withheld, and under {LEAST_MINIMUM} that protects nobody.",
                fix=f"Write {LEAST_MINIMUM} or more; 10 by ward and 5 by borough are usual.",
            )
    for package in (p for p in checked.packages if p.kind == "indicators"):
        for name, least in (
            ("ward_minimum", policy.ward_minimum),
            ("borough_minimum", policy.borough_minimum),
        ):
            own = package.portal.get(name, least)
            if isinstance(own, int) and 0 <= own < least:
                yield Problem(
                    package.file,
                    field=f"portal.{name}",
                    code="minimums",
                    message=f"{own} is less than the {least} of the settings; a package may only be stricter.",
                    fix=f"Write {least} or more, or take it out.",
                )


# Subjects that could point to a person, besides the sensitive words of the settings.
SENSITIVE = (
    "domestic abuse", "domestic violence", "rape", "sexual", "hate", "stalking", "forced marriage", "honour based",
    "female genital mutilation", "FGM", "VAWG", "violence against women", "coercive control", "child exploitation",
    "trafficking", "modern slavery",
)  # fmt: skip
# Units in which a figure says nothing about a person.
_HARMLESS = ("pounds",)


def _sensitive(checked: Checked) -> Iterator[Problem]:
    """An indicator with a sensitive subject in its title is guarded, unless openly published documents print it."""
    open_ = {r["id"] for r in checked.rows("sources", "sources") if is_true(r["open_publication"])}
    closed = {r["indicator"] for r in checked.rows("indicators", "observations") if r["source"] not in open_}
    closed |= checked.values("indicators", "imports", "indicator")
    for row in checked.rows("indicators", "indicators"):
        guarded = is_true(row["sensitive"]) or is_true(row["protected"])
        if guarded or row["unit"] in _HARMLESS or row["id"] not in closed:
            continue
        for column in ("title", "short_title"):
            word = sensitive_word(row[column], checked.settings.site.sensitive_words)
            if word:
                message = (
                    f"“{word}” is a sensitive subject, and nothing protects small counts of this indicator."
                )
                fix = "Write true under sensitive."
                yield row.wrong("sensitive", "sensitive", message, fix)
                break


def is_true(cell: str) -> bool:
    """Return True if a cell says yes, as a spreadsheet may write it too."""
    return cell.strip().lower() in ("true", "1")


def sensitive_word(text: str, more: Iterable[str] = ()) -> str:
    """Return the first sensitive word in a text, in whatever case and with whatever between its parts; or nothing."""
    plain = f" {_plain(text)} "
    return next((w for w in (*SENSITIVE, *more) if _plain(w) and f" {_plain(w)}" in plain), "")


def _plain(text: str) -> str:
    return " ".join("".join(c.lower() if c.isalnum() else " " for c in text).split())


RULES: Mapping[str, Callable[[Checked], Iterator[Problem]]] = {
    "figures": _figures,
    "periods": _periods,
    "breakdowns": _breakdowns,
    "charts": _charts,
    "claims": _claims,
    "minimums": _minimums,
    "sensitive": _sensitive,
}
