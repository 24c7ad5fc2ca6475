"""Run the command `portal`. Only this and `__main__.py` exit, and only they and this room print."""

import argparse
import gc
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from portal.cli import asking, entry_commands, error_messages, import_commands, pack_commands, page_commands
from portal.cli.arguments import BUG, OK, PROBLEMS, STOPPED, parser
from portal.cli.progress_line import ProgressLine
from portal.core import file_system, operating_system
from portal.core.problems import PortalError, Problem
from portal.core.vocabulary import Outcome

# One thread is enough for calculations this small; each further thread takes 32 MB.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# How often to look for garbage in cycles: rarely, because a command makes little and ends soon. mypy does the same.
_COLLECTIONS = (200_000, 30, 30)
_ACCEPT = 'Warnings do not stop a build. Fix what is wrong. If the data is right, accept the warning with the reason, which is published: portal accept NAME --reason "…" --by TEAM'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    root = Path(options.project).resolve()
    progress = ProgressLine()
    operating_system.keep_own_permissions()
    try:
        operating_system.require_memory()
        code: int = COMMANDS[options.command](root, options, progress)
        sys.stdout.flush()
    except PortalError as error:
        progress.end()
        print(error_messages.listed(error), file=sys.stderr)
        return PROBLEMS
    except KeyboardInterrupt:
        progress.end()
        print("Stopped. The site in build/site has not changed.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of our output has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED
    except OSError as error:
        progress.end()
        print(error_messages.listed(PortalError([operating_system.problem(error, root)])), file=sys.stderr)
        return PROBLEMS
    except Exception as error:
        progress.end()
        if short := operating_system.memory_problem(error):
            print(error_messages.listed(PortalError([short])), file=sys.stderr)
            return PROBLEMS
        print(error_messages.logged(root), file=sys.stderr)
        return BUG
    return code


def program() -> NoReturn:
    """Run one command and exit without running interpreter shutdown, which takes 0.2 s."""
    file_system.print_as_utf8()
    gc.set_threshold(*_COLLECTIONS)
    code = main()
    with suppress(OSError):  # the reader of our output has ended
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _check(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.analysis import claims  # noqa: PLC0415
    from portal.releases import embargo  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    progress("Checking the data packages")
    project = building.project(root)
    released = building.allowed(project)
    progress.end()
    verdicts = claims.verdicts(released)
    outcomes = Counter(v.outcome for v in verdicts)
    figures = sum(map(len, released.content.observations.values()))
    print(f"No mistakes. {figures} figures. We checked {len(verdicts)} claims against their own figures:")
    for outcome in Outcome:
        print(f"  {outcomes[outcome]:4}  {outcome}")
    _warn(building.warnings(project))
    if embargo.waiting(project):
        progress("Checking what is public until the embargo ends")
        building.public_project(project)
        progress.end()
    return OK


def _warn(warnings: Sequence[Problem]) -> None:
    """Print the warnings, if there are any."""
    if not warnings:
        return
    count = "1 warning" if len(warnings) == 1 else f"{len(warnings)} warnings"
    print("\n\n".join([f"{count}:", *map(str, warnings)]) + f"\n\n{count}. {_ACCEPT}", file=sys.stderr)


def _build(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import release_messages  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    built = building.build(root, progress, options.fresh, options.embargo_lifted, options.renderer)
    progress.end()
    _warn(built.warnings)
    where = built.folder.relative_to(root)
    if built.folder.is_dir():
        print(f"The site is in {where}." + ("" if built.new else " Nothing has changed since it was built."))
    if built.waiting:
        print("\n".join(release_messages.waiting(built)))
    elif options.embargo_lifted and built.until:
        print(release_messages.lifted(built), file=sys.stderr)
    return OK


def _diff(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.releases import change_report, releasing  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    progress("Comparing with the last release")
    project = building.project(root)
    pages = building.addresses(project)
    report = change_report.report(releasing.changes(project, pages, whole=True), project.content, None)
    progress.end()
    print(change_report.as_text(report))
    if options.html:
        _put(options.html, change_report.as_html(report, project.settings.site.name))
    if options.json:
        _put(options.json, change_report.as_json(releasing.changes(project, pages), project.content.releases))
    return OK


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"Written: {path}")


def _release(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import publish_command, release_messages  # noqa: PLC0415
    from portal.releases import change_report, embargo, releasing  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    progress("Comparing with the last release")
    project = building.project(root)
    request = releasing.ReleaseRequest(options.name, options.note, options.embargo, options.reason)
    draft = building.draft(project, request)
    if signed := publish_command.require_signature(project, options.signed):
        draft = publish_command.with_signed_list(root, draft, signed)
    progress.end()
    waiting = ", ".join(e.name for e in embargo.waiting(project))
    seen = (
        project.content
        if options.embargo
        else replace(project.content, releases=embargo.public_releases(project))
    )
    print(change_report.as_text(change_report.report(draft.changes, seen)))
    if waiting and not options.embargo:
        print(
            f"\nThese are the changes since {waiting}, added to what is public. {waiting} is still under embargo."
        )
    if not (
        options.yes
        or asking.is_yes(f"Make the release {options.name}? It cannot be changed afterwards. (y/n) ")
    ):
        print("Nothing was written. Add --yes to write without being asked.")
        return OK
    building.release(root, draft)
    if not options.embargo:
        print(f"The release {options.name} is made. Build the site to publish it.")
        return OK
    until = embargo.until(building.project(root))
    print("\n".join(release_messages.next_steps(options.name, until)))
    return OK


def _rollback(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import release_messages  # noqa: PLC0415
    from portal.releases import change_report, rollback  # noqa: PLC0415
    from portal.site import building, publishing  # noqa: PLC0415

    if not options.name:
        folder = publishing.previous(root)
        print(f"The previous site is restored: {folder.relative_to(root)}.")
        return OK
    progress("Looking for the release")
    project = building.project(root)
    plan = rollback.put_back(project, options.name, options.reason, options.contacts)
    progress.end()
    report = replace(
        change_report.report(plan.changes, project.content),
        since=f"Restoring {plan.release.name} changes:",
        lacking=0,
        gone=0,
    )
    print(change_report.as_text(report))
    print("\n".join(release_messages.put_back(plan)))
    if not (
        options.yes or asking.is_yes(f"Restore the data of {plan.release.name} and build the site? (y/n) ")
    ):
        print("Nothing was written. Add --yes to write without being asked.")
        return OK
    name = building.roll_back(root, plan)
    print(
        f"Recorded as the release {name}."
        if name
        else "What is public does not change, so no release was made."
    )
    return _build(root, _AS_USUAL, progress)


_AS_USUAL = argparse.Namespace(fresh=False, embargo_lifted=False, renderer="mkdocs")


def _withdraw(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import release_messages  # noqa: PLC0415
    from portal.core import input_files, periods  # noqa: PLC0415
    from portal.desk import journal, urgent_work  # noqa: PLC0415
    from portal.releases import withdrawal  # noqa: PLC0415
    from portal.site import building, publishing  # noqa: PLC0415

    if bool(options.indicator) == bool(options.list):
        options.stop("name one INDICATOR, or give a list of figures with --list FILE")
    if options.list and (faults := [*input_files.command_line_problems([options.list])]):
        raise PortalError(faults)
    figures = (
        withdrawal.wanted_in(str(options.list), options.list.read_bytes())
        if options.list
        else (withdrawal.FigureSelection(options.indicator, options.area, options.period, options.part),)
    )
    progress("Looking for the figures and for other places that reveal them")
    project = building.project(root)
    request = withdrawal.WithdrawalRequest(figures, options.reason, options.wrong, options.others)
    plan = withdrawal.plan(project, request, periods.today())
    progress.end()
    if not plan.withdrawals:
        print("Nothing to withdraw: these figures have no number in the tables or in any release.")
        return OK
    print("\n".join(release_messages.withdrawn(plan)))
    if not (options.yes or asking.is_yes("Withdraw them and build the site? You cannot undo this. (y/n) ")):
        print("Nothing was written. Add --yes to write without being asked.")
        return OK
    building.withdraw(root, plan)
    urgent_work.forget_numbers(root, journal.Journal(root))
    print(
        "Withdrawn. The earlier sites that were kept here will be deleted. The public site still has the numbers until you publish the next build."
    )
    code = _build(root, _AS_USUAL, progress)
    publishing.purge(root / "build" / "site")
    return code


def _verify(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.site import publishing  # noqa: PLC0415

    folder = options.folder or root / "build" / "site"
    problems = publishing.intact(folder)
    if problems:
        raise PortalError(problems)
    print(
        f"The site in {folder} is complete and unchanged.\nSHA-256 of its list of files: {publishing.digest(folder)}"
    )
    return OK


def _coverage(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import coverage  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    settings, released = building.check(root)
    path = root / "docs" / "reference" / "coverage.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(coverage.table(settings, released), encoding="utf-8", newline="\n")
    print(f"{coverage.counts(settings, released)}\nWritten: {path.relative_to(root)}")
    return OK


def _new(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import filled_portal, new_portal  # noqa: PLC0415

    if not options.source and not (options.name and options.place):
        options.stop("give the NAME of the site and --place, or a folder of files with --from")
    asked = new_portal.NewPortal(options.name, options.area, options.place, options.partnership)
    folder = (options.folder or root / new_portal.folder_of(options.name or options.area)).resolve()
    if options.source:
        filled = filled_portal.begin(asked, options.source.resolve(), folder, progress)
    else:
        progress("Writing the portal and checking it")
        whose = options.partnership or new_portal.partnership_of(options.place)
        new_portal.begin(replace(asked, partnership=whose), folder)
    progress.end()
    if options.source:
        print("\n".join([*filled.lines, ""]))
    print(
        f"The portal is in {folder}. You can check and build it straight away. Read START.md in that folder first."
    )
    return OK


def _audit(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.disclosure import report as protection  # noqa: PLC0415
    from portal.site import building  # noqa: PLC0415

    progress("Trying to work out withheld figures")
    project = building.project(root)
    earlier = project.earlier
    report = protection.report(project.content, project.settings.disclosure, earlier)
    progress.end()
    path = root / "docs" / "reference" / "disclosure.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.text, encoding="utf-8", newline="\n")
    print(f"{report.summary} Written: {path.relative_to(root)}")
    return PROBLEMS if report.leaks else OK


def _calibrate(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.importers.police import calibration  # noqa: PLC0415

    progress("Reading the files and testing on them")
    calibrated = calibration.calibrate(options.format, options.files, options.fit, options.held_out)
    progress.end()
    print(calibrated)
    print(
        "Dispersion: variance divided by mean. Then: how often, in per cent, each test reported a change when there was none."
    )
    if options.csv:
        _put(options.csv, calibrated.table.to_csv(lineterminator="\n", float_format="%.4f"))
    return OK


def _reading(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.site import reading_age  # noqa: PLC0415

    pages = reading_age.read(root)
    path = root / "docs" / "reference" / "reading-age.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(reading_age.report(pages), encoding="utf-8", newline="\n")
    print(f"{reading_age.summary(pages)}\nWritten: {path.relative_to(root)}")
    return OK


def _quote(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.cli import quoting  # noqa: PLC0415

    findings = quoting.findings(root, options, progress)
    progress.end()
    print(quoting.as_text(findings))
    if options.json:
        _put(options.json, quoting.as_json(findings))
    return OK if quoting.all_right(findings) else PROBLEMS


def _serve(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.site import preview  # noqa: PLC0415

    def say(error: PortalError) -> None:
        progress.end()
        print(
            error_messages.listed(error) + "\nThe preview still shows the last site that was built.",
            file=sys.stderr,
        )

    def ready(address: str) -> None:
        progress.end()
        print(f"The preview is at {address} (stop with Ctrl-C).", flush=True)

    preview.serve(root, options.port, progress, say, ready)
    return OK


COMMANDS = {
    "check": _check,
    "build": _build,
    "diff": _diff,
    "release": _release,
    "rollback": _rollback,
    "withdraw": _withdraw,
    "verify": _verify,
    "new": _new,
    "audit": _audit,
    "coverage": _coverage,
    "reading": _reading,
    "calibrate": _calibrate,
    "quote": _quote,
    "serve": _serve,
    **pack_commands.COMMANDS,
    **page_commands.COMMANDS,
    **entry_commands.COMMANDS,
    **import_commands.COMMANDS,
}
