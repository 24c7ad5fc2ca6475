"""What Excel's number formats show of numbers, written out by hand from their description in ECMA-376-1, 18.8.31."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.importers.spreadsheets import number_formats, numbers
from portal.importers.spreadsheets.readings import ReadRow

SHOWN = [
    ("3", '[<5]"<5";0', "<5"), ("7", '[<5]"<5";0', "7"), ("3", ";;;", ""), ("3", '"[c]"', "[c]"), ("0", "0;-0;;@", ""),
    ("5", "0;-0;;@", "5"), ("-5", "0;-0;;@", "-5"), ("0.125", "0.0%", "12.5%"), ("1234567", "#,##0", "1,234,567"),
    ("1234567", "#,##0,", "1,235"), ("1234567", '0.0,,"m"', "1.2m"), ("45", '0"%"', "45%"), ("45", r"0\%", "45%"),
    ("7", "000", "007"), ("-5", "0;(0)", "(5)"), ("-5", "#,##0.00_);[Red](#,##0.00)", "(5.00)"), ("12.345", "0.0", "12.3"),
    ("0.05", "0.0", "0.1"), ("2079460000", "0000 000 0000", "0207 946 0000"), ("5", "[$£-809]#,##0.00", "£5.00"),
    ("0", "#", ""), ("0.5", "#.##", ".5"), ("1234", '#,##0" offences"', "1,234 offences"), ("5", "_-* #,##0_-;-* #,##0_-", "5"),
    ("0", '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "-"), ("3", '[=3]"fewer than 5";General', "fewer than 5"), ("4", '[=3]"fewer than 5";General', "4"),
    ("12", '[>=10]0;[<0]"under";"few"', "12"), ("3", '[>=10]0;[<0]"under";"few"', "few"), ("-3", '[>=10]0;[<0]"under";"few"', "under"),
    ("3", "0\\*", "3*"), ("12000", '0,"k"', "12k"), ("123456", "0.00E+00", "1.23E+5"), ("12", "[Blue]0;[Red]-0", "12"), ("3", "@", "3"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "code", "wanted"), SHOWN)
def test_a_format_shows_what_spreadsheets_print(number: str, code: str, wanted: str) -> None:
    shown = number_formats.shown(Decimal(number), code)
    assert shown is not None
    assert shown.text.strip() == wanted


def test_general_shows_the_number_itself_and_a_percentage_is_marked() -> None:
    assert number_formats.shown(Decimal(12), "General") is None
    percent, literal = (number_formats.shown(Decimal("0.5"), c) for c in ("0%", '0.0"%"'))
    assert percent is not None
    assert literal is not None
    assert (percent.percent, literal.percent) == (True, False)
    white = number_formats.shown(Decimal(5), "[White]0")
    assert white is not None
    assert white.white


@pytest.mark.parametrize("code", ["# ?/?", "[h]:mm", "[DBNum1]0"])
def test_a_format_that_is_not_worked_out_shows_no_number(code: str) -> None:
    shown = number_formats.shown(Decimal("12.5"), code)
    assert shown is not None
    assert numbers.seen(shown.text, ReadRow()) is None


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("1,234", "1234"), ("£1,234.50", "1234.50"), ("-£5", "-5"), ("(5)", "-5"), ("12.5%", "12.5"), ("12 offences", "12"), ("1 offence", "1"), ("−3", "-3"),
        (".5", "0.5"), ("007", "7"), ("<5", None), ("12*", None), ("12 (p)", None), ("3k", None), ("1.2m", None), ("2 thousand", None), ("12 suppressed", None), ("12 fewer", None), ("12 offences withheld", None), ("€5", None), ("$5", None),
        ("fewer than 5", None), ("-", None), ("", None), ("[c]", None), ("12 1/2", None), ("1.228,5", None), ("~12", None), ("١٢", None),
    ],
)  # fmt: skip
def test_the_number_that_people_read(shown: str, number: str | None) -> None:
    assert numbers.seen(shown, ReadRow(label="offences")) == (None if number is None else Decimal(number))


FORMATS = st.lists(st.sampled_from([*'0#?.,%;@_*\\"-()£$/ <>=', "General", "[<5]", "[Red]", "[$£-809]", "E+", '"x"', "n"]), max_size=12).map("".join)  # fmt: skip
DIGITS = st.decimals(-(10**15), 10**15, allow_nan=False, allow_infinity=False, places=4)


@given(DIGITS, FORMATS)
def test_no_format_breaks_the_reader(number: Decimal, code: str) -> None:
    shown = number_formats.shown(number, code)
    assert shown is None or isinstance(shown.text, str)


@given(st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=2), st.sampled_from(["0.00", "#,##0.00", "0.00;-0.00", "0.00_);(0.00)", "£#,##0.00", "[Red]0.00"]))  # fmt: skip
def test_plain_formats_show_the_number(number: Decimal, code: str) -> None:
    shown = number_formats.shown(number, code)
    assert shown is not None
    assert numbers.seen(shown.text.strip(), ReadRow()) == number
