"""The frame of a portal in another language: every text comes from the catalogue, and pages mirror from right to left.

The pseudo-language has each message of the catalogue between brackets, with accents. A text in the frame without
brackets is one that translators never see.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog
from browser import served
from playwright.sync_api import Browser
from portal.core import program_files, settings
from portal.core.problems import PortalError
from portal.pages import messages
from portal.pages.messages import Messages, read_messages
from portal.site import building
from project import ROOT, make_project, set_site
from selectolax.lexbor import LexborHTMLParser, LexborNode

sys.path.insert(0, str(ROOT / "scripts"))
import list_messages

# Templates and scripts in which every text is in the catalogue. The other templates are the contents of pages about
# figures and plans, whose sentences the code makes too.
TEMPLATES = (
    "page.md.jinja", "search.md.jinja", "home.md.jinja", "help.md.jinja", "report.md.jinja", "route.md.jinja",
    "choose.md.jinja", "glossary.md.jinja", "embed.html.jinja", "explore_embed.html.jinja", "moved.html.jinja",
    "explore.md.jinja", "_parts.md.jinja", "since.md.jinja",
)  # fmt: skip
SCRIPTS = ("portal.js", "charts.js", "cite.js", "maps.js", "search.js", "since.js")
OPEN, CLOSE = "⟦", "⟧"
_TAG_OR_PLACE = re.compile(r"<[^>]*>|%\(\w+\)s|%%")


def pseudo(text: str) -> str:
    """The text between brackets, with accents on its vowels; variables and HTML stay."""
    accents = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")
    kept = _TAG_OR_PLACE.findall(text)
    parts = [p.translate(accents) for p in _TAG_OR_PLACE.split(text)]
    return OPEN + "".join(p + k for p, k in zip(parts, [*kept, ""], strict=True)) + CLOSE


def catalogue(folder: Path, language: str) -> None:
    """Write the catalogue of the pseudo-language into a project."""
    made = Catalog(fuzzy=False, header_comment="# Made by the tests.")
    for entry in list_messages.catalogue():
        if entry.id:
            several = isinstance(entry.id, tuple)
            made.add(entry.id, tuple(map(pseudo, entry.id)) if several else pseudo(str(entry.id)))
    path = folder / messages.FOLDER / f"{language}.po"
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        pofile.write_po(file, made)


def in_language(folder: Path, language: str) -> Path:
    """The tiny portal in a pseudo-language."""
    root = make_project(folder)
    set_site(root, language=language)
    catalogue(root, language)
    return root


@pytest.fixture(scope="module")
def bracketed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the tiny portal in a language written from right to left."""
    root = in_language(tmp_path_factory.mktemp("languages") / "tiny", "ar")
    return building.build(root, lambda step: None).folder.resolve()


def test_the_list_of_messages_is_up_to_date() -> None:
    assert (ROOT / messages.LIST).read_bytes() == list_messages.text(), "run: python scripts/list_messages.py"


# --- what no translator sees

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_SPOKEN = re.compile(r'\b(?:aria-label|alt|title|placeholder|data-label)="([^"]*)"')
_WORD = re.compile(r"[^\W\d_]{2}")
_NAMES = ("late", "quiet", "yes")  # the values of attributes and of a macro


def bare_texts(source: str) -> Iterator[str]:
    """Yield the texts of a template that are not messages."""
    source = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL)
    source = re.sub(r"<!doctype html>|\{: [^}]*\}(?!\})", "", _JINJA.sub("\0", source))
    spoken = _SPOKEN.findall(source)
    for text in (*spoken, *re.split(r"<[^>]*>|\n|\0", source)):
        said = text.replace("index.md", "").strip("()[] ")
        if _WORD.search(said) and said not in _NAMES:
            yield said


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_text_of_a_template_of_the_frame_is_a_message(name: str) -> None:
    assert list(bare_texts((ROOT / "site_src/templates" / name).read_text())) == []


@pytest.mark.parametrize("path", sorted((ROOT / program_files.THEME).rglob("*.html")), ids=lambda p: p.name)
def test_every_text_of_the_theme_is_a_message(path: Path) -> None:
    assert list(bare_texts(path.read_text())) == []


def test_bare_texts_are_found() -> None:
    source = '<p title="Seen">One <b>two</b> {{ _("no") }}</p>\n# {{ x }} three\n'
    assert sorted(bare_texts(source)) == ["# ", "One", "Seen", "three", "two"][1:]


def test_templates_only_mark_what_they_write_out() -> None:
    """A value from the data that went through `_` would become markup."""
    for path in sorted((ROOT / "site_src/templates").glob("*.jinja")):
        source = path.read_text()
        assert not re.search(r"""\b_\((?!["'])""", source), path.name
        assert not re.search(r"\{% *(?:for|set)(?:[^%=]*[ ,(])?_[ ,)]", source), (
            f"{path.name} gives _ another meaning"
        )


