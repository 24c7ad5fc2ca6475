"""Made-up tables for the attacker: rows in few words, put into the packages of the tiny portal."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BOROUGH, REST, OTHER = "E09999999", "X09999999", "E09999998"
NORTH, SOUTH, WEST = "E05999991", "E05999992", "E05999993"
PACKAGE = "data_packages/figures/data"
Row = Mapping[str, str]
_INDICATOR = {
    "topic": "crime", "definition": "What the police recorded.", "unit": "count", "unit_label": "offences", "period_type": "rolling-months",
    "polarity": "neutral", "chart": "none", "sensitive": "false", "protected": "false",
}  # fmt: skip
_FIGURE = {"source": "returns", "locator": "Table 9"}


def indicator(name: str, **told: str) -> Row:
    """An indicator that counts something; what is told of it overrides that."""
    return {
        **_INDICATOR,
        "id": name,
        "slug": name,
        "title": f"Series {name}",
        "short_title": f"Series {name}",
    } | told


def year(name: str, area: str, value: object, year: int = 2024, part: str = "", **told: str) -> Row:
    """A figure of a calendar year; "c", "low" or "x" in place of the number is why there is none."""
    return figure(name, area, value, f"{year}-01-01", f"{year}-12-31", part, **told)


def figure(name: str, area: str, value: object, start: str, end: str, part: str = "", **told: str) -> Row:
    """A figure of any period."""
    plain = str(value)
    said = {"value": "", "status": plain} if plain in ("c", "low", "x") else {"value": plain, "status": ""}
    return {
        **_FIGURE,
        "indicator": name,
        "area": area,
        "period_start": start,
        "period_end": end,
        "type": part,
        **said,
    } | told


def wards(name: str, *values: object, years: Sequence[int] = (2024,)) -> list[Row]:
    """North, South, West, the records without a ward, and the borough, for each year; None leaves a row out."""
    places = (NORTH, SOUTH, WEST, REST, BOROUGH)
    return [
        year(name, a, v, y) for y in years for a, v in zip(places, values, strict=True) if v is not None
    ]  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """Rows to add to a package of figures, by table."""

    indicators: Iterable[Row]
    observations: Iterable[Row]
    claims: Iterable[Row] = ()
    targets: Iterable[Row] = ()
    names: tuple[str, ...] = field(default=("indicators", "observations", "claims", "targets"))

    def put(self, project: Path) -> Path:
        """Add the rows to the tables of a project."""
        for name in self.names:
            add(project / PACKAGE / f"{name}.csv", getattr(self, name))
        return project


def add(path: Path, rows: Iterable[Row]) -> None:
    """Add rows to a CSV; a column that it does not have is a mistake in the test."""
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        columns, there = list(reader.fieldnames or ()), list(reader)
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*there, *rows])
