"""Files of the police one after another, forward, back and again: what the release and the corrections then say."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from portal.cli import new_portal
from portal.core.model import Observation, ReleaseChange
from portal.core.periods import today
from portal.core.vocabulary import Status
from portal.data import packages
from portal.importers import importing, source_rows
from portal.importers.importing import ImportJob, PlannedImport
from portal.pages.all_pages import PageInputs, all_pages
from portal.pages.release_pages import CorrectionsPage
from portal.pages.views import ComparePage
from portal.releases import change_report, comparison, releasing
from portal.releases.releasing import ReleaseRequest
from portal.site import building, written_pages
from project import ROOT, SHARED

UPSTREAM = SHARED / "upstream"
pytestmark = pytest.mark.skipif(
    not (UPSTREAM / "more").is_dir(), reason="the upstream files are not in ../shared/upstream"
)
PLACE = new_portal.NewPortal("Safer Lewisham", "E09000023", "Lewisham", "Lewisham Partnership")
OLDEST = UPSTREAM / "more" / "mps_ward" / "ward24_202310-202509_lewisham_and_nonborough.csv"
OLDER = UPSTREAM / "mps_ward" / "ward24_202402-202601.csv"
NEWEST = UPSTREAM / "mps_ward" / "ward25_202403-202603.csv"
OUTLINES = UPSTREAM / "boundaries" / "wards2022_lbl_simplified_wgs84.geojson"
COPIES = UPSTREAM / "more" / "stop_and_search" / "csv_met_plus_city_no_ethnicity"
STOPS = ("stops", "stops-by-month", "stops-in-12-months", "stops-in-12-months-by-age")
WHY = "The police revised their records."


def planned(root: Path, format_: str, files: Iterable[Path], until: str = "") -> PlannedImport:
    """Plan an import of files whose source is written first."""
    row = source_rows.row(format_, "2026-03")
    source_rows.write(root / "data_packages" / "sources" / "data" / "sources.csv", [row])
    settings, content = building.read(root)
    read, _ = packages.read_all(root, settings.packages)
    return importing.plan(ImportJob(format_, tuple(files), row["id"], until), content, read, settings)


def imported(root: Path, format_: str, files: Iterable[Path], until: str = "") -> PlannedImport:
    plan = planned(root, format_, files, until)
    plan.write()
    return plan


def released(root: Path, name: str) -> dict[str, list[str]]:
    """Make a release, and return its changes in words by kind."""
    project = building.project(root)
    pages = building.addresses(project)
    report = change_report.report(releasing.changes(project, pages), project.content)
    releasing.draft(project, ReleaseRequest(name, reason=WHY), pages, today()).write()
    return {kind: [str(line) for line in lines] for kind, _, lines in report.groups}


def corrections(root: Path) -> dict[str, list[str]]:
    """Return what the page of corrections lists, by release."""
    settings, cleared = building.check(root)
    inputs = PageInputs(written=written_pages.read(settings))
    views = [p.content for p in all_pages(settings, cleared, inputs)]
    page = next(v for v in views if isinstance(v, CorrectionsPage))
    return {r.release.name: [str(line) for line, _ in r.listed] for r in page.releases}


def corrected(root: Path) -> list[ReleaseChange]:
    """Return the changes of all releases that the page of corrections is made from."""
    return [c for c in building.read(root)[1].changes if comparison.needs_reason(c)]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new portal with the names of its wards, that imports two kinds of crime by ward; not to be changed."""
    root = tmp_path_factory.mktemp("sequences") / "portal"
    new_portal.begin(PLACE, root)
    table = root / "data_packages" / "recorded-crime" / "data" / "imports.csv"
    lines = [
        line
        if line.startswith(("mps-ward,robbery,", "mps-ward,burglary,"))
        else line.replace(",ward,", ",own,")
        for line in table.read_text().splitlines(keepends=True)
    ]
    table.write_text("".join(lines))
    imported(root, "wards", [NEWEST])
    return root


@pytest.fixture
def portal(begun: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(begun, tmp_path / "portal"))


def figures(root: Path) -> str:
    return (root / "data_packages" / "recorded-crime" / "data" / "observations.csv").read_text()


