"""Duties, meetings, questions and answers, from the tables to pages and calendars."""

from datetime import date
from pathlib import Path

import pytest
from calendars import read_events
from portal.core.problems import PortalError
from portal.disclosure.clearing import ClearedContent
from portal.site import building
from project import ROOT, first, make_project, run
from selectolax.lexbor import LexborHTMLParser

OVERLAY = ROOT / "tests" / "meetings"
MARCH_2021 = "1614556800"  # 1 March 2021
MEETINGS = "data_packages/meetings/data"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal with duties and meetings, built on 1 March 2021."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", MARCH_2021)
        root = make_project(tmp_path_factory.mktemp("meetings"), OVERLAY)
        return building.build(root, lambda step: None).folder.resolve()


def page(site: Path, path: str) -> LexborHTMLParser:
    """Return a page of the site."""
    return LexborHTMLParser((site / path / "index.html").read_text())


def words(parsed: LexborHTMLParser, selector: str) -> str:
    """Return the text of the first element that a selector selects, with single spaces."""
    return " ".join(first(parsed, selector).text().split())


def events(path: Path) -> dict[str, str]:
    """Return the status of each event of a calendar by its title."""
    return {str(e["SUMMARY"]): str(e["STATUS"]) for e in read_events(path.read_bytes())}


def test_each_duty_is_shown_with_its_law_its_evidence_and_what_is_due(site: Path) -> None:
    duties = page(site, "about/duties")
    rows = {
        " ".join(first(row, "th").text().split()): [" ".join(c.text().split()) for c in row.css("td")]
        for row in duties.css("table tbody tr")
    }
    assert rows == {
        "A plan": ["Every three years", "30 June 2020", "30 June 2023", "Up to date"],
        "An assessment": ["Every year", "November 2019", "30 November 2020", "Nothing newer published"],
        "A public meeting": ["Every year", "15 April 2020", "15 April 2021", "Due soon"],
        "Numbers of reviews": ["Every year", "None published", "Cannot be worked out", "Not published"],
        "A procedure": ["Kept up to date", "2019", "No set date", "Published, no set date"],
    }
    text = words(duties, "main")
    assert text.count("To be confirmed by a lawyer") == 1 + len(rows)
    assert "Not published, as far as we know. Ask: The council." in text
    assert first(duties, "a[href='https://example.org/plan']").text() == "The plan & its annex"


def test_a_meeting_has_its_papers_its_questions_and_what_they_are_about(site: Path) -> None:
    meeting = page(site, "meetings/board-2020-12")
    text = words(meeting, "main")
    assert "Safety Board, Exampleton, 3 December 2020, 18:30 to 20:00." in text
    assert text.index("Agenda") < text.index("Minutes")
    assert "They were repaired in January. Answered by The council, 20 January 2021." in text
    about = [a.attributes["href"] for a in meeting.css("#why-thefts p a")]
    assert about == [
        "../../wards/south/", "../../figures/rec-thefts/", "../../plans/plan-2020/priority-1/action-1-1/",
    ]  # fmt: skip
    unknown = words(page(site, "meetings/south-2021-05"), "main")
    assert "WhereNot published." in unknown
    assert "Can you come?No source says." in unknown


@pytest.mark.parametrize(
    "path", ["wards/south", "figures/rec-thefts", "plans/plan-2020/priority-1/action-1-1", "meetings"]
)
def test_an_open_question_is_on_the_pages_that_it_concerns(site: Path, path: str) -> None:
    link = first(
        page(site, path),
        "main a[href$='meetings/board-2020-12/#why-thefts'], main a[href='board-2020-12/#why-thefts']",
    )
    assert link.text() == "Why did thefts rise in South?"


def test_other_pages_have_neither_the_question_nor_an_answered_one(site: Path) -> None:
    for path in ("wards/north-quay", "wards/west-field", "figures/rec-drugs", "plans/plan-2020"):
        assert "Why did thefts rise" not in words(page(site, path), "main"), path
    assert "When will the lights" not in words(page(site, "wards/north-quay"), "main")


def test_a_ward_has_its_own_meetings_and_those_of_the_whole_area(site: Path) -> None:
    def titles(ward: str) -> list[str]:
        return [
            a.text() for a in page(site, f"wards/{ward}").css("section[aria-labelledby=meetings-here] h3 a")
        ]

    assert titles("south") == ["South ward panel", "Summer meeting; all welcome"]
    assert titles("north-quay") == ["Summer meeting; all welcome"]
    assert titles("west-field") == ["Summer meeting; all welcome"]  # its panel was cancelled


