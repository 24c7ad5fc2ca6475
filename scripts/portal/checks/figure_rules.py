"""Rules about figures: values and statuses, periods, breakdowns, charts and small counts."""

import unicodedata
from calendar import month_name
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from portal.checks import claim_rules, sensitive_subjects
from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import field_types, periods, text
from portal.core.problems import Fault, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.small_counts import LEAST_MINIMUM, LEAST_RESIDENTS
from portal.core.text import listed, number, plain_name
from portal.core.vocabulary import ADDABLE_UNITS, WITHOUT_NUMBER, AreaKind, Status, Unit
from portal.data.packages import Package

# More bars than this are unreadable, and more periods do not fit into a small panel.
MOST_BARS, MOST_PERIODS = 60, 12
_ALL_OF_IT = -100  # the largest fall in per cent
_LARGEST_DISPERSION = 1_000  # the largest that was measured is under 20


def _values_or_statuses(checked: ValidRows) -> Iterator[Problem]:
    """Check that each row has either a value or a status that says why there is none."""
    for row in checked.rows("indicators", "observations"):
        if not row.has("value", "status"):
            continue
        value, status = row["value"], row["status"]
        if not value and status not in WITHOUT_NUMBER:
            yield row.problem(
                "value",
                "figure",
                "There is no figure, and no status says why.",
                "Write the figure, or under status: c withheld, x not available, z not applicable, low.",
            )
        elif value and status in WITHOUT_NUMBER:
            yield row.problem(
                "value",
                "figure",
                f"The status {status} says that there is no figure, but the cell has a value.",
                "Clear the cell, or remove the status.",
            )


def _periods(checked: ValidRows) -> Iterator[Problem]:
    """Check that each period has two dates in the right order, and fits its indicator's period type."""
    period_types = {r["id"]: r["period_type"] for r in checked.rows("indicators", "indicators")}
    for row in checked.rows("indicators", "observations"):
        yield from _period_ends(row, "")
        period_type = period_types.get(row["indicator"], "")
        start, end = row["period_start"], row["period_end"]
        if (
            field_types.is_date(start)
            and field_types.is_date(end)
            and start <= end
            and not _fits_period_type(period_type, start, end)
        ):
            fix = (
                "Correct the dates if they are wrong. Figures that are published for such periods need an indicator with the "
                "period_type for them."
            )
            message = f"{_named(start, end)} is not of the kind {period_type}."
            yield row.problem("period_end", "period", message, fix)
    for row in checked.rows("indicators", "claims"):
        yield from _period_ends(row, "")
        yield from _period_ends(row, "base_")
        days = row["base_period_start"], row["base_period_end"], row["period_start"], row["period_end"]
        if all(days) and days[0] <= days[1] and days[2] <= days[3] and days[1] >= days[3]:
            message = "The period that is compared with does not end before the other one ends."
            fix = "Under base_period write the earlier of the two, which the document compares with. Swap or correct the dates."
            yield row.problem("base_period_end", "period", message, fix)


def _period_ends(row: ValidRow, prefix: str) -> Iterator[Problem]:
    columns = (f"{prefix}period_start", f"{prefix}period_end")
    if not row.has(*columns):
        return
    start, end = (row[c] for c in columns)
    if bool(start) != bool(end):
        yield row.problem(
            columns[1],
            "period",
            "Only one of the period's two dates is given.",
            "Write both dates, or neither.",
        )
    elif start > end:
        yield row.problem(
            columns[1],
            "period",
            "The period ends before it begins.",
            "Swap or correct the two dates.",
        )


def _fits_period_type(period_type: str, start: str, end: str) -> bool:
    first = field_types.read_date(start)
    months = periods.months_between(first, field_types.read_date(end))
    fits = {
        "month": months == 1,
        "year-to": months == 12,
        "rolling-months": months > 0,
        "calendar-year": months == 12 and first.month == 1,
        "academic-year": months == 12 and first.month == 9,
        "not-stated": False,
    }
    return fits.get(period_type, True)


def _named(start: str, end: str) -> str:
    """Return a period in words that are the same for every one of its kind, so that one mistake in many rows is reported once."""
    first = field_types.read_date(start)
    months = periods.months_between(first, field_types.read_date(end))
    if not months:
        return f"The period {start} to {end}"
    begins = f" from {month_name[first.month]}" if months == periods.MONTHS_OF_YEAR else ""
    return f"A period of {'1 month' if months == 1 else f'{months} months'}{begins}"


