"""Rules across rows, tables and packages. Each is one function and one entry in `RULES`.

Rules work on text, so that they can report problems in packages whose cells do not all have the right type. They skip
cells that already have a problem.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from portal.checks import claim_rules, figure_rules, geography_rules, meeting_rules, plan_rules
from portal.checks.valid_rows import ValidRow, ValidRows, ids, rows, unread_ids
from portal.core import field_types, periods, text
from portal.core.problems import Fault, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.core.vocabulary import AreaKind
from portal.data.packages import Package
from portal.data.tables import Json, Table

_MARKUP = re.compile(r"<[a-zA-Z/!?]|\]\(|javascript:", re.IGNORECASE)
# What a spreadsheet reads as the start of a formula, and negative numbers and dashes, which are not formulas.
_STARTS_FORMULA = re.compile(r"[\t\r]|\s*[=+@\-＝＋＠－]")
_NOT_FORMULA = re.compile(r"\s*-(\s|\d+(\.\d+)?([\s;]+-?\d+(\.\d+)?)*\s*$)")

# What UTF-8 looks like when it is read as Windows-1252, such as the first sign of “CafÃ©”, “Â£” and “donâ€™t”.
_MISREAD = re.compile(r"Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Â[\u0080-\u00bf]|â€.?|ï»¿|\ufffd")

# What a spreadsheet shows and saves in place of a value: the error of a formula, or the filling of a narrow column.
_SPREADSHEET_ERROR = re.compile(
    r"\s*(#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|GETTING_DATA|#+)|Err:\d+)\s*"
)


def check(packages: tuple[Package, ...], settings: Settings) -> tuple[Problem, ...]:
    """Return every problem that the rules find, by file and row.

    A date, period, part, reference or contact with a problem is left out of what later rules read, so that each mistake is reported once.
    """
    found: list[Problem] = []
    first, then = {"dates", "references", "contacts"}, {"periods", "breakdowns"}
    for names in (first, then, RULES.keys() - first - then):
        checked = ValidRows(_without(packages, found), settings)
        found += [p for name in RULES if name in names for p in RULES[name](checked)]
    return tuple(sorted(found))


def _without(packages: tuple[Package, ...], problems: Collection[Problem]) -> tuple[Package, ...]:
    """Return the packages with the cells of these problems marked, as those are that cannot be read."""
    bad: dict[str, set[tuple[int, str]]] = {}
    for p in problems:
        bad.setdefault(p.file, set()).add((p.row, p.field))
    marked = []
    for package in packages:
        tables = {
            name: replace(t, bad=t.bad | bad[t.file]) if t.file in bad else t
            for name, t in package.tables.items()
        }
        marked.append(replace(package, tables=tables) if bad else package)
    return tuple(marked)


UNIQUE = (
    ("indicators", "indicators", "id"),
    ("indicators", "indicators", "slug"),
    ("sources", "sources", "id"),
    ("geography", "areas", "code"),
    ("routes", "routes", "id"),
    ("services", "services", "id"),
    ("glossary", "terms", "term"),
    ("threads", "threads", "id"),
    ("dashboards", "dashboards", "id"),
    ("duties", "duties", "id"),
    ("meetings", "meetings", "id"),
    ("meetings", "questions", "id"),
)


def _unique(checked: ValidRows) -> Iterator[Problem]:
    """Check that ids and addresses are unique in the whole portal; within one table the primary key ensures it."""
    for kind, resource, column in UNIQUE:
        first: dict[str, ValidRow] = {}
        for row in checked.rows(kind, resource):
            value = row[column]
            other = first.setdefault(value, row)
            by_key = column in row.table.schema.primary_key and other.table.file == row.table.file
            if value and other is not row and not by_key:
                where = f"{other.table.file}, row {other.number}"
                yield row.problem(
                    column, "unique", f"“{value}” is also in {where}.", "Give one of them another name."
                )
    addresses: dict[object, str] = {}
    for package in (p for p in checked.packages if p.kind == "plan"):
        other_plan = addresses.setdefault(package.portal.get("slug"), package.name)
        if other_plan != package.name:
            yield Problem(
                package.file,
                code="unique",
                message=f"The address “{package.portal['slug']}” is also that of {other_plan}.",
                fix="Give one of the plans another address.",
            )


# Addresses of other pages and files in the same folders as those of indicators.
_TAKEN_ADDRESSES = ("changes", "coverage", "disagree", "targets")


def _addresses(checked: ValidRows) -> Iterator[Problem]:
    """Check that indicators and wards have addresses that are free and can be stored."""
    for row in checked.rows("indicators", "indicators"):
        if (slug := row["slug"]) in _TAKEN_ADDRESSES:
            message = f"Another page or file already has the address “{slug}”."
            yield row.problem("slug", "addresses", message, f"Write another one, such as {slug}-recorded.")
    for row in checked.rows("geography", "areas"):
        name = row["name"]
        if row["kind"] == "ward" and name and not field_types.is_storable(text.address_part(name)):
            shown = f"{name[:60]}…" if len(name) > 60 else name
            message = f"The page of the ward “{shown}” cannot have an address that every computer can store."
            yield row.problem("name", "addresses", message, _ward_name_advice(name))


def _ward_name_advice(name: str) -> str:
    """Return what to write instead of a ward's name that no address can be made of."""
    if not text.address_part(name):
        return "Write the ward's name in letters."
    if field_types.is_storable(text.address_part(f"{name} ward")):  # a name that Windows reserves
        return f"Windows reserves this name. Add the word: {name} Ward."
    return "Write a shorter name."


