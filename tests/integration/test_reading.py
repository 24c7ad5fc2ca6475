"""The reading age is measured over running text alone, and the pages that say what people may expect are plain."""

import re
import shutil
from pathlib import Path

import pytest
from portal.cli import commands
from portal.cli.arguments import OK, PROBLEMS
from portal.site import reading_age
from portal.site.reading_age import RunningText
from project import ROOT
from selectolax.lexbor import LexborHTMLParser

STATEMENTS = ("about/accessibility/", "about/other-formats/", "about/privacy/")
SYLLABLES = {
    1: "the crime crimes helped judge whole change which year through",
    2: "safety statement people figures published business being closely mayor table centre places doing",
    3: "offences period usual burglary reported domestic animal criminal area hospital",
    4: "community January priority society February experience information",
    5: "association communication",
    6: "responsibility",
}


@pytest.mark.parametrize(("word", "count"), [(w, n) for n, words in SYLLABLES.items() for w in words.split()])
def test_syllables_are_counted_by_spelling(word: str, count: int) -> None:
    assert reading_age.syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"),
    [("UK", 2), ("CSV", 3), ("CCTV", 4), ("MARAC", 2), ("2,731", 1), ("anti-social", 4), ("19.8", 1)],
)
def test_abbreviations_numbers_and_hyphens(word: str, count: int) -> None:
    assert reading_age.syllables(word) == count


def test_the_age_is_the_grade_of_flesch_and_kincaid_plus_five() -> None:
    # 11 words in 2 sentences, 9 syllables in each
    text = ["The police recorded fewer crimes.", "They told nobody about it yet."]
    assert reading_age.age(text) == pytest.approx(0.39 * 11 / 2 + 11.8 * 18 / 11 - 15.59 + 5)


def test_names_and_fixed_terms_count_as_one_syllable_a_word() -> None:
    assert reading_age.age(["They help with domestic abuse."]) == reading_age.age(["They help with a cat."])
    assert reading_age.age(["They work with the Metropolitan Police."]) == reading_age.age(
        ["They work with the big dog."]
    )
    named = RunningText("", ("They help with domestic abuse.",))
    assert named.full_age > named.age


def test_longer_sentences_and_longer_words_make_a_page_harder() -> None:
    plain = ["The police came.", "They took a note."]
    assert reading_age.age(plain) < reading_age.age(["The police came and they took a note."])
    assert reading_age.age(plain) < reading_age.age(["Officers attended.", "They documented everything."])


def test_only_running_text_counts() -> None:
    html = """<body><p>Not in the article, so not counted.</p><article>
    <nav><ol><li>Home is where the menu begins</li></ol></nav>
    <p>The first of two. “Is it?” It is No. 2, with 19.8% of it.</p>
    <table><caption>A caption of a table here</caption><tr><td>A cell with some more words</td></tr></table>
    <figure><figcaption>What a chart shows in one sentence.</figcaption></figure>
    <p>Reported: March 2022</p>
    <ul class="columns"><li><a href="a">A name that is only a link</a></li><li><a href="b">This link says it all.</a></li></ul>
    <ul><li>Before the break there are words<br>after it there are some more<br><small class="cite">Source: slides, page 4.</small>
      <ul><li>and one inside <strong>with bold</strong> text</li></ul></li></ul>
    <h2 id="where-it-comes-from">Where it comes from</h2><ul><li>A report of a committee, page 7.</li></ul>
    <aside class="made-from"><p>This page is made from a list of things.</p></aside></article></body>"""
    assert reading_age.sentences(html) == (
        "The first of two.",
        "“Is it?”",
        "It is No. 2, with 19.8% of it.",
        "This link says it all.",
        "Before the break there are words",
        "after it there are some more",
        "and one inside with bold text",
    )


def test_without_a_built_site_there_is_a_problem_and_no_report(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["--project", str(tiny), "reading"]) == PROBLEMS
    told = capsys.readouterr().err
    assert "build/site" in told
    assert "portal build" in told
    assert not (tiny / "docs").exists()


