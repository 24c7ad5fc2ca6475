"""A figure of an earlier release is recognised under the names that its indicator, area and part have now."""

from collections.abc import Sequence
from datetime import date

import pytest
from archived import Row, figure, holding
from portal.core.model import WithdrawnFigure
from portal.core.vocabulary import WithdrawalKind
from portal.releases import identities
from portal.releases.archives import Contents
from portal.releases.identities import NamesNow

BEFORE = ("12", "15", "11", "40", "c", "22", "31", "18")
NONE = ("1",) * 8


def indicator(name: str, slug: str, title: str) -> Row:
    return {"id": name, "slug": slug, "title": title}


def years(name: str, values: Sequence[str], **more: str) -> list[Row]:
    """A figure for each year from 2010; "" leaves a year out."""
    return [
        figure(v, (f"{y}-01-01", f"{y}-12-31"), indicator=name, **more)
        for y, v in zip(range(2010, 2018), values, strict=False)
        if v
    ]


def now(past: Sequence[Contents], today: Contents) -> NamesNow:
    """The names that what the first of these releases published has now."""
    return identities.names_now(past, today)[0]


OLD = holding(years("old", BEFORE), indicators=[indicator("old", "harm", "Harm")])


@pytest.mark.parametrize(
    ("slug", "title", "values", "wanted"),
    [
        ("harm", "Other", NONE, "new"),
        ("other", "Harm", NONE, "new"),
        ("other", "HARMS (recorded by the police)", NONE, "new"),
        # Of alike names one figure is enough.
        ("other", "Harm at home", (*NONE[1:], "18"), "new"),
        ("other", "Harm at home", NONE, "old"),
        ("other", "Other", (*NONE[1:], "18"), "old"),
        ("other", "Other", BEFORE, "new"),
        # Some can have been revised, but not more than half.
        ("other", "Other", ("12", "15", "11", "40", "9", "2", "1", "2"), "new"),
        ("other", "Other", ("12", "15", "11", "4", "9", "2", "1", "2"), "old"),
        # A number of today where the release had none tells nothing.
        ("other", "Other", ("c", "c", "c", "c", "9", "c", "c", "c"), "old"),
        ("other", "Other", (*("c",) * 7, "18"), "new"),
        ("other", "Other", NONE, "old"),
    ],
)
def test_a_renamed_indicator_is_found_by_its_address_title_or_figures(
    slug: str, title: str, values: Sequence[str], wanted: str
) -> None:
    today = holding(years("new", values), indicators=[indicator("new", slug, title)])
    assert now([OLD], today).indicator("old") == wanted


def test_an_indicator_that_the_release_had_as_well_is_no_new_name() -> None:
    other = indicator("other", "harm", "Harm")
    both = holding(years("old", BEFORE), indicators=[indicator("old", "harm", "Harm"), other])
    assert now([both], holding(years("other", BEFORE), indicators=[other])).indicator("old") == "old"


HARM, BINS = ("harm", "Harm"), ("bins", "Bins emptied")
TWO = holding(
    [*years("a", BEFORE), *years("b", NONE)], indicators=[indicator("a", *HARM), indicator("b", *BINS)]
)


@pytest.mark.parametrize(
    ("ids", "values", "wanted"),
    [
        # By slug and title, whatever has the id today, and though every number was revised.
        ({"n": HARM, "a": BINS}, {}, {"a": "n", "b": "a"}),
        ({"b": HARM, "a": BINS}, {}, {"a": "b", "b": "a"}),
        # By the figures, where each word went another way.
        ({"b": ("bins", "Harm"), "a": ("harm", "Bins emptied")}, {"b": BEFORE, "a": NONE}, {"a": "b", "b": "a"}),
        ({"a": ("harm", "Bins emptied"), "b": ("bins", "Harm")}, {"a": BEFORE, "b": NONE}, {}),
        # The id is that of another subject now, and what had it is gone.
        ({"a": ("fires", "Fires"), "b": BINS}, {"a": ("99",) * 8, "b": NONE}, {"a": "a (earlier)"}),
        ({"a": ("hurt", "Hurt"), "b": BINS}, {"a": (*NONE[1:], "18"), "b": NONE}, {}),
        ({"a": ("hurt", "Hurt"), "b": BINS}, {}, {}),
    ],
)  # fmt: skip
def test_an_id_that_is_used_again_or_swapped_is_another_indicator(
    ids: dict[str, tuple[str, str]], values: dict[str, Sequence[str]], wanted: dict[str, str]
) -> None:
    today = holding(
        [row for i in ids for row in years(i, values.get(i, ()))],
        indicators=[indicator(i, *words) for i, words in ids.items()],
    )
    assert now([TWO], today).indicators == wanted


