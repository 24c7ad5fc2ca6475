"""Find areas that have figures and are left out of the chart, which readers would not notice."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from portal.checks.valid_rows import ValidRow, ValidRows
from portal.core.problems import Fault, Problem
from portal.core.text import listed
from portal.core.vocabulary import AreaKind, ChartKind, PeriodType, Unit

_SHOWN = 8  # areas that a message names
_OTHER_CHART = "choose none under chart, whose table names each area"

Rows = Mapping[str, Sequence[ValidRow]]
Areas = Mapping[str, ValidRow]


def find_warnings(checked: ValidRows) -> Iterator[Problem]:
    """Warn of areas that a chart leaves out, at their first figure. Several charts that do so for one reason are one warning.

    Parts of wards and records without a ward have pages of their own, and a chart of areas shows wards only if there is
    no larger area: both are as they should be.
    """
    areas = {r["code"]: r for r in checked.rows("geography", "areas")}
    populated = checked.values("geography", "populations", "area")
    figures: dict[str, dict[str, list[ValidRow]]] = {}
    for row in checked.rows("indicators", "observations"):
        figures.setdefault(row["indicator"], {}).setdefault(row["area"], []).append(row)
    found: dict[tuple[str, Fault], list[ValidRow]] = {}
    for indicator in checked.rows("indicators", "indicators"):
        rows = figures.get(indicator["id"], {})
        if indicator["chart"] == ChartKind.RECORDED:
            faults = _of_recorded(indicator, rows, areas, populated, checked.settings.site.area)
        elif indicator["chart"] == ChartKind.AREAS and indicator["period_type"] == PeriodType.YEAR_TO:
            faults = _of_older_years(rows, areas)
        else:
            continue
        for codes, fault in faults:
            found.setdefault((codes[0], fault), []).append(rows[codes[0]][0])
    for (code, (message, fix)), first in found.items():
        others = f" So do the charts of {len(first) - 1:,} more indicators." if len(first) > 2 else ""
        others = " So does the chart of one more indicator." if len(first) == 2 else others
        yield first[0].warning("area", f"{message}{others}", fix, f"unseen:{first[0]['indicator']}:{code}")


def _of_recorded(
    indicator: ValidRow, rows: Rows, areas: Areas, populated: Collection[str], home: str
) -> Iterator[tuple[list[str], Fault]]:
    """Yield the areas that a chart of rolling years and its comparisons leave out, and why.

    They show the portal's own area and its wards, and the rates of other boroughs and police forces.
    """
    others, compared = [], []
    for code in rows:
        kind = areas[code]["kind"]
        if kind in (AreaKind.BOROUGH, AreaKind.POLICE_FORCE):
            compared += [code] if code != home else []
        elif kind == AreaKind.REGION or (kind == AreaKind.WARD and areas[code]["parent"] != home):
            others.append(code)
    if others:
        message = f"The chart shows the portal's own area and its wards, and compares boroughs and police forces. It leaves out {_names(others, areas)}."
        yield others, Fault(message, f"Make an indicator of these figures, and {_OTHER_CHART}.")
    if compared and home not in rows:
        message = f"The chart shows {areas[home]['name']} and what is compared with it, and there are only figures of {_names(compared, areas)}."
        yield compared, Fault(message, f"Add the figures of {areas[home]['name']}, or {_OTHER_CHART}.")
    elif compared and indicator["unit"] != Unit.COUNT:
        message = f"The drawing shows only {areas[home]['name']}, because no rate can be worked out from {indicator['unit']}. It leaves out {_names(compared, areas)}."
        yield compared, Fault(message, f"To show every area, {_OTHER_CHART}.")
    elif lacking := [
        c for c in (compared if home in populated else [home]) if compared and c not in populated
    ]:
        left_out = lacking if home in populated else compared
        message = f"The drawings compare rates, and the population of {_names(lacking, areas)} is missing. Without it they leave out {_names(left_out, areas)}."
        fix = f"Add it to the populations of the geography package, or {_OTHER_CHART}."
        yield left_out, Fault(message, fix)


def _of_older_years(rows: Rows, areas: Areas) -> Iterator[tuple[list[str], Fault]]:
    """Yield the areas that have no figure for the newest year, which alone is drawn."""
    newest = max((r["period_end"] for own in rows.values() for r in own), default="")
    kinds = (AreaKind.WARD, AreaKind.REST, AreaKind.NEIGHBOURHOOD)
    older = [
        code
        for code, own in rows.items()
        if areas[code]["kind"] not in kinds and all(r["period_end"] < newest for r in own)
    ]
    if older:
        message = f"The chart shows the newest year, to {newest}, and leaves out {_names(older, areas)}, whose figures are older."
        fix = f"Add the figures of that year, or {_OTHER_CHART}."
        yield older, Fault(message, fix)


def _names(codes: Sequence[str], areas: Areas) -> str:
    names = [areas[c]["name"] for c in codes]
    more = [f"{len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return listed([*names[:_SHOWN], *more])
