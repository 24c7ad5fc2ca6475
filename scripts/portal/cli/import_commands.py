"""The commands that bring files in: import them, fetch them, and write spreadsheets to fill in."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from portal.cli import asking
from portal.cli.arguments import OK, PROBLEMS
from portal.cli.progress_line import ProgressLine

if TYPE_CHECKING:
    from portal.importers.importing import PlannedImport


def _import(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.data import packages  # noqa: PLC0415
    from portal.importers import importing  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    misused = importing.misused(vars(options))
    if misused:
        options.stop(misused)
    if options.format == importing.TABLE:
        return _import_table(root, options, progress)
    progress("Checking the data packages")
    settings, content = building.read(root)
    progress("Reading the files")
    packages_read, _ = packages.read_all(root, settings.packages)
    plan = importing.plan(
        importing.ImportJob(options.format, tuple(options.files), options.source, options.until),
        content,
        packages_read,
        settings,
    )
    progress.end()
    print("\n".join(f"- {line}" for line in plan.report))
    doubts = importing.unanswered(plan, options.assume)
    for doubt in doubts:
        print(f"\n{doubt.question}")
        if not asking.is_yes("Go on? (y/N) "):
            print(
                f"Nothing was written. To go on without being asked, add --assume {doubt.key}={importing.YES}."
            )
            return PROBLEMS
    return _written(root, options, plan)


def _import_table(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.core import settings as config  # noqa: PLC0415
    from portal.importers.spreadsheets import spreadsheet  # noqa: PLC0415

    progress("Reading the spreadsheet and checking the package with its rows")
    job = spreadsheet.SpreadsheetJob(
        tuple(options.files),
        options.package,
        options.resource,
        options.sheet,
        options.replace,
        tuple(options.assume),
        given=tuple(options.set),
        read_as=spreadsheet.read_as(options.read),
    )

    def ask(question: spreadsheet.ImportQuestion) -> str:
        progress.end()
        return asking.answer(f"{question.place}: {question.text}", question.answers)

    plan = spreadsheet.plan(job, config.load(root), ask)
    progress.end()
    print("\n".join(plan.report))
    return _written(root, options, plan)


def _fetch(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import fetching  # noqa: PLC0415
    from portal.importers.fetching import register  # noqa: PLC0415

    if not options.ids:
        print(fetching.listing(register.entries(options.register)))
        return OK
    found = fetching.fetched(root, options, progress)
    progress.end()
    print("\n".join(map(fetching.news, found)))
    for one in found:
        if not options.take or one.entry.kind == "index" or not (one.download.changed or options.again):
            continue
        progress(f"Reading what {one.entry.id} gave")
        plan = fetching.plan(root, one)
        progress.end()
        print("\n".join(f"- {line}" for line in plan.report))
        _written(root, options, plan)
    return OK


def _template(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.core import settings as config  # noqa: PLC0415
    from portal.data import packages  # noqa: PLC0415
    from portal.importers.spreadsheets import form_files, forms  # noqa: PLC0415

    settings = config.load(root)
    packages_read, _ = packages.read_all(root, settings.packages)
    folder = options.folder or settings.build_folder / "templates"
    for path in form_files.write(forms.form(options.package, packages_read, settings), folder):
        print(f"Written: {path.relative_to(root) if path.is_relative_to(root) else path}")
    return OK


def _written(root: Path, options: argparse.Namespace, plan: "PlannedImport") -> int:
    if not plan.files:
        print("The tables already contain this. Nothing was written.")
        return OK
    asking.write(root, plan, agreed=options.yes)
    return OK


COMMANDS = {"import": _import, "fetch": _fetch, "template": _template}
