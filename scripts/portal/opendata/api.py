"""Write the API: an index of all files of figures, and an OpenAPI description of them.

Nothing runs on the server. Each response is a static file, and each path in the description is the path of a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal.core.model import Area, Content, Release
from portal.core.settings import SiteSettings
from portal.core.vocabulary import ADDABLE_UNITS, Unit
from portal.opendata import bundles, records
from portal.opendata.metadata import DCAT, FIGURES_JSON, MEDIA_TYPES, WORKBOOKS, IndicatorDataset
from portal.opendata.records import CITE

Json = dict[str, Any]
INDEX, OPENAPI = "api/index.json", "api/openapi.json"
AREAS = "open-data/areas/"
RELEASES = "releases/"


def area_path(code: str, kind: str) -> str:
    """Return the path of the figures of an area; `kind` is csv or json."""
    return f"{AREAS}{code}.{kind}"


def release_path(release: str, slug: str, kind: str) -> str:
    """Return the path of the figures of an indicator as one release published them; `kind` is csv or json."""
    return f"{RELEASES}{release}/{slug}.{kind}"


class ReleaseSlugs(NamedTuple):
    """A release, and the slugs of the indicators that it published."""

    release: Release
    slugs: Sequence[str]


class PackageName(NamedTuple):
    """The title of a data package and its name."""

    title: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything that can be downloaded: indicators, areas with figures, releases and packages.

    `content` has what the index says about them besides: breaks in series, populations, areas without a rate.
    """

    content: Content
    datasets: Sequence[IndicatorDataset]
    areas: Sequence[Area]
    releases: Sequence[ReleaseSlugs]
    packages: Sequence[PackageName]


def build_index(site: SiteSettings, page: str, catalogue: Catalogue, books: Mapping[str, int]) -> bytes:
    """Return the index of everything that can be downloaded, as JSON; `page` is the page about open data.

    `books` has the size in bytes of each workbook by its path.
    """
    top = records.site_root(site, INDEX)
    document = {
        "self": f"{top}{INDEX}",
        "page": f"{top}{page}",
        "description": f"{top}{OPENAPI}",
        "name": site.name,
        "partnership": site.partnership,
        "media_types": MEDIA_TYPES,
        "indicators": [
            _indicator(top, d, catalogue.content) | _workbooks(top, d.csv, books) for d in catalogue.datasets
        ],
        "areas": [
            _area(top, a, catalogue.content) | _workbooks(top, area_path(a.code, "csv"), books)
            for a in catalogue.areas
        ],
        "releases": [_release(top, *r) for r in catalogue.releases],
        "packages": [
            {"name": name, "title": title, "zip": f"{top}{path}"} | _workbooks(top, path, books)
            for title, name in catalogue.packages
            for path in (bundles.package_path(name),)
        ],
        "catalogues": {
            "packages": f"{top}{bundles.CATALOGUE}",
            "dcat_json_ld": f"{top}{DCAT}.jsonld",
            "dcat_turtle": f"{top}{DCAT}.ttl",
            "site": f"{top}{bundles.WHOLE}",
        },
    }
    return records.to_json(document)


def _workbooks(top: str, path: str, books: Mapping[str, int]) -> Json:
    """Return the address and size of the workbooks beside the file `path`, by kind."""
    found = {kind: f"{path.rpartition('.')[0]}.{kind}" for kind in WORKBOOKS}
    return {
        kind: {"address": f"{top}{book}", "bytes": books[book]}
        for kind, book in found.items()
        if book in books
    }


def _area(top: str, area: Area, content: Content) -> Json:
    lived = content.populations.get(area.code)
    return {
        "code": area.code,
        "name": area.name,
        "kind": area.kind,
        "parent": area.parent or None,
        "valid_from": area.valid_from.isoformat() if area.valid_from else None,
        "valid_to": area.valid_to.isoformat() if area.valid_to else None,
        "population": lived
        and {
            "people": lived.population,
            "year": lived.year,
            "source": {"title": content.sources[lived.source].title, "locator": lived.locator},
        },
        "json": f"{top}{area_path(area.code, 'json')}",
        "csv": f"{top}{area_path(area.code, 'csv')}",
    }


