"""The pages for what does not wait: a correction, an earlier release, figures to take back, an embargo that ends early."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, render_template, request, url_for

from portal.core import periods
from portal.data.packages import Package
from portal.desk import app as desk_app
from portal.desk import rows, see_pages, sign_pages, urgent_work
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.embargo_work import EmbargoEnd
from portal.desk.publishing_work import By
from portal.desk.rows import TableOf
from portal.desk.urgent_work import AskedRollback
from portal.desk.work import Tell, Work
from portal.releases.withdrawal import FigureSelection, WithdrawalRequest

_MOST_FOUND = 40
# Tables in which people look for something to correct, the most urgent first; all others come after them.
_FIRST = ("routes", "services", "observations", "updates", "statuses")


@dataclass(frozen=True)
class _Errand:
    """Something that was confirmed: what is being done, what was asked for in which form, and what to say when it is done."""

    title: str
    asked: object
    form: str
    said: str


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""
    _add_correction(app, desk)
    _add_rollback(app, desk)
    _add_withdrawal(app, desk)
    _add_lift(app, desk)


def _add_correction(app: DeskApp, desk: Desk) -> None:
    @app.get("/correct")
    def correct() -> Page:
        words = " ".join(request.args.get("q", "").split())[:100]
        found = _found(desk.packages(), words) if words else []
        work = see_pages.look_at_changes(desk)
        if not work.is_done and not words:
            work.then = "/correct"
            return desk_app.go(desk, work.id)
        changes = work.result if work.is_done else None
        signed = sign_pages.kept(desk.root)
        ready = bool(changes and signed and signed.signed and signed.digest == changes.digest)
        return render_template(
            "correct.html", q=words, rows=found[:_MOST_FOUND], more=len(found) > _MOST_FOUND, found=changes,
            wrong=bool(work.problems), signed=ready,
        )  # fmt: skip


def _found(packages: Sequence[Package], words: str) -> list[tuple[str, str, str, str]]:
    """Return the rows of all tables that have these words: the table, what to call the row, its address and its cells."""
    order = {name: n for n, name in enumerate(_FIRST)}
    named = {
        row.get("id") or row.get("code", ""): row.get("title") or row.get("name", "")
        for p in packages
        for name, table in p.tables.items()
        if name == "indicators" or (p.kind == "geography" and name == "areas")
        for row in table.rows
    }
    found = []
    for where in sorted(rows.tables(packages), key=lambda t: order.get(t.resource, len(order))):
        for number, row in rows.search(where.table, words):
            called = _called(where, row, named)
            cells = ", ".join(
                f"{n.replace('_', ' ')}: {v[:50]}" for n, v in row.items() if v and v not in called
            )
            found.append((where.title, called, f"{where.address}/{number}", cells))
            if len(found) > _MOST_FOUND:
                return found
    return found


def _called(where: TableOf, row: Mapping[str, str], named: Mapping[str, str]) -> str:
    """Return what to call a row; a figure by the names of its indicator and area, and its period in words."""
    if where.resource != "observations":
        return rows.label(where.table, row)
    parts = [named.get(row.get(n, ""), row.get(n, "")) for n in ("indicator", "area")]
    days = [_in_words(d) for n in ("period_start", "period_end") if (d := row.get(n, ""))]
    return ", ".join(filter(None, (*parts, " to ".join(days))))


def _in_words(day: str) -> str:
    """Return a date in words, or as it is written if it is none."""
    try:
        return periods.loose_date(day)
    except ValueError:
        return day


def _add_rollback(app: DeskApp, desk: Desk) -> None:
    @app.get("/rollback")
    def rollback() -> Page:
        return _form(desk, "rollback", AskedRollback(request.args.get("name", ""), ""))

    @app.post("/rollback")
    def look_back() -> Page:
        form = request.form
        asked = AskedRollback(_line("name"), _line("reason"), form.get("contacts") == "yes")
        return _look(
            desk, asked, lambda tell: urgent_work.look_back(desk, asked, tell), "rollback_preview", "rollback"
        )

    @app.get("/rollback/<id_>")
    def rollback_preview(id_: str) -> Page:
        return _preview(desk, id_, "rollback", AskedRollback)

    @app.post("/rollback/<id_>")
    def go_back(id_: str) -> Page:
        asked = _finished(desk, id_, AskedRollback).typed
        by = _by()
        errand = _Errand(
            f"Going back to {asked.name}",
            asked,
            "rollback",
            f"The data of {asked.name} are restored and recorded as a new release, and the site is built. Publish it to make it public.",
        )
        return _do(desk, errand, lambda tell: urgent_work.go_back(desk, asked, by, tell))


def _add_withdrawal(app: DeskApp, desk: Desk) -> None:
    @app.get("/withdraw")
    def withdraw() -> Page:
        given = [request.args.get(n, "")[:400] for n in ("indicator", "area", "period", "part")]
        figure = FigureSelection(given[0], given[1], given[2], given[3] or None)
        return _form(desk, "withdraw", WithdrawalRequest((figure,), ""))

    @app.post("/withdraw")
    def look_at_withdrawal() -> Page:
        form = request.form
        figure = FigureSelection(_line("indicator"), _line("area"), _line("period"), _line("part") or None)
        asked = WithdrawalRequest(
            (figure,), _line("reason"), form.get("kind") == "wrong", form.get("others") == "yes"
        )
        return _look(
            desk,
            asked,
            lambda tell: urgent_work.look_at_withdrawal(desk, asked, tell),
            "withdrawal_preview",
            "withdraw",
        )

    @app.get("/withdraw/<id_>")
    def withdrawal_preview(id_: str) -> Page:
        return _preview(desk, id_, "withdraw", WithdrawalRequest)

    @app.post("/withdraw/<id_>")
    def take_back(id_: str) -> Page:
        asked = _finished(desk, id_, WithdrawalRequest).typed
        by = _by()
        errand = _Errand(
            "Taking the figures back",
            asked,
            "withdraw",
            "The figures are taken back, and the site is built without them. The public site still has the numbers until you publish it.",
        )
        return _do(desk, errand, lambda tell: urgent_work.withdraw(desk, asked, by, tell))


def _add_lift(app: DeskApp, desk: Desk) -> None:
    @app.post("/publish/lift")
    def lift() -> Page:
        reason, by = _line("lift-reason"), _by()
        said = "The embargo has ended, and the site is built. Publish it to make it public."
        errand = _Errand("Building the site with what waits", {"lift-reason": reason}, "publish", said)
        asked = EmbargoEnd(reason, by.name)
        return _do(desk, errand, lambda tell: urgent_work.end_embargo(desk, asked, by, tell))

    @app.post("/publish/give-up")
    def give_up() -> Page:
        reason, by = _line("give-up-reason"), _by()
        said = "It is given up and will not become public. The tables are as they were when the newest public release was made. A copy of what waited is in the folder build/given-up."
        errand = _Errand("Giving up what waits", {"give-up-reason": reason}, "publish", said)
        asked = EmbargoEnd(reason, by.name, is_given_up=True)
        return _do(desk, errand, lambda tell: urgent_work.end_embargo(desk, asked, by, tell))


def _line(name: str) -> str:
    return " ".join(request.form.get(name, "").split())[:400]


def _by() -> By:
    return By(desk_app.name_of_person(), request.form.get("version", ""))


def _form(desk: Desk, name: str, blank: object) -> Page:
    """Return the page with a form: blank, or as it was sent if what it asks for is not possible.

    `name` is that of the form's page and template. What was sent is the typed value of the work named in the address.
    """
    work = desk.ensure("choices", "Reading the releases", "/", lambda tell: urgent_work.choices(desk, tell))
    if not work.is_done:
        work.then = desk_app.here()
        return desk_app.go(desk, work.id)
    if work.problems:
        return redirect(url_for("check"))
    failed = desk.workshop.find(request.args.get("typed", ""))
    sent = failed.typed if failed and isinstance(failed.typed, type(blank)) else None
    return render_template(
        f"{name}.html",
        choices=work.result,
        problems=failed.problems if failed else (),
        asked=sent or blank,
    )


def _finished(desk: Desk, id_: str, kind: type) -> Work:
    """Return the work of a preview, which is done and was asked for with a form of this kind."""
    work = desk.workshop.find(id_)
    return work if work and work.is_done and isinstance(work.typed, kind) else abort(404)


def _preview(desk: Desk, id_: str, name: str, kind: type) -> Page:
    """Return the page that says what a form would do, or go back to the form if that is not possible."""
    work = _finished(desk, id_, kind)
    if work.problems or work.result.version != desk.journal.version():  # it is of other tables
        return redirect(url_for(name, typed=id_))
    return render_template(
        f"{name}_preview.html", id=id_, asked=work.typed, found=work.result, page_of=rows.address_in_words
    )


def _look(desk: Desk, asked: object, look: Callable[[Tell], Any], preview: str, form: str) -> Page:
    """Start to find out what a form would do, and go to its preview; back to the form if there are problems."""
    work = desk.workshop.start("Finding out what this changes", url_for(form), look, asked)
    work.then = url_for(preview, id_=work.id)
    return desk_app.go(desk, work.id)


def _do(desk: Desk, errand: _Errand, do: Callable[[Tell], Any]) -> Page:
    """Start what was confirmed; go to the step “Publish” afterwards, or back to the form if there are problems."""
    work = desk.workshop.start(errand.title, url_for(errand.form), do, errand.asked)
    work.then = url_for("urgent_done", id_=work.id, form=errand.form, said=errand.said)
    return desk_app.go(desk, work.id)


def add_results(app: DeskApp, desk: Desk) -> None:
    """Add the page that says how it ended."""

    @app.get("/urgent/<id_>")
    def urgent_done(id_: str) -> Page:
        work = desk.workshop.find(id_) or abort(404)
        form = request.args.get("form", "")
        if not work.is_done or work.problems:
            known = form if form in ("rollback", "withdraw", "publish") else "home"
            return redirect(url_for(known, typed=id_))
        desk.latest.pop("standing", None)
        desk_app.say(request.args.get("said", "Done."))
        return redirect(url_for("publish"))
