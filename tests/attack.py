"""An attacker who has only the finished site: reads its downloads and tries to work out what is withheld.

It shares no code with the project. It knows what everybody can read on the site: that areas lie in each other, that
totals are sums, that counts are whole and not below zero.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path

from scipy.optimize import linprog

Row = dict[str, str]


@dataclass(frozen=True)
class Guess:
    """What an attacker knows about a withheld figure."""

    row: tuple[str, ...]
    least: float
    greatest: float


def rows_of(site: Path) -> list[Row]:
    """Every row of every download, once."""
    found: dict[tuple[str, ...], Row] = {}
    for path in sorted(site.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if "area_code" in row:  # lists of changes and the like have no figures of their own
                    found[_key(row)] = row
    return list(found.values())


def _part(row: Row) -> str:
    known = {
        "indicator",
        "area_code",
        "area",
        "period",
        "period_start",
        "period_end",
        "value",
        "unit",
        "status",
        "source",
        "locator",
    }
    return next((v for k, v in row.items() if k not in known and v), "")


def _key(row: Row) -> tuple[str, ...]:
    return (row["indicator"], row["area_code"], row["period_start"], row["period_end"], _part(row))


def attack(rows: Iterable[Row], parent: dict[str, str], totals: dict[str, str]) -> list[Guess]:
    """The least and greatest of each withheld figure. `parent` is the borough of a ward or rest; `totals` the
    indicator that another is part of."""
    rows = [r for r in rows if r["period_start"]]
    hidden = {r["indicator"] for r in rows if r["status"] == "c"}
    family = {
        i for i in {r["indicator"] for r in rows} if totals.get(i, i) in {totals.get(h, h) for h in hidden}
    }
    rows = [r for r in rows if r["indicator"] in family]
    days = sorted({r["period_start"] for r in rows} | {_next(r["period_end"]) for r in rows})
    columns: dict[tuple[str, ...], int] = {}
    equations = []
    for row in rows:
        leaves = [i for i in family if totals.get(i) == row["indicator"]] or [row["indicator"]]
        inside = [
            a
            for a in {r["area_code"] for r in rows if r["indicator"] in leaves}
            if parent.get(a) == row["area_code"]
        ]
        with_rest = any(a.startswith("X") for a in inside)
        places = (
            (inside if with_rest else [*inside, row["area_code"] + "?"]) if inside else [row["area_code"]]
        )
        own = {
            _part(r)
            for r in rows
            if r["indicator"] == row["indicator"] and r["area_code"] == row["area_code"]
        } - {""}
        parts = [_part(row)] if _part(row) else sorted(own) or [""]
        spans = [d for d in days if row["period_start"] <= d < _next(row["period_end"])]
        atoms = [columns.setdefault(a, len(columns)) for a in product(leaves, places, parts, spans)]
        equations.append((row, atoms))
    known = [(atoms, float(r["value"])) for r, atoms in equations if r["value"]]
    matrix = [[1.0 if i in set(atoms) else 0.0 for i in range(len(columns))] for atoms, _ in known]
    guesses = []
    for row, atoms in equations:
        if row["status"] == "c":
            goal = [1.0 if i in set(atoms) else 0.0 for i in range(len(columns))]
            ends = [_solve([s * g for g in goal], matrix, [v for _, v in known]) for s in (1, -1)]
            guesses.append(Guess(_key(row), ends[0], -ends[1]))
    return guesses


def _solve(goal: list[float], matrix: list[list[float]], values: list[float]) -> float:
    done = linprog(goal, A_eq=matrix or None, b_eq=values or None, bounds=(0, None), method="highs")
    return float("-inf") if done.status == 3 else float(done.fun)


def _next(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))
