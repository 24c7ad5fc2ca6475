"""What others have written to check such files, run on a built site: one line for each kind of file.

    .venv/bin/python tests/validators.py [SITE]

`make validate` builds this repository's site and runs it; docs/reference/validators.md keeps what it said last.
"""

import csv
import io
import json
import re
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import feedparser
import page as pdf_validator
import pandas as pd
import pikepdf
import rdflib
from csvw import TableGroup
from frictionless import Package
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from portal.opendata import bundles
from portal.site import accessible_pdf as tagging
from portal.site.verification import DATA
from project import ROOT
from pyshacl import validate as shacl
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, SDO
from selectolax.lexbor import LexborHTMLParser

ADDRESS = "https://example.org/"  # where the site is said to stand, if it does not know itself
SHAPES = ROOT / "tests" / "shapes" / "dcat-ap.ttl"
_FIGURES = re.compile(
    r"figures/[^/]+/figures|open-data/areas/[^/-]+\.|releases/[^/]+/[^/]+(?<!metadata)\.json"
)


@dataclass(frozen=True)
class Verdict:
    """What was checked, by what, how much of it there was, and every fault."""

    what: str
    by: str
    count: str
    faults: tuple[str, ...]

    def __str__(self) -> str:
        found = "no fault" if not self.faults else f"{len(self.faults)} faults: {'; '.join(self.faults[:3])}"
        return f"| {self.what} | {self.by} | {self.count} | {found} |"


def told(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text())


def at(folder: Path, page: str, link: str) -> Path:
    """The file that a link in a file means."""
    address = urljoin(f"{ADDRESS}{page}", link).partition("#")[0]
    path = folder / address.removeprefix(ADDRESS)
    return path / "index.html" if path.is_dir() else path


def figures(folder: Path) -> Iterator[tuple[str, Any]]:
    """Every JSON file of figures, with its name."""
    for path in sorted(folder.rglob("*.json")):
        if _FIGURES.match(name := path.relative_to(folder).as_posix()):
            yield name, told(path)


def openapi(folder: Path, every: int = 1) -> Verdict:
    """The description of the API, and by it the index and every file of the API, or each whose turn it is."""
    described, faults = told(folder / "api/openapi.json"), []
    try:
        validate(described)
    except OpenAPIValidationError as error:
        faults.append(f"openapi.json: {error.message}")
    index = "api/index.json"
    files = [
        (index, "Index", told(folder / index)),
        *((name, "Figures", data) for name, data in _some(figures(folder), every)),
    ]
    parts = described["components"]
    by_schema = {
        schema: Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": parts})
        for schema in ("Index", "Figures")
    }
    for name, schema, data in files:
        faults += [f"{name}: {e.message[:80]}" for e in by_schema[schema].iter_errors(data)]
    by = f"openapi-spec-validator {version('openapi-spec-validator')}, jsonschema {version('jsonschema')}"
    return Verdict("OpenAPI 3.1 and the JSON files", by, f"{len(files):,} files", tuple(faults))


def _some(files: Iterable[tuple[str, Any]], every: int) -> Iterator[tuple[str, Any]]:
    """Yield the first file of each folder at the top, and each after it whose turn it is."""
    seen = Counter[str]()
    for name, data in files:
        top = name.partition("/")[0]
        if seen[top] % every == 0:
            yield name, data
        seen[top] += 1


def described(page: Path) -> rdflib.Graph | None:
    """What a page says to machines, if it says anything."""
    blocks = LexborHTMLParser(page.read_text()).css(f'script[type="{DATA}"]')
    if len(blocks) != 1:
        return None
    return rdflib.Graph().parse(data=blocks[0].text(), format="json-ld", base=ADDRESS)


def linked_data(folder: Path) -> Verdict:
    """schema.org on every page of an indicator, and on that of the packages."""
    pages = [at(folder, "api/index.json", one["page"]) for one in told(folder / "api/index.json")["indicators"]]  # fmt: skip
    wanted = [*((p, SDO.Dataset) for p in pages), (folder / "about/open-data/index.html", SDO.DataCatalog)]
    faults, triples = [], 0
    for page, kind in wanted:
        graph, name = described(page), page.parent.name
        if graph is None or not list(graph.subjects(RDF.type, kind)):
            faults.append(f"{name}: says nothing of itself")
            continue
        triples += len(graph)
        used = {*graph.predicates(), *graph.objects(None, RDF.type)} - {RDF.type}
        faults += [f"{name}: {term} is not in schema.org" for term in used if term not in SDO]
    by = f"rdflib {version('rdflib')}, with the terms of schema.org"
    return Verdict("JSON-LD", by, f"{len(wanted):,} pages, {triples:,} triples", tuple(faults))


def catalogue(folder: Path) -> Verdict:
    """DCAT-AP as Turtle and as JSON-LD."""
    base = f"{ADDRESS}open-data/dcat"
    turtle = rdflib.Graph().parse(folder / "open-data/dcat.ttl", publicID=f"{base}.ttl")
    text = (folder / "open-data/dcat.jsonld").read_text()
    linked = rdflib.Graph().parse(data=text, format="json-ld", base=f"{base}.jsonld")
    conforms, _, words = shacl(turtle, shacl_graph=str(SHAPES))
    faults = [] if conforms else re.findall(r"Message: (.+)", str(words)) or [str(words)]
    if not isomorphic(turtle, linked):
        faults.append("Turtle and JSON-LD do not say the same")
    links = {str(o) for o in turtle.objects(None, rdflib.DCAT.downloadURL)}
    faults += [f"{n} is not there" for n in sorted(links) if not at(folder, "open-data/dcat.ttl", n).is_file()]  # fmt: skip
    by = f"pyshacl {version('pyshacl')}, with tests/shapes/dcat-ap.ttl"
    return Verdict("DCAT-AP 3.0", by, f"{len(turtle):,} triples, {len(links):,} downloads", tuple(faults))


