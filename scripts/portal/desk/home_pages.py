"""The home of the desk, the list of changes with undo, and the progress of work."""

from flask import abort, redirect, render_template, request, url_for

from portal.desk import app as desk_app
from portal.desk import home as quarters
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.home import Quarter
from portal.desk.work import PATIENCE, Tell, Work


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""

    @app.get("/")
    def home() -> Page:
        work = look(desk)
        ready = work.result if work.is_done else None
        problems = work.problems if work.is_done else ()
        undoable = [x for x in desk.journal.listed() if not x.undone and not x.obstacle]
        return render_template(
            "home.html",
            quarter=ready or Quarter(),
            ready=ready is not None,
            problems=problems,
            drafts=desk.drafts.all(),
            recent=undoable[:3],
        )

    @app.get("/changes")
    def changes() -> Page:
        return render_template("changes.html", changes=desk.journal.listed()[:200])

    @app.post("/changes/<int:number>/undo")
    def undo(number: int) -> Page:
        entry = desk.journal.undo(number, desk_app.name_of_person(), request.form.get("version", ""))
        desk_app.say(f"{entry.what}. The files are as they were before.")
        return redirect(url_for("changes"))

    @app.get("/work/<id_>")
    def progress(id_: str) -> Page:
        work = desk.workshop.find(id_) or abort(404)
        if work.is_done:
            return redirect(work.then)
        return render_template("progress.html", work=work, steps_so_far=[s for s, _ in work.steps])

    @app.post("/another")
    def another() -> Page:
        address = f"http://127.0.0.1:{desk.door.port}/open/{desk.door.token}"
        return render_template("another.html", address=address)


def look(desk: Desk, patience: float = PATIENCE) -> Work:
    """Return the work that finds out where the quarter stands, after at most `patience` seconds."""

    def find_out(tell: Tell) -> Quarter:
        return quarters.quarter(desk.root, tell)

    return desk.ensure("home", "Reading the data packages", "/", find_out, patience)
