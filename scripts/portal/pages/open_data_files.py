"""Write the open data files: those of each indicator, area and release, the packages and the catalogues."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from portal.analysis.measures import breaks_of, figures_of
from portal.core.model import Indicator, Release
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.opendata import api, bundles, metadata, records
from portal.opendata.api import Catalogue, PackageName, ReleaseSlugs
from portal.opendata.metadata import IndicatorDataset
from portal.opendata.records import FigureRecord, FileDescription
from portal.pages.open_data_pages import OPEN_DATA, leaves_an_entry
from portal.pages.release_pages import changes_of
from portal.releases import archives
from portal.releases.history import Key, PastRelease, ReleaseHistory

# The column of parts in a table with figures of several indicators.
PART = "part"


@dataclass(frozen=True)
class OpenDataFiles:
    """What open data files are made from: the figures of today and of every release.

    `pages` are the slugs of the indicators that have a page, and `now` are all figures that are published now.
    """

    settings: Settings
    released: ClearedContent
    history: ReleaseHistory
    pages: Collection[str]
    packages: tuple[PackageName, ...]
    now: Mapping[Key, FigureRecord]

    @cached_property
    def of_indicator(self) -> Mapping[str, tuple[FigureRecord, ...]]:
        """Return the figures that are published now, by the slug of their indicator."""
        return records.group_by(self.now.values(), lambda r: r.slug)

    @cached_property
    def citable(self) -> frozenset[str]:
        """Return the paths of all figures with an entry on a citation page.

        These are the figures that are published now, and those that a release changed or took out.
        """
        content = self.released.content
        changed = {
            records.cited_at(
                i.slug, records.anchor(c.area, c.part, *map(_day, (c.period_start, c.period_end)))
            )
            for release in content.releases
            for c in changes_of(content, release)
            if leaves_an_entry(c) and (i := content.indicators.get(c.indicator))
        }
        return frozenset({r.cited for r in self.now.values()} | changed)

    @property
    def zips(self) -> list[tuple[str, str]]:
        """Return the title and the path of each package."""
        return [(title, bundles.package_path(name)) for title, name in self.packages]

    @property
    def newest(self) -> Release | None:
        """Return the newest release; None before the first."""
        return self.released.content.releases[-1] if self.released.content.releases else None

    def dataset_of(self, indicator: Indicator) -> IndicatorDataset:
        """Return an indicator as a dataset, with its sources."""
        content = self.released.content
        cited = (*content.observations.get(indicator.id, ()), *breaks_of(self.released, indicator.id))
        sources = {o.source: content.sources[o.source] for o in cited}
        shown = [
            records.make_record(content, self.history, indicator, o)
            for o in figures_of(self.released, indicator)
        ]
        figures = self.of_indicator.get(indicator.slug, ())
        return IndicatorDataset(indicator, figures, shown, tuple(sources.values()))

    @cached_property
    def catalogue(self) -> Catalogue:
        """Return everything that can be downloaded, in the order of the packages."""
        content = self.released.content
        with_figures = {r.area for r in self.now.values()}
        return Catalogue(
            content=content,
            datasets=[self.dataset_of(i) for i in content.indicators.values() if i.slug in self.pages],
            areas=[a for a in content.areas.values() if a.code in with_figures],
            releases=[ReleaseSlugs(p.release, tuple(p.slugs.values())) for p in self.history.releases],
            packages=self.packages,
        )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def files(inputs: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of every open data file that does not belong to a single page.

    Workbooks, and the catalogues that give their sizes, are made in `open_data_workbooks`.
    """
    site, catalogue = inputs.settings.site, inputs.catalogue
    yield from _of_indicators(inputs)
    yield from _of_areas(inputs)
    yield from _of_releases(inputs)
    names = tuple(name for _, name in inputs.packages)
    contents = archives.gather(inputs.settings.packages_folder.parent, names, {})
    day = inputs.newest.released_on.isoformat() if inputs.newest else ""
    yield from bundles.zip_packages(contents, site, day).items()
    yield api.OPENAPI, api.build_openapi(site, OPEN_DATA, catalogue)


def catalogues(inputs: OpenDataFiles, books: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of the index and the catalogues; `books` has the size of each workbook by its path."""
    site, catalogue = inputs.settings.site, inputs.catalogue
    triples = (
        *metadata.dcat_triples(site, OPEN_DATA, catalogue.datasets, inputs.zips, inputs.newest),
        *metadata.workbook_triples(site, catalogue.datasets, inputs.zips, books),
    )
    yield f"{metadata.DCAT}.jsonld", metadata.to_json_ld(triples)
    yield f"{metadata.DCAT}.ttl", metadata.to_turtle(triples)
    yield api.INDEX, api.build_index(site, OPEN_DATA, catalogue, books)


def _of_indicators(inputs: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    for dataset in inputs.catalogue.datasets:
        i = dataset.indicator
        file = FileDescription(dataset.json, dataset.path, i.title, inputs.newest)
        name = dataset.csv.rpartition("/")[2]
        yield dataset.json, records.as_json(dataset.figures, file, inputs.settings.site, inputs.pages)
        yield dataset.csv, records.as_csv(dataset.figures, i.breakdown)
        yield f"{dataset.csv}-metadata.json", records.to_json(metadata.csvw(i.breakdown, name, i.title))


def _of_areas(inputs: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    tables = []
    by_area = records.group_by(inputs.now.values(), lambda r: r.area)
    for area in inputs.catalogue.areas:
        csv = api.area_path(area.code, "csv")
        file = FileDescription(api.area_path(area.code, "json"), OPEN_DATA, area.name, inputs.newest)
        yield file.path, records.as_json(by_area[area.code], file, inputs.settings.site, inputs.pages)
        yield csv, records.as_csv(by_area[area.code], PART)
        tables.append((csv.rpartition("/")[2], area.name))
    if tables:
        yield f"{api.AREAS}csv-metadata.json", records.to_json(metadata.csvw_group(PART, tables))


def _of_releases(inputs: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    """Yield the figures as each release published them, without those that are withheld now."""
    hidden = records.withheld_keys(inputs.released.content)
    for past in inputs.history.releases:
        if not past.release.withdrawn:
            yield from _of_release(inputs, past, hidden)


def _of_release(
    inputs: OpenDataFiles, past: PastRelease, hidden: frozenset[Key]
) -> Iterator[tuple[str, bytes]]:
    release, tables = past.release, []
    by_slug = records.past_records(past, inputs.history, hidden)
    for slug, figures in by_slug.items():
        path = api.release_path(release.id, slug, "json")
        csv = api.release_path(release.id, slug, "csv")
        file = FileDescription(path, f"{api.RELEASES}{release.id}/", figures[0].title, release)
        yield path, records.as_json(figures, file, inputs.settings.site, inputs.pages, inputs.citable)
        yield csv, records.as_csv(figures, PART)
        tables.append((csv.rpartition("/")[2], figures[0].title))
    if tables:
        description = records.to_json(metadata.csvw_group(PART, tables))
        yield f"{api.RELEASES}{release.id}/csv-metadata.json", description