def _indicator(top: str, dataset: IndicatorDataset, content: Content) -> Json:
    i, days = dataset.indicator, dataset.days or (None, None)
    return {
        "slug": i.slug,
        "title": i.title,
        "definition": i.definition,
        "unit": records.UNITS.get(i.unit, i.unit_label),
        "parts": i.breakdown or None,
        "can_be_added": i.unit in ADDABLE_UNITS,
        "has_rates": i.unit == Unit.COUNT and not i.breakdown,
        "no_rates": {n.area: n.reason for n in content.no_rates.values() if n.indicator == i.id},
        "breaks": [
            {"date": b.date.isoformat(), "title": b.title, "explanation": b.explanation}
            for b in sorted(content.breaks, key=lambda b: b.date)
            if b.indicator == i.id
        ],
        "first_day": days[0],
        "last_day": days[1],
        "count": len(dataset.figures),
        "page": f"{top}{dataset.path}",
        "cite": f"{top}{dataset.path}{CITE}",
        "json": f"{top}{dataset.json}",
        "csv": f"{top}{dataset.csv}",
        "table_description": f"{top}{dataset.csv}-metadata.json",
    }


def _release(top: str, release: Release, slugs: Sequence[str]) -> Json:
    start = f"{top}{RELEASES}{release.id}/"
    return {
        "id": release.id,
        "name": release.name,
        "released_on": release.released_on.isoformat(),
        "page": start,
        "changes": f"{start}changes.csv",
        "archive": None if release.withdrawn else f"{start}release.zip",
        "figures": [
            {
                "slug": s,
                "json": f"{top}{release_path(release.id, s, 'json')}",
                "csv": f"{top}{release_path(release.id, s, 'csv')}",
            }
            for s in slugs
        ],
    }


# --- the description (OpenAPI 3.1)


def build_openapi(site: SiteSettings, page: str, catalogue: Catalogue) -> bytes:
    """Return the OpenAPI 3.1 description of every path; `page` is the page about open data."""
    top = records.site_root(site, OPENAPI)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": f"{site.name}: the figures",
            "summary": "Files of figures at permanent addresses.",
            "description": "Every address is a file. You do not need to sign up or use a key, and there is no limit on requests. If the site has no public address yet, links in a file are relative to it.",
            "version": "1",
        },
        "externalDocs": {"description": "How to use the figures", "url": f"{top}{page}"},
        "servers": [{"url": top.rstrip("/")}],
        "paths": _paths(catalogue),
        "components": {"schemas": _SCHEMAS},
    }
    return records.to_json(document)


_ANY = r"[a-z0-9]+(-[a-z0-9]+)*"


