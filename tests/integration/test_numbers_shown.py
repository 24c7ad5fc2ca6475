"""Editing the words changes no number: the numbers in the running text of each page are those of a stored list.

After a meant change (new figures, a new update, a page that tells more), renew the list with `--update-golden` and read
its differences: each number that comes or goes is one line.
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from portal.charts import svg
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.opendata import bundles
from portal.pages import open_data_files
from portal.site import staging
from project import ROOT

STORED = ROOT / "tests" / "numbers_shown.txt"
# Pages say how long ago the last update was.
FIRST_OF_DECEMBER_2026 = "1796083200"
NUMBER_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
# Tables and charts are held by other tests; addresses, code and the sources of a page are no sentences.
_NO_TEXT = re.compile(
    r"\A---\n.*?\n---\n|<(table|svg|pre|nav|aside|script|style)\b.*?</\1>|<small class=\"cite\">.*?</small>"
    r"|<ul class=\"sources.*?</ul>|^\|.*?$|<[^>]+>|\]\([^)]*\)|^\s*\[[^]]+\]:.*?$|^\d+\. |\{[^}\n]*\}",
    re.DOTALL | re.MULTILINE,
)
_REFERENCE = re.compile(r"&#(\d+);")
_NUMBER = re.compile(
    rf"(?<![\w.])(?:\d[\d,]*(?:\.\d+)?|{'|'.join(NUMBER_WORDS)})(?![\w-]*\w@)", re.IGNORECASE
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def numbers(markdown: str) -> Counter[str]:
    """Return how often each number appears in the running text of a page; a year counts once, as it may be repeated."""
    text = _NO_TEXT.sub(" ", _REFERENCE.sub(lambda m: chr(int(m[1])), _NO_TEXT.sub(" ", markdown)))
    found = Counter(_plain(n) for n in _NUMBER.findall(text))
    return Counter({n: 1 if _YEAR.fullmatch(n) else count for n, count in found.items()})


def _plain(number: str) -> str:
    word = number.lower()
    return str(NUMBER_WORDS.index(word) + 2) if word in NUMBER_WORDS else word.replace(",", "")


def listed(pages: dict[str, Counter[str]]) -> str:
    """Return one line for each number of each page."""
    lines = [f"{p} {n} {c}" for p, found in sorted(pages.items()) for n, c in sorted(found.items())]
    return "\n".join([*lines, ""])


@pytest.fixture(scope="module")
def shown(checked: tuple[Settings, ClearedContent]) -> str:
    """The numbers of this repository's pages, as of one day."""
    pictures = svg.Pictures(ROOT / svg.LIBRARY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", FIRST_OF_DECEMBER_2026)
        # Beside the pages, and looked at by other tests.
        patch.setattr(staging, "workbooks_and_catalogues", lambda open_data: {})
        patch.setattr(open_data_files, "files", lambda open_data: {})
        made = staging.write_files(staging.plan_site(*checked), pictures, lambda _, content: content)
    apart = ("open-data/", "about/changes", "releases/since", bundles.CATALOGUE)
    pages = {n: c for n, c in made.files.items() if n.endswith(".md") and not n.startswith(apart)}
    return listed({str(Path(n).parent): numbers(c.decode()) for n, c in pages.items()})


def test_the_pages_show_the_numbers_of_the_list(shown: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        STORED.write_text(shown)
    before, after = set(STORED.read_text().splitlines()), set(shown.splitlines())
    changed = [f"- {line}" for line in before - after] + [f"+ {line}" for line in after - before]
    assert not changed, "\n".join(sorted(changed, key=lambda line: (line[2:].split(), line)))


def test_a_changed_number_is_noticed_and_other_words_are_not() -> None:
    before = numbers(
        'In 2016 there were 1,234 offences&#44; 6.5% more than in five years. <a href="../7/">Seven</a>'
    )
    assert before == {"2016": 1, "1234": 1, "6.5": 1, "5": 1, "7": 1}
    assert numbers("Seven more: 6.5% up on 5 years. 1,234 offences in 2016; 2016 was new.") == before
    assert numbers("Seven more: 6.4% up on 5 years. 1,234 offences in 2016.") != before
    assert numbers("Seven more: 6.5% up on 5 years. 1,234 offences.") != before
