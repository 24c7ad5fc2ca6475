"""The web application of the desk: who may use it, its pages, and what they look like."""

import mimetypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
from flask import Flask, Response, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from portal.core import input_files, program_files
from portal.core.problems import PortalError
from portal.desk import context, safety, work
from portal.desk.context import STEPS, Desk
from portal.desk.journal import StaleError
from portal.site import fonts

_HERE = Path(__file__).parent
_MOST_FIELDS = 4_000
_LONGEST_FORM = 4_000_000  # characters of all fields that are not files
_LONGEST_NAME = 60
LARGEST_REQUEST = input_files.LARGEST_FILE + _LONGEST_FORM
_OPEN = ("enter", "static_file")  # pages before anyone is let in
Page = str | AnyResponse


DeskApp = Flask
# Every value that a page prints is escaped, and a name that does not exist is an error.
_TEMPLATES = {
    "autoescape": True,
    "undefined": jinja2.StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
}


def create(desk: Desk, *add_pages: Callable[[DeskApp, Desk], None]) -> DeskApp:
    """Return the application; each of `add_pages` adds pages. Without any, it only asks who is there."""
    app = DeskApp("portal.desk", static_folder=None, template_folder=str(_HERE / "templates"))
    app.jinja_options = _TEMPLATES
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=_LONGEST_FORM,
        MAX_FORM_PARTS=_MOST_FIELDS,
    )
    _guard(app, desk)
    _frame(app, desk)
    _doors(app, desk)
    _errors(app, desk)
    for add in add_pages:
        add(app, desk)
    return app


def _guard(app: DeskApp, desk: Desk) -> None:
    @app.before_request
    def let_in() -> AnyResponse | None:
        if (
            request.mimetype != "multipart/form-data"
        ):  # only these have files, and other limits do not count for the rest
            request.max_content_length = _LONGEST_FORM
        asked = safety.Request(
            request.method,
            request.headers.get("Host", ""),
            request.headers.get("Origin", ""),
            request.headers.get("Sec-Fetch-Site", ""),
            request.cookies.get(desk.door.cookie, ""),
        )
        g.desk_session = None
        if request.endpoint == "enter" and request.method == "GET":
            asked = safety.Request(
                "GET", asked.host, "", "", asked.cookie
            )  # the address comes from outside the browser
        if refusal := desk.door.refusal(asked):
            return make_response(f"{refusal}\n", 403, {"Content-Type": "text/plain; charset=utf-8"})
        if request.endpoint in _OPEN:
            return None
        session = desk.door.session(asked)
        if session is None:
            kept = context.typed(request.form) if request.method == "POST" else ()
            return make_response(render_template("locked.html", typed=kept), 403)
        g.desk_session = session
        if request.method == "POST" and not safety.is_own_form(session, request.form.get("token", "")):
            return make_response(render_template("refused.html"), 403)
        if not session.name and request.endpoint != "who":
            return redirect(url_for("who"))
        return None

    @app.after_request
    def protect(response: AnyResponse) -> AnyResponse:
        for name, value in safety.HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _frame(app: DeskApp, desk: Desk) -> None:
    app.add_template_filter(desk.moment, "moment")

    @app.context_processor
    def frame() -> dict[str, Any]:
        session = g.get("desk_session")
        return {
            "site_name": desk.site_name,
            "who": session.name if session else "",
            "token": session.form_token if session else "",
            "steps": STEPS,
            "here": request.path,
            "notice": lambda: context.shown(session) if session else "",
            "version": desk.journal.version,
        }


def _doors(app: DeskApp, desk: Desk) -> None:
    files = dict(_static(desk.root))

    @app.get("/open/<key>")
    def enter(key: str) -> Page:
        if request.method == "HEAD":  # a program that looks at links must not use the key up
            return make_response("", 200)
        cookie = desk.door.enter(key)
        if not cookie:
            return make_response(render_template("locked.html", typed=()), 403)
        response = redirect("/")
        response.set_cookie(desk.door.cookie, cookie, httponly=True, samesite="Strict", path="/")
        return response

    @app.route("/who", methods=["GET", "POST"])
    def who() -> Page:
        name = " ".join(request.form.get("name", "").split())[:_LONGEST_NAME]
        if request.method == "POST" and name:
            g.desk_session.name = name
            return redirect("/")
        return render_template("who.html", missing=request.method == "POST")

    @app.get("/look/<path:name>")
    def static_file(name: str) -> Page:
        path = files.get(name)
        if path is None or not path.is_file():
            abort(404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(path.read_bytes(), content_type=kind, headers={"Cache-Control": "max-age=600"})


def _static(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file that pages use, by its address below `look`: no other file can be asked for."""
    assets = program_files.find(root, program_files.ASSETS)
    yield "css/portal.css", assets / "css" / "portal.css"
    yield "css/desk.css", _HERE / "static" / "desk.css"
    yield "css/marks.css", _HERE / "static" / "marks.css"
    yield "desk.js", _HERE / "static" / "desk.js"
    mark_file = root / "build" / "site" / "assets" / "images" / "mark.svg"
    yield "mark.svg", mark_file if mark_file.is_file() else assets / "images" / "icon.svg"
    for address, path in fonts.FONTS.items():
        yield address.removeprefix("assets/"), root / path


def _errors(app: DeskApp, desk: Desk) -> None:
    @app.errorhandler(StaleError)
    def stale(error: StaleError) -> Page:
        page = render_template(
            "stale.html", typed=context.typed(request.form), again=_page_of(app, request.path)
        )
        return make_response(page, 409)

    @app.errorhandler(PortalError)
    def problems(error: PortalError) -> Page:
        kept = context.typed(request.form)
        return make_response(render_template("problems.html", problems=error.problems, typed=kept), 422)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Page:
        problems = (work.logged_fault(desk.root),)
        return make_response(
            render_template("problems.html", problems=problems, typed=context.typed(request.form)), 500
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Page:
        page = render_template(
            "http.html", code=error.code, too_large=error.code == 413, missing=error.code == 404
        )
        return make_response(page, error.code or 500)


def _page_of(app: DeskApp, path: str) -> str:
    """Return the address of the page that has the form which is sent to a path."""
    pages = app.url_map.bind("")
    while path and not pages.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path or "/"


def go(desk: Desk, work_id: str) -> AnyResponse:
    """Return the redirect to the result of work: at once if it is done, else by the page with its progress."""
    found = desk.workshop.find(work_id)
    if found is None or found.is_done:
        return redirect(found.then if found else url_for("home"))
    return redirect(url_for("progress", id_=work_id))


def here() -> str:
    """Return the address of the page that is asked for, with all that it says after a question mark."""
    return request.full_path.rstrip("?")


def say(words: str) -> None:
    """Show a message on the next page of this browser."""
    g.desk_session.notice = words


def name_of_person() -> str:
    """Return the name that the person at this browser gave."""
    return str(g.desk_session.name)
