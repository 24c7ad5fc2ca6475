"""A project is read once for each state of its files, and again as soon as any of them differs."""

from pathlib import Path

import pytest
from portal.core import settings as config
from portal.data import packages
from portal.desk import rows
from portal.desk.known_state import StateReader
from portal.disclosure.clearing import ClearedContent
from portal.pages import search
from portal.pages.all_pages import PageInputs, all_pages
from portal.releases.releasing import Project
from portal.site import building, written_pages
from project import ROOT, edit, make_project

FIGURE = "bikes,E09999999,2018-07-01,2019-06-30,,61,,report,Table 1"


def test_what_was_read_is_known_until_a_file_changes(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project")
    states = StateReader(root)
    steps: list[str] = []
    first = states.read(steps.append)
    assert states.read(steps.append) is first
    assert first.changes is first.changes
    edit(root, FIGURE, FIGURE.replace(",61,", ",62,"))
    second = states.read(steps.append)
    assert second is not first
    assert {str(o.value) for o in second.project.content.observations["bikes"]} != {
        str(o.value) for o in first.project.content.observations["bikes"]
    }
    settings = root / "site_src/portal.toml"
    settings.write_text(settings.read_text().replace("Exampleton Partnership", "Another Partnership"))
    assert states.read(steps.append).project.settings.site.partnership == "Another Partnership"


def test_a_row_says_at_once_what_is_missing_in_the_order_of_its_form(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project")
    read, _ = packages.read_all(root, config.load(root).packages)
    where = rows.find(read, "sources", "sources")
    assert where
    named = [p.field for p in rows.faults(where, {"published": "soon"}, ("id",))]
    assert named[0] == "title"
    assert {"publisher", "kind", "published", "note"} <= set(named)
    assert "id" not in named
    assert "licence" not in named
    whole = dict(where.table.rows[0])
    assert rows.faults(where, whole) == ()


def addresses_with_charts(project: Project) -> dict[str, str]:
    """The name of each page by its address, from pages with all their charts."""
    settings = project.settings
    inputs = PageInputs(written=written_pages.read(settings), words=search.read_synonyms(settings.root)[0])
    cleared = ClearedContent(project.content, settings.site.area)
    return {p.path: p.label for p in all_pages(settings, cleared, inputs)}


def test_which_pages_there_are_does_not_depend_on_their_charts(tmp_path: Path) -> None:
    project = building.project(make_project(tmp_path / "project"))
    assert building.addresses(project) == addresses_with_charts(project)


@pytest.mark.thorough  # the test above does the same for the tiny portal
def test_which_pages_the_real_site_has_does_not_depend_on_their_charts() -> None:
    project = building.project(ROOT)
    assert building.addresses(
        project, ClearedContent(project.content, project.settings.site.area)
    ) == addresses_with_charts(project)
