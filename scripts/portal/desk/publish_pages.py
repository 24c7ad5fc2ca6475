"""The pages of the fifth step: name the release, publish it to the targets, and go back."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for

from portal.core import settings as config
from portal.desk import app as desk_app
from portal.desk import publishing_work, see_pages, sign_pages
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.journal import StaleError
from portal.desk.publishing_work import By
from portal.desk.work import Tell, Work
from portal.releases.releasing import ReleaseRequest
from portal.site import building, publishing, targets


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""
    _add_release(app, desk)
    _add_targets(app, desk)


def _add_release(app: DeskApp, desk: Desk) -> None:
    @app.get("/publish")
    def publish() -> Page:
        changes, standing = see_pages.look_at_changes(desk), _standing(desk)
        for work in (changes, standing):
            if not work.is_done:
                work.then = "/publish"
                return desk_app.go(desk, work.id)
        if standing.problems and not any(
            p.code == "target" or p.field.startswith("targets") for p in standing.problems
        ):
            return redirect(url_for("check"))
        failed = desk.workshop.find(request.args.get("typed", ""))
        signed = sign_pages.kept(desk.root)
        found = changes.result
        ready = bool(found and signed and signed.signed and signed.digest == found.digest)
        return render_template(
            "publish.html", found=found, signed=signed if ready else None, standing=standing.result,
            wrong=standing.problems, failed=failed.problems if failed else (), typed=failed.typed if failed else {},
        )  # fmt: skip

    @app.post("/publish/release")
    def release() -> Page:
        form = request.form
        by = By(desk_app.name_of_person(), form.get("version", ""))
        if by.version != desk.journal.version():
            raise StaleError
        typed = {k: " ".join(form.get(k, "").split()) for k in ("name", "note", "day", "time")}
        embargo = f"{typed['day']}T{typed['time'] or '00:00'}" if typed["day"] else ""
        asked = ReleaseRequest(typed["name"], typed["note"], embargo)

        def make(tell: Tell) -> Any:
            return publishing_work.release(desk, asked, by, tell)

        return _start(
            desk, f"Releasing {asked.name}", make, f"{asked.name} is made, and the site is built.", typed
        )

    @app.post("/publish/build")
    def build_site() -> Page:
        return _start(
            desk, "Building the site", lambda tell: building.build(desk.root, tell), "The site is built.", {}
        )


def _add_targets(app: DeskApp, desk: Desk) -> None:
    @app.post("/publish/target/<name>")
    def publish_to(name: str) -> Page:
        target = next(
            (t for t in targets.read(config.load(desk.root).targets) if t.name == name), None
        ) or abort(404)
        site = desk.root / "build" / "site"
        if request.form.get("digest") != publishing.digest(site):
            raise StaleError

        def put(tell: Tell) -> str:
            return targets.publish(site, target, tell)

        return _start(
            desk, f"Publishing to {name}", put, f"Published to {name}, and checked: every file is there.", {}
        )

    @app.post("/publish/back")
    def back() -> Page:
        name = request.form.get("target", "")
        if not name:
            return _start(
                desk,
                "Going back",
                lambda _: publishing.previous(desk.root),
                "The site before is in build/site again. Publish it to the targets.",
                {},
            )
        target = next(
            (t for t in targets.read(config.load(desk.root).targets) if t.name == name), None
        ) or abort(404)
        return _start(
            desk,
            "Going back",
            lambda _: targets.back(target),
            f"The site before is public in {name} again.",
            {},
        )

    @app.get("/publish/done/<id_>")
    def published(id_: str) -> Page:
        work = desk.workshop.find(id_)
        desk.latest.pop("standing", None)
        if work is None or not work.is_done or work.problems:
            return redirect(url_for("publish", typed=id_))
        desk_app.say(request.args.get("said", "Done."))
        return redirect(url_for("publish"))


def _start(desk: Desk, title: str, do: Any, said: str, typed: dict[str, str]) -> Page:
    work = desk.workshop.start(title, "", do, typed)
    work.then = url_for("published", id_=work.id, said=said)
    return desk_app.go(desk, work.id)


def _standing(desk: Desk) -> Work:
    """Return the work that looks at what is public."""
    return desk.ensure(
        "standing",
        "Looking at what is public",
        "/publish",
        lambda tell: publishing_work.standing(desk.root, tell),
    )
