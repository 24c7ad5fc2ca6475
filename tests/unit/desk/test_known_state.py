"""A project is read once for each state of its files, and again as soon as any of them differs."""

from pathlib import Path

from portal.core import settings as config
from portal.data import packages
from portal.desk import rows
from portal.desk.known_state import StateReader
from project import edit, make_project

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
