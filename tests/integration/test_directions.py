"""Every direction that the built pages state follows from the numbers beside it, by a test that is written a second time."""

import re
from pathlib import Path

from portal.disclosure.clearing import ClearedContent
from scipy.stats import betabinom, false_discovery_control
from selectolax.lexbor import LexborHTMLParser


def exact(earlier: int, later: int, dispersion: float, revised: tuple[float, ...]) -> float:
    """Return the p-value of two counts, written here a second time; the largest of those that revisions would give."""
    found = []
    for now in (later, *(round(later * (1 + share)) for share in revised)):
        total, shape = earlier + now, (earlier + now) / 2 / (dispersion - 1)
        tail = betabinom.cdf(min(earlier, now), total, shape, shape) if total else 1
        found.append(1.0 if (later - earlier) * (now - earlier) < 0 else min(1.0, 2 * float(tail)))
    return max(found)


def told_way(words: str) -> str:
    """Return the direction that the words of a table say: `up`, `down` or nothing."""
    return "up" if words.startswith("up ") or " more " in words else "down" if words.startswith("down ") or " fewer " in words else ""  # fmt: skip


def plain(cell: str) -> int:
    """The number in a cell, without the mark of a provisional figure."""
    return int(cell.partition(" [")[0].replace(",", ""))


def test_every_direction_on_a_ward_page_follows_from_the_numbers_beside_it(
    real: ClearedContent, real_site: Path
) -> None:
    """Read the numbers and words of each ward's page as a reader does, and test them all over again."""
    dispersions = {i: float(d.dispersion) for (i, kind), d in real.content.dispersions.items() if kind == "ward"}  # fmt: skip
    ids = {i.slug: i.id for i in real.content.indicators.values()}
    compared = clear = 0
    for path in sorted(real_site.glob("wards/*/index.html")):
        page = LexborHTMLParser(path.read_text())
        big = page.css_first("p.big")
        if big is None:
            continue
        whole = re.fullmatch(r"([\d,]+) offences in the .*A year earlier: ([\d,]+)\. (.*)", " ".join(big.text().split()))  # fmt: skip
        assert whole, path
        rows = [("recorded-all-offences", whole[2], whole[1], whole[3].lower())]
        for row in page.css("table:has(#groups) tbody tr:has(td), table:has(#careful) tbody tr"):
            name = str(row.css("th a")[0].attributes["href"]).split("/")[-2]
            before, now, words = (row.css(f)[0].text(strip=True) for f in ("[data-label=Previous]", "[data-label=Now]", ".way"))  # fmt: skip
            rows.append((ids[name], before, now, words))
        numbers = [
            (i, plain(a), plain(b), words)
            for i, a, b, words in rows
            if a[0].isdigit() and b[0].isdigit() and i in dispersions
        ]
        p = {i: exact(a, b, dispersions[i], (-0.01, 0.01)) for i, a, b, _ in numbers}
        # A part of a type of crime is tested beside the others, which are tested without it.
        types = [i for i in p if real.content.indicators[i].part_of in ("", "recorded-all-offences")]
        q_of = {
            i: dict(zip(family, false_discovery_control([p[f] for f in family]), strict=True))[i]
            for i in p
            for family in [types if i in types else [*types, i]]
        }
        for name, earlier, later, said in numbers:
            q = q_of[name]
            assert told_way(said) == ("" if q >= 0.05 else "up" if later > earlier else "down"), (path, name)
            compared += 1
            clear += bool(told_way(said))
    assert compared > 200
    assert clear


def test_every_change_since_an_earlier_year_is_clear_and_its_size_is_right(
    real: ClearedContent, real_site: Path
) -> None:
    """Read the sentence that describes the page of each indicator as a reader does."""
    since = re.compile(
        r"([\d,]+) offences in the 12 months to [^.]*\. (Up|Down) (\d+)% since the 12 months to [A-Z][a-z]+ \d{4}, from ([\d,]+) "
    )
    seen = 0
    for indicator in real.content.indicators.values():
        page = LexborHTMLParser((real_site / "figures" / indicator.slug / "index.html").read_text())
        description = page.css_first("meta[name=description]")
        said = since.search((description.attributes["content"] or "") if description else "")
        if said:
            now, before = (int(n.replace(",", "")) for n in (said[1], said[4]))
            assert said[2] == ("Up" if now > before else "Down")
            assert int(said[3]) == round(abs(100 * (now / before - 1)))
            dispersion = float(real.content.dispersions[indicator.id, "borough"].dispersion)
            assert 3 * exact(before, now, dispersion, (0, 0.05)) < 0.05, indicator.id
            seen += 1
    assert seen > 3