def _breakdowns(checked: ValidRows) -> Iterator[Problem]:
    """Check that figures use only their indicator's breakdown, which the package declares."""
    for package in (p for p in checked.packages if p.kind == "indicators" and "indicators" in p.tables):
        breakdown_of = {r["id"]: r["breakdown"] for r in rows(package.tables["indicators"])}
        for row in rows(package.tables["indicators"]):
            is_declared = row["breakdown"] in package.breakdowns or not package.tables.keys() & {
                "observations"
            }
            if row["breakdown"] and not is_declared:
                yield row.problem(
                    "breakdown",
                    "breakdown",
                    f"The package declares no breakdown “{row['breakdown']}”.",
                    did_you_mean(row["breakdown"], package.breakdowns),
                )
        for resource in sorted({"observations", "claims"} & package.tables.keys()):
            for row in rows(package.tables[resource]):
                for column in package.breakdowns:
                    if row[column] and breakdown_of.get(row["indicator"], column) != column:
                        yield row.problem(
                            column,
                            "breakdown",
                            f"{row['indicator']} is not split by {column}.",
                            "Clear the cell, or name the breakdown in the indicator's row.",
                        )
        yield from _categories_spelt_twice(package)
        yield from _categories_that_are_areas(checked, package)


_ALIKE = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "–": "-", "‑": "-", "−": "-", "—": "-"})


def _categories_spelt_twice(package: Package) -> Iterator[Problem]:
    """Yield categories of an indicator that differ only by capital letters or spaces, and so split one series in two."""
    for column in package.breakdowns if "observations" in package.tables else ():
        first: dict[tuple[str, str], str] = {}
        reported: set[tuple[str, str]] = set()
        for row in rows(package.tables["observations"]):
            value = row[column]
            spelt = unicodedata.normalize("NFKC", value).translate(_ALIKE)
            plain = row["indicator"], " ".join(spelt.split()).casefold()
            other = first.setdefault(plain, value)
            if value != other and (row["indicator"], value) not in reported:
                reported.add((row["indicator"], value))
                message = f"“{value}” and “{other}” differ only by capital letters, spaces, or the kind of dash or apostrophe."
                yield row.problem(column, "breakdown", message, "Write both in the same way.")


def _categories_that_are_areas(checked: ValidRows, package: Package) -> Iterator[Problem]:
    """Yield categories named after a ward or borough: their figures would not be protected as those of the area are."""
    codes: dict[str, str] = {}
    for area in checked.rows("geography", "areas"):
        if area["kind"] in (AreaKind.NEIGHBOURHOOD, AreaKind.WARD, AreaKind.REST, AreaKind.BOROUGH):
            codes |= {plain_name(name): area["code"] for name in (area["name"], area["code"])}
    for column in package.breakdowns if "observations" in package.tables else ():
        told: set[tuple[str, str]] = set()
        for row in rows(package.tables["observations"]):
            category = row[column]
            plain = plain_name(category)
            code = codes.get(plain) or codes.get(plain.removesuffix(" ward"))
            if category and code and (row["indicator"], category) not in told:
                told.add((row["indicator"], category))
                message = f"“{category}” is an area, not a category."
                yield row.problem(
                    column, "breakdown", message, f"Write {code} under area, and clear this cell."
                )


def _any_figures(checked: ValidRows) -> Iterator[Problem]:
    """Check that a package has figures if charts or claims need them, unless an import is to bring them."""
    imported = checked.values("indicators", "imports", "indicator")
    without = checked.without_figures
    claimed = {
        row["indicator"]
        for row in checked.rows("indicators", "claims")
        if row["period_start"] and row["kind"] not in claim_rules.WITHOUT_FIGURE
    }
    for package in checked.packages if without else ():
        listed = rows(package.tables["indicators"]) if "indicators" in package.tables else ()
        named = [row for row in listed if row["id"] in without]
        charts = sum(row["chart"] not in ("", "none") and row["id"] not in imported for row in named)
        claims = sum(row["id"] in claimed for row in named)
        if charts or claims:
            needing = [f"{charts} chart{'s' * (charts > 1)}"] if charts else []
            needing += [f"the claims about {claims} indicator{'s' * (claims > 1)}"] if claims else []
            message = f"The table has no rows. Its figures are needed for {text.listed(needing)}."
            fix = "Put the rows back. If there are no figures yet, choose no chart, and remove the claims."
            yield Problem(package.tables["observations"].file, 0, "", "figure", message, fix)