# (kind, resource, column) -> the (kind, resource, column) that must contain its values
REFERENCES = {
    ("plan", "measures", "indicator"): ("indicators", "indicators", "id"),
    ("plan", "connections", "indicator"): ("indicators", "indicators", "id"),
    ("routes", "connections", "indicator"): ("indicators", "indicators", "id"),
    ("routes", "connections", "route"): ("routes", "routes", "id"),
    ("indicators", "indicators", "part_of"): ("indicators", "indicators", "id"),
    ("indicators", "imports", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "observations", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "observations", "area"): ("geography", "areas", "code"),
    ("indicators", "claims", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "claims", "other_indicator"): ("indicators", "indicators", "id"),
    ("indicators", "claims", "area"): ("geography", "areas", "code"),
    ("indicators", "breaks", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "targets", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "dispersion", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "revisions", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "outcomes", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "outcomes", "offences"): ("indicators", "indicators", "id"),
    ("threads", "entries", "thread"): ("threads", "threads", "id"),
    ("threads", "entries", "indicator"): ("indicators", "indicators", "id"),
    ("sources", "sections", "source"): ("sources", "sources", "id"),
    ("sources", "disagreements", "source"): ("sources", "sources", "id"),
    ("sources", "disagreements", "other_source"): ("sources", "sources", "id"),
    ("sources", "disagreements", "indicator"): ("indicators", "indicators", "id"),
    ("geography", "areas", "parent"): ("geography", "areas", "code"),
    ("geography", "populations", "area"): ("geography", "areas", "code"),
    ("geography", "boundaries", "area"): ("geography", "areas", "code"),
    ("geography", "overlaps", "area"): ("geography", "areas", "code"),
    ("geography", "overlaps", "former"): ("geography", "areas", "code"),
    ("geography", "no_rates", "area"): ("geography", "areas", "code"),
    ("geography", "no_rates", "indicator"): ("indicators", "indicators", "id"),
    ("geography", "postcodes", "area"): ("geography", "areas", "code"),
    ("geography", "lsoas", "area"): ("geography", "areas", "code"),
    ("geography", "neighbourhoods", "area"): ("geography", "areas", "code"),
    ("geography", "neighbourhoods", "lsoa"): ("geography", "lsoas", "code"),
    ("duties", "evidence", "duty"): ("duties", "duties", "id"),
    ("meetings", "papers", "meeting"): ("meetings", "meetings", "id"),
    ("meetings", "questions", "meeting"): ("meetings", "meetings", "id"),
    ("meetings", "subjects", "meeting"): ("meetings", "meetings", "id"),
    ("meetings", "subjects", "question"): ("meetings", "questions", "id"),
    ("meetings", "subjects", "area"): ("geography", "areas", "code"),
    ("meetings", "subjects", "indicator"): ("indicators", "indicators", "id"),
    ("meetings", "police_teams", "area"): ("geography", "areas", "code"),
    ("meetings", "police_priorities", "area"): ("geography", "areas", "code"),
}
SOURCES, AREAS = ("sources", "sources", "id"), ("geography", "areas", "code")
Key = tuple[str, str, str]
# For how many dangling cells of a column to look for the name that was meant: each search takes milliseconds.
_MOST_GUESSES = 100


