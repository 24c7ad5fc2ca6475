"""The options of the commands that bring files in."""

import argparse
from pathlib import Path

from portal.cli.page_arguments import NewCommand


def add(command: NewCommand) -> None:
    """Add these commands."""
    _of_imports(
        command(
            "import",
            "read a published file and add its figures to a package",
            "Read files as the police and others publish them, report anything unusual, withhold figures that could identify\n"
            "people, and show what would change. Nothing is written until you confirm.\n\n"
            "The format table reads a spreadsheet (.xlsx, .ods or .csv) that has the columns of a package, such as one made by\n"
            "`portal template`: portal import table FILE --package NAME. It corrects what spreadsheets do to dates, numbers and\n"
            "codes, asks you if it cannot be sure, and names the sheet and cell of each mistake.",
        )
    )
    _of_downloads(
        command(
            "fetch",
            "download published files and import what is new",
            "Without a name: list the public addresses that are known. With one or more names: download what has changed since\n"
            "the last time into the cache, with its digest. A download that was interrupted continues where it stopped.\n"
            "With --import, show what importing would change, and write it, with the row of the source, when you confirm.\n"
            "This is the only command that uses the network. For example:\n"
            "  portal fetch police-archive --month 2026-03 --force cambridgeshire --import",
        )
    )
    template = command(
        "template",
        "write a spreadsheet to fill in for a package",
        "Write PACKAGE.xlsx and PACKAGE.ods: a sheet for each table of the package, with drop-downs, notes and examples.\n"
        "Fill in one of them, then import it with: portal import table FILE --package PACKAGE.",
    )
    template.add_argument(
        "package", metavar="PACKAGE", help="the package: the name of a folder in data_packages"
    )
    template.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="the folder to write to (default: build/templates)"
    )


def _of_imports(take: argparse.ArgumentParser) -> None:
    """Add the files to import, and how to read them."""
    take.add_argument(
        "format",
        metavar="FORMAT",
        help="police-street, police-outcomes, stop-and-search, csp, mps-ward, mps-borough, mps-dashboard, pas, vawg, wards,\n"
        "lsoas, boundaries, surroundings, neighbourhoods, postcodes, populations or table; see docs/how-to/import-police-figures.md",
    )
    take.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the files, the oldest first")
    take.add_argument(
        "--source", metavar="ID", help="the id of the source that describes the files; not for table"
    )
    take.add_argument(
        "--until",
        default="",
        metavar="YYYY-MM",
        help="the last month to use (default: the last in the files)",
    )
    _of_tables(take)
    take.add_argument("--yes", action="store_true", help="write without asking for confirmation")
    take.set_defaults(stop=take.error)


def _of_tables(take: argparse.ArgumentParser) -> None:
    """Add what only the format `table` has, and the answers to questions of an import."""
    take.add_argument("--package", metavar="NAME", help="table: the package that the rows go into")
    take.add_argument(
        "--resource",
        default="",
        metavar="NAME",
        help="table: the table of the package, if the sheet does not show which",
    )
    take.add_argument(
        "--sheet",
        default="",
        metavar="NAME",
        help="table: the sheet to read, if the file has several; * for all with the same headings",
    )
    take.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="answer a question in advance: for table such as dates=day-first, for police figures older-file=yes or\n"
        "other-quarters=yes; can be repeated",
    )
    take.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="table: what the sheet does not say, such as source=returns or indicator=thefts; can be repeated",
    )
    take.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="WORDS=TEXT",
        help='table: as what to read a heading or a name, such as "Offence desc=indicator"; nothing after the = leaves a '
        "column out; can be repeated",
    )
    take.add_argument(
        "--replace",
        action="store_true",
        help="table: replace the whole table; rows that are not in the sheet are removed",
    )


def _of_downloads(get: argparse.ArgumentParser) -> None:
    """Add the options that say what to download."""
    get.add_argument(
        "ids", nargs="*", metavar="NAME", help="what to fetch, such as police-archive or mps-ward"
    )
    get.add_argument(
        "--month", default="", metavar="YYYY-MM", help="the month, where files are published by month"
    )
    get.add_argument(
        "--force",
        default="",
        metavar="NAME",
        help="the police force as data.police.uk writes it, such as cambridgeshire",
    )
    get.add_argument("--area", default="", metavar="CODE", help="the district (default: that of the portal)")
    get.add_argument("--import", dest="take", action="store_true", help="import what is new, with a preview")
    get.add_argument(
        "--again", action="store_true", help="import also what has not changed since the last time"
    )
    get.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="where downloads are kept (default: build/fetched)"
    )
    get.add_argument(
        "--register", type=Path, metavar="FILE", help="another table of addresses, with the same columns"
    )
    get.add_argument("--yes", action="store_true", help="write without asking for confirmation")