def _charts(checked: ValidRows) -> Iterator[Problem]:
    """Check that each chart suits the figures that it shows."""
    with_problems = checked.indicators_with_problems()
    if with_problems is None:
        return
    imported = checked.values("indicators", "imports", "indicator")
    known = checked.values("indicators", "indicators", "id")
    areas = checked.values("geography", "areas", "code")
    figures: dict[str, list[ValidRow]] = {}
    for row in checked.rows("indicators", "observations"):
        figures.setdefault(row["indicator"], []).append(row)
        if row["area"] not in areas:
            with_problems |= {row["indicator"]}  # reported separately
    # Figures whose indicator is misspelt or cannot be read, which is reported separately.
    has_strays = not figures.keys() <= known
    for row in (r for r in checked.rows("indicators", "indicators") if r["id"]):
        fault = _chart_fault(row, figures.get(row["id"], []))
        awaits_figures = row["id"] not in figures and (row["id"] in imported or has_strays)
        if fault and row["id"] not in with_problems and not awaits_figures:
            reason, fix = fault
            yield row.problem("chart", "chart", f"The chart {row['chart']} does not suit: {reason}.", fix)


_CHOOSE_ANOTHER = "Choose another kind of chart, or none."


def _chart_fault(indicator: ValidRow, figures: list[ValidRow]) -> Fault | None:
    """Return why a chart cannot show these figures and what to do, or None if it can."""
    chart = indicator["chart"]
    if chart in ("", "none"):
        return None
    if not figures:
        return Fault("there are no figures", _CHOOSE_ANOTHER)
    is_split = indicator["breakdown"] and any(r[indicator["breakdown"]] for r in figures)
    many_areas = chart == "areas" and len({r["area"] for r in figures}) > 1
    # Of years the newest is drawn, and a portal that has imported only its own area still has one.
    one_year = chart == "areas" and indicator["period_type"] == "year-to"
    if chart in ("small-multiples", "ranked-bars", "areas") and not (is_split or many_areas or one_year):
        return Fault("the figures have no breakdown", _CHOOSE_ANOTHER)
    if chart == "recorded":
        return _sums_fault(indicator, figures)
    if one_year and not is_split:
        newest = max(r["period_end"] for r in figures)
        figures = [r for r in figures if r["period_end"] == newest]  # the chart shows these
    return _places_fault(chart, indicator, figures) or _periods_fault(chart, figures)


def _sums_fault(indicator: ValidRow, figures: list[ValidRow]) -> Fault | None:
    """Do the same for a chart that adds shorter periods together to years."""
    if indicator["breakdown"] and any(r[indicator["breakdown"]] for r in figures):
        return Fault("it cannot show the breakdown that the figures have", _CHOOSE_ANOTHER)
    if any(not r["period_start"] for r in figures):
        return Fault("a figure has no period", "Write its first and last day, or choose none.")
    if indicator["unit"] not in ADDABLE_UNITS and set(map(_months, figures)) != {12}:
        return Fault(
            f"it adds months together, and a figure whose unit is {indicator['unit']} cannot be added up",
            "Choose line, bars or none, or give only figures of 12 months.",
        )
    return None


def _places_fault(chart: str, indicator: ValidRow, figures: list[ValidRow]) -> Fault | None:
    """Do the same for figures of more areas, parts or periods than the chart can show."""
    areas, periods_shown = (
        {r["area"] for r in figures},
        {(r["period_start"], r["period_end"]) for r in figures},
    )
    is_split = indicator["breakdown"] and any(r[indicator["breakdown"]] for r in figures)
    if chart == "pair" and (len(figures) != 2 or len(periods_shown) != 2 or len(areas) != 1 or is_split):
        fix = "Choose none, whose table names each area." if len(areas) > 1 else _CHOOSE_ANOTHER
        return Fault(
            "a pair needs exactly two figures, for two periods of one area and without a breakdown", fix
        )
    if chart in ("line", "bars") and (is_split or len(areas) > 1 or len(periods_shown) != len(figures)):
        fix = "Choose none, whose table names each area." if len(areas) > 1 else _CHOOSE_ANOTHER
        return Fault(
            "a line or bars need one figure for each period, for one area and without a breakdown", fix
        )
    if chart in ("ranked-bars", "areas") and len(periods_shown) > 1:
        return Fault("the figures are for more than one period", "Choose small-multiples, or none.")
    bars = len({(r["area"], r[indicator["breakdown"]]) for r in figures}) if is_split else 0
    if chart in ("ranked-bars", "areas", "small-multiples") and bars > MOST_BARS:
        return Fault(
            f"it shows at most {MOST_BARS} parts of areas, and there are {bars}",
            "Choose none, which shows the table.",
        )
    return None


