"""A cell can never become markup, and abbreviations are explained once."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal.core import periods, text
from portal.core.model import Term
from portal.pages import glossary_terms
from selectolax.lexbor import LexborHTMLParser

ATTACKS = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](https://other.example/x.png)", "{: onclick=alert(1) }",
    "--8<-- '/etc/passwd'", "# heading", "1. list", "- item", "    code", "```\ncode\n```", "| a | b |\n|---|---|", "&lt;b&gt;",
    "*bold* _it_ `x`", "<!-- x -->", "https://other.example", "a\n\n<b>x</b>", "{{ 7 * 7 }}", "{% raw %}", "\\<b>", "&#60;b&#62;",
    "[TOC]", "*[HTML]: x", "[^1]: note", "text{ .class }", "<a href='x'>", "\"><img src=x onerror=alert(1)>",
]  # fmt: skip


def rendered(value: str) -> LexborHTMLParser:
    template = f'<p title="{text.safe(value)}">{text.safe(value)}</p>\n\nText {text.safe(value)} text.\n\n{text.safe(value)}\n'
    return LexborHTMLParser(markdown.markdown(template, extensions=["attr_list", "tables", "toc"]))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_stays_text(attack: str) -> None:
    tree = rendered(attack)
    assert {n.tag for n in tree.css("body *")} == {"p"}
    assert all(set(n.attributes) <= {"title"} for n in tree.css("body *"))


@settings(max_examples=300)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60))
def test_any_text_stays_text(value: str) -> None:
    tree = rendered(value)
    assert {n.tag for n in tree.css("body *")} <= {"p"}
    plain = " ".join(value.split())
    if plain:
        assert plain in " ".join(tree.css("p")[1].text().split())


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://example.org/a?b=c", True), ("http://example.org", False), ("javascript:alert(1)", False),
        ("https://example.org/\"onclick", False), ("//example.org", False), ("data:text/html,x", False), ("https://a b.org", False),
    ],
)  # fmt: skip
def test_only_plain_https_addresses_are_linked(address: str, good: bool) -> None:
    assert text.is_address(address) is good


def term(short: str, long: str) -> Term:
    return Term("s", "l", short, long, "", True, True)


def described(short: str, long: str) -> Term:
    """A term with a meaning."""
    return Term("s", "l", short, long, "What it is.", True, True)


MARAC = term("MARAC", "multi-agency risk assessment conference")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "A MARAC met. The MARAC met again.",
            "A MARAC (multi-agency risk assessment conference) met. The MARAC met again.",
        ),
        ("# MARAC\n\nThe MARAC met.", "# MARAC\n\nThe MARAC (multi-agency risk assessment conference) met."),
        (
            '<a href="x">MARAC</a> and MARACs.',
            '<a href="x">MARAC</a> and MARACs (multi-agency risk assessment conferences).',
        ),
        ("[MARAC](x/)", "[MARAC](x/)"),
        (
            "A multi-agency risk assessment conference (MARAC).",
            "A multi-agency risk assessment conference (MARAC).",
        ),
        ("SMARAC and MARAC-like", "SMARAC and MARAC-like"),
        ("Go to a MARAC.", "Go to a MARAC (multi-agency risk assessment conference)."),
        ("(MARAC, and more)", "(MARAC (multi-agency risk assessment conference), and more)"),
        (
            "<small>MARAC</small> then MARAC",
            "<small>MARAC</small> then MARAC (multi-agency risk assessment conference)",
        ),
        (
            "# multi-agency risk assessment conference\n\nA MARAC",
            "# multi-agency risk assessment conference\n\nA MARAC (multi-agency risk assessment conference)",
        ),
        ('---\ntitle: "MARAC"\n---\nx', '---\ntitle: "MARAC"\n---\nx'),
    ],
)
def test_an_abbreviation_is_explained_at_its_first_use_in_running_text(before: str, after: str) -> None:
    explained = glossary_terms.explain(
        before.replace("-", "&#45;")
        .replace(".", "&#46;")
        .replace(",", "&#44;")
        .replace("&#45;&#45;&#45;", "---"),
        [MARAC],
    )
    assert unescape(explained) == after


def test_an_abbreviation_inside_another_is_not_explained_again() -> None:
    terms = [
        term("CCG", "clinical commissioning group"),
        term("SEL CCG", "South East London clinical commissioning group"),
    ]
    assert (
        unescape(glossary_terms.explain("From SEL CCG and a CCG", terms))
        == "From SEL CCG (South East London clinical commissioning group) and a CCG"
    )


@pytest.mark.parametrize("number", ["0800 123 4567", "020 8314 6000", "999", "116 123", "85258", "18001 101"])
def test_a_phone_number_is_whole(number: str) -> None:
    """A spreadsheet takes the first 0 away."""
    assert text.is_phone(number)
    assert not number.startswith("0") or not text.is_phone(number[1:])


GLOSSARY = "../about/words/"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A MARAC and a MARAC", 'A <a class="term" href="../about/words/#term-marac" data-meaning="{}">MARAC</a> (multi-agency risk assessment conference) and a MARAC'),
        ("# MARAC\n\n<table><td>MARAC</td></table>", "# MARAC\n\n<table><td>MARAC</td></table>"),
        ("[MARAC](x) <a href='x'>MARAC</a> <button>MARAC</button>", "[MARAC](x) <a href='x'>MARAC</a> <button>MARAC</button>"),
        ('<img alt="MARAC">', '<img alt="MARAC">'),
    ],
)  # fmt: skip
def test_the_first_use_of_a_term_leads_to_the_glossary(before: str, after: str) -> None:
    explained = glossary_terms.explain(before, [described("MARAC", MARAC.expansion)], GLOSSARY)
    assert unescape(explained) == after.format("multi-agency risk assessment conference. What it is.")


def test_a_term_inside_a_longer_one_is_explained_where_it_stands_alone() -> None:
    terms = [described("CCG", "clinical commissioning group"), described("SEL CCG", "South East London CCG")]
    explained = unescape(glossary_terms.explain("The SEL CCG, then a CCG", terms, GLOSSARY))
    assert re.findall(r"#([\w-]+)", explained) == ["term-sel-ccg", "term-ccg"]
    assert ">SEL CCG</a> (South East London CCG)" in explained


def test_a_word_in_lower_case_is_not_a_name() -> None:
    assert glossary_terms.explain("Refuge runs it", [described("refuge", "")], GLOSSARY) == "Refuge runs it"


def test_a_term_without_a_meaning_is_no_link() -> None:
    assert "<a" not in glossary_terms.explain("A MARAC", [MARAC], GLOSSARY)


def test_a_meaning_never_becomes_markup() -> None:
    attack = Term("s", "l", "MARAC", "", '"><script>alert(1)</script>', True, True)
    assert "<script" not in glossary_terms.explain("A MARAC", [attack], GLOSSARY)


@pytest.mark.parametrize(
    ("kind", "start", "end", "label"),
    [
        ("rolling-months", "2015-08-01", "2016-07-31", "12 months to July 2016"),
        ("rolling-months", "2021-10-01", "2021-12-31", "3 months to December 2021"),
        ("year-to", "2015-08-01", "2016-07-31", "Year to July 2016"),
        ("month", "2016-02-01", "2016-02-29", "February 2016"),
        ("calendar-year", "2021-01-01", "2021-12-31", "2021"),
        ("rolling-months", "2016-02-03", "2016-03-04", "3 February 2016 to 4 March 2016"),
    ],
)
def test_labels_of_periods(kind: str, start: str, end: str, label: str) -> None:
    assert periods.label(kind, date.fromisoformat(start), date.fromisoformat(end)) == label
    assert periods.label(kind, None, None) == "Period not stated"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("12.5", "pounds", "£12.50"),
        ("12.50", "pounds", "£12.50"),
        ("12", "pounds", "£12"),
        ("12.00", "pounds", "£12"),
        ("-500", "pounds", "−£500"),
        ("-1200.5", "pounds", "−£1,200.50"),
        ("0", "pounds", "£0"),
        ("-0.0", "pounds", "£0"),
        ("0.125", "pounds", "£0.125"),
        ("123456789012345678901234567890123", "pounds", "£123,456,789,012,345,678,901,234,567,890,123"),
        ("-1234567890123456789012345678901.5", "count", "−1,234,567,890,123,456,789,012,345,678,901.5"),
        ("1E+5", "count", "100,000"),
        ("1E-7", "per-1000", "0.0000001"),
        ("81", "percent", "81%"),
        ("135.5", "percent", "135.5%"),
        ("-3.1", "percent-change", "−3.1%"),
        ("11", "percent-change", "+11%"),
        ("0", "percent-change", "0%"),
    ],
)
def test_amounts(value: str, unit: str, shown: str) -> None:
    assert text.amount(Decimal(value), unit) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_a_number_is_shown_with_all_its_digits_and_no_exponent(value: Decimal) -> None:
    shown = text.number(value)
    assert Decimal(shown.replace(",", "").replace(text.MINUS, "-")) == value
    assert set(shown) <= set("0123456789,." + text.MINUS)


@pytest.mark.parametrize(
    ("kind", "start", "end", "label", "short"),
    [
        ("month", "2024-01-01", "2024-12-31", "12 months to December 2024", "to Dec 2024"),
        ("month", "2024-01-01", "2024-03-31", "3 months to March 2024", "3 months to Mar 2024"),
        ("calendar-year", "2023-07-01", "2024-06-30", "12 months to June 2024", "to Jun 2024"),
        ("academic-year", "2023-09-01", "2024-08-31", "2023/24 academic year", "2023/24"),
        ("academic-year", "2023-09-01", "2023-11-30", "3 months to November 2023", "3 months to Nov 2023"),
        ("year-to", "2023-10-01", "2024-03-31", "6 months to March 2024", "6 months to Mar 2024"),
    ],
)
def test_a_period_of_another_length_is_not_called_by_its_kind(
    kind: str, start: str, end: str, label: str, short: str
) -> None:
    days = date.fromisoformat(start), date.fromisoformat(end)
    assert (periods.label(kind, *days), periods.short_label(kind, *days)) == (label, short)


def test_a_period_inside_a_sentence_keeps_the_capitals_of_months() -> None:
    assert periods.inside_sentence("Year to March 2024") == "year to March 2024"
    assert periods.inside_sentence("January 2024") == "January 2024"
    assert text.upper_first("per cent of NHS calls") == "Per cent of NHS calls"


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("offences", "offence"), ("searches", "search"), ("businesses", "business"), ("people", "person"), ("cases", "case"),
        ("children", "child"), ("parties", "party"), ("boxes", "box"), ("crimes per 1,000 people", "crime per 1,000 people"),
        ("people on bail", "person on bail"), ("calls to the helpline", "call to the helpline"),
        ("NHS calls", "NHS call"), ("young people", "young person"), ("people or cases", "person or case"),
        ("days of action", "day of action"), ("series", "series"), ("staff", "staff"), ("knives", "knife"),
        ("Domestic abuse crimes", "Domestic abuse crime"), ("visits, all kinds", "visit, all kinds"), ("", ""),
    ],
)  # fmt: skip
def test_one_of_a_thing_is_in_the_singular(plural: str, one: str) -> None:
    assert text.counted(Decimal(1), plural) == f"1 {one}"
    assert text.counted(Decimal(2), plural) == f"2 {plural}"
    assert text.counted(Decimal(0), plural) == f"0 {plural}"
    assert text.counted(Decimal(-1), plural) == f"−1 {one}"
    assert text.counted(Decimal("1.0"), plural) == f"1.0 {plural}"


def test_a_title_begins_small_inside_a_sentence_unless_it_begins_with_an_abbreviation() -> None:
    assert text.lower_first("Theft without shoplifting") == "theft without shoplifting"
    assert text.lower_first("ASB calls") == "ASB calls"
    assert text.lower_first("MARACs") == "MARACs"
    for name in ("Loampit Vale thefts", "Muslim group", "Irish Travellers", "Jewish"):
        assert text.lower_first(name) == name
    assert text.lower_first("Jewellery in Deptford") == "jewellery in Deptford"
    assert text.lower_first("Domestic abuse (VAWG)") == "domestic abuse (VAWG)"
    assert text.lower_first("") == ""


def test_the_plural_of_an_expansion_is_a_word() -> None:
    terms = [term("CAD", "computer-aided dispatch"), term("MHST", "mental health support team")]
    assert unescape(glossary_terms.explain("CADs", terms)) == "CADs (computer-aided dispatches)"
    assert unescape(glossary_terms.explain("MHSTs", terms)) == "MHSTs (mental health support teams)"


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("http://example.org/", "begins with https://"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
        ("https://a:b@example.org/x", "the name of a user: https://example.org/x"),
        ("https://example.org:99999/x", "the port: https://example.org/x"),
        ("https://example.org/a b", "Remove the spaces"),
        ("https://example.org/#a", "Remove the # and what follows it: https://example.org/"),
        ("https://EXAMPLE.org", "https://example.org/"),
        ("https://example.org?x", "https://example.org/?x"),
        ("https://example.org/ä", "https://example.org/%C3%A4"),
        ("https://1.2.3.4/", "the name of a host"),
        ("https://example.org/%zz", "from a browser"),
        ("https://", "from a browser"),
    ],
)
def test_the_advice_on_an_address_names_its_fault_and_an_address_that_is_accepted(
    address: str, advice: str
) -> None:
    assert not text.is_address(address)
    told = text.address_advice(address)
    assert advice in told
    assert all(map(text.is_address, re.findall(r"https://[^ ,]+", told)))
