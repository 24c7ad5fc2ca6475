"""The page that checks a text: every number about an indicator in a press release, minutes or a post.

It says what `portal quote` says. The text is kept in memory with its result, and written to no folder of the project.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from flask import abort, render_template, request, url_for
from werkzeug.utils import secure_filename

from portal.core.problems import PortalError, Problem
from portal.desk import app as desk_app
from portal.desk.app import DeskApp, Page
from portal.desk.context import Desk
from portal.desk.work import Tell
from portal.quotes import checking, documents
from portal.quotes.checking import CheckedNumber, Judgement
from portal.site import building

_PASTED = "Your text"
# How the desk marks each answer: like something late, something soon, or something done.
_KINDS = {Judgement.RIGHT: "done", Judgement.WRONG: "late", Judgement.NO_SOURCE: "late"}
_AROUND = 160  # characters shown before and after a number


@dataclass(frozen=True, kw_only=True)
class CheckedText:
    """A text that was checked: its name, its findings, those to change first, and how many have each outcome."""

    name: str
    findings: tuple[CheckedNumber, ...]

    @property
    def ordered(self) -> list[CheckedNumber]:
        """Return the findings, those to change first, in the order of the text."""
        return sorted(self.findings, key=lambda f: f.outcome == Judgement.RIGHT)

    @property
    def counts(self) -> list[tuple[Judgement, int]]:
        """Return how many findings have each outcome that any has."""
        found = Counter(f.outcome for f in self.findings)
        return [(o, found[o]) for o in Judgement if found[o]]


def add(app: DeskApp, desk: Desk) -> None:
    """Add these pages."""

    @app.get("/quote")
    def quote() -> Page:
        return render_template("quote.html", checked=None, problems=(), text="", day="")

    @app.post("/quote")
    def check_quote() -> Page:
        name, content = _document()
        text, day = request.form.get("text", ""), _day(request.form.get("day", ""))

        def check(tell: Tell) -> CheckedText:
            tell("Reading the text")
            words = _text_of(name, content)
            tell("Checking the data packages")
            _, released = building.check(desk.root)
            tell("Looking up its numbers")
            return CheckedText(name=name, findings=checking.check(words, released, day))

        work = desk.workshop.start(f"Checking {name}", "", check, (text, day.isoformat() if day else ""))
        work.then = url_for("checked_quote", id_=work.id)
        return desk_app.go(desk, work.id)

    @app.get("/quote/<id_>")
    def checked_quote(id_: str) -> Page:
        work = desk.workshop.find(id_)
        if work is None or not isinstance(work.typed, tuple):
            abort(404)
        if not work.is_done:
            return desk_app.go(desk, work.id)
        text, day = work.typed
        return render_template(
            "quote.html", checked=work.result, problems=work.problems, text=text, day=day,
            kinds=_KINDS, around=_around,
        )  # fmt: skip


def _document() -> tuple[str, bytes]:
    """Return the name and content of the file that was dropped, or of the text that was pasted.

    Raises:
        PortalError: there is neither, or both.
    """
    file, text = request.files.get("file"), request.form.get("text", "")
    if file and file.filename:
        if text.strip():
            raise _problem(
                "There is a file and a text.", "Check one at a time: empty the box or leave out the file."
            )
        name = PurePosixPath(file.filename.replace("\\", "/")).name
        return name, file.stream.read()
    if not text.strip():
        raise _problem("There is nothing to check.", "Choose a file or paste a text.")
    return _PASTED, text.encode()


def _day(text: str) -> date | None:
    """Return the day on which the text was written; None, which means today, if the form gives none.

    Raises:
        PortalError: it is not a date.
    """
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise _problem(
            "This is not a date.", "Write the day as 2026-03-31, or leave it empty for today."
        ) from None


def _problem(message: str, fix: str) -> PortalError:
    return PortalError([Problem("the text", code="file", message=message, fix=fix)])


def _text_of(name: str, content: bytes) -> str:
    """Return the text of a document, which is written to a temporary folder only while it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("text.txt" if name == _PASTED else secure_filename(name) or "text")
        path.write_bytes(content)
        return documents.text_of(path)


def _around(finding: CheckedNumber) -> tuple[str, str, str]:
    """Return the words before a number, the number, and the words after it, shortened on both sides."""
    sentence, start, end = finding.sentence, finding.start, finding.end
    first, last = max(0, start - _AROUND), min(len(sentence), end + _AROUND)
    before = ("…" if first else "") + sentence[first:start]
    return before, sentence[start:end], sentence[end:last] + ("…" if last < len(sentence) else "")
