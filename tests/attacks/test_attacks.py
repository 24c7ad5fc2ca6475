"""Whatever stands in a table stays text: attacks in every kind of cell, built, served with the real headers and opened."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from browser import served
from playwright.sync_api import Browser, Dialog, Page
from portal.charts import grammar
from portal.checks import rules
from portal.core.problems import PortalError
from portal.data import packages
from portal.site import building
from portal.site.verification import DATA
from project import make_project
from selectolax.lexbor import LexborHTMLParser

EVIL = "evil.example"
RUN = "window.pwned=1"
# What becomes active content somewhere if nothing is done about it.
ATTACKS = (
    f"<script>{RUN}</script>", f'<img src=x onerror="{RUN}">', f'"><img src=//{EVIL}/x.png onload={RUN}>', f"' onmouseover='{RUN}' x='",
    f'" autofocus onfocus="{RUN}" tabindex="0', f"<svg onload={RUN}>", f"<svg><script>{RUN}</script></svg>", f'<svg><a xlink:href="javascript:{RUN}"><text>x</text></a></svg>',
    '<iframe src="javascript:parent.pwned=1"></iframe>', '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>', f"<object data=//{EVIL}/x></object>", f"<embed src=//{EVIL}/x>",
    f'<link rel="stylesheet" href="//{EVIL}/x.css">', f"<style>@import '//{EVIL}/x.css';</style>", f"<base href=//{EVIL}/>", f'<meta http-equiv="refresh" content="0;url=//{EVIL}/">',
    f"<form action=//{EVIL}/><button>x</button></form>", f"<details open ontoggle={RUN}>x</details>", f"<math><mtext><script>{RUN}</script></mtext></math>", f"<template><script>{RUN}</script></template>",
    f"</title><script>{RUN}</script>", f"</textarea></style></script><script>{RUN}</script>", f"<!--><script>{RUN}</script>-->", f"<![CDATA[<script>{RUN}</script>]]>",
    f"[x](javascript:{RUN})", f"[x](data:text/html,<script>{RUN}</script>)", f"![x](//{EVIL}/x.png)", f"<javascript:{RUN}>", f"[x][1]\n\n[1]: javascript:{RUN}",
    f"https://{EVIL}/", f"[x](https://{EVIL}/ 'y')", f"text{{: onclick={RUN} }}", f"{{: style=background:url(//{EVIL}/x) }}", f"# x {{: onclick={RUN} }}",
    "--8<-- '/etc/passwd'", "-8<- \"/etc/passwd\"", "{!/etc/passwd!}", "{{ 12345 * 6789 }}", "{% include '/etc/passwd' %}", "{{ config.theme }}", "{{ ''.__class__.__mro__ }}", "${12345*6789}", "#{12345*6789}", "<%= 12345*6789 %>",
    f"\n---\ntitle: </title><script>{RUN}</script>\n---\n", "'\"\ntemplate: evil.html\n", f"&lt;script&gt;{RUN}&lt;/script&gt;", f"&#60;script&#62;{RUN}&#60;/script&#62;", "&amp;lt;script&amp;gt;", f"\\x3cscript\\x3e{RUN}\\x3c/script\\x3e",
    f"\\u003cscript\\u003e{RUN}", f"＜script＞{RUN}＜/script＞", f"%3Cscript%3E{RUN}%3C/script%3E", f"expression({RUN})", f"x:expression({RUN})", f"background:url(javascript:{RUN})", f"*[HTML]: <b onclick={RUN}>",
    f"```html\n<script>{RUN}</script>\n```", f"    <script>{RUN}</script>", f"| a |\n|---|\n| <b onclick={RUN}> |", f"a\n\n<div markdown=1 onclick={RUN}>", f"```{{.js onclick={RUN}}}\nx\n```", "</article></main></body></html>",
)  # fmt: skip
# Columns that lead to other rows or have a form of their own; every other text can be anything.
NOT_TEXT = {
    "source", "other_source", "area", "indicator", "other_indicator", "part_of", "parent", "former", "same_as", "url", "email", "phone", "textphone", "indicators", "plan",
    "priority", "action", "service", "breakdown", "pages", "part", "series",
}  # fmt: skip
WATCH = """window.seen = [];
addEventListener("securitypolicyviolation", e => seen.push(`${e.effectiveDirective} ${e.blockedURI}`));
for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = () => seen.push(name);"""
ACTIVE = """() => [
  ...(window.pwned ? ["a script ran"] : []), ...seen,
  ...[...document.querySelectorAll("*")].flatMap(e => [
    ...[...e.attributes].filter(a => a.name.startsWith("on") || /^\\s*(javascript|data|vbscript):/i.test(a.value)).map(a => `${e.nodeName} ${a.name}=${a.value}`),
    ...(["IFRAME", "OBJECT", "EMBED", "BASE", "FORM", "FRAME"].includes(e.nodeName) ? [e.nodeName] : []),
  ]),
  ...[...document.links].map(a => a.href).filter(h => h.includes("evil.example")),
  ...[...document.querySelectorAll("svg.main-svg a")].map(a => `a link in a drawing: ${a.outerHTML.slice(0, 80)}`),
]"""


@dataclass
class Turn:
    """Deals the attacks out, several to a cell, so that each comes to many kinds of cells."""

    attacks: tuple[str, ...]
    at: int = 0
    dealt: int = 0

    def next(self, several: int = 3) -> str:
        """A text of a few attacks; every text has a word that can be looked for, and none is twice the same."""
        chosen = [self.attacks[(self.at + 7 * n) % len(self.attacks)] for n in range(several)]
        self.at += 1
        self.dealt += several
        return f"Zebra {self.at} " + " ".join(chosen) + " end"


def text_columns(schema: dict[str, object]) -> Iterator[str]:
    """The columns of a table that can hold any text."""
    for field in schema["fields"]:  # type: ignore[attr-defined]
        free = not {"enum", "pattern"} & set(field.get("constraints", {}))
        if field["type"] == "string" and free and field["name"] not in NOT_TEXT:
            yield field["name"]


def attacked(root: Path, attacks: tuple[str, ...]) -> tuple[int, int]:
    """Put attacks into all texts of a project's packages; how many were put, and into how many kinds of text."""
    turn = Turn(attacks)
    kinds: set[tuple[str, ...]] = set()
    for file in sorted((root / "data_packages").glob("*/datapackage.json")):
        told = json.loads(file.read_text())
        kind = told["portal"]["kind"]
        for place, key in (
            (told, "title"),
            *(
                (told["portal"], k)
                for k in ("summary", "short_title", "measures_note")
                if k in told["portal"]
            ),
        ):
            place[key] = turn.next()
            kinds.add((kind, key))
        split = told["portal"].get("breakdowns", {})
        if split:
            told["portal"]["breakdowns"] = {k: turn.next() for k in split}
        file.write_text(json.dumps(told))
        parts: dict[str, str] = {"": ""}
        for name, resource in packages.contract(kind)["resources"].items():
            table = file.parent / "data" / f"{name}.csv"
            if not table.exists():
                continue
            header, *body = csv.reader(table.open(newline=""))
            for row in body:
                for column in [
                    c for c in text_columns(resource["schema"]) if c in header and row[header.index(c)]
                ]:
                    row[header.index(column)] = turn.next()
                    kinds.add((kind, name, column))
                for column in [c for c in split if c in header]:
                    part = row[header.index(column)]
                    row[header.index(column)] = parts.setdefault(part, turn.next())
            with table.open("w", newline="") as out:
                csv.writer(out, lineterminator="\n").writerows([header, *body])
    settings = root / "site_src" / "portal.toml"
    lines = settings.read_text().splitlines()
    for n, line in enumerate(lines):
        name = line.partition(" = ")[0]
        if name in ("name", "partnership", "place", "description", "banner", "gaps"):
            value = json.dumps(turn.next())
            lines[n] = f"{name} = [{value}]" if name == "gaps" else f"{name} = {value}"
            kinds.add(("settings", name))
    settings.write_text("\n".join(lines) + "\n")
    return turn.dealt, len(kinds)


