"""The commands of `portal`, their options and help texts, and the exit codes."""

import argparse
from pathlib import Path

from portal.cli import entry_arguments, page_arguments

OK, PROBLEMS, USAGE, BUG, STOPPED = 0, 1, 2, 3, 130
_ENDING = """\
Exit codes:
  0    success
  1    your files have problems; each is listed with its place and what to write instead
  2    the command or one of its options is wrong
  3    an error in this program; details are in build/portal-error.log
  130  you stopped it (Ctrl-C)
"""


class _Stated(argparse.Action):
    """Store the value of an option, and refuse an empty one, such as that of a shell variable that is not set."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Store the value; end with a message if it is empty."""
        if not str(values).strip():
            parser.error(
                f"argument {option_string}: it is empty. Write {self.metavar}, or leave the option out."
            )
        setattr(namespace, self.dest, values)


def parser() -> argparse.ArgumentParser:
    """Build the argument parser."""
    root_parser = argparse.ArgumentParser(
        prog="portal",
        description="Check the data packages and build the public site from them.",
        epilog=_ENDING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root_parser.add_argument(
        "--project", default=".", metavar="FOLDER", help="the project folder (default: the current folder)"
    )
    commands = root_parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, short: str, long: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=short,
            description=long,
            epilog=_ENDING,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    _add_building(command)
    _add_releasing(command)
    _add_importing(command)
    _add_starting(command)
    _add_measuring(command)
    page_arguments.add(command)
    return root_parser


def _add_building(command: page_arguments.NewCommand) -> None:
    """Add the commands that check and build, and show what will change."""
    command(
        "check",
        "find mistakes; change nothing",
        "Read every table in data_packages and list all mistakes at once: the file, the row, the column, the value that is\n"
        "there and what to write instead. Changes nothing.",
    )
    build = command(
        "build",
        "check, then build the site into build/site",
        "Check the tables, make the pages and charts, and verify every page. Only then replace the site in build/site.\n"
        "If anything is wrong, the site in build/site does not change.",
    )
    build.add_argument(
        "--fresh", action="store_true", help="build even if nothing has changed since the last build"
    )
    build.add_argument(
        "--embargo-lifted",
        action="store_true",
        help="publish releases that are under embargo now, in this build only",
    )
    build.add_argument(
        "--renderer",
        choices=("mkdocs", "zensical"),
        default="mkdocs",
        help="the program that makes the HTML; zensical is experimental: see docs/explanation/renderers.md (default: mkdocs)",
    )
    diff = command(
        "diff",
        "show what will change on the public site",
        "Compare the packages with the last release: new, revised and withdrawn figures, changed text, new and removed\n"
        "pages. Changes nothing.",
    )
    diff.add_argument("--html", type=Path, metavar="FILE", help="write a page for the person who signs off")
    diff.add_argument("--json", type=Path, metavar="FILE", help="write every change as JSON, for programs")


def _add_releasing(command: page_arguments.NewCommand) -> None:
    """Add the commands that make, restore, withdraw and verify what is published."""
    make = command(
        "release",
        "make a named release of what is published",
        "Check everything and show what has changed since the last release. When you confirm, write the archive of the release\n"
        "and its changes into the package of releases. Each revised or withdrawn figure needs a reason. Build afterwards.\n\n"
        "While a release is under embargo, a release without --embargo contains what you changed since then, added to what is\n"
        "public: use it for urgent changes. A release with --embargo waits as well.",
    )
    make.add_argument("name", metavar="NAME", help='such as "2026 Q4"')
    make.add_argument("--note", default="", metavar="WORDS", help="what the release is about, for readers")
    make.add_argument(
        "--reason",
        default="",
        metavar="WORDS",
        help="why figures were revised, if the table does not give a reason",
    )
    make.add_argument(
        "--embargo",
        action=_Stated,
        default="",
        metavar="TIME",
        help="when it becomes public, such as 2026-12-01T09:30; builds keep it off the site until then",
    )
    make.add_argument(
        "--signed",
        type=Path,
        metavar="FILE",
        help="only if this list, signed at the desk, is of the same changes",
    )
    make.add_argument("--yes", action="store_true", help="write without asking for confirmation")
    back = command(
        "rollback",
        "restore an earlier site or release",
        "Without a name: restore the previous site at once, and change nothing else. With the name of a release: show what\n"
        "would change, restore its data, record that as a new release with the reason, and build the site. Contact details\n"
        "(ways to report, support services) do not change. Figures that are withdrawn or withheld now stay that way.\n"
        "Releases that are still under embargo are cancelled.",
    )
    back.add_argument("name", nargs="?", default="", metavar="NAME", help="the release to restore")
    back.add_argument("--reason", default="", metavar="WORDS", help="why, for readers")
    back.add_argument(
        "--contacts", action="store_true", help="restore the contact details of that release too"
    )
    back.add_argument("--yes", action="store_true", help="do it without asking for confirmation")
    _of_figures(
        command(
            "withdraw",
            "remove a figure from everything that the site publishes",
            "Remove the number of one or more figures from the tables, from the archive and changes of every release, and from\n"
            "claims, targets and reasons that state it. Notes without the number are kept. Show what would change, ask, build the\n"
            "site and delete the earlier sites. Warns you if the number can still be worked out from other figures.",
        )
    )
    command(
        "verify",
        "check that a site is complete and unchanged",
        "Compare every file of a site with the list that was made when it was built, and name the files that are missing,\n"
        "changed or unexpected. Use it on the folder that you copied to your web server.",
    ).add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="the folder of the site (default: build/site)"
    )


