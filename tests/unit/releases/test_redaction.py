"""A figure that is taken back leaves no table, list or text with its number, and everything else as it is."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from archived import NEXT, YEAR, Row, figure, holding, table
from portal.data import csv_editing
from portal.releases import comparison
from portal.releases.archives import Contents
from portal.releases.identities import UNCHANGED, NamesNow
from portal.releases.redaction import HIDDEN, KEY, Redaction

TAKEN = ("thefts", "B", "", *YEAR)
REDACTION = Redaction({TAKEN: "c"}, {TAKEN: frozenset({Decimal(12), Decimal(14)})})


def rows_of(contents: Contents, name: str) -> list[Row]:
    return csv_editing.read_rows(contents.files[f"p/data/{name}.csv"])


def test_the_figure_loses_its_number_and_every_other_row_keeps_its_bytes() -> None:
    others = [figure("12", NEXT), figure("12", area="N"), figure("12", part="Bikes"), figure("12", indicator="fires")]  # fmt: skip
    found = REDACTION.contents(holding([figure("12"), *others]))
    assert comparison.keyed(found)[TAKEN]["value"] == ""
    assert comparison.keyed(found)[TAKEN]["status"] == "c"
    assert found.files["p/data/observations.csv"] == table("observations", [figure("c"), *others])


@pytest.mark.parametrize(
    ("locator", "kept"), [("Table 12", True), ("The 12 thefts of 2019", False), ("Twelve in all", False)]
)
def test_a_place_in_a_source_may_have_the_number_but_no_words_may(locator: str, kept: bool) -> None:
    found = comparison.keyed(REDACTION.contents(holding([figure("12", locator=locator)])))[TAKEN]
    assert found["locator"] == (locator if kept else HIDDEN)


def claim(**cells: str) -> Mapping[str, str]:
    return {
        "id": "c",
        "indicator": "thefts",
        "area": "B",
        "kind": "level",
        "statement": "Some words.",
        **cells,
    }


GONE = {
    "of the period": claim(period_start=YEAR[0], period_end=YEAR[1]),
    "since the period": claim(base_period_start=YEAR[0], base_period_end=YEAR[1]),
    "states a number it had": claim(stated="14"),
    "says it in words": claim(statement="There were twelve thefts."),
    "about two indicators": claim(indicator="fires", other_indicator="thefts", stated="12"),
    "of no area": claim(area="", stated="12"),
    "a total over the period": claim(kind="total", period_start=YEAR[0], period_end=NEXT[1]),
    "a total of just the period": claim(kind="total", period_start=YEAR[0], period_end=YEAR[1]),
}
STAYS = {
    "of another area": claim(area="N", stated="12"),
    "of another indicator": claim(indicator="fires", stated="12"),
    "of another period": claim(period_start=NEXT[0], period_end=NEXT[1], stated="13"),
    "not a total over the period": claim(period_start=YEAR[0], period_end=NEXT[1], stated="27"),
    "a total of a part of the period": claim(kind="total", period_start="2019-01-02", period_end=NEXT[1]),
    "a total that ends before": claim(kind="total", period_start=YEAR[0], period_end="2019-12-30"),
}


@pytest.mark.parametrize("name", GONE | STAYS)
def test_a_claim_goes_exactly_if_it_could_state_the_figure(name: str) -> None:
    found = REDACTION.contents(holding([figure("12")], claims=[(GONE | STAYS)[name]]))
    assert len(rows_of(found, "claims")) == (0 if name in GONE else 1)


def test_a_target_loses_only_the_numbers_of_the_figure() -> None:
    targets = [
        {"id": "a", "indicator": "thefts", "baseline_value": "12", "result_value": "13"},
        {"id": "b", "indicator": "thefts", "baseline_value": "13", "result_value": "14.0"},
        {"id": "c", "indicator": "fires", "baseline_value": "12", "result_value": "12"},
    ]
    found = rows_of(REDACTION.contents(holding([figure("12")], targets=targets)), "targets")
    assert [(r["baseline_value"], r["result_value"]) for r in found] == [("", "13"), ("13", ""), ("12", "12")]


@pytest.mark.parametrize(
    ("unit", "baseline", "result", "is_cleared"),
    [
        ("percent-change", "16", "-25", True),
        ("percent-change", "16.3", "-26.4", True),
        ("percent-change", "16", "-24", False),
        ("percent-change", "16", "-25.4", False),
        ("percent-change", "", "-25", False),
        ("percent-change", "-16", "-25", False),
        ("count", "16", "-25", False),
    ],
)
def test_a_target_from_whose_change_the_figure_follows_loses_its_result(
    unit: str, baseline: str, result: str, is_cleared: bool
) -> None:
    target = {
        "id": "a",
        "indicator": "thefts",
        "unit": unit,
        "baseline_value": baseline,
        "result_value": result,
    }
    (found,) = rows_of(REDACTION.contents(holding([figure("12")], targets=[target])), "targets")
    assert (found["baseline_value"], found["result_value"]) == (baseline, "" if is_cleared else result)


def test_a_figure_goes_under_the_name_that_a_release_has_for_it_and_another_with_its_name_stays() -> None:
    """In the first release the id is `old`, which is that of another indicator since then."""
    now = replace(REDACTION, names={"r1": NamesNow({"old": "thefts"}), "r2": UNCHANGED})
    rows = [figure("12", indicator="old")]
    claims, targets = (
        [claim(indicator="old", stated="14")],
        [{"id": "a", "indicator": "old", "baseline_value": "12"}],
    )
    accepted = b"warning,reason\njump:old:B,12 is right.\n"
    then = holding(rows, lists={"accepted.csv": accepted}, claims=claims, targets=targets)
    found = now.contents(then, "r1")
    assert [r["value"] for r in comparison.keyed(found).values()] == [""]
    assert rows_of(found, "claims") == []
    assert rows_of(found, "targets")[0]["baseline_value"] == ""
    assert HIDDEN.encode() in found.lists["accepted.csv"]
    assert now.contents(then, "r2").files == then.files

    def told(release: str) -> tuple[str, str]:
        row = {**change(indicator="old", old="12", new="9", reason="It was 14."), "release": release}
        table_ = f"{','.join(row)}\n{','.join(row.values())}\n".encode()
        return csv_editing.read_rows(now.changes(table_))[0]["old"], csv_editing.read_rows(
            now.reasons(table_)
        )[0]["reason"]

    # The changes of a release are also about what the release before it had.
    assert told("r1") == told("r2") == ("", HIDDEN)
    assert told("") == ("12", "It was 14.")


def change(**cells: str) -> Row:
    key = dict(zip(KEY, TAKEN, strict=True))
    blank = {"kind": "revised", **key, "place": "", "old": "", "new": "", "new_status": "", "reason": ""}
    return blank | cells


def changed(row: Row) -> Row:
    quoted = ",".join(f'"{v}"' for v in row.values())
    (found,) = csv_editing.read_rows(REDACTION.changes(f"{','.join(row)}\n{quoted}\n".encode()))
    return found


def test_the_list_of_changes_loses_the_numbers_and_reasons_that_state_them() -> None:
    found = changed(change(old="12", new="14", reason="A typing error."))
    assert (found["old"], found["new"], found["new_status"], found["reason"]) == (
        "",
        "",
        "c",
        "A typing error.",
    )
    assert changed(change(old="12", reason="It was 14."))["reason"] == HIDDEN
    assert changed(change(reason="It was 14."))["reason"] == HIDDEN
    assert changed(change(period_end="2019-06-30", old="9", reason="It was 14."))["reason"] == HIDDEN
    for other in (
        change(period_end="2019-06-30", old="9", new="8", reason="An error."),
        change(indicator="fires", old="12", new="14", reason="It was 14."),
        change(reason="An error."),
    ):
        assert changed(other) == other


@pytest.mark.parametrize("column", ["old", "new"])
def test_changed_words_about_the_indicator_lose_the_number_and_others_stay(column: str) -> None:
    words = {
        "kind": "words",
        column: "There were 12 thefts.",
        "area": "",
        "period_start": "",
        "period_end": "",
    }
    assert changed(change(**words))[column] == ""
    about = {"indicator": "", "place": "p/claims, c, column statement"}
    assert changed(change(**words | about))[column] == ""
    for other in (
        {"indicator": "", "place": "p/terms, t, column definition"},
        {"indicator": "fires"},
        {column: "There were 13 thefts."},
    ):
        assert changed(change(**words | other))[column] != ""


def test_reasons_and_accepted_warnings_that_state_the_number_are_hidden() -> None:
    reasons = b"indicator,reason\nthefts,It was 12.\nfires,It was 12.\n,It was 14.\nthefts,It was 13.\n"
    found = [r["reason"] for r in csv_editing.read_rows(REDACTION.reasons(reasons))]
    assert found == [HIDDEN, "It was 12.", HIDDEN, "It was 13."]
    accepted = b"warning,reason\nfigures/jump:thefts,12 is right.\nfigures/jump:fires,12 is right.\njump:thefts:B,12 is right.\nthefts:B,13 is right.\n"
    lists = REDACTION.contents(holding(lists={"accepted.csv": accepted})).lists
    found = [r["reason"] for r in csv_editing.read_rows(lists["accepted.csv"])]
    assert found == [HIDDEN, "12 is right.", HIDDEN, "13 is right."]
