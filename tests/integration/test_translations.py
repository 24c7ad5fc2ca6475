"""A translation is one file: it becomes a page, is linked from the English page, and is as safe."""

from pathlib import Path

import pytest
from portal.cli import commands
from portal.core import settings
from portal.core.problems import PortalError
from portal.site import building
from selectolax.lexbor import LexborHTMLParser


def languages(root: Path) -> None:
    file = root / settings.FILE
    file.write_text(file.read_text() + '\n[languages]\nso = "Soomaali"\nar = "العربية"\n')


def write(root: Path, path: str, text: str) -> None:
    file = root / "site_src" / "translations" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_new_file_becomes_a_page(tiny: Path) -> None:
    languages(tiny)
    write(tiny, "so/help.md", "# Caawimo hel\n\nTijaabo. [English](../index.md)\n")
    write(tiny, "ar/help.md", "# اختبار\n\nنص قصير للاختبار.\n")
    folder = building.build(tiny, lambda step: None).folder
    english = LexborHTMLParser((folder / "help/index.html").read_text())
    links = {a.attributes["lang"]: a for a in english.css("nav.languages a")}
    assert {code: a.text() for code, a in links.items()} == {"so": "Soomaali", "ar": "العربية"}
    for code, way, heading in (("so", "ltr", "Caawimo hel"), ("ar", "rtl", "اختبار")):
        page = LexborHTMLParser((folder / "help" / code / "index.html").read_text())
        article = page.css_first("article")
        assert article is not None
        assert (article.attributes["lang"], article.attributes["dir"]) == (code, way)
        assert [h.text() for h in page.css("h1")] == [heading]
        assert page.css_first("#exit") is not None, "as safe to read as the English page"
        assert {n.attributes["lang"] for n in page.css(".trail, .made-from")} == {"en"}
        title, own = english.css_first("title"), page.css_first("title")
        assert title is not None
        assert own is not None
        assert own.text() == title.text().replace("Help", f"Help ({links[code].text()})"), (
            "it gives no more away"
        )


def test_all_faults_of_translations_are_reported_with_their_remedy(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    languages(tiny)
    write(tiny, "xx/help.md", "# A\n")
    write(tiny, "so/halp.md", "# B\n")
    write(tiny, "so/help.md", "C\n")
    with pytest.raises(PortalError) as caught:
        building.build(tiny, lambda step: None)
    told = {(p.file.removeprefix("site_src/translations/"), p.message) for p in caught.value.problems}
    assert told == {
        ("xx/help.md", "The settings name no language xx."),
        ("so/halp.md", "There is no English page halp."),
        ("so/help.md", "The page does not begin with its heading."),
    }
    assert "help/" in next(p.fix for p in caught.value.problems if p.file.endswith("halp.md"))
    assert commands.main(["--project", str(tiny), "build"]) == 1
    assert "Traceback" not in capsys.readouterr().err