def tables(folder: Path) -> Verdict:
    """CSVW: every table is as its description says."""
    seen, rows, faults = 0, 0, []
    for path in sorted(folder.rglob("*metadata.json")):
        group = told(path)
        read = TableGroup.fromvalue(
            {"@context": "http://www.w3.org/ns/csvw", "tables": group.get("tables", [group])}
        )
        read._fname = path
        for table in read.tables:
            seen += 1
            try:
                found = len(list(table.iterdicts()))
            except ValueError as error:
                faults.append(f"{table.url}: {error}")
                continue
            rows += found
            with path.with_name(str(table.url)).open(newline="") as file:
                if found != sum(1 for _ in csv.DictReader(file)):
                    faults.append(f"{table.url}: rows are lost")
    return Verdict("CSVW", f"csvw {version('csvw')}", f"{seen:,} tables, {rows:,} rows", tuple(faults))


def feed(folder: Path) -> Verdict:
    """The Atom feed, and what the standard asks of a feed and of an entry."""
    data = (folder / "releases/feed.xml").read_bytes()
    read = feedparser.parse(data)
    faults = [str(read.bozo_exception)] if read.bozo else []
    for name, one in (("the feed", read.feed), *((e.get("title", "an entry"), e) for e in read.entries)):
        faults += [f"{name} has no {n}" for n in ("id", "title", "updated_parsed") if not one.get(n)]
    try:
        tag = ElementTree.fromstring(data).tag
    except ElementTree.ParseError as error:
        tag = str(error)
    if tag != "{http://www.w3.org/2005/Atom}feed":
        faults.append(f"it is no Atom feed: {tag}")
    return Verdict("Atom", f"feedparser {version('feedparser')}", f"{len(read.entries):,} entries", tuple(faults))  # fmt: skip


def packages(folder: Path) -> Verdict:
    """Every package as it is downloaded, by frictionless and by pandas; and the catalogue of them."""
    listed = told(folder / bundles.CATALOGUE)
    faults = [f"{bundles.CATALOGUE}: {e}" for e in Package.metadata_validate(listed)]
    count = 0
    for one in listed["resources"]:
        data = (folder / bundles.FOLDER / one["path"]).read_bytes()
        with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(io.BytesIO(data)) as packed:
            packed.extractall(place)
            package = Package(str(Path(place, "datapackage.json")))
            report = package.validate()
            faults += [f"{one['name']}: {note}" for note in report.flatten(["title", "message"])]
            for resource in package.resources:
                count += 1
                table = pd.read_csv(Path(place, str(resource.path)))
                if list(table.columns) != resource.schema.field_names:
                    faults.append(f"{one['name']}: pandas reads other columns in {resource.name}")
    by = f"frictionless {version('frictionless')}, pandas {version('pandas')}"
    return Verdict("Data packages, as downloaded", by, f"{len(listed['resources'])} packages, {count} tables", tuple(faults))  # fmt: skip


@cache
def says_it_is_accessible(path: Path) -> bool:
    """Whether a PDF says that it meets PDF/UA-1."""
    with pikepdf.open(path) as pdf:
        return pdf.open_metadata().get("pdfuaid:part") == "1"


def accessible_pdf(folder: Path) -> Verdict:
    """Every PDF that says it meets PDF/UA-1, by the rules of that standard that a program can check."""
    faults, rules = [], 0
    paths = [p for p in sorted(folder.rglob("*.pdf")) if says_it_is_accessible(p)]
    for path in paths:
        report = pdf_validator.validate_pdf(path, profile="ua1")
        rules = report.rules.total
        found = [*(f.message for f in report.failures), *beyond_the_rules(path)]
        faults += [f"{path.relative_to(folder).as_posix()}: {message}" for message in found]
    by = f"page-validation {version('page-validation')}"
    return Verdict("PDF/UA-1", by, f"{len(paths)} files, {rules} rules each", tuple(faults))


def beyond_the_rules(path: Path) -> Iterator[str]:
    """Yield what breaks a condition of the Matterhorn Protocol that the validator has no rule for.

    These are 09-007 and 09-008 (ruby and warichu), 28-006 (unknown kinds of annotations) and 28-018 (printer's marks).
    """
    with pikepdf.open(path) as pdf:
        tags = {str(element.S) for element in tagging._elements(pdf.Root.StructTreeRoot)}
        if strange := {"/Ruby", "/RB", "/RT", "/RP", "/Warichu", "/WT", "/WP"} & tags:
            yield f"Nobody has checked the tags {', '.join(sorted(strange))} (09-007, 09-008)"
        kinds = {str(a.Subtype) for page in pdf.pages for a in page.get("/Annots", ())}
        if strange := kinds - {"/Link"}:
            yield f"Nobody has checked annotations of the kinds {', '.join(sorted(strange))} (28-006, 28-018)"


VALIDATORS: Iterable[Callable[[Path], Verdict]] = (
    openapi, linked_data, catalogue, tables, feed, packages, accessible_pdf,
)  # fmt: skip


def main(folder: Path) -> int:
    """Print every verdict as a row of a table; 1 if there is any fault."""
    sys.stdout.write("| what | checked by | how much | found |\n|---|---|--:|---|\n")
    verdicts = [validator(folder.resolve()) for validator in VALIDATORS]
    sys.stdout.writelines(f"{v}\n" for v in verdicts)
    return int(any(v.faults for v in verdicts))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "site"))