def _add_importing(command: page_arguments.NewCommand) -> None:
    """Add the commands that count what is there, and bring in files."""
    command(
        "coverage",
        "count pages with a chart and measures with a figure",
        "Count the pages with a chart, the measures of each plan by how closely a published figure matches them, and the\n"
        "updates. Write docs/reference/coverage.md: these counts, and for every section of the source documents the pages\n"
        "that show it or the reason for leaving it out. A section with neither is a problem.",
    )
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
            "the last time into the cache, with its digest. A download that broke off goes on from where it was.\n"
            "With --import, show what importing would change, and write it, with the row of the source, when you confirm.\n"
            "This is the only command that uses the network. For example:\n"
            "  portal fetch police-archive --month 2026-03 --force cambridgeshire --import",
        )
    )


def _of_imports(take: argparse.ArgumentParser) -> None:
    """Add the files to import, and how to read them."""
    take.add_argument(
        "format",
        metavar="FORMAT",
        help="police-street, police-outcomes, stop-and-search, csp, mps-ward, mps-borough, mps-dashboard, pas, vawg, wards,\n"
        "lsoas, boundaries, postcodes, populations or table; see docs/how-to/import-police-figures.md",
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
    take.add_argument("--yes", action="store_true", help="write without asking for confirmation")
    take.set_defaults(stop=take.error)


def _add_starting(command: page_arguments.NewCommand) -> None:
    """Add the commands that write something to work with: a portal, packs, entries and templates."""
    _of_a_place(
        command(
            "new",
            "start a portal for another partnership",
            "Create a folder with a portal that you can check and build straight away: settings, pages, ways to report, an empty\n"
            "plan, and indicators without figures. START.md in that folder explains what to fill in, step by step.\n\n"
            "With --from the portal is filled from a folder of published files: wards, boundaries, population, crime, anti-social\n"
            "behaviour, stop and search. It says what each file is, what it gave, and what is still missing. For example:\n"
            "  portal new --area E07000008 --from downloads",
        )
    )
    _of_packs(
        command(
            "pack",
            "write the packs for a meeting as PDF",
            "Build the site, and copy the pack of the whole area and of each ward into a folder: at most four sheets of paper\n"
            "(A4) each, and the same in large print. Chromium prints them.",
        )
    )
    entry_arguments.add(command)
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


def _add_measuring(command: page_arguments.NewCommand) -> None:
    """Add the commands that measure what is published."""
    command(
        "audit",
        "try to work out withheld figures",
        "Work out from everything that is published the lowest and highest value that each withheld figure can have.\n"
        "Write docs/reference/disclosure.md, a report for the person responsible for data protection.",
    )
    _of_documents(
        command(
            "quote",
            "check the numbers in a press release, minutes or a post",
            "Find every number about our indicators in a document (.docx, .pdf, .html, .md or .txt) and say whether it is right,\n"
            "out of date, right but across a break in series or for a chosen period, without a source, or wrong, with the figure.\n"
            "Changes nothing, and nothing leaves this computer. The exit code is 1 if a number needs changing.",
        )
    )
    command(
        "reading",
        "measure how hard the pages are to read",
        "Read every page of the site in build/site and write docs/reference/reading-age.md: the reading age of each page, the\n"
        "hardest pages, long sentences, hard words, and terms that are used in two ways. Build the site first.",
    )
    _of_files(
        command(
            "calibrate",
            "measure how much recorded crime varies by chance",
            "Read published crime files and measure, for each type of offence, how much counts vary when nothing changes\n"
            "(the dispersion), and how often the significance test is wrong. Changes nothing.",
        )
    )


def _of_packs(pack: argparse.ArgumentParser) -> None:
    """Add the names of packs and the folder to write them to."""
    pack.add_argument(
        "wards",
        nargs="*",
        metavar="WARD",
        help="wards as in the address of their page, such as forest-hill, or whole for the whole area (default: all)",
    )
    pack.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="the folder to write to (default: build/packs)"
    )