def _references(checked: ValidRows) -> Iterator[Problem]:
    """Check that what rows refer to exists."""
    targets = {*REFERENCES.values(), SOURCES}
    codes = {text.plain_name(r["name"]): r["code"] for r in checked.rows("geography", "areas")}
    existing = {target: checked.values(*target) for target in targets if checked.is_readable(*target[:2])}
    known = {target: keys | _unread_keys(checked, *target) for target, keys in existing.items()}
    for package in checked.packages:
        for resource, table in package.tables.items():
            targets_of = {c: REFERENCES.get((package.kind, resource, c)) for c in table.columns}
            if package.kind != "sources" and "source" in table.columns:
                targets_of["source"] = SOURCES
            # Most columns have no dangling reference, which a set of their values shows at once.
            dangling = {
                c: t for c, t in targets_of.items()
                if t in known and c in table.columns and table.values(c) - known[t] - {""}
            }  # fmt: skip
            count: Counter[str] = Counter()
            for row in rows(table) if dangling else ():
                for column, target in dangling.items():
                    if row[column] and row[column] not in known[target]:
                        count[column] += 1
                        near = existing[target] if count[column] <= _MOST_GUESSES else None
                        problem = row.dangling(column, near, target[1])
                        code = codes.get(text.plain_name(row[column])) if target == AREAS else None
                        yield replace(problem, fix=f"Write {code}, its code.") if code else problem
    yield from _own_area(checked, existing)


def _own_area(checked: ValidRows, existing: Mapping[Key, frozenset[str]]) -> Iterator[Problem]:
    """Check that the portal's own area is known, and is not a ward or a part of one."""
    area = checked.settings.site.area
    areas = existing.get(("geography", "areas", "code"))
    if areas is not None and area not in areas:
        yield Problem(
            SETTINGS_FILE,
            field="site.area",
            code="reference",
            message=f"“{area}” is not among the areas.",
            fix=did_you_mean(area, areas)
            if areas
            else "Add a geography package, with a row for this area in its areas.",
        )
    kinds = {r["code"]: r["kind"] for r in checked.rows("geography", "areas")} if areas is not None else {}
    if kinds.get(area) in (AreaKind.WARD, AreaKind.REST, AreaKind.NEIGHBOURHOOD):
        yield Problem(
            SETTINGS_FILE,
            field="site.area",
            code="reference",
            message=f"“{area}” is not a whole area with wards of its own.",
            fix="Write the code of the borough or district that the partnership is for.",
        )


def _unread_keys(checked: ValidRows, kind: str, resource: str, key: str) -> frozenset[str]:
    """Return the keys of rows that have a problem of their own, in all packages of a kind."""
    tables = [p.tables[resource] for p in checked.packages if p.kind == kind and resource in p.tables]
    return frozenset[str]().union(*(unread_ids(table, key) for table in tables))


def _headlines(checked: ValidRows) -> Iterator[Problem]:
    """Check that the indicators on the home page have the chart “recorded”."""
    if not checked.is_readable("indicators", "indicators"):
        return
    known = {r["id"] for r in checked.rows("indicators", "indicators") if r["chart"] == "recorded"}
    for name in checked.settings.site.headlines:
        if name not in known:
            message = f"“{name}” is not an indicator with the chart “recorded”."
            fix = did_you_mean(name, known)
            yield Problem(SETTINGS_FILE, field="site.headlines", code="reference", message=message, fix=fix)


def _across_plans(checked: ValidRows) -> Iterator[Problem]:
    """Check references to plans, priorities, actions and services from outside a plan."""
    plans = {str(p.portal.get("slug")): p for p in checked.packages if p.kind == "plan"}
    if len(checked.packages) < len(checked.settings.packages):
        return
    for row in checked.rows("plan", "priorities"):
        if row["same_as"] and row["same_as"] not in plans:
            yield row.dangling("same_as", plans, "plans")
    helpers = checked.values("services", "services", "id") | checked.values("routes", "routes", "id")
    for row in checked.rows("threads", "entries"):
        if row["service"] and row["service"] not in helpers:
            yield row.dangling("service", helpers, "services and routes")
        if not row["plan"]:
            continue
        if row["plan"] not in plans:
            yield row.dangling("plan", plans, "plans")
            continue
        tables = plans[row["plan"]].tables
        for column, resource in (("priority", "priorities"), ("action", "actions")):
            table = tables.get(resource)
            known, unread = (ids(table), unread_ids(table)) if table else (frozenset(), frozenset())
            if row[column] and row[column] not in known | unread:
                yield row.dangling(column, known, f"{resource} of {row['plan']}")


