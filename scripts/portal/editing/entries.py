"""Add, change and remove single entries of the packages, such as a source, a route or an action's status."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from portal.core import settings as config
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import Settings
from portal.data import csv_editing
from portal.data.packages import Package, contract, describe_resource, read_all
from portal.data.tables import Json
from portal.editing import planned_changes
from portal.editing.planned_changes import PlannedChange

Cells = Mapping[str, str]


@dataclass(frozen=True)
class EntryKind:
    """A kind of entry: the kind of package and the table that hold it, and its name in messages.

    `within` is the column whose value an entry's number counts within; empty for the whole table.
    """

    package: str
    table: str
    words: str
    within: str = ""


PLAN = "plan"
KINDS: Mapping[str, EntryKind] = {
    "source": EntryKind("sources", "sources", "source"),
    "indicator": EntryKind("indicators", "indicators", "indicator"),
    "claim": EntryKind("indicators", "claims", "claim"),
    "target": EntryKind("indicators", "targets", "target"),
    "break": EntryKind("indicators", "breaks", "break in series"),
    "priority": EntryKind("plan", "priorities", "priority"),
    "action": EntryKind("plan", "actions", "action", "priority"),
    "milestone": EntryKind("plan", "milestones", "milestone"),
    "measure": EntryKind("plan", "measures", "measure"),
    "update": EntryKind("plan", "updates", "update"),
    "route": EntryKind("routes", "routes", "way to report"),
    "service": EntryKind("services", "services", "support service"),
    "term": EntryKind("glossary", "terms", "word of the glossary"),
    "date": EntryKind("releases", "calendar", "promised release"),
}
_PLAN_TABLES = ("priorities", "actions", "measures", "updates", "connections", "update_actions", "milestones", "statuses")  # fmt: skip
_FIRST = ("title", "short_title", "name", "term")  # columns from which an id is made
# A word, a number or a date of an id that is made from a title, and how many of them to keep.
_WORD = re.compile(r"[a-z0-9]+")
_WORDS_KEPT = 6


@dataclass(frozen=True)
class EntryTable:
    """A table as it is on disk: its package, its name, its file and its bytes; `fresh` are files that it needs first."""

    package: Package
    name: str
    path: Path
    data: bytes
    fresh: Mapping[Path, bytes]

    @property
    def rows(self) -> list[csv_editing.Row]:
        """Return its rows as text."""
        return csv_editing.read_rows(self.data)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return its columns, those of breakdowns included."""
        return tuple(next(csv.reader(io.StringIO(self.data.decode("utf-8-sig"))), ()))

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns of its key."""
        schema = self.package.schemas.get(self.name)
        return tuple(schema.primary_key if schema else _spec(self.package, self.name)["schema"]["primaryKey"])


def form(kind: str) -> tuple[tuple[str, str, bool], ...]:
    """Return the values that an entry of a kind has: name, meaning, and whether it is required.

    Raises:
        PortalError: there is no such kind.
    """
    _known(kind)
    if kind == PLAN:
        about = contract("plan")["portal"]
        return (
            ("title", "Its title, as published", True),
            *((name, rule["title"], bool(rule.get("required"))) for name, rule in about.items()),
        )
    fields = contract(KINDS[kind].package)["resources"][KINDS[kind].table]["schema"]["fields"]
    return tuple((f["name"], f["title"], bool(f.get("constraints", {}).get("required"))) for f in fields)


def add(root: Path, kind: str, cells: Cells, package: str = "") -> PlannedChange:
    """Plan to add an entry; an id, its number and the address of an indicator's page are filled in if they are missing.

    `package` is needed where several packages hold entries of this kind.

    Raises:
        PortalError: the kind, the package or a column does not exist, or the settings cannot be read.
    """
    _known(kind)
    if kind == PLAN:
        return _add_plan(root, cells)
    settings = config.load(root)
    table = open_table(settings, KINDS[kind], package)
    row = _filled_in(KINDS[kind], table, _clean(kind, table.columns, cells))
    return add_rows(settings, {table.name: (table, [row])}, f"new {KINDS[kind].words}")


def change(root: Path, kind: str, id_: str, cells: Cells, package: str = "") -> PlannedChange:
    """Plan to change cells of an entry; an empty text clears a cell.

    Raises:
        PortalError: as `add`, or there is no such entry.
    """
    settings, table = _of_entry(root, kind, package)
    number = _row_of(kind, table, id_)
    fresh = _clean(kind, table.columns, cells)
    old = table.rows[number - 2]
    target = iter(range(2, len(table.rows) + 2))
    data = csv_editing.edit_rows(table.data, lambda r: {**r, **fresh} if next(target) == number else r)
    words = f"{KINDS[kind].words} {id_}"
    changed = [f"{n}: {old[n] or '(empty)'} → {v or '(empty)'}" for n, v in fresh.items() if old[n] != v]
    if not changed:
        fix = "There is nothing to do, unless you meant another value."
        return planned_changes.refused(words, [_wrong(words, "The entry already says this.", fix)])
    return _planned(settings, {table.path: data}, f"Change the {words}: {'; '.join(changed)}.", {table.path: (number, words)})  # fmt: skip


def remove(root: Path, kind: str, id_: str, package: str = "") -> PlannedChange:
    """Plan to remove an entry; what still refers to it is a problem.

    Raises:
        PortalError: as `change`.
    """
    settings, table = _of_entry(root, kind, package)
    number = _row_of(kind, table, id_)
    target = iter(range(2, len(table.rows) + 2))
    data = csv_editing.edit_rows(table.data, lambda r: None if next(target) == number else r)
    words = f"{KINDS[kind].words} {id_}"
    return _planned(settings, {table.path: data}, f"Remove the {words}.", {})


def status(root: Path, package: str, action: str, cells: Cells) -> PlannedChange:
    """Plan a new status of an action, with the update that is its evidence.

    `cells` are the columns of the table of statuses. With `title` and `text` they also make the update, which then
    needs no id; without, `update` names one that exists.

    Raises:
        PortalError: the package has no such action, or a column does not exist.
    """
    settings = config.load(root)
    statuses = open_table(settings, EntryKind("plan", "statuses", "status"), package)
    actions = open_table(settings, KINDS["action"], package)
    known = {r["id"]: r for r in actions.rows}
    if action not in known:
        message = f"The package {statuses.package.name} has no action “{action}”."
        raise PortalError([_wrong("action", message, did_you_mean(action, known))])
    updates = open_table(settings, KINDS["update"], package)
    text_columns = ("title", "text")
    cleaned = _clean("status", (*statuses.columns, *text_columns), cells)
    row = {**cleaned, "action": action}
    rows: dict[str, tuple[EntryTable, list[Cells]]] = {"statuses": (statuses, [row])}
    if any(cleaned.get(name) for name in text_columns):
        shared = {n: cleaned.get(n, "") for n in ("date", "source", "locator", *text_columns)}
        update = {**shared, "priority": known[action]["priority"], "action": action, "kind": "report"}
        update |= {"id": cleaned["update"]} if cleaned.get("update") else {}
        filled = _filled_in(KINDS["update"], updates, update)
        row["update"] = filled["id"]
        rows = {"updates": (updates, [filled]), **rows}
        if not row.get("status"):
            del rows["statuses"]
    return add_rows(settings, rows, f"new status of {action}")


def add_rows(
    settings: Settings, rows: Mapping[str, tuple[EntryTable, Sequence[Cells]]], words: str
) -> PlannedChange:
    """Plan to add rows to tables; `words` name them in problems."""
    files: dict[Path, bytes] = {}
    places: dict[Path, tuple[int, str]] = {}
    for table, some in rows.values():
        for path, data in table.fresh.items():
            files[path] = data
        files[table.path] = csv_editing.add_rows(table.data, some)
        places[table.path] = (len(table.rows) + 2, words)
    shown = "; ".join(
        f"{name}: " + ", ".join(f"{n} {v}" for n, v in row.items() if v)
        for name, (_, some) in rows.items()
        for row in some
    )
    return _planned(settings, files, f"Add to {shown}", places)


def open_table(settings: Settings, kind: EntryKind, package: str = "") -> EntryTable:
    """Return the table that holds entries of a kind; one that its package does not have yet is empty.

    Raises:
        PortalError: no package or several hold such entries, or the table is not a readable file.
    """
    packages, problems = read_all(settings.packages_folder.parent, settings.packages)
    homes = [p for p in packages if p.kind == kind.package]
    with_table = [p for p in homes if kind.table in p.schemas] or homes
    chosen = [p for p in homes if package in (p.name, p.portal.get("slug"))] if package else with_table
    if len(chosen) != 1:
        message = f"There is no package “{package}” for this." if package else f"Several packages can hold a {kind.words}."  # fmt: skip
        message = message if homes else f"No package holds a {kind.words}."
        fix = did_you_mean(package, (p.name for p in homes)) if homes else "Add a package of the kind first."
        raise PortalError([_wrong("package", message, fix), *(p for p in problems if not homes)])
    home = chosen[0]
    folder = settings.packages_folder / home.name
    schema = home.schemas.get(kind.table)
    path = folder / str(schema.resource["path"] if schema else f"data/{kind.table}.csv")
    if schema is not None:
        broken = [
            p
            for p in problems
            if p.file == f"data_packages/{home.name}/{path.relative_to(folder).as_posix()}"
        ]
        if kind.table not in home.tables:
            raise PortalError(broken or problems)
        return EntryTable(home, kind.table, path, path.read_bytes(), {})
    described = describe_resource(kind.table, _spec(home, kind.table), home.breakdowns)
    descriptor_path = folder / "datapackage.json"
    descriptor = json.loads(descriptor_path.read_text("utf-8-sig"))
    descriptor["resources"].append(described)
    header = _header([f["name"] for f in described["schema"]["fields"]])
    text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    return EntryTable(home, kind.table, path, header, {descriptor_path: text.encode()})


def _spec(package: Package, table: str) -> Json:
    spec: Json = contract(package.kind)["resources"][table]
    return spec


def _header(names: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(names)
    return out.getvalue().encode()


def _of_entry(root: Path, kind: str, package: str) -> tuple[Settings, EntryTable]:
    _known(kind)
    if kind == PLAN:
        fix = "Change its datapackage.json, or its entry in `packages` of site_src/portal.toml."
        raise PortalError([_wrong("kind", "A whole plan cannot be changed or removed like this.", fix)])
    settings = config.load(root)
    return settings, open_table(settings, KINDS[kind], package)


def _row_of(kind: str, table: EntryTable, id_: str) -> int:
    """Return the number of the row with this id, counted as in a spreadsheet; parts of a longer key have slashes."""
    names = ["/".join(row[k] for k in table.key) for row in table.rows]
    if id_ not in names:
        message = f"There is no {KINDS[kind].words} “{id_}”."
        raise PortalError([_wrong("id", message, did_you_mean(id_, names))])
    return names.index(id_) + 2


def _planned(
    settings: Settings, files: Mapping[Path, bytes], summary: str, places: Mapping[Path, tuple[int, str]], package: str = ""
) -> PlannedChange:  # fmt: skip
    by_name = {p.relative_to(settings.root).as_posix(): place for p, place in places.items()}

    def named(problem: Problem) -> Problem:
        number, words = by_name.get(problem.file, (0, ""))
        return replace(problem, file=words, row=0) if number and problem.row == number else problem

    return planned_changes.plan(planned_changes.look(settings), summary, files, named, package)


def _known(kind: str) -> None:
    if kind not in (*KINDS, PLAN):
        message = f"“{kind}” is not something that can be added."
        raise PortalError([_wrong("kind", message, did_you_mean(kind, (*KINDS, PLAN)))])


def _wrong(place: str, message: str, fix: str) -> Problem:
    return Problem(place, code="entry", message=message, fix=fix)


def _clean(kind: str, columns: Sequence[str], cells: Cells) -> dict[str, str]:
    """Return the cells without spaces around them.

    Raises:
        PortalError: a column does not exist, or a text has a line break.
    """
    unknown = [n for n in cells if n not in columns]
    problems = [_wrong(n, f"A {kind} has no column “{n}”.", did_you_mean(n, columns)) for n in unknown]
    if problems:
        raise PortalError(problems)
    return {n: " ".join(v.split()) for n, v in cells.items()}


def _filled_in(kind: EntryKind, table: EntryTable, cells: Cells) -> dict[str, str]:
    """Return the cells with an id, a number and an address where the table needs one and none is given."""
    row, rows = dict(cells), table.rows
    if "id" in table.columns and not row.get("id"):
        row["id"] = _new_id(kind.table, row, {r["id"] for r in rows})
    if "number" in table.columns and not row.get("number"):
        siblings = [r["number"] for r in rows if not kind.within or r[kind.within] == row.get(kind.within)]
        row["number"] = str(1 + max((int(n) for n in siblings if n.isdecimal()), default=0))
    if "slug" in table.columns and not row.get("slug"):
        row["slug"] = row["id"]
    return {n: row[n] for n in table.columns if n in row}


def _new_id(table: str, row: Cells, taken: set[str]) -> str:
    """Return an id that no other entry has, made from the title or name."""
    words = _WORD.findall(next((row[n] for n in _FIRST if row.get(n)), table).lower().replace("’", ""))
    base = "-".join(words[:_WORDS_KEPT]) or table
    return next(i for n in range(1, len(taken) + 2) if (i := base if n == 1 else f"{base}-{n}") not in taken)


# --- a whole plan


def _add_plan(root: Path, cells: Cells) -> PlannedChange:
    """Plan a new package for a plan, with its empty tables, and its entry in the settings."""
    settings = config.load(root)
    names = [name for name, _, _ in form(PLAN)]
    about = {n: v for n, v in _clean(PLAN, names, cells).items() if v}
    words, name = "new plan", about.get("slug", "")
    folder = settings.packages_folder / name
    problems = [*_plan_problems(settings, words, about, name, folder)]
    if problems:
        return planned_changes.refused(words, problems)
    spec = contract("plan")["resources"]
    resources = [describe_resource(t, spec[t]) for t in _PLAN_TABLES]
    descriptor = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": about["title"],
        "portal": {"kind": "plan", **{n: v for n, v in about.items() if n != "title"}},
        "resources": resources,
    }
    files = {folder / r["path"]: _header([f["name"] for f in r["schema"]["fields"]]) for r in resources}
    files[folder / "datapackage.json"] = (
        json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    ).encode()
    path = root / config.FILE
    files[path] = listed_package(path.read_bytes(), name, settings.packages)
    planned = _planned(settings, files, f"Add the plan {about['title']}, as the package {name}.", {}, name)
    own = f"data_packages/{name}/datapackage.json"
    return replace(
        planned, problems=tuple(replace(p, file=words) if p.file == own else p for p in planned.problems)
    )


def _plan_problems(
    settings: Settings, words: str, about: Cells, name: str, folder: Path
) -> Iterator[Problem]:
    for column, meaning, required in form(PLAN):
        if required and not about.get(column):
            yield Problem(
                words, field=column, code="entry", message=f"{column} is missing.", fix=f"Write {meaning}."
            )
    if name and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        fix = "Use lower-case letters, numbers and hyphens, such as plan-2027."
        yield Problem(words, field="slug", code="entry", message=f"The address is “{name}”.", fix=fix)
    elif name and (name in settings.packages or folder.exists()):
        message, fix = f"There is a package {name} already.", "Choose another address."
        yield Problem(words, field="slug", code="entry", message=message, fix=fix)


def listed_package(data: bytes, name: str, before: Sequence[str]) -> bytes:
    """Return the settings file with a package at the end of `packages`; everything else stays as it is.

    Raises:
        PortalError: the list is written in a way that cannot be changed safely.
    """
    text = data.decode("utf-8-sig")
    found = re.search(r"(?m)^packages\s*=\s*\[([^\]]*)\]", text)
    if found:
        inside = found[1]
        ending = inside[len(inside.rstrip()) :]
        body = inside.rstrip().removesuffix(",")
        lead = re.search(r"\n[ \t]*(?=[^\n]*$)", body)
        comma = "," if inside.rstrip().endswith(",") else ""
        fresh = f"{body},{lead[0] if lead else ' '}{json.dumps(name)}{comma}{ending}"
        changed = text[: found.start(1)] + fresh + text[found.end(1) :]
        try:
            if tomllib.loads(changed)["packages"] == [*before, name]:
                mark = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
                return (mark + changed).encode()
        except (tomllib.TOMLDecodeError, KeyError):
            pass
    fix = f"Add {name} to the list by hand, and put its folder into data_packages."
    raise PortalError([Problem(config.FILE, field="packages", code="entry", message="The list of packages cannot be changed safely.", fix=fix)])  # fmt: skip