def _of_figures(take: argparse.ArgumentParser) -> None:
    """Add the options that select the figures to withdraw, and the reason."""
    take.add_argument("indicator", nargs="?", default="", metavar="INDICATOR", help="the id of the indicator")
    take.add_argument(
        "--area",
        action=_Stated,
        default="",
        metavar="CODE",
        help="the code of the area (default: every area)",
    )
    take.add_argument(
        "--period",
        action=_Stated,
        default="",
        metavar="DAYS",
        help="its last day, such as 2026-12-31, or first/last day, such as 2026-01-01/2026-12-31 (default: every period)",
    )
    take.add_argument(
        "--part", metavar="NAME", help="the category of the breakdown (default: every category)"
    )
    take.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="a CSV file with a row for each figure: indicator, area, period_start, period_end, part",
    )
    take.add_argument("--reason", default="", metavar="WORDS", help="why, for readers, without the number")
    why = take.add_mutually_exclusive_group()
    why.add_argument(
        "--protect",
        action="store_true",
        help="to protect people: the number can never be published again (the default)",
    )
    why.add_argument(
        "--wrong", action="store_true", help="the number was wrong: a corrected one can be published"
    )
    take.add_argument(
        "--others",
        action="store_true",
        help="also withdraw other figures from which the number could be worked out",
    )
    take.add_argument("--yes", action="store_true", help="do it without asking for confirmation")
    take.set_defaults(stop=take.error)


def _of_documents(quote: argparse.ArgumentParser) -> None:
    """Add the options of a command that checks a document."""
    quote.add_argument("file", type=Path, metavar="FILE", help="the document")
    quote.add_argument(
        "--date",
        default="",
        metavar="YYYY-MM-DD",
        help="the day on which it was or will be published; only figures up to then count (default: today)",
    )
    quote.add_argument("--json", type=Path, metavar="FILE", help="write what was found as JSON, for programs")
    quote.set_defaults(stop=quote.error)


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


def _of_a_place(begin: argparse.ArgumentParser) -> None:
    """Add the options that describe a new portal."""
    begin.add_argument(
        "name", nargs="?", default="", metavar="NAME", help='the name of the site, such as "Safer Exampleton"'
    )
    begin.add_argument(
        "--area", required=True, metavar="CODE", help="the code of the district or borough, such as E09000028"
    )
    begin.add_argument(
        "--place",
        default="",
        metavar="NAME",
        help="the name of the district or borough, as the police write it (default: as the files of --from have it)",
    )
    begin.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FOLDER",
        help="a folder of published files: find what each is, and import all that are about the area",
    )
    begin.add_argument(
        "--partnership",
        default="",
        metavar="NAME",
        help="the partnership that publishes the site (default: named after the place)",
    )
    begin.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="the folder to create (default: named after the site)"
    )
    begin.set_defaults(stop=begin.error)


def _of_files(measure: argparse.ArgumentParser) -> None:
    """Add the options that select the data for a calibration."""
    formats = ("mps-ward", "mps-borough", "mps-dashboard-ward", "mps-dashboard-borough")
    measure.add_argument("format", choices=formats, metavar="FORMAT", help=", ".join(formats))
    measure.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the files, the oldest first")
    for option, words in (("--fit", "measure on"), ("--held-out", "try the test on")):
        measure.add_argument(
            option,
            action="append",
            default=[],
            metavar="YYYY-MM",
            help=f"{words} the two years from this month; repeat for more (default: all pairs of years)",
        )
    measure.add_argument("--csv", type=Path, metavar="FILE", help="write the table as CSV")