def refused(attack: str) -> bool:
    """Whether the rules would not have it in a table."""
    return bool(rules._MARKUP.search(f"Zebra {attack}"))


# The second has every attack of the first, in the same cells.
@pytest.fixture(
    scope="module",
    params=[pytest.param("that pass the rules", marks=pytest.mark.thorough), "that the rules refuse too"],
)
def under_attack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, int, int]:
    """The tiny portal with attacks in all its texts, built; how many they are, and how many kinds of texts.

    What the rules refuse comes in with those rules switched off, so that the rest is seen to hold by itself.
    """
    root = make_project(tmp_path_factory.mktemp("attacked") / "tiny")
    all_of_them = "refuse" in request.param
    attacks = ATTACKS if all_of_them else tuple(a for a in ATTACKS if not refused(a))
    dealt, kinds = attacked(root, attacks)
    with pytest.MonkeyPatch.context() as patch:
        if all_of_them:
            patch.setattr(
                rules, "RULES", {n: r for n, r in rules.RULES.items() if n not in ("markup", "formulas")}
            )
        building.build(root, lambda step: None)
    return (root / "build" / "site").resolve(), dealt, kinds


def test_the_rules_refuse_what_is_meant_as_markup(tiny: Path) -> None:
    attacked(tiny, tuple(a for a in ATTACKS if refused(a)))
    with pytest.raises(PortalError) as caught:
        building.check(tiny)
    assert {p.code for p in caught.value.problems} >= {"markup"}
    assert len(caught.value.problems) > 100
    assert 30 < sum(map(refused, ATTACKS)) < len(ATTACKS) - 15


