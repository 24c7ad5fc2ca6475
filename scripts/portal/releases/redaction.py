"""Remove figures from tables, and their numbers from claims, targets, changes and reasons."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from portal.core.vocabulary import Unit
from portal.data import csv_editing
from portal.data.csv_editing import Row
from portal.releases import comparison
from portal.releases.archives import Contents
from portal.releases.comparison import Figure
from portal.releases.identities import UNCHANGED, NamesNow, around
from portal.releases.mentions import mentions

HIDDEN = "Not shown, because it gives away a figure that was taken back."
# The columns of a change that identify its figure.
KEY = ("indicator", "area", "part", "period_start", "period_end")


def of_change(row: Row) -> Figure:
    """Return the figure that a row of changes is about."""
    return tuple(row[column] for column in KEY)  # type: ignore[return-value]


@dataclass(frozen=True)
class Redaction:
    """The figures to remove, by the keys that they have now: the status to write and every number that each ever had.

    `names` are the names that what each release published has now, by id of the release.
    """

    marks: Mapping[Figure, str]
    values: Mapping[Figure, frozenset[Decimal]]
    names: Mapping[str, NamesNow] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> Mapping[str, frozenset[Decimal]]:
        """Return the numbers to remove, by indicator."""
        by_indicator: dict[str, frozenset[Decimal]] = {}
        for k, values in self.values.items():
            by_indicator[k[0]] = by_indicator.get(k[0], frozenset()) | values
        return by_indicator

    @cached_property
    def _around(self) -> Mapping[str, tuple[NamesNow, ...]]:
        return around(self.names)

    def contents(self, contents: Contents, release: str = "") -> Contents:
        """Return the contents of a release, or of the tables, without the figures and claims and targets that state them."""
        names = self.names.get(release, UNCHANGED)
        edits = {
            "observations": lambda row: self._figure(row, names),
            "claims": lambda row: self._claim(row, names),
            "targets": lambda row: self._target(row, names),
        }
        files = dict(contents.files)
        for package in contents.packages:
            for resource in contents.descriptor(package)["resources"]:
                name = f"{package}/{resource['path']}"
                if change := edits.get(resource["name"]):
                    files[name] = csv_editing.edit_rows(files[name], change)
        lists = {n: csv_editing.edit_rows(data, self._accepted) for n, data in contents.lists.items()}
        return replace(contents, files=files, lists=lists)

    def changes(self, data: bytes) -> bytes:
        """Return a table of changes without the numbers."""
        return csv_editing.edit_rows(data, lambda row: self._change(row, self._names_of(row)))

    def reasons(self, data: bytes) -> bytes:
        """Return the table of reasons, hiding those that give a number away."""
        return csv_editing.edit_rows(data, lambda row: self._reason(row, self._names_of(row)))

    def _names_of(self, row: Row) -> tuple[NamesNow, ...]:
        return self._around.get(row.get("release", ""), (UNCHANGED,))

    def _figure(self, row: Row, names: NamesNow) -> Row:
        figure = names.figure(comparison.of_row(row))
        if figure not in self.marks:
            return row
        locator = HIDDEN if mentions(row["locator"], self.values[figure], places=False) else row["locator"]
        return {**row, "value": "", "status": self.marks[figure], "locator": locator}

    def _claim(self, row: Row, names: NamesNow) -> Row | None:
        about = {names.indicator(row["indicator"]), names.indicator(row.get("other_indicator", ""))}
        for k, values in self.values.items():
            if k[0] in about and names.area(row["area"]) in ("", k[1]):
                whole = row["kind"] == "total" and row["period_start"] <= k[3] <= k[4] <= row["period_end"]
                spans = {(row[f"{p}period_start"], row[f"{p}period_end"]) for p in ("", "base_")}
                stated = row["stated"] and Decimal(row["stated"]) in values
                if whole or (k[3:] in spans and k[4]) or stated or mentions(row["statement"], values):
                    return None
        return row

    def _target(self, row: Row, names: NamesNow) -> Row:
        values = self.numbers.get(names.indicator(row["indicator"]), frozenset())
        stated = [c for c in ("baseline_value", "result_value") if row[c] and Decimal(row[c]) in values]
        if row.get("unit") == Unit.PERCENT_CHANGE and _follows(row, values):
            stated.append("result_value")
        return {**row, **dict.fromkeys(stated, "")} if stated else row

    def _accepted(self, row: Row) -> Row:
        """Return an accepted warning, which can have been accepted under any of the names."""
        reason, words = row.get("reason") or "", row.get("warning", "").split(":")
        about = {n.indicator(word) for n in (UNCHANGED, *self.names.values()) for word in words}
        hit = any(mentions(reason, values) for i, values in self.numbers.items() if i in about)
        return {**row, "reason": HIDDEN} if hit else row

    def _reason(self, row: Row, names: tuple[NamesNow, ...]) -> Row:
        hit = self._give_away({n.indicator(row["indicator"]) for n in names}, row["reason"])
        return {**row, "reason": HIDDEN} if hit else row

    def _give_away(self, indicators: Iterable[str], *words: str) -> bool:
        """Return True if text about indicators ("" is any indicator) gives a number away."""
        about = set(indicators)
        values = [v for i, v in self.numbers.items() if i in about or "" in about]
        return any(mentions(text, v) for text in words for v in values)

    def _change(self, row: Row, names: tuple[NamesNow, ...]) -> Row:
        figures = {n.figure(of_change(row)) for n in names} & self.marks.keys()
        indicators = {n.indicator(row["indicator"]) for n in names}
        in_reason = self._give_away(indicators, row["reason"])
        if figures and (row["old"] or row["new"] or in_reason):
            why = HIDDEN if in_reason else row["reason"]
            return {**row, "old": "", "new": "", "new_status": self.marks[figures.pop()], "reason": why}
        near = indicators & self.numbers.keys() or any(
            f"/{t}, " in row["place"] for t in ("claims", "targets")
        )
        if row["kind"] == "words" and near and self._give_away(indicators, row["old"], row["new"]):
            return {**row, "old": "", "new": ""}
        if row["reason"] and indicators & self.numbers.keys() and in_reason:
            return {**row, "reason": HIDDEN}
        return row


def _follows(row: Row, values: Collection[Decimal]) -> bool:
    """Return True if one of the values follows from a target's baseline and its change in per cent, as rounded there."""
    if not (row["baseline_value"] and row["result_value"]):
        return False
    baseline, result = Decimal(row["baseline_value"]), Decimal(row["result_value"])
    step = Decimal(1).scaleb(int(result.as_tuple().exponent))
    return any(abs((v - baseline) * 100 - result * baseline) <= abs(baseline) * step / 2 for v in values)
