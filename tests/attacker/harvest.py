"""Read everything that a built site serves: files, files inside archives, and the text of pages and drawings."""

import csv
import gzip
import io
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

Row = Mapping[str, str]
WITHHELD = "c"
SENSITIVE_WORDS = ("domestic abuse", "domestic violence", "sexual", "rape", "hate crime")
_FIXED = {"indicator", "area", "period_start", "period_end", "value", "status", "source", "locator"}
# With commas between thousands and, for tables whose columns they separate, without.
_NUMBERS = (
    re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)"),
    re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)"),
)
_RELEASE = re.compile(r"(?:^|/)(?:releases/archives/([^/]+)\.zip|releases/([^/]+)/)")


@dataclass(frozen=True, order=True)
class Key:
    """What a figure is about. `indicator` is the id in the published data package."""

    indicator: str
    area: str
    part: str
    start: str
    end: str


@dataclass(frozen=True)
class Figure:
    """A published figure; `value` is None where none is shown. `printed` is the number as it was written."""

    key: Key
    value: Fraction | None
    status: str
    printed: str = ""
    locator: str = ""
    source: str = ""

    @property
    def hidden(self) -> bool:
        """Whether a row is there without its number because it was taken out to protect people."""
        return self.value is None and self.status in (WITHHELD, "low", "x")


