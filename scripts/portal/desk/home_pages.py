"""The home of the desk, the list of changes with undo, and the progress of work."""

import json
import threading
from collections.abc import Iterator

from flask import Response, abort, redirect, render_template, request, url_for

from portal.desk import app as desk_app
from portal.desk import home as quarters
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.home import Quarter
from portal.desk.work import PATIENCE, Pace, Tell, Work

_MOST_FOLLOWED = (
    4  # each page that follows work takes a thread of the server, and others must be left for the next page
)


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""
    following = threading.BoundedSemaphore(_MOST_FOLLOWED)

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
            work=work,
            drafts=desk.drafts.all(),
            recent=undoable[:3],
        )

    @app.get("/changes")
    def changes() -> Page:
        look(desk, 0)  # the next page is likely to need the tables
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

    @app.get("/work/<id_>/events")
    def events(id_: str) -> Page:
        work = desk.workshop.find(id_) or abort(404)
        if not following.acquire(blocking=False):
            return Response(status=204)  # the browser then asks for the page each second, as without script
        answer = Response(_events(work), content_type="text/event-stream")
        answer.call_on_close(following.release)
        return answer

    @app.post("/another")
    def another() -> Page:
        address = f"http://127.0.0.1:{desk.door.port}/open/{desk.door.token}"
        return render_template("another.html", address=address)


def _events(work: Work) -> Iterator[str]:
    """Yield the steps of work as server-sent events, and one more when it is done."""
    for steps in work.progress():
        yield ":\n\n" if steps is None else f"event: steps\ndata: {json.dumps(steps)}\n\n"
    if work.is_done:
        yield "event: done\ndata:\n\n"


def look(desk: Desk, patience: float = PATIENCE) -> Work:
    """Return the work that finds out the state of the quarter, after at most `patience` seconds."""

    def find_out(tell: Tell) -> Quarter:
        return quarters.quarter(desk, tell)

    return desk.ensure("home", "Reading the data packages", "/", find_out, Pace(patience, in_turn=False))
