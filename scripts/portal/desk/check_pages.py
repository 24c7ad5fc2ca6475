"""The pages of the second step: problems with links to where they are put right, and reasons beside warnings."""

from collections.abc import Callable, Mapping
from pathlib import Path

from flask import redirect, render_template, request, url_for

from portal.core import periods
from portal.desk import app as desk_app
from portal.desk import checking, copies, rows
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.journal import StaleError
from portal.desk.work import Tell, Work
from portal.releases.releasing import Project
from portal.site import building

Files = Mapping[Path, bytes | None]


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""

    @app.get("/check")
    def check() -> Page:
        work = look(desk)
        if not work.is_done:
            work.then = desk_app.here()
            return desk_app.go(desk, work.id)
        failed = desk.workshop.find(request.args.get("typed", ""))
        typed = failed.typed if failed and failed.problems else {}
        links = {p: rows.address_of(p) for p in work.problems}
        found = work.result
        places = {w: rows.address_of(w) for w in found.warnings} if found else {}
        return render_template(
            "check.html", checked=found, problems=work.problems, links=links, places=places, typed=typed,
            failed=failed.problems if failed else (), partnership=desk.settings.site.partnership,
        )  # fmt: skip

    @app.post("/check/reasons")
    def reasons() -> Page:
        form = {k: v for k, v in request.form.items() if k not in ("token", "version")}
        team = " ".join(form.get("team", "").split()) or desk.settings.site.partnership
        if not any(v.strip() for k, v in form.items() if k != "team"):
            desk_app.say("No reason was typed, so nothing was written.")
            return redirect(url_for("check"))

        def typed(project: Project) -> Files:
            return checking.files(project, form, team, periods.today())

        return _write(desk, typed, "Gave reasons", form)

    @app.post("/check/spent")
    def spent() -> Page:
        name = request.form.get("name", "")
        return _write(
            desk,
            lambda project: checking.without_spent(project, name),
            f"Removed an accepted warning: {name}",
            {},
        )

    @app.get("/check/wrote/<id_>")
    def wrote_reasons(id_: str) -> Page:
        work = desk.workshop.find(id_)
        if work is not None and work.is_done and not work.problems:
            desk_app.say("Written. You can undo this until it is released.")
            return redirect(url_for("check"))
        return redirect(url_for("check", typed=id_))


def look(desk: Desk) -> Work:
    """Return the work that checks the packages as they are now."""
    return desk.ensure(
        "check", "Checking everything", "/check", lambda tell: checking.check(desk.states, tell)
    )


def _write(desk: Desk, make: Callable[[Project], Files], what: str, form: Mapping[str, str]) -> Page:
    """Check the project with files made from it, write them, and go back to the check."""
    version, who = request.form.get("version", ""), desk_app.name_of_person()
    if version != desk.journal.version():
        raise StaleError

    def write(tell: Tell) -> str:
        tell("Checking what you wrote")
        files = make(building.project(desk.root))
        copies.check(desk.root, files, "releases")
        desk.journal.write(files, what, who, version)
        return "written"

    work = desk.workshop.start("Writing the reasons", "", write, dict(form))
    work.then = url_for("wrote_reasons", id_=work.id)
    return desk_app.go(desk, work.id)
