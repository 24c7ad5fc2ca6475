"""What machines read to find the figures: schema.org for search engines, DCAT-AP for catalogues, CSVW for tables.

Everything is said without a context from elsewhere, so that whoever reads it asks no other host for anything.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.model import Indicator, Release, Source
from portal.core.settings import SiteSettings
from portal.opendata import records
from portal.opendata.records import FigureRecord

Json = dict[str, Any]
# The licences that sources name, and where each stands.
LICENCES = {
    "Open Government Licence v3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
}
FIGURES_JSON = "figures.json"
DCAT = "open-data/dcat"
_ADDRESSES = ("url", "contentUrl", "license", "includedInDataCatalog")
_CONTEXT: Json = {"@vocab": "https://schema.org/", **{name: {"@type": "@id"} for name in _ADDRESSES}}


@dataclass(frozen=True)
class IndicatorDataset:
    """An indicator to be found by machines: its figures, those that its chart shows, their sources."""

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
        """The first and the last day that any figure is about."""
        known = [r for r in self.figures if r.start and r.end]
        return (min(r.start for r in known), max(r.end for r in known)) if known else None

    @property
    def licences(self) -> tuple[str, ...]:
        """Where the licences of its sources stand, of those that name a known one."""
        return tuple(dict.fromkeys(LICENCES[s.licence] for s in self.sources if s.licence in LICENCES))


# --- schema.org


def schema_org_dataset(site: SiteSettings, found: IndicatorDataset, edition: Release | None) -> Json:
    """An indicator as schema.org says it, for its page."""
    i, top = found.indicator, records.site_root(site, found.path)
    told: Json = {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "name": i.title,
        "description": f"{i.title}. {i.definition}",
        "url": f"{top}{found.path}",
        "creator": {"@type": "Organization", "name": site.partnership},
        "isAccessibleForFree": True,
        "inLanguage": "en-GB",
        "spatialCoverage": [
            {"@type": "Place", "name": name, "identifier": code} for code, name in _places(found).items()
        ],
        "variableMeasured": _variable(found),
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"{top}{path}"}
            for path, kind in ((found.csv, "text/csv"), (found.json, "application/json"))
        ],
        "isBasedOn": _based_on(found),
    }
    if found.days:
        told["temporalCoverage"] = "/".join(found.days)
    if found.licences:
        told["license"] = list(found.licences)
    if edition:
        told |= {"version": edition.name, "dateModified": edition.released_on.isoformat()}
    told["about"] = _observations(found, top)
    return told


def _observations(found: IndicatorDataset, top: str) -> list[Json]:
    """The figures of the chart, each with where it can be cited; one that is a sum of others has no such place."""
    citable = {r.anchor for r in found.figures}
    return [
        {
            "@type": "Observation",
            "name": ", ".join(filter(None, (r.part, r.place, r.period))),
            **({"observationDate": r.end} if r.end else {}),
            **({} if r.value is None else {"value": records.json_number(r.value)}),
            **({"description": r.meaning} if r.status else {}),
            **({"url": f"{top}{r.cited}"} if r.anchor in citable else {}),
        }
        for r in found.shown
    ]


def _places(found: IndicatorDataset) -> Mapping[str, str]:
    return {r.area: r.place for r in found.figures}


def _variable(found: IndicatorDataset) -> Json:
    unit = {"unitText": found.figures[0].unit} if found.figures else {}
    return {"@type": "PropertyValue", "name": found.indicator.title, **unit}


def _based_on(found: IndicatorDataset) -> list[Json]:
    """The sources."""
    return [
        {
            "@type": "CreativeWork",
            "name": s.title,
            "datePublished": s.published,
            "publisher": {"@type": "Organization", "name": s.publisher},
        }
        for s in found.sources
    ]


def schema_org_catalogue(
    site: SiteSettings, path: str, title: str, packages: Iterable[tuple[str, str]]
) -> Json:
    """The page of open data as schema.org says it; `packages` are titles and addresses below the site."""
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


def to_script_json(told: Json) -> str:
    """JSON that can stand in a page: nothing in it can end the element that it stands in."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
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
    "value": "Number; empty where there is none, and the status says why",
    "unit": "Unit",
    "status": "Mark: why there is no number, or what is special about it",
    "source": "Source",
    "locator": "Place in the source",
}


