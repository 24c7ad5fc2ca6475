"""The checker follows a text: its paragraphs, headings, tables and dates; and it finds what we know to be wrong in reports."""

from dataclasses import replace
from datetime import date

import pytest
import quoted
from portal.core.model import ReleaseChange
from portal.core.vocabulary import ChangeKind
from portal.disclosure.clearing import ClearedContent
from portal.quotes.checking import CheckedNumber, Judgement, check


def answers(text: str, on: date = quoted.ON) -> list[tuple[str, Judgement]]:
    return [(f.quoted, f.outcome) for f in check(text, quoted.figures(), on)]


def only(text: str, on: date = quoted.ON) -> CheckedNumber:
    (finding,) = check(text, quoted.figures(), on)
    return finding


def test_a_wrong_number_comes_with_the_figure_and_its_source() -> None:
    finding = only("There were 1,200 robberies in the year to June 2026.")
    assert finding.outcome == Judgement.WRONG
    assert "1,092" in finding.message
    assert "Write 1,092" in finding.advice
    assert finding.indicator == "recorded-robbery"
    assert finding.source
    assert finding.sentence[finding.start : finding.end].strip() == "1,200"


def test_a_change_across_a_break_names_the_break() -> None:
    finding = only("Violence rose by 116% since the year to June 2013.")
    assert finding.outcome == Judgement.ACROSS_BREAK
    assert "recording" in finding.message


def test_a_chosen_period_comes_with_a_fairer_one() -> None:
    finding = only("Theft rose by 28% in April to June 2026 compared with the same period last year.")
    assert finding.outcome == Judgement.CHOSEN_PERIOD
    assert "7,016" in finding.message
    assert "7,160" in finding.message


def test_a_figure_that_was_revised_since_is_out_of_date() -> None:
    content = quoted.figures().content
    figure = next(o for o in content.observations["recorded-robbery"] if o.area == quoted.BOROUGH and o.period_end == date(2026, 3, 31))  # fmt: skip
    change = ReleaseChange("2026-q3", 1, ChangeKind.REVISED, figure.indicator, figure.area, "", figure.period_start, figure.period_end, "", "251", "", str(figure.value), "", 1, "")  # fmt: skip
    released = ClearedContent(replace(content, changes=(change,)), quoted.BOROUGH)
    (finding,) = check("There were 251 robberies in January to March 2026.", released, quoted.ON)
    assert finding.outcome == Judgement.OUT_OF_DATE
    assert "revised" in finding.message


def test_only_figures_up_to_the_date_of_a_text_count() -> None:
    text = "There were 386 knife crimes, down 5.4% on last year."
    assert answers(text, date(2016, 9, 15)) == [("386", Judgement.RIGHT), ("5.4%", Judgement.RIGHT)]
    assert {o for _, o in answers(text)} == {Judgement.OUT_OF_DATE}


def test_a_paragraph_goes_on_about_what_it_named_and_a_new_one_does_not() -> None:
    assert answers("Burglary is falling. There were 1,535 offences in the year to June 2026.") == [
        ("1,535", Judgement.RIGHT)
    ]
    assert answers("Burglary\nThere were 1,535 offences in the year to June 2026.") == [
        ("1,535", Judgement.RIGHT)
    ]
    assert answers("Burglary is falling.\nWe held 12 meetings.\nThere were 1,535 offences.") == []


def test_the_rows_of_a_table_are_read() -> None:
    table = "\tPrevious 12\tCurrent 12\tChange\nRobbery\t1,082\t1,092\t0.9%\nBurglary\t1,601\t1,535\t-4.1%\nTheft\t7,016\t7,160\t12.1%"
    assert [o for _, o in answers(table)] == [*[Judgement.RIGHT] * 8, Judgement.WRONG]


def test_the_columns_of_a_table_can_be_periods() -> None:
    table = "Burglary and robbery\t2024/25\t2025/26\nRobbery\t1,112\t1,031\nBurglary\t1,679\t1,600"
    assert [o for _, o in answers(table)] == [
        Judgement.RIGHT,
        Judgement.RIGHT,
        Judgement.RIGHT,
        Judgement.WRONG,
    ]


def test_a_change_must_follow_from_the_counts_beside_it() -> None:
    finding = check("Robbery rose by 10%, from 1,082 to 1,092.", quoted.figures(), quoted.ON)[0]
    assert finding.outcome == Judgement.WRONG
    assert "+0.9%" in finding.message


@pytest.mark.parametrize(
    ("text", "on", "quoted_number", "words"),
    [
        ("Violence with Injury\t2569\t3203\t8.7%", date(2016, 9, 15), "8.7%", "+24.7%"),
        ("Violence with Injury\t2569\t3203\t8.7%", date(2016, 9, 15), "2569", "elsewhere the document prints 2,659"),
        ("Violence with Injury\t2569\t3203\t8.7%", date(2016, 9, 15), "3203", "elsewhere the document prints 2,831"),
        ("Since 2016-17 there has been a 84% decrease in permanent exclusions.", date(2022, 3, 3), "84%", "−82.5%"),
        ("Comparison of six month period March to September for 2019, 2020 and 2021", date(2022, 3, 3), "six month period March to September", "7 months"),
        ("Since the development of the project, the team reports a 55% reduction in serious youth violence.", date(2014, 4, 30), "55%", "−9.7%"),
    ],
)  # fmt: skip
def test_known_errors_of_published_reports_are_found(
    text: str, on: date, quoted_number: str, words: str
) -> None:
    found = {f.quoted: f for f in check(text, quoted.figures(), on)}
    assert found[quoted_number].outcome == Judgement.WRONG
    assert words in found[quoted_number].message