def test_calendars_have_every_meeting_or_those_of_one_ward(site: Path) -> None:
    board = {"Winter meeting": "CONFIRMED", "Summer meeting; all welcome": "CONFIRMED"}
    south, west = {"South ward panel": "CONFIRMED"}, {"West Field ward panel": "CANCELLED"}
    assert events(site / "meetings" / "meetings.ics") == board | south | west
    assert events(site / "wards" / "south" / "meetings.ics") == board | south
    assert events(site / "wards" / "west-field" / "meetings.ics") == board | west
    (panel,) = (
        e for e in read_events((site / "meetings" / "meetings.ics").read_bytes()) if "South" in e["SUMMARY"]
    )
    assert panel["DTSTART"].dt.isoformat() == "2021-05-20T18:00:00+00:00"  # 19:00 in summer time


@pytest.mark.parametrize(
    ("table", "row", "instead", "found"),
    [
        ("meetings", "18:30,20:00,Winter", "20:00,18:30,Winter", "starts at 20:00 and ends at 18:30"),
        ("meetings", "18:30,20:00,Winter", ",20:00,Winter", "an end but no start"),
        ("meetings", "18:30,20:00,Winter", "6pm,20:00,Winter", "6pm"),
        ("meetings", "2021-06-03,", "2021-06-31,", "2021-06-31"),
        ("meetings", "https://example.org/board", "ftp://example.org/", "begins with https://"),
        ("papers", "board-2020-12,2", "board,2", "“board” is not among the meetings"),
        ("questions", "2021-01-20,The council", ",The council", "answered_on is empty"),
        ("questions", "2021-01-20,The", "2020-12-02,The", "is older than the meeting"),
        ("questions", "2021-01-20,The", "2021-03-02,The", "is in the future"),
        ("subjects", "why-thefts,E05999992,,,", "why-thefts,,,,", "names no ward, figure or action"),
        ("subjects", "why-thefts,E05999992", "why-thefts,E09999999", "is not a ward"),
        ("subjects", "plan-2020,action-1-1", "plan-2020,action-9-9", "not among the actions of plan-2020"),
        ("subjects", "plan-2020,action-1-1", ",action-1-1", "is not among the plans"),
        ("subjects", "south-2021-05,,", "south-2021-05,lights,", "was asked at board-2020-12"),
        ("../../duties/data/evidence", "plan,2020", "plans,2020", "“plans” is not among the duties"),
        ("../../duties/data/evidence", "plan,2020-06-30", "plan,2022-06-30", "is in the future"),
        ("../../duties/data/duties", "Every three years,36", "Every three years,0", "0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, row: str, instead: str, found: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", MARCH_2021)
    root = make_project(tmp_path, OVERLAY)
    path = root / MEETINGS / f"{table}.csv"
    text = path.read_text()
    assert row in text
    path.write_text(text.replace(row, instead))
    with pytest.raises(PortalError) as stopped:
        building.project(root)
    (problem,) = stopped.value.problems
    assert found in f"{problem.message} {problem.fix}"
    assert problem.row


def test_a_number_about_withheld_figures_is_noticed_in_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path, OVERLAY)
    subjects = root / MEETINGS / "subjects.csv"
    subjects.write_text(f"{subjects.read_text()}board-2020-12,lights,,rec-abuse,,\n")
    questions = root / MEETINGS / "questions.csv"
    assert run(root, "check") == 0
    assert "number:questions" not in capsys.readouterr().err
    questions.write_text(questions.read_text().replace("They were repaired", "Seven were repaired"))
    assert run(root, "check") == 0
    assert "number:questions:lights:answer" in capsys.readouterr().err


def test_a_portal_without_these_packages_has_no_such_pages(tmp_path: Path) -> None:
    whole = building.project(make_project(tmp_path))
    pages = building.addresses(whole)
    assert not [p for p in pages if p.startswith(("meetings/", "about/duties/"))]


def test_every_duty_of_this_portal_cites_a_law_and_no_evidence_is_without_a_source(
    real: ClearedContent,
) -> None:
    content = real.content
    assert len(content.duties) >= 10
    for duty in content.duties:
        source = content.sources[duty.source]
        assert duty.source.startswith("law-")
        assert source.url.startswith(("https://www.legislation.gov.uk/", "https://www.gov.uk/"))
        assert any(word in duty.locator for word in ("ection", "egulation", "Part"))
    assert {e.source for e in content.evidence} <= content.sources.keys()
    assert all(m.date < date(2022, 12, 31) and m.source in content.sources for m in content.meetings)
    assert not content.questions  # no source has any