def test_the_command_reads_every_page_and_writes_the_same_report_twice(
    tiny_site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = shutil.copytree((tiny_site / "build" / "site").resolve(), tmp_path / "build" / "site")
    reports = []
    for _ in range(2):
        assert commands.main(["--project", str(tmp_path), "reading"]) == OK
        reports.append((tmp_path / "docs" / "reference" / "reading-age.md").read_bytes())
    assert reports[0] == reports[1]
    told = capsys.readouterr().out
    pages = reading_age.read(tmp_path)
    assert re.search(rf"{len(pages)} pages\. The middle one has a reading age of \d+\.\d", told)
    assert pages[0].longest[0] in told
    assert len(pages) == len([p for p in site.rglob("*.html") if reading_age.sentences(p.read_text())])
    for page in pages:
        assert f"| `{page.address}` | {page.age:.1f} | {page.words} |" in reports[0].decode()


def test_the_report_lists_long_sentences_hard_words_and_double_terms() -> None:
    long = "So it went on and on " * 5 + "to its end."
    pages = (
        RunningText(
            "a/", (long, "Facilitated work with perpetrators was good.", "Domestic violence is a crime.")
        ),
        RunningText(
            "b/", (long, "They help after domestic abuse.", "Strategic Commissioning is the name of a team.")
        ),
    )
    told = reading_age.report(pages)
    assert f"- {reading_age.length(long)} words, `a/`, `b/`: {long}" in told
    assert "| facilitated | help, run | `a/` |" in told
    assert "| perpetrators | the person who did it | `a/` |" in told
    assert "commissioning" not in told.lower().replace("strategic commissioning", "")
    assert "| domestic abuse | `b/` | domestic violence | `a/` |" in told


def test_shares_add_up_to_all_pages() -> None:
    pages = tuple(RunningText(f"{n}/", ("So " + "community " * n + "is.",)) for n in range(1, 12))
    told = [
        int(n) for n in re.findall(r"^\| [^|]+ \| (\d+) pages \(", reading_age.report(pages), re.MULTILINE)
    ]
    assert len(told) == len(reading_age.BANDS)
    assert sum(told) == len(pages)


def test_the_site_stays_as_plain_as_it_is(real_site: Path) -> None:
    pages = reading_age.read(ROOT)
    assert pages[len(pages) // 2].age <= 11
    assert pages[0].age <= 16
    assert sum(p.age <= 11 for p in pages) > len(pages) / 2


@pytest.mark.parametrize("address", STATEMENTS)
def test_the_statements_are_plain(real_site: Path, address: str) -> None:
    page = next(p for p in reading_age.read(ROOT) if p.address == address)
    assert page.age <= 11
    assert max(map(reading_age.length, page.sentences)) <= reading_age.LONGEST


def test_the_accessibility_statement_has_what_the_law_asks_for(real_site: Path) -> None:
    article = LexborHTMLParser((real_site / "about/accessibility/index.html").read_text()).css_first(
        "article"
    )
    assert article
    headings = [h.text(strip=True) for h in article.css("h1, h2, h3")]
    for wanted in (
        "Accessibility statement",
        "Feedback and contact information",
        "Enforcement procedure",
        "Compliance status",
        "Non-accessible content",
        "Non-compliance with the accessibility regulations",
        "Disproportionate burden",
        "Content that is not within the scope of the accessibility regulations",
        "Preparation of this accessibility statement",
    ):
        assert wanted in headings
    told = " ".join(article.text().split())
    assert "This accessibility statement applies to" in told
    assert "partially compliant with the Web Content Accessibility Guidelines version 2.2 AA standard" in told
    assert (
        "Public Sector Bodies (Websites and Mobile Applications) (No. 2) Accessibility Regulations 2018"
        in told
    )
    assert "Equality Advisory and Support Service (EASS)" in told
    assert "This statement was prepared on 22 November 2026." in told
    assert article.css("a[href^=tel], a[href^=mailto]") == [], "nobody has taken on to answer yet"


def test_every_page_about_the_site_can_be_reached_from_about(real_site: Path) -> None:
    about = LexborHTMLParser((real_site / "about/index.html").read_text())
    linked = {(a.attributes["href"] or "").strip("./") for a in about.css("article a[href]")}
    assert {p.name for p in (real_site / "about").iterdir() if p.is_dir()} <= {
        n.split("/")[-1] for n in linked
    }
