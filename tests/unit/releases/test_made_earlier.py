"""An indicator of an earlier release is recognised under its name of today, and changes without a reason are named."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from portal.core.model import Content, Indicator, Observation, ReleaseChange
from portal.core.vocabulary import ChangeKind, Status
from portal.releases import comparison, identities, releasing

YEARS = range(2010, 2018)


def made(kind: type, /, **values: object) -> Any:
    """A value of a class with these fields, and empty ones besides."""
    return kind(**({f.name: "" for f in fields(kind)} | values))


def counts(indicator: str, values: Sequence[int | None]) -> tuple[Observation, ...]:
    return tuple(
        Observation(
            "s", "l", indicator, "B", date(y, 1, 1), date(y, 12, 31), "",
            None if v is None else Decimal(v), Status.WITHHELD if v is None else Status.PLAIN,
        )
        for y, v in zip(YEARS, values, strict=True)
    )  # fmt: skip


def today(indicators: Sequence[Indicator], figures: Mapping[str, tuple[Observation, ...]]) -> Content:
    empty: dict[str, Any] = {f.name: () for f in fields(Content)}
    return Content(**empty | {"indicators": {i.id: i for i in indicators}, "observations": figures})


OLD = made(Indicator, id="old", slug="harm", title="Harm")
BEFORE = (12, 15, 11, 40, None, 22, 31, 18)


@pytest.mark.parametrize(
    ("now", "values", "wanted"),
    [
        (made(Indicator, id="new", slug="harm", title="Other"), (1,) * 8, "new"),
        (made(Indicator, id="new", slug="other", title="Harm"), (1,) * 8, "new"),
        (made(Indicator, id="new", slug="other", title="HARMS (recorded by the police)"), (1,) * 8, "new"),
        # Of alike names one figure is enough.
        (made(Indicator, id="new", slug="other", title="Harm at home"), (1,) * 7 + (18,), "new"),
        (made(Indicator, id="new", slug="other", title="Harm at home"), (1,) * 8, "old"),
        (made(Indicator, id="new", slug="other", title="Other"), (1,) * 7 + (18,), "old"),
        (made(Indicator, id="new", slug="other", title="Other"), BEFORE, "new"),
        # Two of seven were revised, which leaves fewer than three quarters.
        (made(Indicator, id="new", slug="other", title="Other"), (12, 15, 11, 40, 9, 22, 1, 2), "old"),
        (made(Indicator, id="new", slug="other", title="Other"), (12, 15, 11, 40, 9, 22, 31, 2), "new"),
        # A number of today where the release had none tells nothing.
        (made(Indicator, id="new", slug="other", title="Other"), (None, None, None, None, 9, None, None, None), "old"),
        (made(Indicator, id="new", slug="other", title="Other"), (None,) * 7 + (18,), "new"),
        (made(Indicator, id="new", slug="other", title="Other"), (1,) * 8, "old"),
    ],
)  # fmt: skip
def test_a_renamed_indicator_is_found_by_its_address_title_or_figures(
    now: Indicator, values: Sequence[int | None], wanted: str
) -> None:
    content = today([now], {"new": counts("new", values)})
    assert identities._renamed(content, {"old": OLD}, "old", counts("old", BEFORE)) == wanted


def test_an_indicator_that_the_release_had_as_well_is_no_new_name() -> None:
    other = made(Indicator, id="other", slug="harm", title="Harm")
    content = today([other], {"other": counts("other", BEFORE)})
    assert identities._renamed(content, {"old": OLD, "other": other}, "old", counts("old", BEFORE)) == "old"


def change(kind: str, old: str, new: str, **more: object) -> ReleaseChange:
    told: dict[str, object] = {
        "number": 0, "kind": ChangeKind(kind), "indicator": "harm", "area": "B", "period_start": None,
        "period_end": date(2019, 12, 31), "count": 1, "old": old, "new": new,
    }  # fmt: skip
    found: ReleaseChange = made(ReleaseChange, **told | more)
    return found


def messages(*changes: ReleaseChange) -> list[str]:
    return [p.message for p in releasing.unexplained("reasons.csv", changes)]


def test_each_change_without_a_reason_is_named_with_its_numbers() -> None:
    why = "nothing says why: harm, B, up to 2019-12-31"
    assert messages(change("revised", "12", "13")) == [f"This figure was revised and {why}: from 12 to 13."]
    assert messages(change("withdrawn", "12", "")) == [
        f"This figure was withdrawn and {why}: no longer published."
    ]
    assert messages(change("withdrawn", "", "")) == [
        f"This figure was withdrawn and {why}: no longer published."
    ]
    assert messages(change("revised", "", "13", period_end=None)) == [
        "This figure was revised and nothing says why: harm, B."
    ]
    assert messages(change("revised", "12", "13", reason="An error."), change("new", "", "13")) == []


def test_many_of_one_indicator_are_one_problem() -> None:
    some = [change("revised", str(n), str(n + 1)) for n in range(comparison.MANY)]
    assert len(messages(*some)) == comparison.MANY
    (message,) = messages(*some, change("revised", "98", "99"))
    assert message.startswith("41 figures were revised and nothing says why. The first is harm, B")
    # What was withdrawn, and other indicators, are counted apart.
    assert len(messages(*some, change("withdrawn", "1", ""))) == comparison.MANY + 1
    assert len(messages(*some, replace(some[0], indicator="fires"))) == comparison.MANY + 1