def test_names_are_followed_from_release_to_release_and_past_those_without_the_indicator() -> None:
    """Of the first and the last name, nothing is the same."""
    steps = [("a", "harm", "Harm"), ("n", "harm", "Hurt"), ("n", "hurt", "Injuries")]
    first, second, today = (holding(indicators=[indicator(*words)]) for words in steps)
    assert now([first, holding(indicators=[]), second], today).indicators == {"a": "n"}
    assert [n.indicator("a") for n in identities.names_now([first, holding(indicators=[])], today)] == [
        "a",
        "a",
    ]


def area(code: str, name: str, **more: str) -> Row:
    return {"code": code, "name": name, "kind": "ward", **more}


@pytest.mark.parametrize(
    ("then", "today", "wanted"),
    [
        ([area("1", "North & Quay")], [area("2", "North and Quay")], {"1": "2"}),
        ([area("1", "North")], [area("1", "North Quay")], {}),
        ([area("1", "North"), area("2", "South")], [area("3", "South"), area("4", "North")], {"1": "4", "2": "3"}),
        ([area("1", "North")], [area("2", "North", kind="borough")], {}),
        ([area("1", "North", kind="neighbourhood")], [area("2", "North", kind="neighbourhood")], {}),
        # A ward with other boundaries is another one.
        ([area("1", "North")], [area("1", "North"), area("2", "North")], {}),
        ([area("1", "North", valid_to="2022-05-04")], [area("2", "North", valid_from="2022-05-05")], {}),
        ([area("1", "North", valid_from="2018-05-03")], [area("2", "North", valid_from="2018-05-03")], {"1": "2"}),
    ],
)  # fmt: skip
def test_the_code_of_an_area_can_change_under_its_name(
    then: list[Row], today: list[Row], wanted: dict[str, str]
) -> None:
    assert now([holding(areas=then)], holding(areas=today)).areas == wanted


@pytest.mark.parametrize(
    ("today", "wanted"),
    [
        ({"Red": "c", "Blue": "50"}, {}),
        # The only one that is missing is the only new one, unless their numbers differ.
        ({"Crimson": "7", "Blue": "50"}, {"Red": "Crimson"}),
        ({"red": "7", "Crimson": "8", "Blue": "50"}, {"Red": "red"}),
        ({"Crimson": "7", "Scarlet": "8", "Blue": "50"}, {}),
        ({"Crimson": "7", "Navy": "50"}, {"Red": "Crimson", "Blue": "Navy"}),
        ({"Blue": "50"}, {}),
    ],
)
def test_a_part_can_have_another_name(today: dict[str, str], wanted: dict[str, str]) -> None:
    def of(parts: dict[str, str], name: str) -> Contents:
        rows = [figure(v, indicator=name, part=part) for part, v in parts.items()]
        return holding(rows, indicators=[indicator(name, *HARM)])

    found = now([of({"Red": "c", "Blue": "50"}, "a")], of(today, "n"))
    assert found.parts == {("a", part): name for part, name in wanted.items()}
    key = ("a", "B", "Red", "2019-01-01", "2019-12-31")
    assert found.figure(key) == ("n", "B", wanted.get("Red", "Red"), *key[3:])


def test_a_withdrawn_figure_is_known_by_the_names_of_the_releases_that_had_it() -> None:
    names = {"r1": NamesNow({"a": "n"}), "r2": identities.UNCHANGED}
    days = (date(2019, 1, 1), date(2019, 12, 31))

    def keys(releases: str) -> set[str]:
        taken = WithdrawnFigure(1, days[1], "a", "B", "", *days, WithdrawalKind.PROTECT, "Asked.", releases)
        return {k[0] for k in identities.withdrawn_now(taken, names)}

    assert keys("r1") == {"n"}
    assert keys("r2") == {"a"}
    assert keys("r1;r2") == {"a", "n"}
    assert keys("") == {"a", "n"}
