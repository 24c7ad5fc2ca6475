"""Describe figures for machines: schema.org for search engines, DCAT-AP for catalogues, CSVW for tables.

Contexts are written out in full, so that reading them needs no request to another host.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.model import Indicator, Release, Source
from portal.core.settings import SiteSettings
from portal.core.text import json_number
from portal.opendata import records
from portal.opendata.records import FigureRecord

Json = dict[str, Any]
# The address of each licence that sources name.
LICENCES = {
    "Open Government Licence v3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
}
FIGURES_JSON = "figures.json"
DCAT = "open-data/dcat"
# The media type of every kind of file that can be downloaded, by its ending.
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
WORKBOOKS = ("ods", "xlsx")  # kinds of workbook, by their endings
_ADDRESSES = ("url", "contentUrl", "license", "includedInDataCatalog")
_CONTEXT: Json = {"@vocab": "https://schema.org/", **{name: {"@type": "@id"} for name in _ADDRESSES}}


@dataclass(frozen=True)
class IndicatorDataset:
    """An indicator as a dataset: all its figures, those that its chart shows, and their sources."""

    indicator: Indicator
    figures: Sequence[FigureRecord]
    shown: Sequence[FigureRecord]
    sources: Sequence[Source]

    @property
    def path(self) -> str:
        return f"figures/{self.indicator.slug}/"

    @property
    def csv(self) -> str:
        return f"{self.path}{self.indicator.slug}.csv"

    @property
    def json(self) -> str:
        return f"{self.path}{FIGURES_JSON}"

    @property
    def days(self) -> tuple[str, str] | None:
        """Return the first and last day that the figures cover, as ISO dates; None if no figure has a period."""
        known = [r for r in self.figures if r.start and r.end]
        return (min(r.start for r in known), max(r.end for r in known)) if known else None

    @property
    def licences(self) -> tuple[str, ...]:
        """Return the addresses of the licences of its sources, without licences that are not in `LICENCES`."""
        return tuple(dict.fromkeys(LICENCES[s.licence] for s in self.sources if s.licence in LICENCES))


# --- schema.org


def schema_org_dataset(site: SiteSettings, dataset: IndicatorDataset, release: Release | None) -> Json:
    """Return the schema.org description of an indicator, for its page."""
    i, top = dataset.indicator, records.site_root(site, dataset.path)
    document: Json = {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "name": i.title,
        "description": f"{i.title}. {i.definition}",
        "url": f"{top}{dataset.path}",
        "creator": {"@type": "Organization", "name": site.partnership},
        "isAccessibleForFree": True,
        "inLanguage": "en-GB",
        "spatialCoverage": [
            {"@type": "Place", "name": name, "identifier": code} for code, name in _places(dataset).items()
        ],
        "variableMeasured": _variable(dataset),
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"{top}{path}"}
            for path, kind in ((dataset.csv, "text/csv"), (dataset.json, "application/json"))
        ],
        "isBasedOn": _based_on(dataset),
    }
    if dataset.days:
        document["temporalCoverage"] = "/".join(dataset.days)
    if dataset.licences:
        document["license"] = list(dataset.licences)
    if release:
        document |= {"version": release.name, "dateModified": release.released_on.isoformat()}
    document["about"] = _observations(dataset, top)
    return document


def _observations(dataset: IndicatorDataset, top: str) -> list[Json]:
    """Return the figures of the chart, each with the address to cite it. A sum of other figures has no such address."""
    citable = {r.anchor for r in dataset.figures}
    return [
        {
            "@type": "Observation",
            "name": ", ".join(filter(None, (r.part, r.place, r.period))),
            **({"observationDate": r.end} if r.end else {}),
            **({} if r.value is None else {"value": json_number(r.value)}),
            **({"description": r.meaning} if r.status else {}),
            **({"url": f"{top}{r.cited}"} if r.anchor in citable else {}),
        }
        for r in dataset.shown
    ]


def _places(dataset: IndicatorDataset) -> Mapping[str, str]:
    return {r.area: r.place for r in dataset.figures}


def _variable(dataset: IndicatorDataset) -> Json:
    unit = {"unitText": dataset.figures[0].unit} if dataset.figures else {}
    return {"@type": "PropertyValue", "name": dataset.indicator.title, **unit}


def _based_on(dataset: IndicatorDataset) -> list[Json]:
    """Return the sources of a dataset."""
    return [
        {
            "@type": "CreativeWork",
            "name": s.title,
            "datePublished": s.published,
            "publisher": {"@type": "Organization", "name": s.publisher},
        }
        for s in dataset.sources
    ]


def schema_org_catalogue(
    site: SiteSettings, path: str, title: str, packages: Iterable[tuple[str, str]]
) -> Json:
    """Return the schema.org description of the page about open data; `packages` are titles and paths."""
    top = records.site_root(site, path)
    return {
        "@context": _CONTEXT,
        "@type": "DataCatalog",
        "name": f"{site.name}: {title}",
        "description": site.description,
        "url": f"{top}{path}",
        "creator": {"@type": "Organization", "name": site.partnership},
        "dataset": [
            {
                "@type": "Dataset",
                "name": name,
                "description": f"{name}, as tables with a description of every column.",
                "creator": {"@type": "Organization", "name": site.partnership},
                "distribution": [
                    {
                        "@type": "DataDownload",
                        "encodingFormat": "application/zip",
                        "contentUrl": f"{top}{address}",
                    }
                ],
            }
            for name, address in packages
        ],
    }


def to_script_json(document: Json) -> str:
    """Return JSON that is safe inside a script element of a page."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# --- CSVW