def _paths(catalogue: Catalogue) -> Json:
    slugs = [d.indicator.slug for d in catalogue.datasets]
    indicator = _parameter("indicator", "The short name of an indicator, from the index.", slugs)
    file = _parameter("file", "The same short name again.", slugs)
    area = _parameter("area", "The code of an area, from the index.", [a.code for a in catalogue.areas])
    package = _parameter("package", "The name of a package.", [p.name for p in catalogue.packages])
    books = {
        path: _get(f"{name}{kind.capitalize()}", f"{summary}, as a spreadsheet ({kind.upper()})", "", *parameters, kind=MEDIA_TYPES[kind])
        for name, summary, start, parameters in (
            ("figures", "The figures of one indicator", "/figures/{indicator}/{file}", (indicator, file)),
            ("area", "All figures of one area", f"/{AREAS}{{area}}", (area,)),
            ("package", "One data package", f"/{bundles.package_path('{package}').removesuffix('.zip')}", (package,)),
        )
        for kind in WORKBOOKS
        for path in (f"{start}.{kind}",)
    }  # fmt: skip
    document = {
        f"/{INDEX}": _get("index", "Everything that you can download", "Index"),
        f"/figures/{{indicator}}/{FIGURES_JSON}": _get(
            "figures", "The figures of one indicator", "Figures", indicator
        ),
        "/figures/{indicator}/{file}.csv": _get(
            "figuresTable", "The same as a table", "", indicator, file, kind="text/csv"
        ),
        "/figures/{indicator}/{file}.csv-metadata.json": _get(
            "tableDescription", "Description of the columns of that table (CSVW)", "Other", indicator, file
        ),
        f"/{area_path('{area}', 'json')}": _get("area", "All figures of one area", "Figures", area),
        f"/{area_path('{area}', 'csv')}": _get("areaTable", "The same as a table", "", area, kind="text/csv"),
        f"/{bundles.CATALOGUE}": _get("packages", "All packages, with their checksums", "Other"),
        f"/{bundles.package_path('{package}')}": _get(
            "package", "One data package", "", package, kind="application/zip"
        ),
        f"/{bundles.WHOLE}": _get("site", "The whole site", "", kind="application/zip"),
        f"/{DCAT}.jsonld": _get("dcat", "The catalogue in DCAT-AP", "Other", kind="application/ld+json"),
        f"/{DCAT}.ttl": _get("dcatTurtle", "The same as Turtle", "", kind="text/turtle"),
    }
    return document | books | (_release_paths(catalogue) if catalogue.releases else {})


def _release_paths(catalogue: Catalogue) -> Json:
    release = _parameter("release", "A release, from the index.", [r.release.id for r in catalogue.releases])
    slugs = {s: None for _, slugs in catalogue.releases for s in slugs}
    then = _parameter(
        "indicator", "The short name of the indicator in that release, from the index.", list(slugs)
    )
    start = f"/{RELEASES}{{release}}/"
    return {
        f"{start}{{indicator}}.json": _get("then", "Figures as a release published them", "Figures", release, then),
        f"{start}{{indicator}}.csv": _get("thenTable", "The same as a table", "", release, then, kind="text/csv"),
        f"{start}changes.csv": _get("changes", "What a release changed", "", release, kind="text/csv"),
        f"{start}csv-metadata.json": _get("thenDescription", "Description of the columns of its tables (CSVW)", "Other", release),
        f"{start}release.zip": _get("archive", "Everything in a release", "", release, kind="application/zip"),
    }  # fmt: skip


def _parameter(name: str, description: str, known: Sequence[str]) -> Json:
    example = {"example": known[0]} if known else {}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
        **example,
    }