def _periods_fault(chart: str, figures: list[ValidRow]) -> Fault | None:
    """Do the same for periods that do not fit on one time axis."""
    by_period = {(r["period_start"], r["period_end"]): r for r in figures}
    if len(by_period) > 1 and any(not start for start, _ in by_period):
        return Fault("a figure has no period", "Write its first and last day, or choose none.")
    lengths = sorted(set(map(_months, by_period.values())))
    if len(lengths) > 1:
        words = listed([f"{n} months" if n != 1 else "1 month" for n in lengths])
        fix = "Give periods of one length, make two indicators of them, or choose none."
        return Fault(f"its periods differ in length ({words}), so the longer ones would look larger", fix)
    ends = sorted(by_period)
    if chart == "small-multiples" and any(later[0] <= earlier[1] for earlier, later in pairwise(ends)):
        return Fault("its periods overlap", "Give periods that follow each other, or choose none.")
    if chart == "small-multiples" and len(by_period) > MOST_PERIODS:
        fix = "Choose none, or line with an indicator for each part."
        return Fault(f"it shows at most {MOST_PERIODS} periods, and there are {len(by_period)}", fix)
    return None


def _months(row: ValidRow) -> int:
    """Return how many months a row's period has; 0 if it is not stated or invalid."""
    ends = row["period_start"], row["period_end"]
    if not all(map(field_types.is_date, ends)):
        return 0
    return periods.months_between(*map(field_types.read_date, ends))


def _values(checked: ValidRows) -> Iterator[Problem]:
    """Check that each value is possible for its unit."""
    units = {r["id"]: r["unit"] for r in checked.rows("indicators", "indicators")}
    kinds = {r["code"]: r["kind"] for r in checked.rows("geography", "areas")}
    for row in checked.rows("indicators", "observations"):
        # Records without a ward are the difference of two sources, which can be negative.
        rule = (
            None if kinds.get(row["area"]) == "rest" else _NOT_NEGATIVE.get(units.get(row["indicator"], ""))
        )
        yield from _negative_number(row, "value", rule)
    for row in checked.rows("indicators", "claims"):
        yield from _negative_number(row, "stated", None)
    for row in checked.rows("indicators", "targets"):
        own = units.get(row["indicator"], Unit.COUNT)  # what “count” means in a target
        rule = _NOT_NEGATIVE.get(own if row["unit"] == Unit.COUNT else row["unit"])
        for column in ("baseline_value", "target_value", "result_value"):
            yield from _negative_number(row, column, rule)
        yield from _percent_of_counts(row, _NOT_NEGATIVE.get(units.get(row["indicator"], "")))
    for row in checked.rows("indicators", "dispersion"):
        dispersion = field_types.number_or_none(row["dispersion"])
        if dispersion is not None and dispersion > _LARGEST_DISPERSION:
            message = f"The dispersion is {number(dispersion)}, and no count varies so much by itself."
            fix = "Write the variance of the count divided by its mean, which is usually between 1 and 20."
            yield row.problem("dispersion", "value", message, fix)


# Units that cannot be negative, with the words of the message.
_NOT_NEGATIVE = {
    "count": "A count cannot be below zero",
    "percent": "A percentage of something cannot be below zero",
    "per-1000": "A rate cannot be below zero",
}


def _percent_of_counts(target: ValidRow, rule: str | None) -> Iterator[Problem]:
    """Check a target for a percentage change of figures that cannot be negative: they cannot fall by more than all."""
    if target["unit"] != "percent-change" or not rule:
        return
    fix = "Compare it with the source. Write the figure that the change is measured from."
    yield from _negative_number(target, "baseline_value", rule, fix)
    for column in ("target_value", "result_value"):
        value = field_types.number_or_none(target[column])
        if value is not None and value < _ALL_OF_IT:
            fix = "Compare it with the source. If it is a difference and not a percentage, write count under unit."
            message = f"{number(value)}% is impossible: these figures cannot fall by more than 100%."
            yield target.problem(column, "value", message, fix)


_COMPARE_NEGATIVE = "Compare it with the source. A percentage change has the unit percent-change; for a difference, give both numbers."