# A text with a space between words, or one that begins with a capital letter and is put on the page.
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
_SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
_CODE = re.compile(r"[\[\]#>:/=]|\.[a-z]|use strict|^figcaption strong$|^no map$")


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_text_of_a_script_is_a_message(name: str) -> None:
    source = (ROOT / "site_src/assets/js" / name).read_text()
    source = re.sub(r"^\s*//.*$|(?<=[;{,]) //.*$", "", source, flags=re.MULTILINE)
    known = {t for _, m in messages.script_messages(source) for t in ([m] if isinstance(m, str) else m)}
    texts = {a or re.sub(r"\$\{.*?\}", "", b) for a, b in _LITERAL.findall(source)}
    assert {t for t in texts - known if _SENTENCE.search(t) and not _CODE.search(t)} == set()


# --- the pseudo-language


# The parts of a page that are its frame. Titles in the browser are put together in the code, with names from the data.
FRAME = ("header.top", "footer.bottom", "aside.first", ".history", ".preview", "nav.trail", "aside.made-from", ".chart__tools", ".contents > summary", ".finder", ".chooser label", ".search", ".noprint")  # fmt: skip
_DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{4}")  # dates and numbers are as in English


def outside(node: LexborNode) -> Iterator[str]:
    """Yield each text of a part of a page, and each label, without what is between brackets."""
    texts = [n.text_content or "" for n in node.traverse(include_text=True) if n.tag == "-text"]
    labels = [str(n.attributes.get("aria-label") or "") for n in [node, *node.css("[aria-label]")]]
    for text in (*texts, *labels):
        for part in (
            re.sub(rf"{OPEN}[^{CLOSE}]*{CLOSE}?|^[^{OPEN}]*{CLOSE}", "\n", text)
            .replace("–", "\n")
            .split("\n")
        ):
            yield " ".join(re.findall(r"[\w’]+", _DAY.sub("", part)))


def test_every_text_of_the_frame_is_translated(bracketed: Path) -> None:
    sources = [p for p in (ROOT / "tests/tiny").rglob("*") if p.suffix in (".csv", ".toml", ".md", ".json")]
    data = " ".join(re.findall(r"[\w’]+", " ".join(p.read_text() for p in sources)))
    left: dict[str, str] = {}
    seen = 0
    for path in sorted(bracketed.rglob("*.html")):
        page = LexborHTMLParser(path.read_text())
        for selector in FRAME:
            for node in page.css(selector):
                seen += 1
                for words in outside(node):
                    if _WORD.search(words) and words not in data:
                        left.setdefault(words, f"{path.relative_to(bracketed)} {selector}")
    assert seen > 400
    assert left == {}, "\n".join(f"{w}: {p}" for w, p in left.items())


SAID = {
    "wards/": (".finder__found", "[data-finder] input", "X", "[data-finder] button"),
    "search/": (".search__said", "#sought", "", "[data-search] button"),
}


@pytest.mark.browser
@pytest.mark.parametrize("address", SAID)
def test_scripts_speak_the_language(chromium: Browser, bracketed: Path, address: str) -> None:
    said, box, typed, button = SAID[address]
    with served(bracketed) as home, chromium.new_context() as context:
        page = context.new_page()
        page.goto(home + address)
        page.locator(box).fill(typed)
        page.locator(button).click()
        page.wait_for_function("said => document.querySelector(said).textContent", arg=said)
        text = page.locator(said).inner_text()
        assert (text[0], text[-1]) == (OPEN, CLOSE), text


@pytest.mark.browser
def test_the_filter_of_promises_counts_in_the_language(chromium: Browser, bracketed: Path) -> None:
    with served(bracketed) as home, chromium.new_context() as context:
        page = context.new_page()
        page.goto(home + "plans/progress/")
        assert re.fullmatch(rf"{OPEN}Áll \d+ prómísés\.{CLOSE}", page.locator(".narrow__said").inner_text())


