"""A build that reuses what the last one made has the same bytes as one that makes all anew, whatever was changed."""

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from portal.site import building, rendering
from project import tree_of


def quiet(step: str) -> None:
    pass


def in_file(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A change of some words in a file."""

    def change(root: Path) -> None:
        path = root / name
        told = path.read_text()
        assert old in told
        path.write_text(told.replace(old, new, 1))

    return change


def add_page(root: Path) -> None:
    (root / "site_src/pages/about/more.md").write_text("# More\n\nSee [what this is](../).\n")


def rename_page(root: Path) -> None:
    add_page(root)
    building.build(root, quiet)
    (root / "site_src/pages/about/more.md").rename(root / "site_src/pages/about/another.md")


CHANGES: dict[str, Callable[[Path], None]] = {
    "a figure": in_file("data_packages/figures/data/observations.csv", "120,,report", "121,,report"),
    "the title of an action": in_file("data_packages/plan/data/actions.csv", "Light the paths,", "Light paths,"),
    "a source": in_file("data_packages/sources/data/sources.csv", "2021-01,", "2022-01,"),
    "a template": in_file("site_src/templates/page.md.jinja", "<p>Sources</p>", "<p>Made from</p>"),
    "the theme": in_file("site_src/theme/main.html", "Skip to the text", "On to the text"),
    "the settings": in_file("site_src/portal.toml", "A test.", "Another test."),
    "a new page": add_page,
    "a renamed page": rename_page,
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_rebuild_has_the_bytes_of_a_whole_build(built: Path, name: str) -> None:
    CHANGES[name](built)
    again = tree_of(building.build(built, quiet).folder)
    whole = tree_of(building.build(built, quiet, fresh=True).folder)
    assert again == whole


def test_one_changed_page_is_the_only_one_that_is_made(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    at_once = rendering._at_once

    def watched(*given: object) -> bool:
        told.append(given)
        return at_once(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(rendering, "_at_once", watched)
    in_file("data_packages/plan/data/updates.csv", "A new worker", "Another worker")(built)
    building.build(built, quiet)
    ((_, _, laid, _, there),) = told
    pages = set(laid.pages)  # type: ignore[attr-defined]
    assert len(there) > 0.8 * len(pages)  # type: ignore[arg-type]
    assert "plans/plan-2020/priority-2/index.md" in pages - set(there)  # type: ignore[call-overload]


def with_another_page(file: Path) -> None:
    """Change the HTML of a page, as a fault of the disk would: nothing that is written beside it knows."""
    whole = file.read_bytes()
    at = whole.index(b"<h1")
    file.write_bytes(whole[:at] + b"<h2" + whole[at + 3 :])


def of_another_build(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as kept:
        kept.writestr("record.json", '{"mark": []}')


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:-100]), id="cut off"),
        pytest.param(with_another_page, id="changed"),
        pytest.param(of_another_build, id="of another build"),
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
        pytest.param(Path.unlink, id="gone"),
    ],
)
def test_what_is_kept_is_only_used_as_it_was_written(built: Path, harm: Callable[[Path], None]) -> None:
    harm(built / "build" / rendering.KEPT)
    CHANGES["a figure"](built)
    again = tree_of(building.build(built, quiet).folder)
    assert again == tree_of(building.build(built, quiet, fresh=True).folder)


def test_no_changed_byte_of_what_is_kept_gets_into_a_page(built: Path, tmp_path: Path) -> None:
    file = built / "build" / rendering.KEPT
    whole, pages = file.read_bytes(), tuple(rendering._known(file)["pages"])
    rendering._lay_out(file, pages, tmp_path / "right")
    right = tree_of(tmp_path / "right")
    assert len(right) == len(pages)
    chance = random.Random(1)
    refused = 0
    for n in range(200):
        at = chance.choice([chance.randrange(len(whole)), chance.randrange(len(whole) - 20_000, len(whole))])
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        try:
            rendering._lay_out(file, tuple(rendering._known(file)["pages"]), tmp_path / f"{n}")
        except rendering._DAMAGED:
            refused += 1
        for name, content in tree_of(tmp_path / f"{n}").items() if (tmp_path / f"{n}").exists() else ():
            assert right[name] == content, at
    assert refused > 50


def test_two_at_once_make_what_one_makes(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = tree_of(building.build(built, quiet, fresh=True).folder)
    monkeypatch.setattr(rendering, "_WORTH_IT", 5)
    monkeypatch.setattr(rendering, "_plain", None)  # it is not needed
    assert tree_of(building.build(built, quiet, fresh=True).folder) == one


ELEMENTS = {
    "by itself": "<table><tr><td>*a*\n\n# b\n\n[c](../)</td></tr></table>",
    "two in a block": "<div>\n<table><tr><td>a</td></tr></table>\n<table><tr><td>b &amp; c</td></tr></table>\n</div>\n\nMore.",
    "in a table": "<table><tr><td>\n<table><tr><td>a</td></tr></table>\n</td></tr></table>\n\nMore.",
    "in code": "```\n<table><tr><td>a</td></tr></table>\n```",
    "in code of another kind": "~~~\n<table><tr><td>a</td></tr></table>\n~~~",
    "in a paragraph": "Some words\n<table><tr><td>a *b*</td></tr></table>\nand more.",
    "a list in a list": "<ul>\n<li>a\n<ul>\n<li>*b*</li>\n</ul>\n</li>\n</ul>\n\nMore.",
    "one in another": "<details>\n<summary>a</summary>\n\n<dl>\n<dt>b</dt>\n\n</dl>\n</details>\n\n## More",
    "with words after it": "<aside>a</aside> *b*\n\n<nav>c</nav>\n- d\n- e",
    "in a list of Markdown": "- a\n\n<ul><li>b</li></ul>\n\n- c\n  <ul><li>d</li></ul>",
    "not ended": "<table><tr><td>a</td></tr>\n\nMore.",
    "as one that was kept": '<table id="kept-0"></table>\n\n<table><tr><td>a</td></tr></table>',
}


@pytest.mark.parametrize("kind", ELEMENTS)
def test_what_is_kept_from_mkdocs_is_in_the_page_as_mkdocs_makes_it(
    built: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (built / "site_src/pages/about/more.md").write_text(f"# More\n\n{ELEMENTS[kind]}\n")
    settings = building.read(built)[0]
    folder = settings.build_folder
    building.build(built, quiet, fresh=True)
    (page,) = (folder / "site" / "about" / "more").iterdir()
    told = page.read_bytes()
    monkeypatch.setattr(rendering, "_at_once", lambda *_: False)
    building.build(built, quiet, fresh=True)
    assert page.read_bytes() == told


def test_a_warning_of_mkdocs_stops_a_rebuild(built: Path) -> None:
    path = built / "site_src/pages/about/index.md"
    path.write_text(path.read_text() + "\n[nowhere](nowhere.md)\n")
    with pytest.raises(building.PortalError):
        building.build(built, quiet)
