"""The pages of the first step: drop a file, answer questions, correct cells, see the rows, and write them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from flask import abort, redirect, render_template, request, send_file, url_for
from werkzeug.datastructures import FileStorage

from portal.core import periods
from portal.core.problems import PortalError, Problem
from portal.data.packages import Package
from portal.desk import app as desk_app
from portal.desk import drafts, grid, mapping, painting, planning, recognising, row_changes
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.drafts import Draft
from portal.desk.journal import PACKAGES, StaleError
from portal.desk.mapping import Choice
from portal.desk.planning import DraftOutcome
from portal.desk.row_changes import TableChanges
from portal.desk.work import Tell, Work
from portal.importers import importing
from portal.importers.formats import formats
from portal.importers.spreadsheets import form_files, forms, workbooks
from portal.importers.spreadsheets.workbooks import CellEdit, Workbook

_SHOWN, _MOST = 20, 2_000
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def add(app: DeskApp, desk: Desk) -> None:
    """Add the pages of this step."""
    _add_start(app, desk)
    _add_draft(app, desk)
    _add_writing(app, desk)


def _add_start(app: DeskApp, desk: Desk) -> None:
    @app.get("/bring-in")
    def bring_in() -> Page:
        return render_template(
            "bring_in.html",
            drafts=desk.drafts.all(),
            packages=titled(p for p in desk.packages() if p.kind != "releases"),
        )

    @app.post("/bring-in")
    def dropped() -> Page:
        files = [f for f in request.files.getlist("file") if f.filename]
        draft = desk.drafts.add((str(f.filename), f.stream) for f in cast(Sequence[FileStorage], files))
        work = _read(desk, draft, new=True)
        return desk_app.go(desk, work.id)

    @app.post("/template")
    def template() -> Page:
        settings = desk.settings
        form = forms.form(request.form.get("package", ""), tuple(desk.packages()), settings)
        files = form_files.write(form, settings.build_folder / "templates")
        wanted = request.form.get("kind", "xlsx")
        path = next((p for p in files if p.suffix == f".{wanted}"), files[0])
        return send_file(path, as_attachment=True, download_name=path.name)


def _add_draft(app: DeskApp, desk: Desk) -> None:
    @app.get("/bring-in/<id_>")
    def draft(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        work = desk.ensure(
            _key(found), f"Reading {found.title}", _address(found), _reader(desk, found, False)
        )
        if not work.is_done:
            return desk_app.go(desk, work.id)
        outcome = work.result or DraftOutcome(problems=work.problems)
        return render_template("draft.html", **_view(desk, desk.drafts.find(id_) or found, outcome))

    @app.post("/bring-in/<id_>")
    def choose(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        chosen = _chosen(desk, found)
        desk.drafts.keep(chosen)
        return desk_app.go(desk, _read(desk, chosen).id)

    @app.get("/bring-in/<id_>/painted")
    def painted(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        work = desk.known(_key(found))
        if work is None or not work.is_done or (book := _book(desk, found)) is None:
            return redirect(_address(found))
        outcome = work.result or DraftOutcome()
        data = painting.painted(desk.drafts.paths(found)[0], book, outcome.problems, found.edits)
        headers = {
            "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "Content-Disposition": f'attachment; filename="{_ascii(Path(found.files[0]).stem)}-to-correct.xlsx"',
        }
        return app.response_class(data, headers=headers)


def _add_writing(app: DeskApp, desk: Desk) -> None:
    @app.post("/bring-in/<id_>/write")
    def write(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        plan = desk.drafts.plan(found)
        if plan is None or plan.version != request.form.get("version"):
            raise StaleError
        files = {
            desk.root / name: text.encode() for name, text in plan.files.items() if _is_of_packages(name)
        }
        entry = desk.journal.write(
            files, f"Brought in {found.title}", desk_app.name_of_person(), plan.version
        )
        desk.drafts.remove(found)
        names = (
            ", ".join(Path(f.path).name for f in entry.files) if entry else "nothing, it was there already"
        )
        desk_app.say(f"Written: {names}. You can undo this until it is released.")
        return redirect(url_for("changes"))

    @app.post("/bring-in/<id_>/discard")
    def discard(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        desk.drafts.remove(found)
        desk_app.say(f"{found.title} was removed from the desk. Nothing was written.")
        return redirect(url_for("bring_in"))


def _is_of_packages(name: str) -> bool:
    return name.startswith(f"{PACKAGES}/") and ".." not in name.split("/")


def _ascii(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ._-]", "_", words)


def _key(draft: Draft) -> str:
    return f"draft {draft.id}"


def _address(draft: Draft) -> str:
    return url_for("draft", id_=draft.id)


def _reader(desk: Desk, draft: Draft, new: bool) -> Any:
    def read(tell: Tell) -> DraftOutcome:
        kept = desk.drafts.find(draft.id) or draft
        if new:
            tell("Looking at what it is")
            kept = planning.begin(desk.root, desk.drafts, kept)
        return planning.outcome(desk.states, desk.drafts, kept, desk.journal, tell)

    return read


def read_again(desk: Desk, draft: Draft) -> Work:
    """Start to read a draft as it was chosen to be read."""
    return _read(desk, draft)


def _read(desk: Desk, draft: Draft, new: bool = False) -> Work:
    return desk.work(_key(draft), f"Reading {draft.title}", _address(draft), _reader(desk, draft, new))


# --- what was chosen


def _chosen(desk: Desk, draft: Draft) -> Draft:
    """Return the draft as the form says."""
    form = request.form
    kind = form.get("kind", draft.format)
    format_, _, package = kind.partition(":")
    other = (format_, package) != (draft.format, draft.package) and "kind" in form
    answers = {k.removeprefix("answer "): v for k, v in form.items() if k.startswith("answer ")}
    until = form.get("until", draft.until).strip()
    book = _book(desk, draft, corrected=False)
    edits = draft.edits if book is None else _all_edits(draft.edits, form, book)
    return drafts.changed(
        draft,
        format=format_ if "kind" in form else draft.format,
        package=package if "kind" in form else draft.package,
        resource="" if other else form.get("resource", draft.resource),
        sheet="" if other else form.get("sheet", draft.sheet),
        replaced=form.get("rows", "whole" if draft.replaced else "some") == "whole",
        source=form.get("source", draft.source),
        until=until if _MONTH.fullmatch(until) else "",
        answers={} if other else {**draft.answers, **answers},
        read_as={} if other else draft.read_as,
        given={} if other else draft.given,
        edits=edits,
    )


def _all_edits(before: Sequence[CellEdit], form: Mapping[str, str], book: Workbook) -> tuple[CellEdit, ...]:
    """Return the corrections of earlier forms and of this one; a text like that of the file takes a correction back."""
    numbers = {s.name: n for n, s in enumerate(book.sheets)}
    kept = {
        (e.sheet, e.row, e.column): e
        for e in before
        if grid.field_of(numbers.get(e.sheet, -1), e.row, e.column) not in form
    }
    fresh = {(e.sheet, e.row, e.column): e for e in grid.edits_of(form, book)}
    return tuple((kept | fresh).values())


def _book(desk: Desk, draft: Draft, corrected: bool = True) -> Workbook | None:
    """Return the spreadsheet of a draft, None if it is none or cannot be read."""
    if draft.format not in ("", importing.TABLE):
        return None
    try:
        book = workbooks.read(desk.drafts.paths(draft)[0])
    except PortalError:
        return None
    return workbooks.edited(book, draft.edits) if corrected else book


# --- what the page shows


def _view(desk: Desk, draft: Draft, outcome: DraftOutcome) -> dict[str, Any]:
    read = desk.packages()
    book = _book(desk, draft)
    places = [q.place for q in outcome.questions]
    grids = grid.grids(book, outcome.problems, places, draft.edits) if book else ()
    shown = {p for g in grids for r in g.rows for c in r.cells for p in c.problems}
    plan = desk.drafts.plan(draft) if outcome.is_ready else None
    package = next((p for p in read if p.name == draft.package), None)
    most = _MOST if request.args.get("rows") == "all" else _SHOWN
    return {
        "draft": draft,
        "what": _what(draft),
        "questions": outcome.questions,
        "problems": outcome.problems,
        "anchors": {p: a for p in outcome.problems if book and (a := _anchor(p, book, grids))},
        "loose": [p for p in outcome.problems if p not in shown],
        "grids": grids,
        "plan": plan,
        "report": outcome.plan.report if outcome.plan else (),
        "changes": tuple(_changes(desk, plan.files, read)) if plan else (),
        "most": most,
        "kinds": _kinds(read),
        "kind": f"{draft.format}:{draft.package}" if draft.package else draft.format,
        "resources": sorted(package.tables) if package else [],
        "sheets": [s.name for s in book.sheets] if book and book.kind != "csv" else [],
        "sources": sources(read) if draft.format not in ("", importing.TABLE) else [],
        "columns": sorted({n for t in package.tables.values() for n in t.schema.names}) if package else [],
        "newest": _newest(desk, draft),
        "can_map": len(draft.files) == 1 and book is not None and bool(mapping.packages_of(read)),
    }


def _what(draft: Draft) -> str:
    """Return in words what a draft is taken for; empty if that is not known."""
    if draft.format == importing.TABLE:
        return f"Rows for the package {draft.package}" if draft.package else ""
    return formats()[draft.format].label if draft.format in formats() else draft.format


def _newest(desk: Desk, draft: Draft) -> str:
    if draft.format in ("", importing.TABLE):
        return ""
    newest = recognising.recognised(desk.drafts.paths(draft)).newest
    return periods.loose_date(newest) if newest else ""


def _anchor(problem: Problem, book: Workbook, grids: Sequence[grid.SheetGrid]) -> str:
    """Return the id of the field in which a problem can be corrected; empty if the page has none."""
    at = grid.place_of(problem, book)
    numbers = {s.name: n for n, s in enumerate(book.sheets)}
    shown = {g.name: {r.number for r in g.rows} for g in grids}
    if at is None or at[1] not in shown.get(at[0], set()):
        return ""
    return grid.field_of(numbers[at[0]], at[1], at[2]) if at[2] else f"row-{numbers[at[0]]}-{at[1]}"


def _changes(desk: Desk, files: Mapping[str, str], read: Sequence[Package]) -> Iterator[TableChanges]:
    keys = {t.file: t.schema.primary_key for p in read for t in p.tables.values()}
    for name, text in files.items():
        path = desk.root / name
        if name.endswith(".csv"):
            before = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
            yield row_changes.compare(name, before, text, keys.get(name, ()))


def titled(packages: Iterable[Package]) -> list[Choice]:
    """Return packages as choices, by their titles, with their names as the folders and spreadsheets have them."""
    titles = [Choice(p.name, f"{p.portal.get('title') or p.name} ({p.name})") for p in packages]
    return sorted(titles, key=lambda c: c.words.casefold())


def _kinds(read: Sequence[Package]) -> tuple[tuple[str, list[Choice]], ...]:
    """Return the ways to read a file, in groups."""
    ours = [
        Choice(f"{importing.TABLE}:{c.value}", c.words)
        for c in titled(p for p in read if p.kind != "releases")
    ]
    published = [Choice(name, known.label) for name, known in formats().items()]
    return ("A published file, as it was downloaded", published), ("Rows for one of our tables", ours)


def sources(read: Sequence[Package]) -> list[Choice]:
    """Return the sources that figures can be from."""
    rows = [r for p in read if p.kind == "sources" for _, r in p.tables["sources"].records]
    return [Choice(r["id"], f"{r.get('short_title') or r.get('title', '')} ({r['id']})") for r in rows]