@dataclass(frozen=True)
class Served:
    """Every file that the site serves, with the members of every archive among them, at any depth."""

    files: Mapping[str, bytes]

    @classmethod
    def of(cls, site: Path) -> "Served":
        """Everything below a folder."""
        found: dict[str, bytes] = {}
        for path in sorted(p for p in site.rglob("*") if p.is_file()):
            for name, data in opened(path.relative_to(site).as_posix(), path.read_bytes()):
                found[name] = data
        return cls(found)

    def tables(self, name: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """Each CSV of a data package with this name, wherever it is served: its path and its rows."""
        seen: set[tuple[str, bytes]] = set()
        for path, data in self.files.items():
            release = release_of(path)
            if path.rpartition("/")[2] == f"{name}.csv" and "data/" in path and (release, data) not in seen:
                seen.add((release, data))
                yield path, rows_of(data)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """What can be read in each file, once for all copies of the same: pages also without tags, PDFs as letters."""
        different = {data: path for path, data in reversed([*self.files.items()])}
        return {path: text_of(path, data) for data, path in different.items()}

    @cached_property
    def numbers(self) -> Mapping[str, set[str]]:
        """The files in which each number occurs, as it is written there."""
        found: dict[str, set[str]] = {}
        for path, text in self.texts.items():
            for token in {t for kind in _NUMBERS for t in kind.findall(text)}:
                found.setdefault(token, set()).add(path)
        return found

    def places(self, *numbers: str) -> list[str]:
        """The files in which one of these numbers is written. In a PDF columns touch, so any row of digits there counts."""
        found = {path for n in numbers for path in self.numbers.get(n, ())}
        printed = (p for p in self.texts if p.endswith(".pdf"))
        return sorted(found | {p for p in printed if any(n in self.texts[p] for n in numbers)})


def release_of(path: str) -> str:
    """The release that a file belongs to; empty for what is published now."""
    found = _RELEASE.search(path)
    return found[1] or found[2] if found else ""


def opened(path: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file, and what is inside where it is an archive or compressed."""
    yield path, data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from opened(f"{path}!/{name}", archive.read(name))
    elif data[:2] == b"\x1f\x8b":
        yield from opened(f"{path}!", gzip.decompress(data))


def rows_of(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def text_of(path: str, data: bytes) -> str:
    """What a file says; a page with its tags and without. Empty where it is a picture or an archive."""
    kind = path.rpartition(".")[2]
    if kind == "pdf":
        return f"{_printed(data)}\n{_text_of_pdf(data)}"
    if kind in ("png", "woff2", "zip"):
        return ""
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data).decode("utf-8", "replace")
    text = data.decode("utf-8", "replace")
    return f"{text}\n{LexborHTMLParser(text).text(separator=' ')}" if kind == "html" else text


def _printed(data: bytes) -> str:
    """What pdftotext reads in a PDF; nothing where this machine lacks it."""
    if not shutil.which("pdftotext"):
        return ""
    return subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()


def _text_of_pdf(data: bytes) -> str:
    """The letters of a PDF. Which font a line is in is not looked up: each is read with each font's table of letters."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            streams.append(zlib.decompress(found[1]).decode("latin-1"))
        except zlib.error:
            streams.append(found[1].decode("latin-1"))
    tables = [t for t in map(_letters, streams) if t]
    lines = [
        [
            int(glyph, 16)
            for part in re.findall(r"<([0-9A-Fa-f]+)>", line)
            for glyph in re.findall("....", part)
        ]
        for stream in streams
        for line in re.findall(r"(<[0-9A-Fa-f]+>|\[[^\]]*\])\s*T[jJ]", stream)
    ]
    return "\n".join("".join(table.get(g, " ") for line in lines for g in line) for table in tables)


def _letters(stream: str) -> dict[int, str]:
    """The letters that glyphs stand for, where a stream is such a table."""
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", stream, re.DOTALL):
        for glyph, letter in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(letter).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", stream, re.DOTALL):
        for first, last, letter in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for n in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + n] = chr(int(letter, 16) + n)
    return found


@cache
def number(text: str) -> Fraction | None:
    """A printed number, or None."""
    try:
        return Fraction(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return None


@dataclass(frozen=True)
class Public:
    """The figures of a site, and all that it says about them.

    `releases` holds the figures by what published them: "" is the site as it is now, other names are releases.
    The minimums are the smallest counts that may be published; they are in the rules, which are public.
    """

    served: Served
    releases: Mapping[str, Mapping[Key, Figure]]
    indicators: Mapping[str, Row]
    areas: Mapping[str, Row]
    populations: Mapping[str, int]
    ward_minimum: int
    borough_minimum: int

    @property
    def now(self) -> Mapping[Key, Figure]:
        """The figures as they are published now."""
        return self.releases[""]

    def rows(self, name: str) -> list[dict[str, str]]:
        """All different rows of a table, wherever and whenever it was published."""
        found = {tuple(r.items()): r for _, rows in self.served.tables(name) for r in rows}
        return list(found.values())

    def sensitive(self, indicator: str) -> bool:
        """Whether an indicator is sensitive: it says so, or anybody sees it by its title."""
        titles = " ".join(self.indicators[indicator][n] for n in ("title", "short_title")).lower()
        return self._says(indicator, "sensitive") or any(w in titles for w in SENSITIVE_WORDS)

    def guarded(self, indicator: str) -> bool:
        """Whether the rules protect small counts of an indicator."""
        return self.sensitive(indicator) or self._says(indicator, "protected")

    def _says(self, indicator: str, name: str) -> bool:
        """Whether a column is true; a spreadsheet may have written TRUE or 1."""
        return self.indicators[indicator][name].strip().lower() in ("true", "1")

    @cached_property
    def open_sources(self) -> set[str]:
        """The sources that were themselves published openly: the rules let their numbers through."""
        return {
            r["id"] for r in self.rows("sources") if r["open_publication"].strip().lower() in ("true", "1")
        }

    def counts(self, indicator: str) -> bool:
        """Whether an indicator counts something."""
        return self.indicators[indicator]["unit"] == "count"

    def minimum(self, key: Key) -> int:
        """The smallest count of this figure that may be published."""
        kind = self.areas[key.area]["kind"]
        if kind in ("ward", "rest", "neighbourhood"):
            return self.ward_minimum
        return self.borough_minimum if kind == "borough" else 0

    @property
    def hidden(self) -> list[Key]:
        """The counts that are withheld now, and those that are simply not there beside others of the same total."""
        shown = [k for k, f in self.now.items() if f.hidden and self._protects(f)]
        return sorted({*shown, *self._areas_left_out(), *self._parts_left_out()})

    def _protects(self, f: Figure) -> bool:
        counted = self.counts(f.key.indicator) and f.key.start
        return bool(counted) and (f.status == WITHHELD or self.guarded(f.key.indicator))

    @cached_property
    def _guarded(self) -> list[Key]:
        """The counts of guarded indicators that have a row."""
        return [k for k in self.now if k.start and self.guarded(k.indicator) and self.counts(k.indicator)]

    def _areas_left_out(self) -> Iterator[Key]:
        """Wards, and records without a ward, that have no row where others of their borough have one."""
        groups: dict[tuple[str, ...], set[str]] = {}
        for k in self._guarded:
            row = self.areas[k.area]
            if row["kind"] in ("ward", "rest"):
                groups.setdefault((k.indicator, row["parent"], k.part, k.start, k.end), set()).add(k.area)
        for (indicator, parent, part, start, end), there in groups.items():
            if Key(indicator, parent, part, start, end) not in self.now or len(there) < 2:
                continue
            for code, row in self.areas.items():
                in_use = (row["valid_from"] or "0") <= end <= (row["valid_to"] or "9")
                of_them = row["kind"] in ("ward", "rest") and row["parent"] == parent
                if of_them and in_use and code not in there:
                    yield Key(indicator, code, part, start, end)

    def _parts_left_out(self) -> Iterator[Key]:
        """Parts that have no row where other parts of the same total have one, and that exist at other times."""
        parts: dict[tuple[str, str], set[str]] = {}
        groups: dict[tuple[str, ...], set[str]] = {}
        for k in self._guarded:
            if k.part:
                parts.setdefault((k.indicator, k.area), set()).add(k.part)
                groups.setdefault((k.indicator, k.area, k.start, k.end), set()).add(k.part)
        for (indicator, area, start, end), there in groups.items():
            if Key(indicator, area, "", start, end) in self.now and len(there) > 1:
                for part in parts[indicator, area] - there:
                    yield Key(indicator, area, part, start, end)


def public(site: Path, ward_minimum: int, borough_minimum: int) -> Public:
    """Everything that the site serves. The minimums are in its rules, which are public."""
    served = Served.of(site)
    indicators = {r["id"]: r for _, rows in served.tables("indicators") for r in rows}
    areas = {r["code"]: r for _, rows in served.tables("areas") for r in rows}
    populations = {r["area"]: int(r["population"]) for _, rows in served.tables("populations") for r in rows}
    releases: dict[str, dict[Key, Figure]] = {"": {}}
    # Packages first: they name sources by their ids.
    for path in sorted(served.files, key=lambda p: not p.endswith("observations.csv")):
        own = releases.setdefault(release_of(path), {})
        for f in _figures(path, served.files[path], indicators):
            if f.key not in own or own[f.key].value is None:
                own[f.key] = f
    return Public(served, releases, indicators, areas, populations, ward_minimum, borough_minimum)


def _figures(path: str, data: bytes, indicators: Mapping[str, Row]) -> Iterator[Figure]:
    """The figures in a file of them, whichever form it has."""
    name = path.rpartition("/")[2]
    if name == "observations.csv":
        yield from map(figure, rows_of(data))
    elif name.endswith(".csv") and b"area_code" in data[:200]:
        yield from _downloaded(rows_of(data), indicators)
    elif name.endswith(".json") and b'"figures"' in data:
        yield from _of_json(json.loads(data), indicators)


def figure(row: Row) -> Figure:
    """A row of a package's observations."""
    part = next((v for k, v in row.items() if k not in _FIXED and v), "")
    key = Key(row["indicator"], row["area"], part, row["period_start"], row["period_end"])
    return Figure(key, number(row["value"]), row["status"], row["value"], row["locator"], row["source"])


def _downloaded(rows: list[dict[str, str]], indicators: Mapping[str, Row]) -> Iterator[Figure]:
    """The figures of a download, which names indicators by their titles."""
    titles = {r["title"]: i for i, r in indicators.items()}
    told = {*_FIXED, "area_code", "period", "unit"}
    for row in rows:
        if row.get("indicator") in titles and "value" in row:
            part = next((v for k, v in row.items() if k not in told and v), "")
            start, end = row["period_start"], row["period_end"]
            key = Key(titles[row["indicator"]], row["area_code"], part, start, end)
            yield Figure(key, number(row["value"]), row["status"], row["value"], row["locator"])


def _of_json(told: object, indicators: Mapping[str, Row]) -> Iterator[Figure]:
    """The figures of a JSON file of figures, which names indicators by their slugs."""
    slugs = {r["slug"]: i for i, r in indicators.items()}
    figures = told.get("figures", []) if isinstance(told, dict) else []
    for f in figures:
        if isinstance(f, dict) and f.get("indicator") in slugs and "period" in f:
            start, end = f["period"]["start"] or "", f["period"]["end"] or ""
            key = Key(slugs[f["indicator"]], f["area"], f["part"] or "", start, end)
            printed = "" if f["value"] is None else str(f["value"])
            status = (f["status"] or {}).get("mark", "")
            yield Figure(key, number(printed), status, printed, f["source"]["locator"])
