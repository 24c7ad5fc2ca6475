"""What changed between two releases: each kind of change, what is rolled and not withdrawn, and no number that must go."""

from datetime import date

import pytest
from archived import NEXT, YEAR, Row, figure, holding
from portal.core.model import ReasonForChange, ReleaseChange
from portal.releases import comparison
from portal.releases.archives import Contents

CAREFUL = [{"id": "thefts", "sensitive": "true", "protected": "false"}]
MONTHS_TO_MARCH = ("2019-04-01", "2020-03-31")


def changes(old: Contents, new: Contents) -> list[tuple[str, str, str, str]]:
    """The kind of each change, the numbers before and after, and the status after."""
    return [(c.kind, c.old, c.new, c.new_status) for c in comparison.compare(old, new) if c.indicator]


@pytest.mark.parametrize(
    ("was", "now", "wanted"),
    [
        (None, "0", [("new", "", "0", "")]),
        (None, "c", [("new", "", "", "c")]),
        ("12", "12.0", []),
        ("0", "0", []),
        ("12", "13", [("revised", "12", "13", "")]),
        ("12", "0", [("revised", "12", "0", "")]),
        ("x", "12", [("new", "", "12", "")]),
        ("12", "x", [("withdrawn", "", "", "x")]),
        ("12", "c", [("withdrawn", "", "", "c")]),
        ("12", None, [("withdrawn", "", "", "")]),
        ("c", None, [("withdrawn", "", "", "")]),
        ("x", "z", [("words", "x", "z", "")]),
    ],
)
def test_what_happened_to_a_figure_and_which_numbers_are_repeated(
    was: str | None, now: str | None, wanted: list[tuple[str, str, str, str]]
) -> None:
    old, new = (holding([figure(v)] if v else []) for v in (was, now))
    assert changes(old, new) == wanted


def test_the_number_of_a_revised_figure_is_repeated_even_then() -> None:
    old, new = holding([figure("12")], indicators=CAREFUL), holding([figure("13")], indicators=CAREFUL)
    assert changes(old, new) == [("revised", "12", "13", "")]


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        ("2019-02-01", "2020-01-31", "rolled"),
        ("2019-12-01", "2020-11-30", "rolled"),  # one month of the old period is in the new one
        ("2020-01-01", "2020-12-31", "withdrawn"),  # the next year replaces nothing
        ("2018-12-01", "2019-11-30", "withdrawn"),  # an earlier period is not what a window rolls to
        ("2019-04-01", "2019-09-30", "withdrawn"),  # another length
    ],
)
def test_a_period_is_rolled_only_if_a_later_one_of_its_length_overlaps_it(
    start: str, end: str, kind: str
) -> None:
    found = changes(holding([figure("12")]), holding([figure("14", (start, end))]))
    assert found == [("new", "", "14", ""), (kind, "", "", "")]


def test_a_period_is_not_rolled_if_another_area_of_its_kind_still_has_it() -> None:
    areas = [{"code": c, "name": c, "kind": "ward"} for c in "NS"] + [{"code": "B", "kind": "borough"}]
    both = [figure("12", area="N"), figure("13", area="S"), figure("90", area="B")]

    def after(*rows: Row) -> list[str]:
        new = holding([figure("14", MONTHS_TO_MARCH, area="N"), *rows], areas=areas)
        return [c.kind for c in comparison.compare(holding(both, areas=areas), new) if c.area == "N"]

    assert after(figure("90", area="B")) == ["new", "rolled"]
    assert after(figure("13", area="S")) == ["new", "withdrawn"]


def test_a_period_is_not_rolled_into_one_that_was_published_before() -> None:
    later = figure("14", MONTHS_TO_MARCH)
    assert changes(holding([figure("12"), later]), holding([later])) == [("withdrawn", "", "", "")]


def test_a_part_and_a_total_are_different_figures() -> None:
    old = holding([figure("12"), figure("5", part="Bikes")])
    assert changes(old, holding([figure("12"), figure("6", part="Bikes")])) == [("revised", "5", "6", "")]


def test_statuses_sources_and_places_are_counted_together_and_named_if_all_changed_alike() -> None:
    old = holding([figure("12", status="p"), figure("14", NEXT, status="p", locator="Table 2")])
    new = holding([figure("12"), figure("14", NEXT, locator="Table 3")])
    alike = {c.place: (c.old, c.new, c.count) for c in comparison.compare(old, new)}
    assert alike == {
        "observations, column status": ("p", "", 2),
        "observations, column locator": ("Table 2", "Table 3", 1),
    }
    mixed = holding([figure("12", status="e"), figure("14", NEXT, locator="Table 2")])
    (change,) = comparison.compare(old, mixed)
    assert (change.old, change.new, change.count) == ("", "", 2)


def test_rows_of_text_are_named_until_there_are_too_many() -> None:
    def terms(number: int) -> Contents:
        return holding(terms=[{"id": f"t{n}", "term": f"Term {n}", "definition": "D"} for n in range(number)])

    listed = comparison.compare(terms(1), terms(1 + comparison.MANY))
    assert [c.new for c in listed] == [f"Term {n}" for n in range(1, 1 + comparison.MANY)]
    (short,) = comparison.compare(terms(1), terms(2 + comparison.MANY))
    assert (short.place, short.count, short.old, short.new) == ("p/terms, new", comparison.MANY + 1, "", "")
    (gone,) = comparison.compare(terms(2), terms(1))
    assert (gone.old, gone.new) == ("Term 1", "")
    # A table that was not there before is only counted.
    assert [c.place for c in comparison.compare(holding(), terms(2))] == ["p/terms, new"]


