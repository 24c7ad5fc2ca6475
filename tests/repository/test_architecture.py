"""The architecture page agrees with the code: its diagram, its table of rooms, and every path and name on it and in CONTRIBUTING.md."""

import re
import sys
from pathlib import Path

import pytest
from project import ROOT
from test_structure import ROOMS

sys.path.insert(0, str(ROOT / "scripts"))
import rooms

PAGE = ROOT / "docs" / "explanation" / "architecture.md"
BOTH = pytest.mark.parametrize("page", [PAGE, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
DECISIONS = sorted((PAGE.parent / "decisions").glob("*.md"))


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    return rooms.room_imports()


def test_the_diagram_is_up_to_date(imports: dict[str, set[str]]) -> None:
    assert rooms.DRAWING.read_text() == rooms.drawing(imports), "run: python scripts/rooms.py"


def test_the_diagram_shows_the_rooms_in_the_order_of_their_imports(imports: dict[str, set[str]]) -> None:
    order = list(dict.fromkeys(room.split(".")[0] for room in ROOMS))
    assert set(order) == set(rooms.BOXES) == set(imports)
    for room, imported in rooms.arrows(imports):
        assert order.index(imported) < order.index(room)
        assert rooms.BOXES[imported].level < rooms.BOXES[room].level


def test_the_arrows_lead_to_every_import_and_to_no_other_room(imports: dict[str, set[str]]) -> None:
    drawn = {room: {to for start, to in rooms.arrows(imports) if start == room} for room in imports}
    for room, imported in imports.items():
        assert imported <= rooms.reachable(room, drawn)
        assert drawn[room] <= imported


def test_the_boxes_do_not_overlap() -> None:
    boxes = list(rooms.BOXES.values())
    for i, box in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert box.level != other.level or abs(box.x - other.x) > rooms._WIDTH


def test_an_import_that_others_imply_is_not_drawn() -> None:
    assert rooms.arrows({"top": {"middle", "bottom"}, "middle": {"bottom"}, "bottom": set()}) == [
        ("top", "middle"),
        ("middle", "bottom"),
    ]


def test_the_table_describes_every_room() -> None:
    listed = re.findall(r"^\| `([a-z]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert set(listed) == set(rooms.BOXES)
    assert len(listed) == len(set(listed))


@BOTH
def test_every_path_on_the_page_exists(page: Path) -> None:
    paths = re.findall(r"`([\w./-]+(?:\.\w+|/))`", page.read_text())
    assert len(paths) > 50
    places = (ROOT, rooms.PROGRAM)
    generated = ("build/",)
    for path in (p for p in paths if "/" in p and not p.startswith(generated)):
        assert any((place / path).exists() for place in places), path


def test_names_from_the_code_on_the_page_exist() -> None:
    from portal.core import model, settings, text  # noqa: PLC0415
    from portal.core.problems import Problem  # noqa: PLC0415
    from portal.disclosure.clearing import ClearedContent  # noqa: PLC0415

    page = PAGE.read_text()
    assert hasattr(settings.Settings, "packages_folder")
    for name in (model.Content.__name__, Problem.__name__, ClearedContent.__name__):
        assert f"`{name}`" in page
    assert "p" in text.MARKERS
    assert "`MARKERS`" in page


@BOTH
def test_every_name_on_the_page_is_in_the_program(page: Path) -> None:
    names = set(re.findall(r"`([A-Za-z_]\w+)`", page.read_text()))
    places = [*rooms.PROGRAM.rglob("*.py"), *rooms.PROGRAM.rglob("*.csv"), ROOT / "site_src" / "portal.toml"]
    text = "\n".join(f"{path} {path.read_text()}" for path in places)
    assert len(names) > (40 if page == PAGE else 20)
    assert [name for name in sorted(names) if name not in text] == []


def test_the_page_links_every_decision() -> None:
    assert re.findall(r"\(decisions/([\w-]+\.md)\)", PAGE.read_text()) == [path.name for path in DECISIONS]
    assert [path.name[:4] for path in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_else_was_considered_and_what_follows(path: Path) -> None:
    headings = re.findall(r"^## (.*)", path.read_text(), re.MULTILINE)
    assert headings == ["Context", "Decision", "Alternatives", "Consequences"]