def test_vintages_forward_back_and_repeated(portal: Path) -> None:
    imported(portal, "mps-ward", [OLDEST])
    assert released(portal, "One")["new"][0].startswith("Robbery recorded by the police: 152 new figures")

    # Forward: the months that two files share are revised, with the reason, and nothing is withdrawn.
    forward = imported(portal, "mps-ward", [OLDER], "2025-12")
    assert not forward.doubts
    changes = released(portal, "Two")
    assert set(changes) <= {"new", "revised", "rolled", "words", "page-new"}
    assert changes["revised"]
    revised = {"Two": changes["revised"]}

    # And forward again, to the newest quarter.
    imported(portal, "mps-ward", [NEWEST])
    changes = released(portal, "Three")
    assert "withdrawn" not in changes
    assert any("3 months to March 2026" in line or "31 March 2026" in line for line in changes["new"])
    revised["Three"] = changes["revised"]
    newest = figures(portal)

    # The same file once more changes nothing at all.
    again = imported(portal, "mps-ward", [NEWEST])
    assert not again.doubts
    assert any("0 new, 304 as before, 0 revised" in line for line in again.report)
    assert figures(portal) == newest
    assert (
        comparison.compare(
            releasing.last(p := building.project(portal)), releasing.contents(p, building.addresses(p))
        )
        == ()
    )

    # Back: it is asked first, and says how far it would go.
    back = planned(portal, "mps-ward", [OLDER], "2025-12")
    assert [d.key for d in back.doubts] == ["older-file"]
    assert "end in December 2025, but figures to March 2026 are published" in back.doubts[0].question
    assert figures(portal) == newest
    back.write()
    assert not [
        o for o in _figures(portal) if o.status == Status.REVISED and f"{o.period_end:%Y-%m}" == "2026-03"
    ]
    changes = released(portal, "Back")
    assert "withdrawn" not in changes
    revised["Back"] = changes["revised"]

    # The page of corrections lists each of them under its release, with the reason.
    expected = {
        k: [c.replace("No reason is given yet.", f"Why: {WHY}") for c in v] for k, v in revised.items()
    }
    assert corrections(portal) == dict(reversed(expected.items()))


def _figures(root: Path) -> list[Observation]:
    return [o for own in building.read(root)[1].observations.values() for o in own]


def last_months(root: Path, indicator: str) -> set[str]:
    """Return the last months of the figures of an indicator, or of several that begin alike."""
    return {f"{o.period_end:%Y-%m}" for o in _figures(root) if o.indicator.startswith(indicator)}


@pytest.fixture
def with_stops(portal: Path) -> Path:
    """The portal with outlines and the stop and search package of this repository, without its figures."""
    package = portal / "data_packages" / "stop-and-search"
    shutil.rmtree(package)
    shutil.copytree(ROOT / "data_packages" / "stop-and-search", package)
    table = package / "data" / "observations.csv"
    table.write_text(table.read_text().splitlines(keepends=True)[0])
    for name, column in (("indicators", 0), ("breaks", 0), ("imports", 2)):
        path = package / "data" / f"{name}.csv"
        header, *lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if line.split(",")[column] in STOPS]
        path.write_text("".join([header, *kept]).replace(",stops-2024-09,", ",start,"))
    imported(portal, "boundaries", [OUTLINES])
    return portal


def copies(first: str, last: str) -> list[Path]:
    """The files of some months in a row."""
    return [p for p in sorted(COPIES.glob("*.csv")) if first <= p.name[:7] <= last]


def test_a_second_month_of_stop_and_search_is_new_and_corrects_nothing(with_stops: Path) -> None:
    imported(with_stops, "stop-and-search", copies("2024-07", "2024-07"))
    released(with_stops, "July")
    plan = imported(with_stops, "stop-and-search", copies("2024-08", "2024-08"))
    assert not plan.doubts
    changes = released(with_stops, "August")
    assert changes["new"] == ["Stop and search month by month, Lewisham, August 2024: new, 308."]
    assert set(changes) <= {"new", "words"}
    assert not corrected(with_stops)


def test_a_thirteenth_month_moves_the_year_on_and_takes_no_ward_back(with_stops: Path) -> None:
    imported(with_stops, "stop-and-search", copies("2023-08", "2024-07"))
    assert last_months(with_stops, "stops-in") == {"2024-07"}
    released(with_stops, "Twelve")
    imported(with_stops, "stop-and-search", copies("2023-08", "2024-08"))
    changes = released(with_stops, "Thirteen")
    assert {"new", "rolled"} <= set(changes) <= {"new", "rolled", "words"}
    # The year by ward stays: another one that overlaps it would give away single months of a ward.
    assert last_months(with_stops, "stops-in-12-months-by-age") == {"2024-08"}
    assert last_months(with_stops, "stops-in-") == {"2024-07", "2024-08"}
    assert {f"{o.period_end:%Y-%m}" for o in _figures(with_stops) if o.indicator == "stops-in-12-months"} == {
        "2024-07"
    }
    assert not corrected(with_stops)


def test_wards_without_12_months_in_a_row_are_not_compared(portal: Path, tmp_path: Path) -> None:
    """Files with gaps, or of a few months, give quarters only: no row of rates is without any rate."""
    with NEWEST.open(newline="") as lines:
        rows = [*csv.reader(lines)]
    months = [n for n, c in enumerate(rows[0]) if c.isdigit()]
    few = tmp_path / "ward.csv"
    with few.open("w", newline="") as lines:
        csv.writer(lines).writerows([[c for n, c in enumerate(r) if n not in months[:-6]] for r in rows])
    imported(portal, "mps-ward", [few])
    settings, cleared = building.check(portal)
    pages = all_pages(settings, cleared, PageInputs(written=written_pages.read(settings)))
    page = next(p.content for p in pages if isinstance(p.content, ComparePage))
    assert figures(portal).count("\n") > 19
    assert page.rows == ()
