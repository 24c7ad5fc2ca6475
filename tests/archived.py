"""What a release holds, made in memory: tables of figures, indicators, claims and targets as their files."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

from portal.releases.archives import Contents

Row = Mapping[str, str]
_FIGURE = ("indicator", "area", "period_start", "period_end", "type", "value", "status", "source", "locator")
_CLAIM = (
    "id", "indicator", "other_indicator", "area", "kind", "period_start", "period_end", "base_period_start", "base_period_end", "stated", "statement",
)  # fmt: skip
_TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "observations": (_FIGURE, ("indicator", "area", "period_start", "period_end", "type")),
    "indicators": (("id", "slug", "title", "sensitive", "protected"), ("id",)),
    "claims": (_CLAIM, ("id",)),
    "targets": (("id", "indicator", "title", "unit", "baseline_value", "result_value"), ("id",)),
    "areas": (("code", "name", "kind", "parent", "valid_from", "valid_to"), ("code",)),
    "terms": (("id", "term", "definition"), ("id",)),
}
YEAR, NEXT = ("2019-01-01", "2019-12-31"), ("2020-01-01", "2020-12-31")


def figure(
    value: str = "12",
    period: tuple[str, str] = YEAR,
    *,
    indicator: str = "thefts",
    area: str = "B",
    part: str = "",
    **more: str,
) -> Row:
    """A row of figures; a text that is no number is its status."""
    is_number = value.lstrip("-").replace(".", "").isdigit()
    return {
        "indicator": indicator, "area": area, "period_start": period[0], "period_end": period[1], "type": part,
        "value": value if is_number else "", "status": "" if is_number else value, "source": "returns", "locator": "Table 1",
        **more,
    }  # fmt: skip


def holding(
    figures: Sequence[Row] = (),
    pages: Mapping[str, str] | None = None,
    lists: Mapping[str, bytes] | None = None,
    **others: Sequence[Row],
) -> Contents:
    """The contents of a release with one package of these tables."""
    rows = {"observations": figures, **others}
    resources = [
        {"name": name, "path": f"data/{name}.csv", "schema": {"primaryKey": list(_TABLES[name][1])}}
        for name in rows
    ]
    files = {"p/datapackage.json": json.dumps({"resources": resources}).encode()}
    files |= {f"p/data/{name}.csv": table(name, own) for name, own in rows.items()}
    return Contents(files, pages or {}, lists or {})


def table(name: str, rows: Sequence[Row]) -> bytes:
    """The file of a table; a column that a row does not name is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _TABLES[name][0], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