def _get(name: str, summary: str, schema: str, *parameters: Json, kind: str = "application/json") -> Json:
    """Return the description of one path; files that are not JSON have no schema."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}} if schema else {}
    answers = {
        "200": {"description": summary, "content": {kind: content}},
        "404": {"description": "File not found."},
    }
    path_parameters: Mapping[str, Iterable[Json]] = {"parameters": list(parameters)} if parameters else {}
    return {"get": {"operationId": name, "summary": summary, **path_parameters, "responses": answers}}


def _object(optional: Sequence[str] = (), **properties: Json) -> Json:
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
        "properties": properties,
    }


def _list(of: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


def _map(to: Json) -> Json:
    return {"type": "object", "additionalProperties": to}


def _or_null(kind: str, description: str, **more: str) -> Json:
    return {"type": [kind, "null"], "description": description, **more}


_TEXT: Json = {"type": "string"}
_SLUG: Json = {"type": "string", "pattern": f"^{_ANY}$"}
_DAY: Json = {"type": ["string", "null"], "format": "date"}
_LINK: Json = {"type": "string", "format": "uri-reference"}
_LINK_OR_NONE: Json = {"type": ["string", "null"], "format": "uri-reference"}
_BOOK: Json = _object(address=_LINK, bytes={"type": "integer", "description": "The size of the file."})
_SCHEMAS: Json = {
    "Figures": _object(
        self=_LINK,
        page=_LINK,
        title=_TEXT,
        release={"anyOf": [{"$ref": "#/components/schemas/Release"}, {"type": "null"}]},
        indicators=_map(_object(title=_TEXT, unit=_TEXT, page=_LINK_OR_NONE)),
        areas=_map(_TEXT),
        statuses=_map(_TEXT),
        figures=_list("Figure"),
    ),
    "Figure": _object(
        indicator=_SLUG,
        area={"type": "string", "description": "The code of the area (GSS)."},
        part=_or_null(
            "string", "The part, if the figures of an indicator are split; null for the total."
        ),
        period=_object(label=_TEXT, start=_DAY, end=_DAY),
        value=_or_null("number", "The number; null if there is none, and the status says why."),
        unit=_TEXT,
        status={"anyOf": [_object(mark=_TEXT, meaning=_TEXT), {"type": "null"}]},
        source=_object(title=_TEXT, locator=_TEXT),
        releases=_object(
            first=_or_null("string", "The release that first published the figure; null if it is not in a release yet."),
            changed=_or_null("string", "The release that last changed it."),
        ),
        cite=_or_null("string", "The address to cite for this figure.", format="uri-reference"),
    ),
    "Release": _object(id=_SLUG, name=_TEXT, released_on={"type": "string", "format": "date"}),
    "Index": _object(
        self=_LINK,
        page=_LINK,
        description=_LINK,
        name=_TEXT,
        partnership=_TEXT,
        media_types=_map(_TEXT),
        indicators={
            "type": "array",
            "items": _object(
                slug=_SLUG, title=_TEXT, definition=_TEXT, unit=_TEXT, parts=_or_null("string", "What the figures are split by; null if they are not split."),
                can_be_added={"type": "boolean", "description": "True if figures of periods that follow each other can be added up."},
                has_rates={"type": "boolean", "description": "True if the figures are counts of whole areas, so that a rate can be computed where the population is known."},
                no_rates=_map({"type": "string", "description": "Why a rate per resident is not meaningful in the area with this code."}),
                breaks=_list("Break"),
                first_day=_DAY, last_day=_DAY, count={"type": "integer"}, page=_LINK, cite=_LINK, json=_LINK, csv=_LINK, table_description=_LINK, ods=_BOOK, xlsx=_BOOK,
            ),
        },
        areas=_list("Area"),
        releases={
            "type": "array",
            "items": _object(
                id=_SLUG, name=_TEXT, released_on={"type": "string", "format": "date"}, page=_LINK, changes=_LINK, archive=_LINK_OR_NONE,
                figures={"type": "array", "items": _object(slug=_SLUG, json=_LINK, csv=_LINK)},
            ),
        },
        packages={"type": "array", "items": _object(name=_SLUG, title=_TEXT, zip=_LINK, ods=_BOOK, xlsx=_BOOK)},
        catalogues=_object(packages=_LINK, dcat_json_ld=_LINK, dcat_turtle=_LINK, site=_LINK),
    ),
    "Area": _object(
        code=_TEXT, name=_TEXT, kind=_TEXT, parent=_or_null("string", "The code of the area around it."), valid_from=_DAY, valid_to=_DAY,
        population={"anyOf": [{"$ref": "#/components/schemas/Population"}, {"type": "null"}]}, json=_LINK, csv=_LINK, ods=_BOOK, xlsx=_BOOK,
    ),
    "Break": _object(date={"type": "string", "format": "date", "description": "The first day of the new way of recording."}, title=_TEXT, explanation=_TEXT),
    "Population": _object(people={"type": "integer"}, year={"type": "integer"}, source=_object(title=_TEXT, locator=_TEXT)),
    "Other": {"type": "object", "description": "JSON in the format of its own standard."},
}  # fmt: skip
