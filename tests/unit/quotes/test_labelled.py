"""The quote checker gives labelled sentences their answers, and the page that says how often is up to date."""

import csv
import sys
from collections import Counter

import pytest
import quoted
from project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import quote_scores


@pytest.mark.parametrize("part", quote_scores._PARTS)
def test_at_least_95_per_cent_are_found_and_at_most_5_per_cent_are_false_alarms(part: str) -> None:
    table, mistakes = quoted.scored(part)
    assert quote_scores.recall(table) >= 0.95, "\n".join(mistakes)
    assert quote_scores.false_alarms(table) <= 0.05, "\n".join(mistakes)


def test_the_set_is_large_and_has_every_answer_many_times() -> None:
    sentences = quoted.labelled()
    assert len(sentences) >= 200
    assert len({s.sentence for s in sentences}) == len(sentences)
    assert {s.part for s in sentences} == set(quote_scores._PARTS)
    given = Counter(label for s in sentences for _, label in s.expected)
    assert given.keys() == quoted.LABELS.keys()
    assert min(given.values()) >= 15
    assert sum(not s.expected for s in sentences) >= 40  # no number about an indicator


def test_the_page_with_the_scores_is_up_to_date() -> None:
    text = quote_scores.PAGE.read_text(encoding="utf-8")
    assert quote_scores.page(text) == text, "Run: python scripts/quote_scores.py"


def test_the_frozen_figures_are_the_ones_that_the_sentences_quote() -> None:
    """A label can only be trusted while its figure is there: 1,092 robberies in the year to June 2026, and so on."""
    with (quoted.FOLDER / "figures" / "observations.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    quarters = [int(r["value"]) for r in rows if r["indicator"] == "recorded-robbery" and r["area"] == quoted.BOROUGH and r["period_start"] >= "2025-07-01"]  # fmt: skip
    assert sum(quarters) == 1092
    assert all(not r["value"] for r in rows if r["status"] == "c")
