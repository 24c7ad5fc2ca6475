"""The pages on which a single row is added, changed or removed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import abort, redirect, render_template, request, url_for

from portal.core import text
from portal.core.problems import PortalError, Problem
from portal.desk import app as desk_app
from portal.desk import copies, rows
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.journal import StaleError
from portal.desk.rows import NEW, RowChange, TableOf
from portal.desk.work import Tell
from portal.editing import entries
from portal.importers.spreadsheets.headings import FIGURES

_A_PAGE = 50
# What people come for: words, the kind of package, its table, and whether they add or change.
_JOBS = (
    ("Change a way to report", "routes", "routes", ""),
    ("Add a way to report", "routes", "routes", "/new"),
    ("Change a support service", "services", "services", ""),
    ("Add a support service", "services", "services", "/new"),
    ("Add a source", "sources", "sources", "/new"),
    ("Add an indicator", "indicators", "indicators", "/new"),
    ("Add a claim of a document", "indicators", "claims", "/new"),
    ("Promise the date of a release", "releases", "calendar", "/new"),
)


@dataclass(frozen=True)
class Typed:
    """A row as it was typed and the problems that it would cause."""

    texts: Mapping[str, str]
    problems: tuple[Problem, ...]


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""
    _add_lists(app, desk)
    _add_row(app, desk)


def _add_lists(app: DeskApp, desk: Desk) -> None:
    @app.get("/tables")
    def tables() -> Page:
        found = list(rows.tables(desk.packages()))
        jobs = [
            (
                words,
                [
                    (t.package.portal.get("title") or t.package.name, t.address + end)
                    for t in found
                    if (t.package.kind, t.resource) == (kind, name)
                ],
            )
            for words, kind, name, end in _JOBS
        ]
        return render_template("tables.html", tables=found, jobs=[j for j in jobs if j[1]])

    @app.get("/tables/<package>/<resource>")
    def table(package: str, resource: str) -> Page:
        where = _find(desk, package, resource)
        words = request.args.get("q", "")[:100]
        found = rows.search(where.table, words)
        first = max(0, request.args.get("from", 0, int))
        shown = [(n, rows.label(where.table, r), r) for n, r in found[first : first + _A_PAGE]]
        return render_template(
            "table.html", where=where, q=words, found=len(found), first=first, rows=shown, step=_A_PAGE
        )


def _add_row(app: DeskApp, desk: Desk) -> None:
    @app.get("/tables/<package>/<resource>/<row>")
    def row(package: str, resource: str, row: str) -> Page:
        where = _find(desk, package, resource)
        number = _number(row)
        work = desk.workshop.find(request.args.get("typed", ""))
        typed = work.typed if work and isinstance(work.typed, Typed) else None
        texts = (
            typed.texts
            if typed
            else rows.text_of(where.table, number)
            if number
            else dict(request.args.items())
        )
        if texts is None:
            abort(404)
        problems = work.problems if work and typed else ()
        return render_template("row.html", **_view(desk, where, number, texts, problems))

    @app.post("/tables/<package>/<resource>/<row>")
    def change(package: str, resource: str, row: str) -> Page:
        where = _find(desk, package, resource)
        version = request.form.get("version", "")
        if version != desk.journal.version():
            raise StaleError
        texts = {
            f: request.form.get(f"field-{f}", "").strip().replace("\r\n", "\n")
            for f in where.table.schema.names
        }
        asked = RowChange(_number(row), texts, request.form.get("do") == "remove")
        who = desk_app.name_of_person()

        def write(tell: Tell) -> str:
            if not asked.removed and (wrong := rows.faults(where, texts, _made(where, asked.row))):
                raise PortalError(replace(p, row=asked.row or p.row) for p in wrong)
            tell("Checking what this changes")
            files, what = _planned(desk, where, asked)
            desk.journal.write(files, what, who, version)
            return "written"

        work = desk.workshop.start("Checking the row", "", write, Typed(texts, ()))
        work.then = url_for("wrote", package=package, resource=resource, row=row, id_=work.id)
        return desk_app.go(desk, work.id)

    @app.get("/tables/<package>/<resource>/<row>/wrote/<id_>")
    def wrote(package: str, resource: str, row: str, id_: str) -> Page:
        work = desk.workshop.find(id_)
        if work is None or not work.is_done or work.problems:
            return redirect(url_for("row", package=package, resource=resource, row=row, typed=id_))
        desk_app.say("Written. You can undo this until it is released.")
        return redirect(url_for("changes"))


def _planned(desk: Desk, where: TableOf, asked: RowChange) -> tuple[Mapping[Path, bytes], str]:
    """Return the files of a change and what it does, in words.

    Raises:
        PortalError: the project has problems with the change.
    """
    verb = "Added to" if asked.row == NEW else "Removed from" if asked.removed else "Changed in"
    what = f"{verb} {where.resource.replace('_', ' ')}: {rows.label(where.table, asked.texts)}"
    if asked.row == NEW and (kind := _kind(where)):
        values = {name: text for name, text in asked.texts.items() if text}
        planned = entries.add(desk.root, kind, values, where.package.name)
        if planned.problems:
            raise PortalError(_placed(where, planned.problems))
        return planned.files, what
    path, data = rows.after(desk.root, where, asked)
    copies.check(desk.root, {path: data}, where.package.kind)
    return {path: data}, what


def _view(
    desk: Desk, where: TableOf, number: int, texts: Mapping[str, str], problems: tuple[Problem, ...]
) -> dict[str, Any]:
    row = number or rows.next_row(where.table)
    row_problems = tuple(p for p in problems if p.file == where.table.file and p.row == row)
    fields = rows.form(where, desk.packages(), desk.settings, texts, row_problems)
    fields_by_name = {f.ask.name: f for f in fields}
    anchors = {p: fields_by_name[p.field].id for p in row_problems if p.field in fields_by_name}
    title = rows.label(where.table, texts) if number else f"New row in {where.resource.replace('_', ' ')}"
    return {
        "where": where,
        "number": number,
        "fields": fields,
        "problems": problems,
        "anchors": anchors,
        "row_title": title,
        "labels": {p: fields_by_name[p.field].label for p in row_problems if p.field in fields_by_name},
        "made": _made(where, number),
        "statuses": text.MARKERS,
        "back_taken": _taking_back(where, texts) if number else "",
    }


def _taking_back(where: TableOf, texts: Mapping[str, str]) -> str:
    """Return the address of the form that takes a figure back, filled in; empty for a row that is no figure."""
    if where.resource != FIGURES or not texts.get("value"):
        return ""
    part = next((texts[n] for n in where.package.breakdowns if texts.get(n)), "")
    named = {
        "indicator": texts.get("indicator", ""),
        "area": texts.get("area", ""),
        "period": texts.get("period_end", ""),
    }
    query = urlencode({k: v for k, v in {**named, "part": part}.items() if v})
    return f"{url_for('withdraw')}?{query}"


def _made(where: TableOf, number: int) -> tuple[str, ...]:
    """Return the columns of a new row that the program fills in if they are empty."""
    return ("id", "number", "slug") if number == NEW and _kind(where) else ()


def _kind(where: TableOf) -> str:
    """Return the kind of entry that rows of a table are, as `portal add` names it; empty if it has none."""
    return next(
        (k for k, e in entries.KINDS.items() if (e.package, e.table) == (where.package.kind, where.resource)),
        "",
    )


def _placed(where: TableOf, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the problems of a new entry with their place in the table, so that they are shown at their fields."""
    row = rows.next_row(where.table)
    return tuple(
        p if p.file.startswith("data_packages/") else replace(p, file=where.table.file, row=row)
        for p in problems
    )


def _number(row: str) -> int:
    if row == "new":
        return NEW
    return int(row) if row.isdecimal() and len(row) < 8 and int(row) > 1 else abort(404)


def _find(desk: Desk, package: str, resource: str) -> TableOf:
    return rows.find(desk.packages(), package, resource) or abort(404)