# Where the frame begins, and where it would lie without mirroring; what lies outside the window.
MIRRORED = """() => {
  const at = (one) => document.querySelector(one).getBoundingClientRect();
  return {
    direction: getComputedStyle(document.querySelector("article")).direction,
    name: innerWidth - at(".top__name").right < at(".top__name").left,
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    out: [...document.querySelectorAll("body *")].filter((e) => {
      const { left, right, width } = e.getBoundingClientRect();
      if (!width || e.closest(".table, pre, svg, .unseen, .skip, .explore, thead")) return false;
      return (left < -1 || right > innerWidth + 1) && getComputedStyle(e).position !== "absolute";
    }).map((e) => e.outerHTML.slice(0, 80)),
  };
}"""
KINDS = ("", "404.html", "search/", "help/", "report/", "report/choose/", "wards/", "wards/north-quay/", "wards/compare/", "figures/", "figures/thefts/", "figures/rec-thefts/", "plans/", "plans/plan-2020/", "plans/plan-2020/priority-1/action-1-1/", "plans/progress/", "crime/", "about/words/", "about/sources/", "releases/")  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_mirror_from_right_to_left(chromium: Browser, bracketed: Path, width: int) -> None:
    with (
        served(bracketed) as home,
        chromium.new_context(viewport={"width": width, "height": 800}) as context,
    ):
        page = context.new_page()
        for address in KINDS:
            page.goto(home + address)
            assert page.locator("html").get_attribute("lang") == "ar"
            assert page.locator("body").get_attribute("dir") == "rtl"
            found = page.evaluate(MIRRORED)
            assert found == {"direction": "rtl", "name": True, "over": 0, "out": []}, address


def test_style_sheets_only_use_logical_properties() -> None:
    """A physical side does not mirror."""
    physical = re.compile(r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)[\w-]*|left|right|text-align: (?:left|right)|float: (?:left|right))(?=\s*[:;}])")  # fmt: skip
    for name in ("portal.css", "maps.css"):
        source = (ROOT / "site_src/assets/css" / name).read_text()
        rules = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
        assert physical.findall(rules) == [], name


# --- catalogues that cannot be used

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
FAULTS = {
    "another variable": ('msgid "Due %(date)s"\nmsgstr "Erbyn %(dyddiad)s"\n', "has different variables from the English"),
    "no variable": ('msgid "Due %(date)s"\nmsgstr "Erbyn"\n', "has different variables from the English"),
    "markup": ('msgid "Search"\nmsgstr "<script>alert(1)</script>"\n', "has different HTML tags from the English"),
    "not a catalogue": ("msgid Search\n", "cannot be read"),
    "not UTF-8": ("\udcff", "cannot be read"),
    "code as its rule": ('"Plural-Forms: nplurals=2; plural=alert(1);\\n"\n', "cannot be read"),
    "a form too many": ('"Plural-Forms: nplurals=1; plural=(n != 1);\\n"\n', "names a form that it does not have"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_catalogue_is_a_problem(tmp_path: Path, fault: str) -> None:
    body, said = FAULTS[fault]
    path = tmp_path / messages.FOLDER / "cy.po"
    path.parent.mkdir(parents=True)
    path.write_bytes((HEADER + body).encode(errors="surrogateescape"))
    with pytest.raises(PortalError) as error:
        read_messages(tmp_path, "cy")
    (problem,) = error.value.problems
    assert said in problem.message
    assert problem.file == f"{messages.FOLDER}/cy.po"
    assert problem.fix


def test_a_language_without_a_catalogue_is_a_problem(tiny: Path) -> None:
    file = tiny / settings.FILE
    file.write_text(file.read_text().replace("[site]", '[site]\nlanguage = "cy"'))
    with pytest.raises(PortalError) as error:
        building.check(tiny)
    (problem,) = error.value.problems
    assert (problem.file, problem.message) == ("site_src/languages/cy.po", "This catalogue is missing.")


@pytest.mark.parametrize("code", ["English", "", "../x", "cy_GB"])
def test_a_language_without_a_code_is_a_problem(tiny: Path, code: str) -> None:
    file = tiny / settings.FILE
    file.write_text(file.read_text().replace("[site]", f'[site]\nlanguage = "{code}"'))
    with pytest.raises(PortalError) as error:
        settings.load(tiny)
    assert [p.field for p in error.value.problems] == ["site.language"]


def test_values_never_become_markup() -> None:
    said = Messages(texts={"Due %(date)s": ("Erbyn <b>%(date)s</b>",)}).text("Due %(date)s", date="<i>*x*")
    assert said == "Erbyn <b>&#60;i&#62;&#42;x&#42;</b>"


def test_a_script_gets_the_plural_forms_of_its_language() -> None:
    welsh = Messages("cy", {"%(count)s page": ("%(count)s dudalen", "%(count)s dudalen", "%(count)s tudalen")}, "n==1 ? 0 : n==2 ? 1 : 2")  # fmt: skip
    source = 'const tn = (count, ...forms) => forms[Number(count !== 1)];\ntn(pages.length, "%(count)s page", "%(count)s pages");'
    assert welsh.script(source) == (
        "const tn = (count, ...forms) => forms[Number(count==1 ? 0 : count==2 ? 1 : 2)];\n"
        'tn(pages.length, "%(count)s dudalen", "%(count)s dudalen", "%(count)s tudalen");'
    )
    assert messages.ENGLISH.script(source) == source
