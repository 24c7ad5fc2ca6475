"""Advice names what may be meant."""

from portal.core import problems

ACTIONS = [f"action-{priority}-{number}" for priority in range(1, 9) for number in range(1, 9)]


def test_of_few_words_all_are_named_and_of_many_the_nearest() -> None:
    assert (
        problems.write_one_of("action-9-2", ACTIONS[:3])
        == "Write one of: action-1-1, action-1-2, action-1-3."
    )
    advice = problems.write_one_of("action-9-2", ACTIONS)
    assert advice.startswith("Write one that exists, such as action-")
    assert advice.endswith(". There are 64.")
    assert advice.count("-2,") + advice.count("-2.") == 5


def test_a_word_with_one_near_is_a_question() -> None:
    assert problems.did_you_mean("buglary", ["burglary", "robbery"]) == "Did you mean burglary?"
    assert problems.did_you_mean("x", ["burglary"]) == "Write burglary."
    assert problems.did_you_mean("x", []) == "Remove it."
