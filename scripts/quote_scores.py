"""Score the quote checker on the labelled sentences and write docs/reference/quotes.md.

Run `python scripts/quote_scores.py`. The sentences are in tests/quotes; `tests/unit/quotes/test_labelled.py` fails if the
page is out of date or the scores are too low.
"""

import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "quotes.md"
sys.path[:0] = [str(ROOT / "tests")]

import quoted  # noqa: E402 - the labelled sentences are the tests' own

_START, _END = "<!-- scores -->", "<!-- end of scores -->"
_PARTS = {
    name: f"{name.capitalize()} part"
    for name in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
}


def recall(table: Counter[tuple[str, str]]) -> float:
    """Return the share of numbers about an indicator that got the right answer."""
    labelled = {k: n for k, n in table.items() if k[0] != quoted.NONE}
    return sum(n for (label, answer), n in labelled.items() if label == answer) / sum(labelled.values())


def false_alarms(table: Counter[tuple[str, str]]) -> float:
    """Return the share of numbers that need no change, or are about no indicator, which the checker called wrong."""
    fine = {k: n for k, n in table.items() if k[0] in (quoted.NONE, "right")}
    return sum(n for (_, answer), n in fine.items() if answer not in (quoted.NONE, "right")) / sum(
        fine.values()
    )


def page(text: str) -> str:
    """Return the page with its scores replaced."""
    parts = [_part(name, words) for name, words in _PARTS.items()]
    before, _, rest = text.partition(_START)
    return "\n\n".join([before + _START, *parts, _END + rest.partition(_END)[2]])


def _part(name: str, words: str) -> str:
    table, _ = quoted.scored(name)
    sentences = sum(s.part == name for s in quoted.labelled())
    numbers = sum(n for (label, _), n in table.items() if label != quoted.NONE)
    header = [*quoted.LABELS, quoted.NONE]
    lines = [
        f"### {words}",
        "",
        f"{sentences} sentences, {numbers} numbers about an indicator. Recall {recall(table):.1%}, false alarms {false_alarms(table):.1%}.",
        "",
        f"| should be | {' | '.join(header)} |",
        f"|---|{'--:|' * len(header)}",
        *(
            f"| {label} | {' | '.join(str(table[label, answer] or '') for answer in header)} |"
            for label in header
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
