"""The rules about figures: what stands beside what, periods, breakdowns, charts and claims."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import field_types, periods
from portal.core.problems import Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.small_counts import LEAST_MINIMUM
from portal.core.text import number
from portal.core.vocabulary import ADDED

# Statuses that stand instead of a figure; the others stand beside one.
INSTEAD = frozenset({"c", "x", "z", "low"})
# More parts than this are no picture any more, and more periods do not fit into a small panel.
MOST_BARS, MOST_PERIODS = 60, 12


def _figures(checked: ValidRows) -> Iterator[Problem]:
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


def _periods(checked: ValidRows) -> Iterator[Problem]:
    """A period has two ends in the right order, and is of the kind that its indicator says."""
    kinds = {r["id"]: r["period_type"] for r in checked.rows("indicators", "indicators")}
    for row in checked.rows("indicators", "observations"):
        yield from _ends(row, "")
        kind = kinds.get(row["indicator"], "")
        start, end = row["period_start"], row["period_end"]
        if (
            field_types.is_date(start)
            and field_types.is_date(end)
            and start <= end
            and not _fits(kind, start, end)
        ):
            yield row.wrong(
                "period_end",
                "period",
                f"{start} to {end} is not a period of the kind {kind}.",
                "Correct the days, or the indicator's period_type.",
            )
    for row in checked.rows("indicators", "claims"):
        yield from _ends(row, "")
        yield from _ends(row, "base_")


def _ends(row: ValidRow, prefix: str) -> Iterator[Problem]:
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
    first = field_types.day(start)
    months = periods.months_between(first, field_types.day(end))
    wanted = {
        "month": months == 1,
        "year-to": months == 12,
        "rolling-months": months > 0,
        "calendar-year": months == 12 and first.month == 1,
        "academic-year": months == 12 and first.month == 9,
        "not-stated": False,
    }
    return wanted.get(kind, True)


def _breakdowns(checked: ValidRows) -> Iterator[Problem]:
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


def _charts(checked: ValidRows) -> Iterator[Problem]:
    """The kind of chart suits the figures it is to show."""
    doubtful = checked.doubtful()
    if doubtful is None:
        return
    imported = checked.values("indicators", "imports", "indicator")
    kinds = {r["id"]: r["period_type"] for r in checked.rows("indicators", "indicators")}
    areas = checked.values("geography", "areas", "code")
    figures: dict[str, list[ValidRow]] = {}
    for row in checked.rows("indicators", "observations"):
        figures.setdefault(row["indicator"], []).append(row)
        start, end = row["period_start"], row["period_end"]
        dated = field_types.is_date(start) and field_types.is_date(end)
        fits = dated and start <= end and _fits(kinds.get(row["indicator"], ""), start, end)
        if row["area"] not in areas or not (fits or start == end == ""):
            doubtful |= {row["indicator"]}  # which is a problem of its own
    for row in checked.rows("indicators", "indicators"):
        why = _unsuited(row, figures.get(row["id"], []))
        waiting = row["id"] in imported and row["id"] not in figures  # for its first import
        if why and row["id"] not in doubtful and not waiting:
            reason, fix = why
            yield row.wrong("chart", "chart", f"The chart {row['chart']} does not suit: {reason}.", fix)


_OTHER = "Choose another kind of chart, or none."


def _unsuited(indicator: ValidRow, own: list[ValidRow]) -> tuple[str, str] | None:
    """Return why a chart cannot show these figures and what to do, or None where it shows all of them."""
    chart = indicator["chart"]
    if chart in ("", "none"):
        return None
    if not own:
        return "there are no figures", _OTHER
    split = indicator["breakdown"] and any(r[indicator["breakdown"]] for r in own)
    if chart in ("small-multiples", "ranked-bars", "areas") and not split:
        return "the figures are not split", _OTHER
    if chart == "recorded":
        return _unsuited_sums(indicator, own)
    return _unsuited_places(chart, indicator, own) or _unsuited_periods(chart, own)


def _unsuited_sums(indicator: ValidRow, own: list[ValidRow]) -> tuple[str, str] | None:
    """The same for a chart that adds up shorter periods to years."""
    if indicator["breakdown"] and any(r[indicator["breakdown"]] for r in own):
        return "the figures are split, and it shows only what is not", _OTHER
    if any(not r["period_start"] for r in own):
        return "a figure has no period", "Write its first and last day, or choose none."
    if indicator["unit"] not in ADDED and set(map(_months, own)) != {12}:
        return (
            f"it adds up months, and a figure whose unit is {indicator['unit']} cannot be added up",
            "Choose line, bars or none, or give only figures of 12 months.",
        )
    return None


def _unsuited_places(chart: str, indicator: ValidRow, own: list[ValidRow]) -> tuple[str, str] | None:
    """The same where figures are of more areas, parts or periods than the chart tells apart."""
    areas, spans = {r["area"] for r in own}, {(r["period_start"], r["period_end"]) for r in own}
    split = indicator["breakdown"] and any(r[indicator["breakdown"]] for r in own)
    if chart == "pair" and (len(own) != 2 or len(spans) != 2 or len(areas) != 1 or split):
        fix = "Choose none, whose table names each area." if len(areas) > 1 else _OTHER
        return "a pair needs exactly two figures, for two periods of one area and not split", fix
    if chart in ("line", "bars") and (split or len(areas) > 1 or len(spans) != len(own)):
        fix = "Choose none, whose table names each area." if len(areas) > 1 else _OTHER
        return "a line or bars need one figure for each period, of one area and not split", fix
    if chart in ("ranked-bars", "areas") and len(spans) > 1:
        return "the figures are for more than one period", "Choose small-multiples, or none."
    bars = len({(r["area"], r[indicator["breakdown"]]) for r in own}) if split else 0
    if chart in ("ranked-bars", "areas", "small-multiples") and bars > MOST_BARS:
        return (
            f"it shows at most {MOST_BARS} parts of areas, and there are {bars}",
            "Choose none, which shows the table.",
        )
    return None


def _unsuited_periods(chart: str, own: list[ValidRow]) -> tuple[str, str] | None:
    """The same where periods cannot be on one scale of time."""
    spans = {(r["period_start"], r["period_end"]): r for r in own}
    if len(spans) > 1 and any(not start for start, _ in spans):
        return "a figure has no period", "Write its first and last day, or choose none."
    lengths = sorted(set(map(_months, spans.values())))
    if len(lengths) > 1:
        words = " and ".join(f"{n} months" if n != 1 else "1 month" for n in lengths[:2])
        fix = "Give periods of one length, make two indicators of them, or choose none."
        return f"its periods differ in length ({words}), and a longer one would look like more", fix
    ends = sorted(spans)
    if chart == "small-multiples" and any(later[0] <= earlier[1] for earlier, later in pairwise(ends)):
        return "its periods overlap", "Give periods that follow each other, or choose none."
    if chart == "small-multiples" and len(spans) > MOST_PERIODS:
        fix = "Choose none, or line with an indicator for each part."
        return f"it shows at most {MOST_PERIODS} periods, and there are {len(spans)}", fix
    return None


def _months(row: ValidRow) -> int:
    """How many months the figure of a row is for; 0 where its period is not stated or not right."""
    ends = row["period_start"], row["period_end"]
    if not all(map(field_types.is_date, ends)):
        return 0
    return periods.months_between(*map(field_types.day, ends))


def _values(checked: ValidRows) -> Iterator[Problem]:
    """A figure is a number that its unit can have."""
    units = {r["id"]: r["unit"] for r in checked.rows("indicators", "indicators")}
    kinds = {r["code"]: r["kind"] for r in checked.rows("geography", "areas")}
    for row in checked.rows("indicators", "observations"):
        # Records that name no ward are a difference of two sources, which can be below zero.
        least = None if kinds.get(row["area"]) == "rest" else _LEAST.get(units.get(row["indicator"], ""))
        yield from _number(row, "value", least)
    for row in checked.rows("indicators", "claims"):
        yield from _number(row, "stated", None)
    for row in checked.rows("indicators", "targets"):
        for column in ("baseline_value", "target_value", "result_value"):
            yield from _number(row, column, _LEAST.get(row["unit"]))


# What a figure of a unit cannot be, in the words of the message.
_LEAST = {
    "count": "A count cannot be below zero",
    "percent": "A percentage of something cannot be below zero",
    "per-1000": "A rate cannot be below zero",
}


def _number(row: ValidRow, column: str, least: str | None) -> Iterator[Problem]:
    """A number is not below zero where its unit cannot be."""
    value = field_types.decimal(row[column])
    if least and value is not None and value < 0:
        fix = "Compare it with the source. A change in per cent has the unit percent-change; of a difference give both numbers."
        yield row.wrong(column, "value", f"{least}: {number(value)}.", fix)


def _claims(checked: ValidRows) -> Iterator[Problem]:
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
        elif kind == "direction" and field_types.decimal(row["stated"]) not in (-1, 0, 1):
            message = f"{row['stated']} is not a direction."
            yield row.wrong("stated", "claim", message, "Write 1 for up, 0 for unchanged or -1 for down.")
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


def _withdrawn(checked: ValidRows) -> Iterator[Problem]:
    """A figure that was taken back to protect people has no number."""
    key = ("indicator", "area", "period_start", "period_end")
    gone = {
        (*(r[c] for c in key), r["part"]): r
        for r in checked.rows("releases", "withdrawals") if r["kind"] == "protect"
    }  # fmt: skip
    for package in checked.packages if gone else ():
        for row in rows(package.tables["observations"]) if "observations" in package.tables else ():
            part = next((row[b] for b in package.breakdowns if row[b]), "")
            found = gone.get((*(row[c] for c in key), part))
            if found and row["value"]:
                yield row.wrong(
                    "value",
                    "withdrawn",
                    f"This figure was taken back on {found['withdrawn_on']} to protect people, and here is a number again.",
                    "Empty the value and write c under status.",
                )


def _minimums(checked: ValidRows) -> Iterator[Problem]:
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


def _sensitive(checked: ValidRows) -> Iterator[Problem]:
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
    return field_types.TRUTHS.get(cell, False)


def sensitive_word(text: str, more: Iterable[str] = ()) -> str:
    """Return the first sensitive word in a text, in whatever case and with whatever between its parts; or nothing."""
    plain = f" {_plain(text)} "
    return next((w for w in (*SENSITIVE, *more) if _plain(w) and f" {_plain(w)}" in plain), "")


def _plain(text: str) -> str:
    return " ".join("".join(c.lower() if c.isalnum() else " " for c in text).split())


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {
    "figures": _figures,
    "values": _values,
    "periods": _periods,
    "breakdowns": _breakdowns,
    "charts": _charts,
    "claims": _claims,
    "minimums": _minimums,
    "withdrawn": _withdrawn,
    "sensitive": _sensitive,
}
