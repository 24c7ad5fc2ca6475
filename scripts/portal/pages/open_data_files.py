"""Everything for those who build on the figures: the files of each indicator, area and release, packages and catalogues."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from portal.analysis.measures import breaks_of, figures_of
from portal.core.model import Indicator, Release
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.opendata import api, bundles, metadata, records
from portal.opendata.api import Catalogue
from portal.opendata.metadata import IndicatorDataset
from portal.opendata.records import FigureRecord, FileDescription
from portal.pages.open_data_pages import OPEN_DATA
from portal.releases import archives
from portal.releases.history import Key, PastRelease, ReleaseHistory

# What the parts are called in a table that holds figures of several indicators.
PART = "part"


@dataclass(frozen=True)
class OpenDataFiles:
    """What is published and was.

    `pages` are the slugs of the indicators that have a page, `packages` are title and name, `now` all figures.
    """

    settings: Settings
    released: ClearedContent
    history: ReleaseHistory
    pages: Collection[str]
    packages: tuple[tuple[str, str], ...]
    now: Mapping[Key, FigureRecord]

    @cached_property
    def of_indicator(self) -> Mapping[str, tuple[FigureRecord, ...]]:
        """The same by indicator."""
        return records.group_by(self.now.values(), lambda r: r.slug)

    @property
    def zips(self) -> list[tuple[str, str]]:
        """The title and the address of each package."""
        return [(title, bundles.package_path(name)) for title, name in self.packages]

    @property
    def newest(self) -> Release | None:
        """The newest release."""
        return self.released.content.editions[-1] if self.released.content.editions else None

    def dataset_of(self, indicator: Indicator) -> IndicatorDataset:
        """An indicator to be found by machines."""
        content = self.released.content
        own = (*content.observations.get(indicator.id, ()), *breaks_of(self.released, indicator.id))
        sources = {o.source: content.sources[o.source] for o in own}
        shown = [
            records.make_record(content, self.history, indicator, o)
            for o in figures_of(self.released, indicator)
        ]
        figures = self.of_indicator.get(indicator.slug, ())
        return IndicatorDataset(indicator, figures, shown, tuple(sources.values()))

    @cached_property
    def catalogue(self) -> Catalogue:
        """Everything that there is, in the order of the packages."""
        content = self.released.content
        found = [self.dataset_of(i) for i in content.indicators.values() if i.slug in self.pages]
        with_figures = {r.area for r in self.now.values()}
        return Catalogue(
            found,
            [a for a in content.areas.values() if a.code in with_figures],
            [(p.edition, _slugs(p)) for p in self.history.releases],
            self.packages,
        )


def _slugs(release: PastRelease) -> tuple[str, ...]:
    """The indicators that a release can be asked for; none where its archive was withdrawn."""
    if release.edition.withdrawn:
        return ()
    used = {k[0] for k in release.figures}
    return tuple(row["slug"] for name, row in release.rows("indicators", "id").items() if name in used)


def files(found: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file of open data that is not made of one page alone."""
    site, catalogue = found.settings.site, found.catalogue
    yield from _of_indicators(found)
    yield from _of_areas(found)
    yield from _of_releases(found)
    names = tuple(name for _, name in found.packages)
    contents = archives.gather(found.settings.packages_folder.parent, names, {})
    day = found.newest.released_on.isoformat() if found.newest else ""
    yield from bundles.zip_packages(contents, site, day).items()
    triples = metadata.dcat_triples(site, OPEN_DATA, catalogue.found, found.zips, found.newest)
    yield f"{metadata.DCAT}.jsonld", metadata.to_json_ld(triples)
    yield f"{metadata.DCAT}.ttl", metadata.to_turtle(triples)
    yield api.INDEX, api.build_index(site, OPEN_DATA, catalogue)
    yield api.OPENAPI, api.build_openapi(site, OPEN_DATA, catalogue)


def _of_indicators(found: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    for one in found.catalogue.found:
        i = one.indicator
        file = FileDescription(one.json, one.path, i.title, found.newest)
        name = one.csv.rpartition("/")[2]
        yield one.json, records.as_json(one.figures, file, found.settings.site, found.pages)
        yield one.csv, records.as_csv(one.figures, i.breakdown)
        yield f"{one.csv}-metadata.json", records.to_json(metadata.csvw(i.breakdown, name, i.title))


def _of_areas(found: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    tables = []
    own = records.group_by(found.now.values(), lambda r: r.area)
    for area in found.catalogue.areas:
        csv = api.area_path(area.code, "csv")
        file = FileDescription(api.area_path(area.code, "json"), OPEN_DATA, area.name, found.newest)
        yield file.path, records.as_json(own[area.code], file, found.settings.site, found.pages)
        yield csv, records.as_csv(own[area.code], PART)
        tables.append((csv.rpartition("/")[2], area.name))
    if tables:
        yield f"{api.AREAS}csv-metadata.json", records.to_json(metadata.csvw_group(PART, tables))


def _of_releases(found: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    """The figures as each release had them; what is withheld now is withheld there too."""
    hidden = records.withheld_keys(found.released.content)
    for release in found.history.releases:
        if not release.edition.withdrawn:
            yield from _of_release(found, release, hidden)


def _of_release(
    found: OpenDataFiles, release: PastRelease, hidden: Collection[Key]
) -> Iterator[tuple[str, bytes]]:
    edition, tables = release.edition, []
    own = records.group_by(records.past_records(release, found.history, hidden), lambda r: r.slug)
    for slug, figures in own.items():
        path = api.release_path(edition.id, slug, "json")
        csv = api.release_path(edition.id, slug, "csv")
        file = FileDescription(path, f"{api.RELEASES}{edition.id}/", figures[0].title, edition)
        yield path, records.as_json(figures, file, found.settings.site, found.pages)
        yield csv, records.as_csv(figures, PART)
        tables.append((csv.rpartition("/")[2], figures[0].title))
    if tables:
        description = records.to_json(metadata.csvw_group(PART, tables))
        yield f"{api.RELEASES}{edition.id}/csv-metadata.json", description
