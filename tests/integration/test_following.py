"""What people follow and how they ask: feeds of single pages, the calendar of releases, an email and a form."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import feedparser
import pytest
from calendars import read_events
from portal.core.problems import PortalError
from portal.site import building
from project import ROOT, edit, first, make_project, run, set_site
from selectolax.lexbor import LexborHTMLParser

OBSERVATIONS = "data_packages/recorded/data/observations.csv"
ADDRESS = "https://safer.example/portal/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal with a contact, a promised release, a first release, and one that revised a figure of a ward."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1614556800")  # 1 March 2021
        root = make_project(tmp_path_factory.mktemp("following"), ROOT / "tests" / "meetings")
        set_site(root, address=ADDRESS, contact="safety@example.org")
        calendar = root / "data_packages" / "releases" / "data" / "calendar.csv"
        calendar.write_text(f"{calendar.read_text()}2021 Q2,2021-06-15,,Newer thefts\n")
        assert run(root, "release", "2021 Q1", "--yes") == 0
        edit(
            root,
            "rec-drugs,E05999991,2020-10-01,2020-12-31,1,",
            "rec-drugs,E05999991,2020-10-01,2020-12-31,2,",
            OBSERVATIONS,
        )
        edit(
            root,
            "rec-all,E05999991,2020-10-01,2020-12-31,20,",
            "rec-all,E05999991,2020-10-01,2020-12-31,21,",
            OBSERVATIONS,
        )
        assert run(root, "release", "2021 Q1b", "--yes", "--reason", "Counted again.") == 0
        return building.build(root, lambda step: None).folder.resolve()


def entries(path: Path) -> dict[str, str]:
    """Return the summary of each entry of a feed by its title."""
    feed = feedparser.parse(path.read_bytes())
    assert not feed.bozo
    return {e.title: e.summary for e in feed.entries}


def test_a_feed_has_the_releases_that_concern_its_page(site: Path) -> None:
    drugs, thefts = (entries(site / "figures" / i / "feed.xml") for i in ("rec-drugs", "rec-thefts"))
    assert list(drugs) == ["2021 Q1b", "2021 Q1"]
    assert drugs["2021 Q1b"] == "1 figure revised or withdrawn."
    assert list(thefts) == ["2021 Q1"]
    north, south = (entries(site / "wards" / w / "feed.xml") for w in ("north-quay", "south"))
    assert north["2021 Q1b"] == "2 figures revised or withdrawn."
    assert list(south) == ["2021 Q1"]
    assert (site / "subjects" / "subject-1" / "feed.xml").is_file()


def test_feeds_have_names_and_entries_of_their_own(site: Path) -> None:
    feeds = [feedparser.parse(p.read_bytes()) for p in sorted(site.rglob("feed.xml"))]
    ids = [f.feed.id for f in feeds]
    assert len(ids) == len(set(ids)) > 10
    every = [e.id for f in feeds for e in f.entries]
    assert len(every) == len(set(every))
    assert {e.link for f in feeds for e in f.entries} == {
        f"{ADDRESS}releases/{n}/" for n in ("2021-q1", "2021-q1b")
    }


@pytest.mark.parametrize("path", ["figures/rec-drugs", "wards/south", "subjects/subject-1"])
def test_a_page_links_to_its_feed(site: Path, path: str) -> None:
    page = LexborHTMLParser((site / path / "index.html").read_text())
    link = first(page, ".made-from a[type='application/atom+xml']").attributes["href"]
    assert (site / path / str(link)).resolve() == site / path / "feed.xml"


def test_the_calendar_has_the_promised_releases(site: Path) -> None:
    (promised,) = read_events((site / "releases" / "calendar.ics").read_bytes())
    assert promised["DTSTART"].dt.isoformat() == "2021-06-15"
    assert "2021 Q2" in promised["SUMMARY"]
    assert promised["DESCRIPTION"] == "Newer thefts"


def test_an_email_names_the_page_but_never_one_that_helps(site: Path) -> None:
    def mail(path: str) -> tuple[str, str, str]:
        page = LexborHTMLParser((site / path / "index.html").read_text())
        parts = urlsplit(str(first(page, ".made-from a[href^='mailto:']").attributes["href"]))
        asked = parse_qs(parts.query)
        return unquote(parts.path), asked["subject"][0], asked["body"][0]

    assert mail("figures/rec-drugs")[0] == "safety@example.org"
    assert f"{ADDRESS}figures/rec-drugs/" in mail("figures/rec-drugs")[2]
    assert mail("help") == ("safety@example.org", "Exampleton & Safe", "Exampleton & Safe")


def test_the_form_can_be_printed_and_says_where_to_report_instead(site: Path) -> None:
    page = LexborHTMLParser((site / "about" / "ask" / "index.html").read_text())
    assert len(page.css(".form__line")) == 10
    assert first(page, "main a[href='../../report/']").text() == "Ways to report"


def test_a_contact_that_is_no_email_address_is_refused(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    set_site(root, contact="the council")
    with pytest.raises(PortalError) as stopped:
        building.project(root)
    assert [p.field for p in stopped.value.problems] == ["site.contact"]