def test_a_changed_cell_says_what_it_was_and_is() -> None:
    old, new = (holding(terms=[{"id": "t", "term": "ASB", "definition": d}]) for d in ("Old.", "New."))
    (change,) = comparison.compare(old, new)
    assert (change.place, change.old, change.new) == ("p/terms, t, column definition", "Old.", "New.")


ABOUT = {"id": "c", "indicator": "thefts"}


@pytest.mark.parametrize("after", ["x", "c", None])
@pytest.mark.parametrize(
    ("table", "was", "now", "is_repeated"),
    [
        ("claims", ABOUT | {"stated": "12", "statement": "Some."}, None, False),
        ("claims", ABOUT | {"statement": "There were twelve."}, ABOUT | {"statement": "There were some."}, False),
        ("claims", ABOUT | {"statement": "There were 13."}, ABOUT | {"statement": "There were some."}, True),
        ("targets", {"id": "t", "indicator": "thefts", "baseline_value": "12"}, {"id": "t", "indicator": "thefts"}, False),
        # In text about something else, a short number is there by chance.
        ("terms", {"id": "t", "term": "ASB", "definition": "12"}, None, True),
        ("terms", {"id": "t", "term": "ASB", "definition": "12"}, {"id": "t", "term": "ASB", "definition": "1"}, True),
        ("terms", {"id": "t", "term": "7,351 calls"}, None, False),
    ],
)  # fmt: skip
def test_text_that_states_the_number_of_a_withdrawn_figure_is_not_repeated(
    table: str, was: Row, now: Row | None, is_repeated: bool, after: str | None
) -> None:
    calls = [figure("7351", indicator="calls"), figure("12")]
    old = holding(calls, None, None, **{table: [was]})
    new = holding([figure(after, indicator=i) for i in ("calls", "thefts")] if after else [], None, None, **{table: [now] if now else []})  # fmt: skip
    words = [c for c in comparison.compare(old, new) if c.kind == "words"]
    assert words
    assert any(c.old for c in words) is is_repeated
    # Of a figure that stays, everything is repeated.
    assert all(
        c.old for c in comparison.compare(old, holding(calls, None, None, **{table: [now] if now else []}))
    )


def test_the_place_of_another_figure_that_states_the_number_is_not_repeated() -> None:
    old = holding([figure("12"), figure("14", NEXT, locator="The 12 of 2019")])
    new = holding([figure("c"), figure("14", NEXT)])
    assert [(c.old, c.new) for c in comparison.compare(old, new) if c.kind == "words"] == [("", "")]


def test_pages_are_new_gone_or_counted_the_first_time() -> None:
    one, two = holding(pages={"a/": "A"}), holding(pages={"b/": "B", "c/": "C"})
    assert [(c.kind, c.place, c.old, c.new) for c in comparison.compare(one, two)] == [
        ("page-new", "b/", "", "B"), ("page-new", "c/", "", "C"), ("page-gone", "a/", "A", ""),
    ]  # fmt: skip
    assert [(c.kind, c.place, c.count) for c in comparison.compare(holding(), two)] == [("page-new", "", 2)]


def revised(area: str = "B", end: str = "2019-12-31") -> ReleaseChange:
    period = (f"{end[:4]}-01-01", end)
    old, new = holding([figure("12", period, area=area)]), holding([figure("13", period, area=area)])
    (change,) = comparison.compare(old, new)
    return change


def test_the_most_specific_reason_counts_and_only_for_what_was_revised_or_withdrawn() -> None:
    reasons = [
        ReasonForChange("thefts", "", None, "Of thefts", ""),
        ReasonForChange("thefts", "B", None, "Of thefts here", ""),
        ReasonForChange("robberies", "B", date(2019, 12, 31), "Of robberies", ""),
        ReasonForChange("", "", None, "Of anything", ""),
        ReasonForChange("thefts", "B", date(2020, 12, 31), "Of thefts here in 2020", ""),
    ]
    given = [revised(), revised("N"), revised(end="2020-12-31")]
    found = [c.reason for c in comparison.explained(given, reasons)]
    assert found == ["Of thefts here", "Of thefts", "Of thefts here in 2020"]
    assert [c.reason for c in comparison.explained(given, reasons[2:3], "For another reason")] == [
        "For another reason"
    ] * 3
    new = comparison.compare(holding(), holding([figure("12")]))
    assert [c.reason for c in comparison.explained(new, reasons, "Not needed")] == [""]


def test_new_figures_are_merged_by_indicator_and_withheld_ones_apart() -> None:
    rows = [figure("12"), figure("14", NEXT), figure("c", area="N"), figure("c", area="S"), figure("3", indicator="fires")]  # fmt: skip
    found = comparison.condensed((*comparison.compare(holding(), holding(rows)), revised()))
    assert [(c.kind, c.indicator, c.new_status, c.count) for c in found] == [
        ("new", "thefts", "", 2), ("new", "thefts", "c", 2), ("new", "fires", "", 1), ("revised", "thefts", "", 1),
    ]  # fmt: skip
    assert (found[0].period_start, found[0].period_end) == (date(2019, 1, 1), date(2020, 12, 31))
    assert (found[2].new, found[0].new) == ("3", "")  # a single one is unchanged, several state no number
    assert YEAR[0] == "2019-01-01"