def test_attacks_stay_text_in_what_is_built(under_attack: tuple[Path, int, int]) -> None:
    folder, _, _ = under_attack
    pictures = list(folder.rglob("*.svg"))
    assert len(pictures) > 15
    for drawing in pictures:
        for node in ElementTree.fromstring(drawing.read_text()).iter():
            assert node.tag.rpartition("}")[2] not in ("script", "a", "foreignObject", "style", "image"), (
                drawing
            )
            assert not [k for k in node.attrib if k.startswith("on") or k == "style"], drawing
            assert not [v for v in node.attrib.values() if "javascript:" in v or EVIL in v], drawing
    said = []
    for page in folder.rglob("*.html"):
        tree = LexborHTMLParser(page.read_text())
        html = tree.html or ""
        assert "83810205" not in html, page
        assert "root:" not in html, page
        data = tree.css(f'head > script[type="{DATA}"]')
        assert all(isinstance(json.loads(n.text()), dict) for n in data), page
        sources = [n.attributes.get("src") or "" for n in tree.css("script") if n not in data]
        assert all(re.fullmatch(r"/?[./]*assets/js/\w+\.js", s) for s in sources), page
        assert len(tree.css("head > title")) == 1, page
        said.append(" ".join(tree.text(separator=" ").split()))
    everything = " ".join(said)
    shown = [a for a in ATTACKS if " ".join(a.split()) in everything]
    assert len(shown) > 20, "attacks are shown as they stand"


def test_no_attack_does_anything_in_a_browser(
    chromium: Browser, under_attack: tuple[Path, int, int], record_property: Callable[[str, object], None]
) -> None:
    folder, dealt, kinds = under_attack
    pages = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.html"))
    asked: list[str] = []
    said: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    wrong: dict[str, list[str]] = {}
    with served(folder) as address, chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("request", lambda r: asked.append(r.url))
        page.on("dialog", dismiss)
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: said.append(f"error {e}"))
        for name in pages:
            page.goto(address + quote(name.removesuffix("index.html")))
            _touch(page)
            if found := page.evaluate(ACTIVE):
                wrong[name] = found
        _search(page, address)
        if found := page.evaluate(ACTIVE):
            wrong["search"] = found
    assert wrong == {}
    assert [a for a in asked if not a.startswith((address, "data:"))] == []
    assert [s for s in said if "ERR_ABORTED" not in s] == []
    record_property("counted attacks put into texts", dealt)
    record_property("counted kinds of texts with attacks (max)", kinds)
    record_property("counted kinds of attacks (max)", len(ATTACKS))
    record_property("counted pages under attack opened", len(pages) + 1)


def _touch(page: Page) -> None:
    """Open what is folded, reach for the chart, and point at everything that could answer."""
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    if page.locator("figure.chart[data-chart]").count():
        page.locator("figure.chart").first.dispatch_event("pointerenter")
        page.wait_for_selector("figure.chart[data-state=drawn] svg.main-svg", timeout=10_000)
    page.evaluate("""() => {
      for (const e of document.querySelectorAll("main *"))
        for (const kind of ["mouseover", "mouseenter", "focus", "pointerover"]) e.dispatchEvent(new Event(kind));
    }""")


def _search(page: Page, address: str) -> None:
    """Have pages found, and shown with the words around."""
    page.goto(f"{address}search/")
    page.get_by_label("What are you looking for?").fill("zebra")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".search__found a").first.wait_for(timeout=15_000)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<a href='https://evil.example/'>x</a>", "&lt;a href='https://evil.example/'>x&lt;/a>"),
        ("one<br>two<extra></extra>", "one<br>two<extra></extra>"),
        ("< 5 & more", "&lt; 5 & more"),
        ("&lt;b&gt; &#60;", "&amp;lt;b&amp;gt; &amp;#60;"),
        ("<br/><br x><BR>", "&lt;br/>&lt;br x>&lt;BR>"),
    ],
)
def test_texts_of_a_drawing_keep_no_tag_but_our_own(before: str, after: str) -> None:
    assert grammar.escape_texts({"a": [{"text": before}], "n": 1, "x": None}) == {
        "a": [{"text": after}],
        "n": 1,
        "x": None,
    }
