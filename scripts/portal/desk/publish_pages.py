"""The pages of the fifth step: name the release, publish it to the targets, and go back."""

from collections.abc import Callable
from typing import Any

from flask import abort, redirect, render_template, request, url_for

from portal.core import periods
from portal.core import settings as config
from portal.desk import app as desk_app
from portal.desk import publishing_work, see_pages, sign_pages
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.journal import StaleError
from portal.desk.publishing_work import By
from portal.desk.work import Tell, Work
from portal.releases.releasing import ReleaseRequest
from portal.site import publishing, targets
from portal.site.target import PublishingTarget


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
                work.then = desk_app.here()
                return desk_app.go(desk, work.id)
        if standing.problems and not any(
            p.code == "target" or p.field.startswith("targets") for p in standing.problems
        ):
            return redirect(url_for("check"))
        failed = desk.workshop.find(request.args.get("typed", ""))
        typed = failed.typed if failed and isinstance(failed.typed, dict) else {}
        if "correction" in request.args:
            typed = {"name": f"Correction of {periods.day(periods.today())}", **typed}
        signed = sign_pages.kept(desk.root)
        found = changes.result
        ready = bool(found and signed and signed.signed and signed.digest == found.digest)
        return render_template(
            "publish.html", found=found, signed=signed if ready else None, standing=standing.result,
            wrong=standing.problems, failed=failed.problems if failed else (), typed=typed,
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
            desk,
            "Building the site",
            lambda tell: publishing_work.build(desk, tell),
            "The site is built.",
            {},
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

        who = desk_app.name_of_person()

        def put(tell: Tell) -> str:
            what = f"Published to {name}"
            return desk.journal.record(lambda: targets.publish(site, target, tell), what, who)

        said = f"Published to {name}, and checked: every file is there."
        return _start(desk, f"Publishing to {name}", put, said, {})

    @app.post("/publish/back")
    def back() -> Page:
        name, who = request.form.get("target", ""), desk_app.name_of_person()
        if not name:
            said = "The previous site is in build/site again. Publish it to the targets."
            return _start(
                desk, "Going back", lambda _: _back(desk, publishing.previous, desk.root, who), said, {}
            )
        target = next(
            (t for t in targets.read(config.load(desk.root).targets) if t.name == name), None
        ) or abort(404)
        said = f"The previous site is public in {name} again."
        return _start(
            desk,
            "Going back",
            lambda _: _back(desk, lambda t: targets.back(t, desk.root / "build" / "site"), target, who),
            said,
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


def _back(desk: Desk, go: Callable[[Any], Any], place: Any, who: str) -> Any:
    name = place.name if isinstance(place, PublishingTarget) else "build/site"
    return desk.journal.record(lambda: go(place), f"Went back to the previous site in {name}", who)


def _start(desk: Desk, title: str, do: Any, said: str, typed: dict[str, str]) -> Page:
    work = desk.workshop.start(title, "", do, typed)
    work.then = url_for("published", id_=work.id, said=said)
    return desk_app.go(desk, work.id)


def _standing(desk: Desk) -> Work:
    """Return the work that looks at what is public; it looks again when an embargo has ended since."""
    known = desk.known("standing")
    if known and known.result and known.result.ends and known.result.ends <= periods.now():
        del desk.latest["standing"]
    return desk.ensure(
        "standing",
        "Looking at what is public",
        "/publish",
        lambda tell: publishing_work.standing(desk, tell),
    )
