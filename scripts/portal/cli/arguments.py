"""How the command `portal` is called: its commands, their options and help, and its exit codes."""

import argparse
from pathlib import Path

OK, PROBLEMS, USAGE, BUG, STOPPED = 0, 1, 2, 3, 130
_ENDING = """\
Exit codes:
  0    all is well
  1    something in your files needs mending; each problem is listed with its place and what to write instead
  2    the command was not written as it should be
  3    a fault of this program; what happened is in build/portal-error.log
  130  you stopped it (Ctrl-C)
"""


def parser() -> argparse.ArgumentParser:
    """What reads the command line."""
    made = argparse.ArgumentParser(
        prog="portal",
        description="Checks the data packages and builds the public site from them.",
        epilog=_ENDING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--project", default=".", metavar="FOLDER", help="the project's folder (default: this one)"
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, short: str, long: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=short,
            description=long,
            epilog=_ENDING,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    command(
        "check",
        "look for mistakes; change nothing",
        "Reads every table in data_packages and says what needs mending: the file, the row, the column, what stands there\n"
        "and what to write instead. It lists all mistakes at once and changes nothing.",
    )
    build = command(
        "build",
        "check, then build the site into build/site",
        "Checks the tables, makes the pages and charts, looks through every page, and only then puts the new site in\n"
        "build/site. If anything is wrong, the site that is there stays exactly as it is.",
    )
    build.add_argument(
        "--fresh", action="store_true", help="build even where nothing has changed since last time"
    )
    build.add_argument(
        "--embargo-lifted",
        action="store_true",
        help="put the releases under embargo in place before their time, in this build alone",
    )
    build.add_argument(
        "--renderer",
        choices=("mkdocs", "zensical"),
        default="mkdocs",
        help="what makes the HTML; zensical is experimental: see docs/explanation/renderers.md (default: mkdocs)",
    )
    diff = command(
        "diff",
        "say what will change in public",
        "Compares the packages with the last release: new, revised and withdrawn figures, changed words, new and vanished\n"
        "pages. Changes nothing.",
    )
    diff.add_argument("--html", type=Path, metavar="FILE", help="write a page for whoever signs off")
    diff.add_argument("--json", type=Path, metavar="FILE", help="write every change, for programs")
    make = command(
        "release",
        "freeze what is published, under a name",
        "Checks everything, says what has changed since the last release, and after you say yes writes the archive of the\n"
        "release and its changes into the package of releases. Each revised or withdrawn figure needs a reason. Then build.\n\n"
        "While a release is under embargo, one without --embargo holds what was changed since, on top of what is public: use\n"
        "it for urgent changes. One with --embargo waits too.",
    )
    make.add_argument("name", metavar="NAME", help='such as "2026 Q4"')
    make.add_argument("--note", default="", metavar="WORDS", help="what it is about, for readers")
    make.add_argument(
        "--reason", default="", metavar="WORDS", help="why figures were revised, where the table says nothing"
    )
    make.add_argument(
        "--embargo",
        default="",
        metavar="TIME",
        help="not public before then, such as 2026-12-01T09:30; builds keep it off the site until its time has come",
    )
    make.add_argument("--yes", action="store_true", help="write without asking")
    back = command(
        "rollback",
        "put an earlier site or release back",
        "Without a name: puts the site before this one in place at once, and changes nothing else. With the name of a release:\n"
        "shows what would change, then puts its data back, records that as a new release with the reason, and builds the\n"
        "site. Contact details (ways to report, services that help) stay as they are now. Figures that were taken back or\n"
        "are withheld now stay so. Releases that still wait for their time are given up.",
    )
    back.add_argument("name", nargs="?", default="", metavar="NAME", help="the release to put back")
    back.add_argument("--reason", default="", metavar="WORDS", help="why, for readers")
    back.add_argument(
        "--contacts", action="store_true", help="put the contact details of that release back too"
    )
    back.add_argument("--yes", action="store_true", help="do it without asking")
    _of_figures(
        command(
            "withdraw",
            "take a figure back, out of everything that the site serves",
            "Takes the number of one or more figures out of the tables, out of the archive and changes of every release, and\n"
            "out of what states it: claims, targets, reasons. A note without the number stays. Shows what would change, asks,\n"
            "then builds the site and deletes the earlier sites that are kept. Says when the number still follows from others.",
        )
    )
    look = command(
        "verify",
        "say whether a site is whole",
        "Compares every file of a site with the list that was made when it was built, and says which are missing, changed or\n"
        "too much. Use it on the folder that you copied to your web server.",
    )
    look.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="the site's folder (default: build/site)"
    )
    command(
        "coverage",
        "count pages with a chart and measures with a figure",
        "Prints how many pages have a chart, how near a figure the measures of each plan have, and how many updates there\n"
        "are. Writes docs/reference/coverage.md: the same counts, and every section of the source documents with the pages that show\n"
        "it, or the reason why it is left out. A section that is neither is a problem.",
    )
    take = command(
        "import",
        "read a published file and put its figures into a package",
        "Reads files as the police and others publish them, says what it notices, withholds what could point to people, and\n"
        "shows what would change. It writes only after you say yes.\n\n"
        "The format table reads a spreadsheet (.xlsx, .ods or .csv) whose columns are those of a package, such as one that\n"
        "`portal template` made: portal import table FILE --package NAME. It undoes what spreadsheets do to dates, numbers\n"
        "and codes, asks where that is not certain, and names the sheet and cell of each mistake.",
    )
    take.add_argument(
        "format",
        metavar="FORMAT",
        help="mps-ward, mps-borough, mps-dashboard, stop-and-search, wards, boundaries, postcodes, populations or table",
    )
    take.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the files, the oldest first")
    take.add_argument(
        "--source", metavar="ID", help="the row in the table of sources that describes them; not for table"
    )
    take.add_argument(
        "--until",
        default="",
        metavar="YYYY-MM",
        help="the last month to use (default: the last in the files)",
    )
    take.add_argument("--package", metavar="NAME", help="table: the package that the rows go into")
    take.add_argument(
        "--resource", default="", metavar="NAME", help="table: its table, where the sheet does not say"
    )
    take.add_argument(
        "--sheet", default="", metavar="NAME", help="table: the sheet, where the file has several"
    )
    take.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="table: answer a question beforehand, such as dates=day-first; may stand several times",
    )
    take.add_argument(
        "--replace",
        action="store_true",
        help="table: the sheet is the whole table; remove the rows that are not in it",
    )
    take.add_argument("--yes", action="store_true", help="write without asking whether to")
    take.set_defaults(stop=take.error)
    _of_a_place(
        command(
            "new",
            "begin the portal of another partnership",
            "Writes a folder with a portal that can be checked and built at once: settings, pages, ways to report, an empty plan,\n"
            "and indicators that wait for their first import. START.md in it says what to fill in, and in which order.",
        )
    )
    template = command(
        "template",
        "write a spreadsheet to fill in for a package",
        "Writes PACKAGE.xlsx and PACKAGE.ods: a sheet for each table of the package, with drop-downs, notes and examples.\n"
        "Fill in either of them, then read it with: portal import table FILE --package PACKAGE.",
    )
    template.add_argument(
        "package", metavar="PACKAGE", help="the package, such as one of the folders in data_packages"
    )
    template.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="where to put them (default: build/templates)"
    )
    command(
        "audit",
        "try to work out what is withheld",
        "Takes everything that is published and works out, for each withheld figure, the least and the greatest that it can be.\n"
        "Writes docs/reference/disclosure.md, a report for whoever is responsible for data protection.",
    )
    command(
        "reading",
        "measure how hard the pages are to read",
        "Reads every page of the site in build/site and writes docs/reference/reading-age.md: the reading age of each page, the hardest\n"
        "pages, long sentences, hard words, and terms that are used in two ways. Build the site first.",
    )
    _of_files(
        command(
            "calibrate",
            "measure how much recorded crime varies by itself",
            "Reads published crime files and measures, for each kind of offence, how much counts vary when nothing changes\n"
            "(the dispersion), and how often the test of change is wrong. Changes nothing.",
        )
    )
    serve = command(
        "serve",
        "preview the site on this computer",
        "Builds the site and shows it at an address that only this computer can open. When you save a table, page,\n"
        "template or picture it builds again: reload the page in your browser to see it. Stop it with Ctrl-C.",
    )
    serve.add_argument(
        "--port", type=int, default=8000, help="the number at the end of the address (default: 8000)"
    )
    return made