def _lists(checked: ValidRows) -> Iterator[Problem]:
    """Check that lists of indicators, separated by semicolons, name ones that exist."""
    if not checked.is_readable("indicators", "indicators"):
        return
    existing = checked.values("indicators", "indicators", "id")
    for row in checked.rows("dashboards", "dashboards"):
        for name in filter(None, row["indicators"].split(";")):
            if name not in existing:
                yield row.problem(
                    "indicators",
                    "reference",
                    f"“{name}” is not among the indicators.",
                    did_you_mean(name, existing),
                )


def _topics(checked: ValidRows) -> Iterator[Problem]:
    """Check that each topic is in the settings."""
    for row in checked.rows("indicators", "indicators"):
        if row["topic"] and row["topic"] not in checked.settings.topics:
            yield row.dangling("topic", checked.settings.topics, "topics in the settings")


def _dates(checked: ValidRows) -> Iterator[Problem]:
    """Check that dates have plausible years, and that dates of past events are not in the future."""
    today = str(periods.today())
    for package in checked.packages:
        years = {k: str(package.portal.get(k, "")) for k in ("starts", "ends")}
        dated = {k: v for k, v in years.items() if field_types.is_loose_date(v)}
        for key, value in dated.items():
            if not periods.is_plausible_year(int(value[:4])):
                yield Problem(package.file, 0, f"portal.{key}", "date", *_implausible_year(value))
        dated = {k: v for k, v in dated.items() if periods.is_plausible_year(int(v[:4]))}
        length = min(map(len, years.values()))
        if len(dated) == 2 and years["starts"][:length] > years["ends"][:length]:
            message = f"The plan ends ({years['ends']}) before it starts ({years['starts']})."
            yield Problem(package.file, 0, "portal.ends", "date", message, "Swap or correct the two.")
        for table in package.tables.values():
            for field in table.schema.fields:
                yield from _dates_of_column(table, field, today)


_LOOSE = re.compile(r"[0-9]{4}(-|$)")


def _dates_of_column(table: Table, field: Json, today: str) -> Iterator[Problem]:
    column, form = field["name"], field.get("form")
    if column not in table.columns or not (field["type"] == "date" or form in field_types.FORMS_WITH_YEAR):
        return
    cells = table.values(column)
    implausible = {v for v in cells if _LOOSE.match(v) and not periods.is_plausible_year(int(v[:4]))}
    in_future = {v for v in cells if v > today[: len(v)]} if field.get("past") else frozenset()
    for row in rows(table) if implausible or in_future else ():
        value = row[column]
        if value in implausible:
            yield row.problem(column, "date", *_implausible_year(value))
        elif value and value in in_future:
            fix = "Correct the date; the year may be wrong. Future figures and reports are not published."
            yield row.problem(column, "future", f"{value} is in the future.", fix)


def _implausible_year(value: str) -> Fault:
    fix = f"Correct the year. The earliest is {periods.EARLIEST}, the latest {periods.YEARS_AHEAD} years from now."
    return Fault(f"The year of {value} is outside the years that a portal covers.", fix)


CONTACTS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "phone": (text.is_phone, "Write digits and spaces only, with the first 0, such as 0800 123 4567."),
    "email": (text.is_email, "Write one address, such as help@example.org."),
    "url": (text.is_address, ""),
}
WITH_CONTACTS = (
    ("routes", "routes"),
    ("services", "services"),
    ("sources", "sources"),
    ("duties", "evidence"),
    ("meetings", "meetings"),
    ("meetings", "papers"),
    ("meetings", "police_teams"),
)


def _contacts(checked: ValidRows) -> Iterator[Problem]:
    """Check that pages can link to phone numbers, email and web addresses."""
    for kind, resource in WITH_CONTACTS:
        for row in checked.rows(kind, resource):
            for column, (good, advice) in CONTACTS.items():
                if row[column] and not good(row[column]):
                    fix = text.address_advice(row[column]) if column == "url" else advice
                    yield row.problem(column, "contact", f"“{row[column]}”", fix)


REACHED_BY = ("phone", "textphone", "email", "url")


