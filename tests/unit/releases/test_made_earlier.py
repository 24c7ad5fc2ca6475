"""Changes without a reason are named."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

from portal.core.model import ReleaseChange
from portal.core.vocabulary import ChangeKind
from portal.releases import comparison, releasing


def made(kind: type, /, **values: object) -> Any:
    """A value of a class with these fields, and empty ones besides."""
    return kind(**({f.name: "" for f in fields(kind)} | values))


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


def telling(reason: str, value: str, times: int = 1) -> bool:
    gone = [
        change("withdrawn", "", "", reason=reason, period_start=date(2019, 1, 1), part=str(n))
        for n in range(times)
    ]
    before = {comparison.of_change(c): {"value": value} for c in gone}
    return bool([*releasing.telling("reasons.csv", gone, before)])


def test_a_reason_may_not_state_the_number_of_a_figure_that_it_takes_out() -> None:
    assert telling("7,351 was wrong.", "7351")
    assert telling("The seven was wrong.", "7")
    assert not telling("An error in table 7.", "7")
    assert not telling("It was 8.", "7")
    # One of many figures has a short number by chance.
    assert not telling("The last 12 months were revised.", "12", comparison.MANY + 1)
    assert telling("7,351 was wrong.", "7351", comparison.MANY + 1)
    revised = change("revised", "12", "13", reason="It was 12.")
    assert not [
        *releasing.telling("reasons.csv", [revised], {comparison.of_change(revised): {"value": "12"}})
    ]
