"""Every kind of chart looks as in the reference pictures of the documentation, which were looked at.

Pictures are kept as SVG and compared as they appear in one browser, so the fonts of a machine make no difference. After
an intended change run this file with `--update-golden`, look at the pictures, and commit them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from portal.charts.drawing import draw_svg
from portal.site import building
from project import ROOT, make_project
from reference_charts import Case, cases

FOLDER = ROOT / "docs/reference/charts"
PAGE = ROOT / "docs/reference/chart-pictures.md"
WIDTHS = ("wide", "narrow")
# Of 255, how far a colour may be off, and the share of pixels that may be: one changed letter of a picture is more.
NEAR, SHARE = 32, 0.0001
COMPARE = """async ([one, other, near]) => {
  const pixels = async svg => {
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(svg);
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
  const [a, b] = await Promise.all([pixels(one), pixels(other)]);
  if (a.width !== b.width || a.height !== b.height) return 1;
  let off = 0;
  for (let i = 0; i < a.data.length; i += 4)
    off += [0, 1, 2].some(n => Math.abs(a.data[i + n] - b.data[i + n]) > near);
  return off / (a.width * a.height);
}"""
HEAD = """# Pictures of every kind of chart

Made-up data, easy and hard, drawn by the same code as the site, for wide screens and for phones. The tests draw them
again and compare them picture by picture. After an intended change, run
`.venv/bin/python -m pytest tests/in_browser/test_reference_charts.py --update-golden`, look at this page (`make docs`), and commit it.
[Charts](charts.md) has the rules.
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Case]:
    return cases(building.check(make_project(tmp_path_factory.mktemp("made") / "tiny"))[1])


@pytest.fixture(scope="module")
def pictures(made: Mapping[str, Case]) -> Mapping[str, str]:
    """Return every picture by the name of its file, drawn as in a build."""
    return {
        f"{name}-{width}.svg": draw_svg(figure).decode()
        for name, case in made.items()
        for width in WIDTHS
        if (figure := getattr(case.chart, width))
    }


@pytest.fixture(scope="module")
def sheet(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def written(made: Mapping[str, Case]) -> str:
    """Return the page of the documentation."""
    parts = [HEAD]
    for name, case in made.items():
        words = [f"\n## {case.title}\n"]
        if case.hard:
            words.append(f"What is hard to draw: {case.hard}.\n")
        words += [f"![{case.title}, {width}](charts/{name}-{width}.svg)\n" for width in WIDTHS]
        words += [f"*{note}*\n" for note in case.chart.notes]
        parts.append("\n".join(words))
    return "".join(parts)


def test_every_chart_looks_as_in_its_reference_picture(
    made: Mapping[str, Case],
    pictures: Mapping[str, str],
    sheet: Page,
    request: pytest.FixtureRequest,
) -> None:
    if request.config.getoption("--update-golden"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.svg"):
            old.unlink()
        for name, picture in pictures.items():
            (FOLDER / name).write_text(picture, encoding="utf-8")
        PAGE.write_text(written(made), encoding="utf-8")
    assert sorted(p.name for p in FOLDER.glob("*.svg")) == sorted(pictures)
    off = {name: difference(sheet, kept(name), picture) for name, picture in pictures.items()}
    found = {name: share for name, share in off.items() if share > SHARE}
    for name in found:
        other = ROOT / "build/reference-charts" / name
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text(pictures[name], encoding="utf-8")
    assert not found, (
        f"These differ from docs/reference/charts; build/reference-charts has the new ones: {found}"
    )


def test_the_page_shows_every_picture_once(made: Mapping[str, Case]) -> None:
    assert PAGE.read_text(encoding="utf-8") == written(made)
    shown = re.findall(r"\(charts/(.+?)\)", written(made))
    assert sorted(shown) == sorted(p.name for p in FOLDER.glob("*.svg"))


@pytest.mark.parametrize(
    ("old", "new"),
    [(">Black<", ">Block<"), ("#12436D", "#801650"), ('height="', 'height="1')],
)
def test_a_changed_picture_is_noticed(sheet: Page, old: str, new: str) -> None:
    """A letter, a colour, and a size."""
    picture = kept("shares-narrow.svg")
    assert old in picture
    assert difference(sheet, picture, picture) == 0
    assert difference(sheet, picture, picture.replace(old, new, 1 if "height" in old else -1)) > SHARE


def kept(name: str) -> str:
    return Path(FOLDER, name).read_text(encoding="utf-8")


def difference(sheet: Page, one: str, other: str) -> float:
    """Return the share of pixels that differ clearly; 1 if the sizes differ."""
    share: float = sheet.evaluate(COMPARE, [one, other, NEAR])
    return share
