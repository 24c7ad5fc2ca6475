"""Remove figures from tables, and their numbers from claims, targets, changes and reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from portal.data import csv_editing
from portal.data.csv_editing import Row
from portal.releases import comparison
from portal.releases.archives import Contents
from portal.releases.comparison import Figure
from portal.releases.mentions import mentions

HIDDEN = "Not shown, because it gives away a figure that was taken back."
# The columns of a change that identify its figure.
KEY = ("indicator", "area", "part", "period_start", "period_end")


def of_change(row: Row) -> Figure:
    """Return the figure that a row of changes is about."""
    return tuple(row[column] for column in KEY)  # type: ignore[return-value]


@dataclass(frozen=True)
class Redaction:
    """The figures to remove, each with the status to write and every number that it ever had."""

    marks: Mapping[Figure, str]
    values: Mapping[Figure, frozenset[Decimal]]

    @cached_property
    def numbers(self) -> Mapping[str, frozenset[Decimal]]:
        """Return the numbers to remove, by indicator."""
        by_indicator: dict[str, frozenset[Decimal]] = {}
        for k, values in self.values.items():
            by_indicator[k[0]] = by_indicator.get(k[0], frozenset()) | values
        return by_indicator

    def contents(self, contents: Contents) -> Contents:
        """Return the contents without the figures, and without claims and targets that state them."""
        files = dict(contents.files)
        for package in contents.packages:
            for resource in contents.descriptor(package)["resources"]:
                change = {"observations": self._figure, "claims": self._claim, "targets": self._target}.get(
                    resource["name"]
                )
                name = f"{package}/{resource['path']}"
                if change:
                    files[name] = csv_editing.edit_rows(files[name], change)
        lists = {n: csv_editing.edit_rows(data, self._accepted) for n, data in contents.lists.items()}
        return replace(contents, files=files, lists=lists)

    def changes(self, data: bytes) -> bytes:
        """Return a table of changes without the numbers."""
        return csv_editing.edit_rows(data, self._change)

    def reasons(self, data: bytes) -> bytes:
        """Return the table of reasons, hiding those that give a number away."""
        return csv_editing.edit_rows(data, self._reason)

    def _figure(self, row: Row) -> Row:
        figure = comparison.of_row(row)
        if figure not in self.marks:
            return row
        locator = HIDDEN if mentions(row["locator"], self.values[figure], places=False) else row["locator"]
        return {**row, "value": "", "status": self.marks[figure], "locator": locator}

    def _claim(self, row: Row) -> Row | None:
        about = {row["indicator"], row.get("other_indicator", "")}
        for k, values in self.values.items():
            if k[0] in about and row["area"] in ("", k[1]):
                whole = row["kind"] == "total" and row["period_start"] <= k[3] <= k[4] <= row["period_end"]
                spans = {(row[f"{p}period_start"], row[f"{p}period_end"]) for p in ("", "base_")}
                stated = row["stated"] and Decimal(row["stated"]) in values
                if whole or (k[3:] in spans and k[4]) or stated or mentions(row["statement"], values):
                    return None
        return row

    def _target(self, row: Row) -> Row:
        values = self.numbers.get(row["indicator"], ())
        stated = [c for c in ("baseline_value", "result_value") if row[c] and Decimal(row[c]) in values]
        return {**row, **dict.fromkeys(stated, "")} if stated else row

    def _accepted(self, row: Row) -> Row:
        reason = row.get("reason") or ""
        about = row.get("warning", "").split(":")
        hit = any(mentions(reason, values) for i, values in self.numbers.items() if i in about)
        return {**row, "reason": HIDDEN} if hit else row

    def _reason(self, row: Row) -> Row:
        return {**row, "reason": HIDDEN} if self._gives_away(row["indicator"], row["reason"]) else row

    def _gives_away(self, indicator: str, words: str) -> bool:
        """Return True if text about an indicator ("" is any indicator) gives a number away."""
        candidates = self.numbers.items() if not indicator else [(indicator, self.numbers.get(indicator, ()))]
        return any(mentions(words, values) for _, values in candidates)

    def _change(self, row: Row) -> Row:
        figure = of_change(row)
        if figure in self.marks and (row["old"] or row["new"] or self._gives_away(figure[0], row["reason"])):
            why = HIDDEN if self._gives_away(figure[0], row["reason"]) else row["reason"]
            return {**row, "old": "", "new": "", "new_status": self.marks[figure], "reason": why}
        near = row["indicator"] in self.numbers or any(
            f"/{t}, " in row["place"] for t in ("claims", "targets")
        )
        if (
            row["kind"] == "words"
            and near
            and any(self._gives_away(row["indicator"], row[c]) for c in ("old", "new"))
        ):
            return {**row, "old": "", "new": ""}
        if (
            row["reason"]
            and row["indicator"] in self.numbers
            and self._gives_away(row["indicator"], row["reason"])
        ):
            return {**row, "reason": HIDDEN}
        return row