def _negative_number(
    row: ValidRow, column: str, rule: str | None, fix: str = _COMPARE_NEGATIVE
) -> Iterator[Problem]:
    """Check that a number is not negative if its unit cannot be."""
    value = field_types.number_or_none(row[column])
    if rule and value is not None and value < 0:
        yield row.problem(column, "value", f"{rule}.", fix)


def _breaks(checked: ValidRows) -> Iterator[Problem]:
    """Check that breaks.csv has the break that a figure marked as not comparable needs: charts and sums stop at breaks."""
    missing = sorted(_without_break(checked), key=lambda f: (f[1]["indicator"], f[1]["period_end"]))
    while missing:
        indicator, end = missing[0][1]["indicator"], missing[0][1]["period_end"]
        # Of figures whose periods overlap, one break is enough.
        alike = [r["indicator"] == indicator and r["period_start"] <= end for _, r in missing]
        together = [f for f, same in zip(missing, alike, strict=True) if same]
        missing = [f for f, same in zip(missing, alike, strict=True) if not same]
        after, more = max(before for before, _ in together), len(together) - 1
        also = f" The same applies to {more} more row{'s' * (more > 1)}." if more else ""
        message = (
            f"The status b says that this figure cannot be compared with earlier ones, but breaks.csv has no break of "
            f"{indicator} after {after} and up to {end}, so charts and sums would compare it.{also}"
        )
        fix = "Add a row to breaks.csv with the date of the change and what changed. If nothing changed then, clear the status."
        yield together[0][1].problem("status", "breaks", message, fix)


def _without_break(checked: ValidRows) -> Iterator[tuple[str, ValidRow]]:
    """Yield figures marked as not comparable without a break since the one before in their series, with its first day."""
    breaks = list(checked.rows("indicators", "breaks"))
    unread = any("breaks" in p.schemas.keys() - p.tables.keys() for p in checked.packages)
    if unread or not all(b.has("indicator", "date") for b in breaks):
        return  # reported separately
    series: dict[tuple[str, ...], list[ValidRow]] = {}
    for row in checked.rows("indicators", "observations"):
        if row["value"] and row["period_start"] and row["period_end"]:
            series.setdefault((row["indicator"], row["area"], row.part), []).append(row)
    for (indicator, *_), figures in series.items():
        days = [b["date"] for b in breaks if b["indicator"] == indicator]
        for row in (r for r in figures if r["status"] == Status.NOT_COMPARABLE):
            earlier = [r["period_start"] for r in figures if r["period_start"] < row["period_start"]]
            if earlier and not any(max(earlier) < day <= row["period_end"] for day in days):
                yield max(earlier), row


def _minimums(checked: ValidRows) -> Iterator[Problem]:
    """Check that minimums protect people, and that a package's own are at least as strict as the settings."""
    policy = checked.settings.disclosure
    for name in ("ward_minimum", "borough_minimum"):
        minimum = getattr(policy, name)
        if minimum < LEAST_MINIMUM:
            yield Problem(
                SETTINGS_FILE,
                field=f"disclosure.{name}",
                code="minimums",
                message=f"The minimum is {minimum}. A minimum under {LEAST_MINIMUM} protects nobody.",
                fix=f"Write {LEAST_MINIMUM} or more; 10 by ward and 5 by borough are usual.",
            )
    if policy.smallest_area < LEAST_RESIDENTS:
        yield Problem(
            SETTINGS_FILE,
            field="disclosure.smallest_area",
            code="minimums",
            message=f"The smallest area has {policy.smallest_area:,} residents. Under {LEAST_RESIDENTS:,} it could be a single area of the Census.",
            fix=f"Write {LEAST_RESIDENTS} or more; 5000 is usual.",
        )
    for package in (p for p in checked.packages if p.kind == "indicators"):
        for name, minimum in (
            ("ward_minimum", policy.ward_minimum),
            ("borough_minimum", policy.borough_minimum),
        ):
            package_minimum = package.portal.get(name, minimum)
            if isinstance(package_minimum, int) and 0 <= package_minimum < minimum:
                yield Problem(
                    package.file,
                    field=f"portal.{name}",
                    code="minimums",
                    message=f"{package_minimum} is less than the {minimum} of the settings; a package may only be stricter.",
                    fix=f"Write {minimum} or more, or remove it.",
                )


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {
    "figures": _values_or_statuses,
    "values": _values,
    "periods": _periods,
    "breakdowns": _breakdowns,
    "any-figures": _any_figures,
    "charts": _charts,
    "minimums": _minimums,
    "breaks": _breaks,
    "sensitive": sensitive_subjects.find_problems,
}
