"""Say what is in each workbook for download: one for each indicator, each area with figures and each package.

The catalogues of all downloads come with them.
"""

import csv
import io
from collections.abc import Iterator

from portal.core import periods
from portal.opendata import api, bundles, records, workbook_files
from portal.opendata.workbooks import DownloadWorkbook, TableSheet, figures_sheet, sheet_names, table_sheet
from portal.pages.open_data_files import PART, OpenDataFiles, catalogues
from portal.pages.open_data_pages import OPEN_DATA
from portal.releases import archives
from portal.releases.archives import Contents


def workbooks_and_catalogues(inputs: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of every workbook, then of the catalogues, which give their sizes."""
    sizes: dict[str, int] = {}
    for path, book in workbooks(inputs):
        sizes[path] = len(book)
        yield path, book
    yield from catalogues(inputs, sizes)


def workbooks(inputs: OpenDataFiles) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of every workbook."""
    names = tuple(name for _, name in inputs.packages)
    contents = archives.gather(inputs.settings.packages_folder.parent, names, {})
    cache = inputs.settings.build_folder / "cache"
    for dataset in inputs.catalogue.datasets:
        sheet = figures_sheet(dataset.indicator.title, dataset.figures, dataset.indicator.breakdown)
        path = dataset.csv.removesuffix(".csv")
        yield from workbook_files.both(path, _book(inputs, dataset.path, sheet), cache)
    by_area = records.group_by(inputs.now.values(), lambda r: r.area)
    for area in inputs.catalogue.areas:
        sheet = figures_sheet(f"All figures of {area.name}", by_area[area.code], PART)
        path = api.area_path(area.code, "csv").removesuffix(".csv")
        yield from workbook_files.both(path, _book(inputs, OPEN_DATA, sheet), cache)
    for title, name in inputs.packages:
        path = bundles.package_path(name).removesuffix(".zip")
        yield from workbook_files.both(
            path, _book(inputs, OPEN_DATA, *_tables(name, contents), title=title), cache
        )


def _tables(name: str, contents: Contents) -> Iterator[TableSheet]:
    """Yield the sheet of each table of a package."""
    resources = contents.descriptor(name)["resources"]
    names = sheet_names(r["name"] for r in resources)
    for resource in resources:
        text = contents.files[f"{name}/{resource['path']}"].decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        yield table_sheet(names[resource["name"]], resource.get("title", resource["name"]), rows)


def _book(inputs: OpenDataFiles, page: str, *tables: TableSheet, title: str = "") -> DownloadWorkbook:
    """Return a workbook with its cover; its title is that of its first table if none is given."""
    site, newest = inputs.settings.site, inputs.newest
    release = (
        f"Release {newest.name}, {periods.day(newest.released_on)}." if newest else "Not yet in a release."
    )
    cover = (
        f"Published by {site.partnership} on the site {site.name}.",
        release,
        f"The page about it: {site.address or '/'}{page}",
        "The sheet Contents lists all sheets. Each sheet after it has one table, which begins under its title and notes.",
        "You can reuse it under the licence of its sources, which the page names.",
    )
    return DownloadWorkbook(
        title=title or tables[0].title, cover=cover, tables=tables, publisher=site.partnership,
        language=site.language, day=newest.released_on.isoformat() if newest else "",
    )  # fmt: skip