def csvw(split: str, url: str, title: str) -> Json:
    """The description of one CSV of figures, which stands beside it at `url`."""
    return {"@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}], **_table(split, url, title)}


def csvw_group(split: str, tables: Iterable[tuple[str, str]]) -> Json:
    """The description of every CSV of one folder: their names and titles."""
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
                {"name": n, "titles": n, "dc:description": told, "datatype": _KINDS.get(n, "string")}
                for n, told in named
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
_FORMATS = {
    "csv": ("CSV", "text/csv"),
    "json": ("JSON", "application/json"),
    "zip": ("ZIP", "application/zip"),
}


@dataclass(frozen=True)
class Iri:
    """The address of a thing."""

    address: str


@dataclass(frozen=True)
class DateLiteral:
    """A day, as an ISO date."""

    day: str


Thing = str | Iri | DateLiteral
Triple = tuple[str, str, Thing]


def dcat_triples(
    site: SiteSettings,
    page: str,
    found: Iterable[IndicatorDataset],
    packages: Iterable[tuple[str, str]],
    edition: Release | None,
) -> tuple[Triple, ...]:
    """The catalogue of everything that can be downloaded, by DCAT-AP; `page` is about it."""
    return tuple(_dcat(site, page, found, packages, edition))


def _dcat(
    site: SiteSettings,
    page: str,
    found: Iterable[IndicatorDataset],
    packages: Iterable[tuple[str, str]],
    edition: Release | None,
) -> Iterator[Triple]:
    top = records.site_root(site, DCAT)
    own, publisher = f"{top}{page}", f"{top}{page}#publisher"
    yield own, "a", Iri("dcat:Catalog")
    yield own, "dct:title", site.name
    yield own, "dct:description", site.description
    yield own, "dct:publisher", Iri(publisher)
    yield own, "foaf:homepage", Iri(own)
    yield publisher, "a", Iri("foaf:Agent")
    yield publisher, "foaf:name", site.partnership
    if edition:
        yield own, "dct:modified", DateLiteral(edition.released_on.isoformat())
    places: dict[str, str] = {}
    for one in found:
        address = f"{top}{one.path}"
        places |= _places(one)
        yield own, "dcat:dataset", Iri(address)
        yield from _of_dataset(address, one.indicator.title, one.indicator.definition, publisher)
        yield address, "dct:identifier", one.indicator.slug
        yield address, "dcat:landingPage", Iri(address)
        yield from _coverage(top, address, one)
        for path in (one.csv, one.json):
            yield from _distribution(address, f"{top}{path}", one.licences)
    for code, name in places.items():
        yield _place(top, code), "a", Iri("dct:Location")
        yield _place(top, code), "dct:identifier", code
        yield _place(top, code), "rdfs:label", name
    for title, path in packages:
        address = f"{top}{path}#package"
        yield own, "dcat:dataset", Iri(address)
        yield from _of_dataset(
            address, title, f"{title}, as tables with a description of every column.", publisher
        )
        yield from _distribution(address, f"{top}{path}", ())


def _of_dataset(address: str, title: str, description: str, publisher: str) -> Iterator[Triple]:
    yield address, "a", Iri("dcat:Dataset")
    yield address, "dct:title", title
    yield address, "dct:description", description or title
    yield address, "dct:publisher", Iri(publisher)


def _place(top: str, code: str) -> str:
    return f"{top}open-data/areas/{code}.json#area"


def _coverage(top: str, address: str, found: IndicatorDataset) -> Iterator[Triple]:
    for code in _places(found):
        yield address, "dct:spatial", Iri(_place(top, code))
    if found.days:
        time = f"{address}#time"
        yield address, "dct:temporal", Iri(time)
        yield time, "a", Iri("dct:PeriodOfTime")
        yield time, "dcat:startDate", DateLiteral(found.days[0])
        yield time, "dcat:endDate", DateLiteral(found.days[1])


def _distribution(address: str, file: str, licences: Iterable[str]) -> Iterator[Triple]:
    name, kind = _FORMATS[file.rpartition(".")[2]]
    own = f"{file}#distribution"
    yield address, "dcat:distribution", Iri(own)
    yield own, "a", Iri("dcat:Distribution")
    yield own, "dcat:accessURL", Iri(file)
    yield own, "dcat:downloadURL", Iri(file)
    yield own, "dct:format", Iri(f"{_FILE_TYPE}{name}")
    yield own, "dcat:mediaType", Iri(f"{_MEDIA_TYPE}{kind}")
    for licence in licences:
        yield own, "dct:license", Iri(licence)


def to_turtle(triples: Iterable[Triple]) -> bytes:
    """The catalogue as Turtle."""
    lines = [f"@prefix {name}: <{address}> ." for name, address in PREFIXES.items()]
    lines += [f"<{s}> {p} {_in_turtle(o)} ." for s, p, o in triples]
    return ("\n".join(lines) + "\n").encode()


def _in_turtle(thing: Thing) -> str:
    if isinstance(thing, Iri):
        return thing.address if thing.address.partition(":")[0] in PREFIXES else f"<{thing.address}>"
    if isinstance(thing, DateLiteral):
        return f'"{thing.day}"^^xsd:date'
    return f"{json.dumps(thing, ensure_ascii=False)}@en"


def to_json_ld(triples: Iterable[Triple]) -> bytes:
    """The same catalogue as JSON-LD."""
    things: dict[str, Json] = {}
    for s, p, o in triples:
        own = things.setdefault(s, {"@id": s})
        if p == "a":
            own["@type"] = o.address if isinstance(o, Iri) else o
        else:
            own.setdefault(p, []).append(_in_json(o))
    return records.to_json({"@context": PREFIXES, "@graph": list(things.values())})


def _in_json(thing: Thing) -> Json:
    if isinstance(thing, Iri):
        return {"@id": thing.address}
    if isinstance(thing, DateLiteral):
        return {"@value": thing.day, "@type": "xsd:date"}
    return {"@value": thing, "@language": "en"}
