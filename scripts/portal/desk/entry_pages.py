"""The pages for what is more than a row: a report on an action with its status, and a new plan."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, render_template, request, url_for

from portal.analysis import progress
from portal.core.problems import PortalError, Problem
from portal.data.packages import Package
from portal.desk import app as desk_app
from portal.desk import rows
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.journal import StaleError
from portal.desk.work import Tell
from portal.editing import entries
from portal.editing.planned_changes import PlannedChange


@dataclass(frozen=True)
class AskedValue:
    """A field of a form: its name, label and hint, whether it is needed, and its choices, if there are any."""

    name: str
    label: str
    hint: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    long: bool = False


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""
    _add_progress(app, desk)
    _add_plan(app, desk)


def _add_progress(app: DeskApp, desk: Desk) -> None:
    @app.get("/progress")
    def actions() -> Page:
        plans = [
            (
                p.portal.get("title") or p.name,
                [(f"/progress/{p.name}/{r['id']}", r["title"]) for r in p.tables["actions"].rows],
            )
            for p in desk.packages()
            if p.kind == "plan" and "actions" in p.tables
        ]
        return render_template("progress_of.html", plans=plans)

    @app.get("/progress/<package>/<action>")
    def report(package: str, action: str) -> Page:
        title = _action(desk, package, action)
        return _form(desk, f"Report on: {title}", _of_progress(desk.packages()), "")

    @app.post("/progress/<package>/<action>")
    def write_report(package: str, action: str) -> Page:
        title = _action(desk, package, action)
        return _write(
            desk,
            f"Reported on {title}",
            _of_progress(desk.packages()),
            lambda cells: entries.status(desk.root, package, action, cells),
        )


def _add_plan(app: DeskApp, desk: Desk) -> None:
    fields = tuple(
        AskedValue(
            name, label[:1].upper() + label[1:], required=required, long=name.endswith(("note", "summary"))
        )
        for name, label, required in entries.form(entries.PLAN)
    )

    @app.get("/add/plan")
    def plan() -> Page:
        return _form(
            desk,
            "Add a plan",
            fields,
            "Its priorities and actions come afterwards, as rows or as a spreadsheet.",
        )

    @app.post("/add/plan")
    def write_plan() -> Page:
        return _write(desk, "Added a plan", fields, lambda cells: entries.add(desk.root, entries.PLAN, cells))


def _of_progress(read: tuple[Package, ...]) -> tuple[AskedValue, ...]:
    sources = tuple(
        (r["id"], r.get("short_title") or r["id"])
        for p in read
        if p.kind == "sources"
        for r in p.tables["sources"].rows
    )
    steps = tuple((k, words) for k, words in progress.STEPS.items() if k != progress.NO_EVIDENCE)
    return (
        AskedValue(
            "status", "How far the action has come", "Empty if the document does not say", choices=steps
        ),
        AskedValue(
            "date", "Date of the document that says so", "As far as known: 2026-09-15, 2026-09 or 2026", True
        ),
        AskedValue("title", "Heading of the report", "What happened, in a few words", True),
        AskedValue("text", "What happened", "One or two plain sentences", True, long=True),
        AskedValue("reason", "Why the document means this status", "Needed if you chose a status", long=True),
        AskedValue("source", "Which document", required=True, choices=sources),
        AskedValue("locator", "Where in it", "Section, table or page", True),
    )


def _action(desk: Desk, package: str, action: str) -> str:
    where = rows.find(desk.packages(), package, "actions") or abort(404)
    return next((r["title"] for r in where.table.rows if r["id"] == action), "") or str(abort(404))


def _form(desk: Desk, title: str, fields: tuple[AskedValue, ...], about: str) -> Page:
    work = desk.workshop.find(request.args.get("typed", ""))
    typed: Mapping[str, str] = work.typed if work and isinstance(work.typed, dict) else {}
    problems: tuple[Problem, ...] = work.problems if work and typed else ()
    labels = {f.name: f.label for f in fields}
    known = [p for p in problems if p.field in labels]
    return render_template(
        "entry.html", title=title, about=about, fields=fields, typed=typed, problems=problems,
        anchors={p: f"field-{p.field}" for p in known}, labels={p: labels[p.field] for p in known},
    )  # fmt: skip


def _left_empty(fields: Iterable[AskedValue], cells: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the fields that must be filled in and are not; this takes no time, unlike a check of the whole site."""
    for field in fields:
        needed = field.required or (field.name == "reason" and cells.get("status"))
        if needed and not cells.get(field.name):
            yield Problem(
                "form", field=field.name, code="empty", message="Nothing is written here.", fix="Fill it in."
            )


def _write(
    desk: Desk, what: str, fields: Iterable[AskedValue], plan: Callable[[Mapping[str, str]], PlannedChange]
) -> Page:
    version, who, back = request.form.get("version", ""), desk_app.name_of_person(), request.path
    if version != desk.journal.version():
        raise StaleError
    cells = {k.removeprefix("field-"): v.strip() for k, v in request.form.items() if k.startswith("field-")}
    empty = tuple(_left_empty(fields, cells))

    def write(tell: Tell) -> str:
        if empty:
            raise PortalError(empty)
        tell("Checking what this changes")
        written(desk, plan({k: v for k, v in cells.items() if v}), what, who, version)
        return "written"

    work = desk.workshop.start("Checking", "", write, cells)
    work.then = url_for("entered", id_=work.id, back=back)
    return desk_app.go(desk, work.id)


def written(desk: Desk, planned: PlannedChange, what: str, who: str, version: str) -> None:
    """Write a planned change by the journal.

    Raises:
        PortalError: the change has problems.
        StaleError: something else has changed since the form was made.
    """
    if planned.problems:
        raise PortalError(planned.problems)
    desk.journal.write(planned.files, what, who, version)


def add_results(app: DeskApp, desk: Desk) -> None:
    """Add the page that says how writing ended."""

    @app.get("/entered/<id_>")
    def entered(id_: str) -> Page:
        work = desk.workshop.find(id_)
        back: Any = request.args.get("back", "/tables")
        if work is None or not work.is_done or work.problems:
            known = back.startswith(("/progress/", "/add/plan"))
            return redirect(f"{back}?typed={id_}" if known else url_for("tables"))
        desk_app.say("Written. You can undo this until it is released.")
        return redirect(url_for("changes"))