def _reachable(checked: ValidRows) -> Iterator[Problem]:
    """Check that there is a way to report, and that each contact we offer can be reached."""
    for package in (p for p in checked.packages if p.kind == "routes" and "routes" in p.tables):
        if not package.tables["routes"].records:
            message = "There is no way to report a crime, and many pages link to them."
            fix = "Add a row for each way to report."
            yield Problem(package.tables["routes"].file, code="reachable", message=message, fix=fix)
    for kind in ("routes", "services"):
        for row in checked.rows(kind, kind):
            offered = row["state"] in ("current", "check-first")
            if offered and row.has(*REACHED_BY) and not any(row[c] for c in REACHED_BY):
                message = "There is no telephone number, email or web address, so nobody can use it."
                fix = "Add a way to reach it, or write note or historic under state."
                yield row.problem("state", "reachable", message, fix)


def _markup(checked: ValidRows) -> Iterator[Problem]:
    """Check that cells and titles are plain text."""
    for package in checked.packages:
        for key, value in package.portal.items():
            if isinstance(value, str) and _MARKUP.search(value):
                yield Problem(
                    package.file,
                    field=f"portal.{key}",
                    code="markup",
                    message=f"“{value}” contains HTML or Markdown.",
                    fix="Write plain text.",
                )
        for table in package.tables.values():
            for row, column, value in _cells_that(table, _MARKUP.search):
                message = f"“{value[:80]}” contains HTML or Markdown."
                yield row.problem(column, "markup", message, "Write plain text, without < before a letter.")


def _cells_that(table: Table, test: Callable[[str], object]) -> Iterator[tuple[ValidRow, str, str]]:
    """Yield the row, column and text of each cell for which `test` is true. Usually there is none, which is quick to see."""
    if not any(test(value) for column in table.columns for value in table.values(column)):
        return
    for row in rows(table):
        yield from ((row, column, value) for column, value in row.cells.items() if test(value))


def is_formula(value: str) -> bool:
    """Return True if a spreadsheet would run this text as a formula when a reader opens the download."""
    return bool(_STARTS_FORMULA.match(value) and not _NOT_FORMULA.match(value))


def _formulas(checked: ValidRows) -> Iterator[Problem]:
    """Check that no text runs as a formula when a reader opens a download in a spreadsheet."""
    for package in checked.packages:
        for name in filter(is_formula, package.breakdowns):
            message = f"A spreadsheet would take the column “{name}” for a formula."
            yield Problem(
                package.file, code="formula", message=message, fix="Call it something else, such as type."
            )
        for table in package.tables.values():
            texts = {f["name"] for f in table.schema.fields if f["type"] not in ("number", "integer")}
            for row, column, value in _cells_that(table, is_formula):
                if column in texts:
                    message = f"A spreadsheet would take “{value.strip()[:80]}” for a formula."
                    fix = "Begin with a letter, a number or a quotation mark."
                    yield row.problem(column, "formula", message, fix)


def _spreadsheet_errors(checked: ValidRows) -> Iterator[Problem]:
    """Check that no cell contains what a spreadsheet saved in place of its value or of a letter in it."""
    for package in checked.packages:
        for table in package.tables.values():
            for row, column, value in _cells_that(table, _SPREADSHEET_ERROR.fullmatch):
                message = (
                    f"“{value.strip()[:80]}” is what a spreadsheet saves where it could not show a value."
                )
                fix = "Write what belongs there, or clear the cell."
                yield row.problem(column, "spreadsheet-error", message, fix)
            for row, column, value in _cells_that(table, _MISREAD.search):
                mark = _MISREAD.findall(value)[0]
                message = f"“{mark}” is what is left of a letter or sign that was read in another encoding."
                fix = "Write what belongs there. Spreadsheet programs keep it if you save the file as “CSV UTF-8”."
                yield row.problem(column, "spreadsheet-error", message, fix)


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {
    "unique": _unique,
    "addresses": _addresses,
    "references": _references,
    "headlines": _headlines,
    "across-plans": _across_plans,
    "lists": _lists,
    "topics": _topics,
    "dates": _dates,
    **figure_rules.RULES,
    **claim_rules.RULES,
    **plan_rules.RULES,
    **geography_rules.RULES,
    **meeting_rules.RULES,
    "contacts": _contacts,
    "reachable": _reachable,
    "markup": _markup,
    "formulas": _formulas,
    "spreadsheet-errors": _spreadsheet_errors,
}
