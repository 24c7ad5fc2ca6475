"""Download a published file at the desk, and read it as if it had been dropped."""

from contextlib import ExitStack

from flask import redirect, render_template, request, url_for

from portal.desk import app as desk_app
from portal.desk import drafts, planning
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.drafts import Draft
from portal.desk.work import Tell
from portal.importers.fetching import register
from portal.importers.fetching.register import PublicAddress

_CACHE = "fetched"  # below build, as the command has it


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""

    @app.get("/fetch")
    def fetch() -> Page:
        failed = desk.workshop.find(request.args.get("typed", ""))
        known = [e for e in register.entries(desk.register).values() if e.kind != "index"]
        typed = failed.typed if failed and failed.typed else {}
        return render_template(
            "fetch.html", entries=known, problems=failed.problems if failed else (), typed=typed
        )

    @app.post("/fetch")
    def download() -> Page:
        typed = {k: request.form.get(k, "").strip() for k in ("id", "month", "force")}
        (entry,) = register.named([typed["id"]], register.entries(desk.register))

        def get(tell: Tell) -> str:
            return _fetched(desk, entry, typed, tell).id

        work = desk.workshop.start(f"Fetching: {entry.what}", "", get, typed)
        work.then = url_for("fetched", id_=work.id)
        return desk_app.go(desk, work.id)

    @app.get("/fetch/done/<id_>")
    def fetched(id_: str) -> Page:
        work = desk.workshop.find(id_)
        if work is None or not work.is_done or work.problems:
            return redirect(url_for("fetch", typed=id_))
        return redirect(url_for("draft", id_=work.result))


def _fetched(desk: Desk, entry: PublicAddress, typed: dict[str, str], tell: Tell) -> Draft:
    """Download what an entry is about, and return the draft with its files."""
    tell("Downloading, if it has changed since the last time")
    settings = desk.settings
    values = {**typed, "area": settings.site.area}
    found = register.fetch(entry, values, settings.build_folder / _CACHE, register.entries(desk.register))
    tell("Looking at what it is")
    with ExitStack() as opened:
        draft = desk.drafts.add((p.name, opened.enter_context(p.open("rb"))) for p in found.files)
    address = found.download.address
    url = address if address.startswith("https://") else ""
    known = drafts.changed(draft, fetched=found.download.fetched, url=url, format=entry.format)
    if not known.format:
        known = planning.begin(desk.root, desk.drafts, known)
    desk.drafts.keep(known)
    return known
