"""The pages of the third step: the site as it will be, with what differs marked, and the list of changes."""

import mimetypes
from pathlib import Path

from flask import Response, abort, redirect, render_template, request, url_for

from portal.core.problems import PortalError
from portal.desk import app as desk_app
from portal.desk import seeing
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.seeing import Seen
from portal.desk.work import Work
from portal.site import publishing

# The pages of the site have a stricter policy of their own; this one lets the desk show them in a frame.
_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""
    _add_site(app, desk)
    _add_list(app, desk)


def _add_site(app: DeskApp, desk: Desk) -> None:
    @app.get("/see")
    def see() -> Page:
        work = desk.known("see")
        if work is None:
            return render_template("see_start.html")
        if not work.is_done:
            return desk_app.go(desk, work.id)
        if work.problems:
            return redirect(url_for("check")) if work.result is None and not _is_ours(work) else _failed(work)
        return render_template("see.html", seen=work.result)

    @app.post("/see")
    def build() -> Page:
        work = desk.work(
            "see", "Building the site as it will be", "/see", lambda tell: seeing.see(desk.root, tell)
        )
        return desk_app.go(desk, work.id)

    @app.get("/see/page/<path:address>")
    @app.get("/see/page/", defaults={"address": ""})
    def look(address: str) -> Page:
        seen = _seen(desk) or abort(404)
        path = seeing.file_of(seen.folder, publishing.listed(seen.folder), address) or abort(404)
        page = next((p for p in seen.pages if p.address == address), None)
        public = (desk.root / "build" / "site" / path.relative_to(seen.folder)).is_file()
        return render_template(
            "see_page.html", address=address, width="narrow" if request.args.get("width") == "narrow" else "wide",
            page=page, public=public, title=seeing.title(path), marks=page is not None and page.kind == seeing.CHANGED,
        )  # fmt: skip

    @app.get("/preview/<path:address>")
    @app.get("/preview/", defaults={"address": ""})
    def preview(address: str) -> Page:
        seen = _seen(desk) or abort(404)
        return _serve(desk, seen.folder, address)

    @app.get("/public/<path:address>")
    @app.get("/public/", defaults={"address": ""})
    def public(address: str) -> Page:
        return _serve(desk, desk.root / "build" / "site", address)


def _serve(desk: Desk, site: Path, address: str) -> Page:
    try:
        path = seeing.file_of(site, publishing.listed(site), address)
    except PortalError:
        abort(404)
    if path is None:
        abort(404)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    name = path.relative_to(site).as_posix()
    data = path.read_bytes()
    if kind == "text/html":
        kind = "text/html; charset=utf-8"
        if "marks" in request.args:
            data = seeing.marked(desk.root / "build" / "site", path, name)
    headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(data, content_type=kind, headers=headers)


def _add_list(app: DeskApp, desk: Desk) -> None:
    @app.get("/see/changes")
    def list_of_changes() -> Page:
        work = look_at_changes(desk)
        if not work.is_done:
            return desk_app.go(desk, work.id)
        if work.problems:
            return redirect(url_for("check"))
        return render_template("list.html", found=work.result)

    @app.get("/see/changes/<kind>")
    def saved_list(kind: str) -> Page:
        work = look_at_changes(desk)
        if not work.is_done or work.problems or kind not in ("page.html", "mail.txt"):
            return redirect(url_for("list_of_changes"))
        html = kind == "page.html"
        data = work.result.html if html else work.result.text
        headers = {"Content-Disposition": f'attachment; filename="changes.{"html" if html else "txt"}"'}
        return Response(
            data, content_type=f"text/{'html' if html else 'plain'}; charset=utf-8", headers=headers
        )


def look_at_changes(desk: Desk) -> Work:
    """Return the work that lists everything that changes."""
    return desk.ensure(
        "list",
        "Listing everything that changes",
        "/see/changes",
        lambda tell: seeing.changes(desk.states, tell),
    )


def _seen(desk: Desk) -> Seen | None:
    work = desk.known("see")
    return work.result if work is not None and work.is_done and not work.problems else None


def _is_ours(work: Work) -> bool:
    """Return True if the site could not be built for a reason that the check does not show."""
    return any(not p.file.startswith("data_packages/") for p in work.problems)


def _failed(work: Work) -> Page:
    return render_template("problems.html", problems=work.problems, typed=())
