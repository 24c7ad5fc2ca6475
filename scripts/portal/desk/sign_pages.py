"""The pages of the fourth step: one person says that the list of changes is ready, another signs it."""

from pathlib import Path

from flask import redirect, render_template, request, url_for

from portal.core import operating_system, periods
from portal.core.problems import PortalError, Problem
from portal.desk import app as desk_app
from portal.desk import see_pages
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.journal import FOLDER, StaleError
from portal.desk.seeing import ListOfChanges
from portal.releases import signing
from portal.releases.signing import Signature, SignedList

FILE = FOLDER / "signed.json"


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""

    @app.get("/sign")
    def sign() -> Page:
        work = see_pages.look_at_changes(desk)
        if not work.is_done:
            work.then = "/sign"
            return desk_app.go(desk, work.id)
        if work.problems:
            return redirect(url_for("check"))
        found = work.result
        signed = kept(desk.root)
        state = signed if signed and signed.digest == found.digest else None
        return render_template(
            "sign.html",
            found=found,
            signed=state,
            outdated=signed is not None and state is None,
            code=signing.code(found.digest),
        )

    @app.post("/sign/prepared")
    def prepared() -> Page:
        found = _current(desk)
        keep(desk.root, SignedList(found.digest, found.counted, _signature(desk_app.name_of_person())))
        desk_app.say("The list is ready to be signed by a second person.")
        return redirect(url_for("sign"))

    @app.post("/sign/signed")
    def signed() -> Page:
        found, ready = _current(desk), kept(desk.root)
        if ready is None or ready.digest != found.digest:
            raise StaleError
        typed = request.form.get("code")
        name = (
            desk_app.name_of_person()
            if typed is None
            else " ".join(request.form.get("signer", "").split())[:60]
        )
        if faults := list(_faults(ready, name, typed)):
            raise PortalError(faults)
        keep(desk.root, SignedList(ready.digest, ready.counted, ready.prepared, _signature(name)))
        desk_app.say(f"Signed by {name}.")
        return redirect(url_for("sign"))

    @app.post("/sign/again")
    def again() -> Page:
        (desk.root / FILE).unlink(missing_ok=True)
        return redirect(url_for("sign"))


def _faults(ready: SignedList, name: str, typed: str | None) -> list[Problem]:
    found = []
    if not name:
        found.append(Problem("name", code="signed", message="Nobody is named.", fix="Write who signs."))
    elif name.casefold() == ready.prepared.name.casefold():
        message = f"{name} prepared this list."
        found.append(Problem("name", code="signed", message=message, fix="A second person has to sign it."))
    if typed is not None and not signing.is_code(typed, ready.digest):
        message = "That is not the code of this list."
        fix = "Copy the code from the saved page. If it differs, the page is of another list: save it again."
        found.append(Problem("code", code="signed", message=message, fix=fix))
    if typed is None and request.form.get("read") != "yes":
        message, fix = "You have not said that you read the list.", "Read the list, then tick the box."
        found.append(Problem("read", code="signed", message=message, fix=fix))
    return found


def _current(desk: Desk) -> ListOfChanges:
    """Return the list of changes that the form was made for.

    Raises:
        StaleError: something has changed since then.
    """
    work = desk.known("list")
    if (
        work is None
        or not work.is_done
        or work.problems
        or request.form.get("version") != desk.journal.version()
    ):
        raise StaleError
    found: ListOfChanges = work.result
    return found


def _signature(name: str) -> Signature:
    return Signature(name, f"{periods.now():%Y-%m-%dT%H:%M:%SZ}")


def keep(root: Path, signed: SignedList) -> None:
    """Write down who prepared and who signed."""
    operating_system.write_atomically(root / FILE, signing.as_json(signed).encode())


def kept(root: Path) -> SignedList | None:
    """Return what was prepared or signed last, None if nothing was."""
    path = root / FILE
    return signing.read(FILE.as_posix(), path.read_bytes()) if path.is_file() else None