def _of_figures(take: argparse.ArgumentParser) -> None:
    """Add what says which figures are taken back, and why."""
    take.add_argument(
        "indicator", nargs="?", default="", metavar="INDICATOR", help="the id of what is counted"
    )
    take.add_argument("--area", default="", metavar="CODE", help="the area's code (default: every area)")
    take.add_argument(
        "--period",
        default="",
        metavar="DAYS",
        help="its last day, such as 2026-12-31, or first/last, such as 2026-01-01/2026-12-31 (default: every period)",
    )
    take.add_argument("--part", metavar="NAME", help="the part of the breakdown (default: every part)")
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
        help="to protect people: the number may never be published again (the default)",
    )
    why.add_argument(
        "--wrong", action="store_true", help="the number was wrong: a corrected one may be published"
    )
    take.add_argument(
        "--others", action="store_true", help="also take back others from which the number would follow"
    )
    take.add_argument("--yes", action="store_true", help="do it without asking")
    take.set_defaults(stop=take.error)


def _of_a_place(begin: argparse.ArgumentParser) -> None:
    """What must be known to begin a portal."""
    begin.add_argument("name", metavar="NAME", help='what the site is called, such as "Safer Exampleton"')
    begin.add_argument("--area", required=True, metavar="CODE", help="the borough's code, such as E09000028")
    begin.add_argument(
        "--place", required=True, metavar="NAME", help="the borough's name, as the police write it"
    )
    begin.add_argument(
        "--partnership", default="", metavar="NAME", help="whose site it is (default: after the place)"
    )
    begin.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="where to put it (default: after its name)"
    )


def _of_files(measure: argparse.ArgumentParser) -> None:
    """Add what a calibration is measured on."""
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
