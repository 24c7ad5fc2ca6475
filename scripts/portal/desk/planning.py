"""What a draft would do: its questions, its problems, or the rows that it would write. Nothing is written here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from portal.core import periods
from portal.core import settings as config
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.data import packages
from portal.desk import mapping, recognising
from portal.desk.drafts import Draft, DraftStore
from portal.desk.journal import Journal
from portal.desk.known_state import StateReader
from portal.importers import importing, source_rows
from portal.importers.importing import ImportJob, PlannedImport
from portal.importers.spreadsheets import spreadsheet
from portal.importers.spreadsheets.spreadsheet import SpreadsheetJob

Tell = Callable[[str], None]
_ASKED = "question"  # the code of problems that are unanswered questions


@dataclass(frozen=True)
class AskedQuestion:
    """Something that a draft leaves open: where, the question, and each answer with its meaning."""

    key: str
    place: str
    text: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class DraftOutcome:
    """What reading a draft came to. It can be written if there is a plan and no question."""

    questions: tuple[AskedQuestion, ...] = ()
    problems: tuple[Problem, ...] = ()
    plan: PlannedImport | None = None

    @property
    def is_ready(self) -> bool:
        """Return True if it can be written."""
        return self.plan is not None and not self.questions and not self.problems


def begin(root: Path, store: DraftStore, draft: Draft) -> Draft:
    """Return a new draft with what its files seem to be, kept."""
    settings = config.load(root)
    read, _ = packages.read_all(root, settings.packages)
    known = recognising.guessed(draft, store.paths(draft), read)
    if known.format in ("", importing.TABLE):
        known = mapping.recalled(root, known, store.paths(known), read)
    store.keep(known)
    return known


def outcome(
    states: StateReader, store: DraftStore, draft: Draft, journal: Journal, tell: Tell
) -> DraftOutcome:
    """Read a draft as it was chosen to be read, and keep its plan if there is one."""
    store.drop_plan(draft)
    if not draft.format or (draft.format == importing.TABLE and not draft.package):
        return DraftOutcome()
    version = journal.version()
    try:
        found = (
            _of_table(states.root, store, draft, tell)
            if draft.format == importing.TABLE
            else _of_format(states, store, draft, tell)
        )
    except PortalError as error:
        return DraftOutcome(problems=error.problems)
    if found.is_ready and found.plan is not None:
        store.keep_plan(draft, found.plan, version)
    return found


def _of_table(root: Path, store: DraftStore, draft: Draft, tell: Tell) -> DraftOutcome:
    tell("Reading the spreadsheet and checking the figures with its rows")
    assumed = tuple(f"{k}={v}" for k, v in draft.answers.items())
    job = SpreadsheetJob(
        store.paths(draft),
        draft.package,
        draft.resource,
        draft.sheet,
        draft.replaced,
        assumed,
        edits=draft.edits,
        given=tuple(f"{name}={text}" for name, text in draft.given.items()),
        read_as=draft.read_as,
    )
    asked: dict[str, AskedQuestion] = {}

    def ask(question: spreadsheet.ImportQuestion) -> str:
        answer = draft.answers.get(question.key, "")
        if answer not in question.answers:
            asked[question.key] = AskedQuestion(question.key, question.place, question.text, question.answers)
            return ""
        return answer

    try:
        plan = spreadsheet.plan(job, config.load(root), ask)
    except PortalError as error:
        problems = tuple(p for p in error.problems if p.code != _ASKED)
        return DraftOutcome(tuple(asked.values()), problems)
    return DraftOutcome(plan=plan)


def _of_format(states: StateReader, store: DraftStore, draft: Draft, tell: Tell) -> DraftOutcome:
    project = states.read(tell).project
    settings, content, read = project.settings, project.content, project.packages
    tell("Reading the files and protecting small counts")
    paths = store.paths(draft)
    files: Mapping[Path, str] = {}
    source = draft.source
    if not source:
        row = new_source(paths, draft)
        source, content = row["id"], source_rows.with_source(content, row)
        files = _with_row(settings, read, row)
    job = ImportJob(draft.format, paths, source, draft.until)
    plan = importing.plan(job, content, read, settings)
    plan = replace(plan, files={**files, **plan.files})
    open_ = [d for d in plan.doubts if draft.answers.get(d.key) != importing.YES]
    yes = {importing.YES: "Yes, go on"}
    return DraftOutcome(tuple(AskedQuestion(d.key, "", d.question, yes) for d in open_), plan=plan)


def new_source(paths: Sequence[Path], draft: Draft) -> Mapping[str, str]:
    """Return the row of the table of sources for files that were downloaded, or else brought in, on a day."""
    newest = recognising.recognised(paths).newest
    return source_rows.row(draft.format, newest, draft.fetched or periods.today().isoformat(), draft.url)


def _with_row(
    settings: Settings, read: Sequence[packages.Package], row: Mapping[str, str]
) -> Mapping[Path, str]:
    table = source_rows.table_of_sources(settings, read)
    return {table: source_rows.added(table.read_text(encoding="utf-8"), row)}
