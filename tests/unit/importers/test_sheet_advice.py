"""Advice never makes data worse: whoever follows it to the letter never writes another number or date than was meant."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.importers.spreadsheets import marks
from portal.importers.spreadsheets.cells import settle
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, Column, ReadRow, Settled
from workbook_files import new_row, observation, planned, problems, written

pytestmark = pytest.mark.usefixtures("read_once")

NUMBER, DAY = Column({"name": "value", "type": "number"}), Column({"name": "period_end", "type": "date"})
EXAMPLES = ("1234.5", "1234567", "2016-07-31")  # how to write something, and never what was meant


def uk(number: Decimal) -> str:
    return f"{number:,f}"


def continental(number: Decimal) -> str:
    return f"{number:,f}".translate(str.maketrans(",.", ".,"))


def continental_percent(number: Decimal) -> str:
    return f"{continental(number)} %"


CONTINENTAL = (continental, continental_percent)
WAYS: tuple[Callable[[Decimal], str], ...] = (
    uk,
    lambda n: f"£{uk(n)}",
    lambda n: f"{uk(n)}%",
    lambda n: f"{uk(n)} %",
    lambda n: uk(n).replace(",", " "),
    lambda n: uk(n).replace(",", "\u202f"),
    lambda n: uk(n).replace(",", "'"),
    lambda n: uk(n).replace("-", "−"),
    lambda n: f"({uk(abs(n))})",
    lambda n: f"{uk(n)} [note 1]",
    lambda n: f"{uk(n)}*",
    lambda n: f"{uk(n)} (p)",
    lambda n: f"{uk(n)}¹",
    lambda n: f"<{uk(n)}",
    lambda n: f"over {uk(n)}",
    lambda n: f"~{uk(n)}",
    lambda n: f"{uk(n)} to {uk(n + 5)}",
    lambda n: f"{uk(n)}-{uk(n + 5)}",
    lambda n: f"{uk(n)}k",
    lambda n: f"{uk(n)} thousand",
    lambda n: f"{uk(n)} offences",
    lambda n: f"{uk(n)} / {uk(n + 5)}",
    *CONTINENTAL,
)
UNITS = st.sampled_from(["count", "percent", "percent-change", "pounds", "per-1000", ""])
NUMBERS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=2) | st.integers(-(10**9), 10**9).map(Decimal)  # fmt: skip


def numbers_in(words: str) -> set[Decimal]:
    found = re.findall(r"-?\d+(?:\.\d+)?", words)
    return {Decimal(n) for n in found if n not in EXAMPLES}


def said(found: Settled) -> set[Decimal] | None:
    """The numbers that somebody can take from this, or None where the text is taken without a question."""
    if isinstance(found, str):
        return None
    if isinstance(found, CellFault):
        return numbers_in(found.fix)
    return {Decimal(text) for _, text in found.answers.values() if re.fullmatch(r"-?\d+(\.\d+)?", text)}


@given(NUMBERS, st.sampled_from(WAYS), UNITS)
def test_advice_about_a_number_never_names_another_one_alone(
    number: Decimal, way: Callable[[Decimal], str], unit: str
) -> None:
    text = way(number)
    found = settle(Cell("text", text), NUMBER, ReadRow(unit, figure=True))
    told = said(found)
    european = way in CONTINENTAL
    if european and re.fullmatch(r"-?\d{1,3}[.,]\d{3}( %)?", text):
        return  # 1.228 and 1,228 are numbers here too; where they are counts with decimals, that is asked later
    if told is None:
        assert isinstance(found, str)
        marked = marks.split(found)
        assert Decimal(marked.number if marked else found) == number, (text, found)
    elif told:
        shares = {n / 100 for n in told} | {n * 100 for n in told}
        assert number in told | shares, (text, told)
        assert len(told) > 1 or isinstance(found, CellQuestion) or told == {number}


DATES = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %B %Y", "%B %d, %Y",
    "%A %d %B %Y", "%d-%b-%y", "%b %Y", "%b-%y", "%Y", "%d %B", "%Y-%m-%d %H:%M:%S", "%Y%m%d", "%d%m%Y", "w/c %d/%m/%Y", "%Y-%d-%m",
)  # fmt: skip


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)), st.sampled_from(DATES))
def test_advice_about_a_date_never_names_another_one_alone(day: date, form: str) -> None:
    text = day.strftime(form)
    found = settle(Cell("text", text), DAY)
    if isinstance(found, CellFault):
        assert set(re.findall(r"\d{4}-\d{2}-\d{2}", found.fix)) <= set(EXAMPLES)
    elif isinstance(found, CellQuestion):
        assert day.isoformat() in {told for _, told in found.answers.values()}
    elif form != "%Y-%d-%m":  # which looks like a date of another order, and is one
        assert found == day.isoformat(), text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.228,5", "has a comma before the decimals"), ("1.234.567", "has points between the thousands"), ("1,5", "Write 1.5."), ("45,55", "Write 45.55."),
        ("1.228,500", "Write 1228.500 or 1228500."), ("228*", "is a number and a note"),
        ("<5", "is there instead of a figure"), ("5-10", "is there instead of a figure"), ("about 5 to 10", "write x (not available) under status"), ("~23", "Write the number alone, and e (estimated)"), ("c. about 230", "is an estimate"), ("~ under 5", "is not a single number"), ("fewer than 5", "is there instead of a figure"), ("12 34", "is not a number"),
        ("1'234", "Write 1234."), ("lots", "is not a number"), ("zero", "Write 0 if none were counted."), ("Nil return", "Write 0 if none were counted."), ("No offences", "Write 0 if none were counted."), ("Nil", "none were counted, so it is 0"), ("١٢٣", "is not a number"), ("12,34,567", "is not a number"), ("1e5", "is not a number"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_number_is_called_what_it_is(
    project: Path, tmp_path: Path, kind: str, text: str, words: str
) -> None:
    told = problems(project, written(tmp_path / f"q.{kind}", {"S": observation(value=text)}))
    assert f"q.{kind}, sheet S, cell F2\n  Found: " in told
    assert words in told
    assert "1.2285" not in told


@pytest.mark.parametrize("text", ["31/02/2019", "31/07/16", "July 2016", "2016", "20160731", "2019-02-30", "2016-31-07", "soon", "٢٠١٦-٠٧-٣١"])  # fmt: skip
def test_a_text_that_is_no_date_gets_no_date_as_advice(
    project: Path, tmp_path: Path, kind: str, text: str
) -> None:
    told = problems(project, written(tmp_path / f"q.{kind}", {"S": observation(period_end=text)}))
    assert f"cell D2\n  Found: “{text}” " in told
    assert set(re.findall(r"\d{4}-\d{2}-\d{2}", told.partition("To do: ")[2])) <= {"2016-07-31"}


@pytest.mark.parametrize(
    ("column", "text", "id_"),
    [
        ("area", "e09999999", "E09999999"), ("area", "Exampleton", "E09999999"), ("indicator", "Bikes", "bikes"),
        ("indicator", "Bicycle thefts", "bikes"), ("source", "REPORT", "report"), ("status", "Provisional", "p"),
        ("status", "revised", "r"), ("status", "[p]", "p"),
    ],
)  # fmt: skip
def test_a_name_in_place_of_an_id_is_the_id(
    project: Path, tmp_path: Path, kind: str, column: str, text: str, id_: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"S": observation(**{column: text})})
    assert new_row(planned(project, path))[column] == id_


def test_a_name_that_nothing_has_leads_to_the_nearest(project: Path, tmp_path: Path, kind: str) -> None:
    told = problems(project, written(tmp_path / f"q.{kind}", {"S": observation(area="E09999998x")}))
    assert "cell B2\n" in told
    assert "Did you mean E0999999" in told


@pytest.mark.parametrize("text", ["Serious youth violence!", "Über", "a_b", "two words"])
def test_no_advice_shows_a_pattern(project: Path, tmp_path: Path, kind: str, text: str) -> None:
    head = ["id", "name", "phone"]
    path = written(tmp_path / f"q.{kind}", {"services": [head, [text, "A", ""]]})
    told = problems(project, path, package="services")
    assert not re.search(r"pattern|\^|\[a-z", told)
    assert "sheet services, cell A2\n" in told


def test_a_good_number_beside_a_title_of_the_same_word_is_taken(project: Path, tmp_path: Path) -> None:
    assert (
        new_row(planned(project, written(tmp_path / "q.xlsx", {"S": observation()})))["indicator"] == "bikes"
    )