_KINDS = {"period_start": "date", "period_end": "date", "value": "decimal"}
_TITLES = {
    "indicator": "What is counted",
    "area_code": "Code of the area",
    "area": "Area",
    "period": "Period in words",
    "period_start": "First day",
    "period_end": "Last day",
    "value": "Number; empty if there is none, and the status says why",
    "unit": "Unit",
    "status": "Marker: why there is no number, or what to know about it",
    "source": "Source",
    "locator": "Place in the source",
}


def csvw(split: str, url: str, title: str) -> Json:
    """Return the CSVW description of one CSV file of figures; `url` is the address of the CSV relative to it."""
    return {"@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}], **_table(split, url, title)}


def csvw_group(split: str, tables: Iterable[tuple[str, str]]) -> Json:
    """Return the CSVW description of every CSV file in one folder; `tables` are names and titles."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "tables": [_table(split, url, title) for url, title in tables],
    }


def _table(split: str, url: str, title: str) -> Json:
    named = [(name, _TITLES.get(name, "Part")) for name in records.columns(split)]
    return {
        "url": url,
        "dc:title": title,
        "dialect": {"encoding": "utf-8", "header": True},
        "tableSchema": {
            "columns": [
                {"name": n, "titles": n, "dc:description": words, "datatype": _KINDS.get(n, "string")}
                for n, words in named
            ]
        },
    }


# --- DCAT-AP

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
_MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"


@dataclass(frozen=True)
class Iri:
    """The address of a resource (IRI)."""

    address: str


@dataclass(frozen=True)
class DateLiteral:
    """A literal of type xsd:date, in ISO format."""

    day: str


@dataclass(frozen=True)
class SizeLiteral:
    """A literal of type xsd:nonNegativeInteger: the size of a file in bytes."""

    size: int


Node = str | Iri | DateLiteral | SizeLiteral  # the object of a triple; a string is a literal in English
Triple = tuple[str, str, Node]  # subject, predicate and object


def dcat_triples(
    site: SiteSettings,
    page: str,
    datasets: Iterable[IndicatorDataset],
    packages: Iterable[tuple[str, str]],
    release: Release | None,
) -> tuple[Triple, ...]:
    """Return the DCAT-AP catalogue of everything that can be downloaded; `page` is the page about open data.

    `workbook_triples` adds the workbooks to it.
    """
    return tuple(_dcat(site, page, datasets, packages, release))


def workbook_triples(
    site: SiteSettings,
    datasets: Iterable[IndicatorDataset],
    packages: Iterable[tuple[str, str]],
    books: Mapping[str, int],
) -> Iterator[Triple]:
    """Yield the workbooks of indicators and packages as distributions; `books` has their sizes in bytes by path."""
    top = records.site_root(site, DCAT)
    for dataset in datasets:
        yield from _workbooks(f"{top}{dataset.path}", top, dataset.csv, books, dataset.licences)
    for _, path in packages:
        yield from _workbooks(f"{top}{path}#package", top, path, books, ())


def _dcat(
    site: SiteSettings,
    page: str,
    datasets: Iterable[IndicatorDataset],
    packages: Iterable[tuple[str, str]],
    release: Release | None,
) -> Iterator[Triple]:
    top = records.site_root(site, DCAT)
    catalog, publisher = f"{top}{page}", f"{top}{page}#publisher"
    yield catalog, "a", Iri("dcat:Catalog")
    yield catalog, "dct:title", site.name
    yield catalog, "dct:description", site.description
    yield catalog, "dct:publisher", Iri(publisher)
    yield catalog, "foaf:homepage", Iri(catalog)
    yield publisher, "a", Iri("foaf:Agent")
    yield publisher, "foaf:name", site.partnership
    if release:
        yield catalog, "dct:modified", DateLiteral(release.released_on.isoformat())
    places: dict[str, str] = {}
    for dataset in datasets:
        address = f"{top}{dataset.path}"
        places |= _places(dataset)
        yield catalog, "dcat:dataset", Iri(address)
        yield from _of_dataset(address, dataset.indicator.title, dataset.indicator.definition, publisher)
        yield address, "dct:identifier", dataset.indicator.slug
        yield address, "dcat:landingPage", Iri(address)
        yield from _coverage(top, address, dataset)
        for path in (dataset.csv, dataset.json):
            yield from _distribution(address, f"{top}{path}", dataset.licences)
    for code, name in places.items():
        yield _place(top, code), "a", Iri("dct:Location")
        yield _place(top, code), "dct:identifier", code
        yield _place(top, code), "rdfs:label", name
    for title, path in packages:
        address = f"{top}{path}#package"
        yield catalog, "dcat:dataset", Iri(address)
        yield from _of_dataset(
            address, title, f"{title}, as tables with a description of every column.", publisher
        )
        yield from _distribution(address, f"{top}{path}", ())


def _workbooks(
    address: str, top: str, path: str, books: Mapping[str, int], licences: Iterable[str]
) -> Iterator[Triple]:
    """Yield the workbooks beside the file `path` as distributions."""
    for book in (f"{path.rpartition('.')[0]}.{kind}" for kind in WORKBOOKS):
        if book in books:
            yield from _distribution(address, f"{top}{book}", licences)
            yield f"{top}{book}#distribution", "dcat:byteSize", SizeLiteral(books[book])


def _of_dataset(address: str, title: str, description: str, publisher: str) -> Iterator[Triple]:
    yield address, "a", Iri("dcat:Dataset")
    yield address, "dct:title", title
    yield address, "dct:description", description or title
    yield address, "dct:publisher", Iri(publisher)


def _place(top: str, code: str) -> str:
    return f"{top}open-data/areas/{code}.json#area"


def _coverage(top: str, address: str, dataset: IndicatorDataset) -> Iterator[Triple]:
    for code in _places(dataset):
        yield address, "dct:spatial", Iri(_place(top, code))
    if dataset.days:
        time = f"{address}#time"
        yield address, "dct:temporal", Iri(time)
        yield time, "a", Iri("dct:PeriodOfTime")
        yield time, "dcat:startDate", DateLiteral(dataset.days[0])
        yield time, "dcat:endDate", DateLiteral(dataset.days[1])


def _distribution(address: str, file: str, licences: Iterable[str]) -> Iterator[Triple]:
    kind = file.rpartition(".")[2]
    distribution = f"{file}#distribution"
    yield address, "dcat:distribution", Iri(distribution)
    yield distribution, "a", Iri("dcat:Distribution")
    yield distribution, "dcat:accessURL", Iri(file)
    yield distribution, "dcat:downloadURL", Iri(file)
    yield distribution, "dct:format", Iri(f"{_FILE_TYPE}{kind.upper()}")
    yield distribution, "dcat:mediaType", Iri(f"{_MEDIA_TYPE}{MEDIA_TYPES[kind]}")
    for licence in licences:
        yield distribution, "dct:license", Iri(licence)


def to_turtle(triples: Iterable[Triple]) -> bytes:
    """Return the catalogue as Turtle."""
    lines = [f"@prefix {name}: <{address}> ." for name, address in PREFIXES.items()]
    lines += [f"<{s}> {p} {_in_turtle(o)} ." for s, p, o in triples]
    return ("\n".join(lines) + "\n").encode()


def _in_turtle(node: Node) -> str:
    if isinstance(node, Iri):
        return node.address if node.address.partition(":")[0] in PREFIXES else f"<{node.address}>"
    if isinstance(node, DateLiteral):
        return f'"{node.day}"^^xsd:date'
    if isinstance(node, SizeLiteral):
        return f'"{node.size}"^^xsd:nonNegativeInteger'
    return f"{json.dumps(node, ensure_ascii=False)}@en"


def to_json_ld(triples: Iterable[Triple]) -> bytes:
    """Return the catalogue as JSON-LD."""
    nodes: dict[str, Json] = {}
    for s, p, o in triples:
        node = nodes.setdefault(s, {"@id": s})
        if p == "a":
            node["@type"] = o.address if isinstance(o, Iri) else o
        else:
            node.setdefault(p, []).append(_in_json(o))
    return records.to_json({"@context": PREFIXES, "@graph": list(nodes.values())})


def _in_json(node: Node) -> Json:
    if isinstance(node, Iri):
        return {"@id": node.address}
    if isinstance(node, DateLiteral):
        return {"@value": node.day, "@type": "xsd:date"}
    if isinstance(node, SizeLiteral):
        return {"@value": str(node.size), "@type": "xsd:nonNegativeInteger"}
    return {"@value": node, "@language": "en"}
