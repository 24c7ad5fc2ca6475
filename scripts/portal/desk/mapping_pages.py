"""The page on which a person says what each column of a stranger's table is."""

from flask import abort, redirect, render_template, request, url_for

from portal.core.problems import PortalError
from portal.desk import app as desk_app
from portal.desk import bring_in_pages, drafts, mapping
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.drafts import Draft
from portal.importers.spreadsheets import workbooks
from portal.importers.spreadsheets.workbooks import Workbook


def add(app: DeskApp, desk: Desk) -> None:
    """Add this page."""

    @app.get("/bring-in/<id_>/columns")
    def say_columns(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        read, book = desk.packages(), _book(desk, found)
        if book is None:
            return redirect(url_for("draft", id_=id_))
        possible = mapping.packages_of(read)
        if found.package not in possible:
            found = drafts.changed(found, package=request.args.get("package", ""))
        return render_template(
            "mapping.html",
            draft=found,
            asked=mapping.asked(book, found, read),
            packages=bring_in_pages.titled(p for p in read if p.name in possible),
            sources=bring_in_pages.sources(read),
        )

    @app.post("/bring-in/<id_>/columns")
    def columns_said(id_: str) -> Page:
        found = desk.drafts.find(id_) or abort(404)
        book = _book(desk, found) or abort(404)
        read = desk.packages()
        chosen = mapping.chosen(book, found, request.form)
        if chosen.package not in mapping.packages_of(read):
            abort(404)
        desk.drafts.keep(chosen)
        asked = mapping.asked(book, chosen, read)
        seen = {k.partition(" ")[2] for k in request.form if k.startswith("name ")}
        if asked is None or any(n.words not in seen for n in asked.names):
            return redirect(url_for("say_columns", id_=id_))
        mapping.remember(desk.root, chosen, book)
        return desk_app.go(desk, bring_in_pages.read_again(desk, chosen).id)


def _book(desk: Desk, draft: Draft) -> Workbook | None:
    """Return the spreadsheet of a draft, None if it is none, is several, or cannot be read."""
    paths = desk.drafts.paths(draft)
    try:
        return workbooks.read(paths[0]) if len(paths) == 1 else None
    except PortalError:
        return None
