"""The rules across rows, resources and packages. Each is one function and one entry in `RULES`.

Rules work on text, so that they can say what is wrong in packages whose cells do not all have the right type;
a cell that already has a problem is passed over.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from portal import periods, text
from portal.config import FILE as SETTINGS_FILE
from portal.config import Settings
from portal.packages import Package, contract
from portal.problems import Problem, did_you_mean
from portal.tables import Table

_MARKUP = re.compile(r"<[a-zA-Z/!?]|\]\(|javascript:", re.IGNORECASE)
# Statuses that stand instead of a figure; the others stand beside one.
INSTEAD = frozenset({"c", "x", "z", "low"})


@dataclass(frozen=True)
class Row:
    """One row as a spreadsheet counts it, without the cells that already have a problem."""

    table: Table
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a cell; empty where it is empty, not there, or has a problem of its own."""
        return self.cells.get(column, "")

    def wrong(self, column: str, code: str, message: str, fix: str) -> Problem:
        """A problem with one cell of this row."""
        return Problem(self.table.file, self.number, column, code, message, fix)

    def dangling(self, column: str, known: Collection[str], what: str) -> Problem:
        """A problem with a cell that points to something which is not there."""
        return self.wrong(
            column,
            "reference",
            f"“{self[column]}” is not among the {what}.",
            did_you_mean(self[column], known),
        )


@dataclass(frozen=True)
class Checked:
    """What a rule looks at."""

    packages: tuple[Package, ...]
    settings: Settings

    def rows(self, kind: str, resource: str) -> Iterator[Row]:
        """The rows of one resource in all packages of a kind."""
        for package in self.packages:
            if package.kind == kind and resource in package.tables:
                yield from rows(package.tables[resource])

    def read(self, kind: str, resource: str) -> bool:
        """Whether every table of this resource could be read.

        Where one could not, that is a problem of its own, and rules that look things up in it are silent: what
        they would say follows from it.
        """
        if len(self.packages) < len(self.settings.packages):
            return False
        required = contract(kind)["resources"][resource]["required"]
        return all(resource in p.tables or not required for p in self.packages if p.kind == kind)

    def values(self, kind: str, resource: str, column: str) -> frozenset[str]:
        """Every value of a column, over all packages."""
        return frozenset(row[column] for row in self.rows(kind, resource) if row[column])

    def doubtful(self) -> frozenset[str] | None:
        """The indicators whose figures have problems of their own; None where figures could not be read at all.

        What rules would say about the figures of such an indicator follows from those problems.
        """
        tables = [p.tables["observations"] for p in self.packages if "observations" in p.tables]
        if not self.read("indicators", "observations"):
            return None
        if any(not set(t.schema.names) <= t.columns for t in tables):
            return None
        bad = [t.frame.loc[sorted({n for n, _ in t.bad} & set(t.frame.index)), "indicator"] for t in tables]
        return frozenset(str(name) for names in bad for name in names)


def rows(table: Table) -> Iterator[Row]:
    """Each row of a table."""
    for number, cells in zip(table.frame.index, table.frame.to_dict("records"), strict=True):
        good = {str(k): v for k, v in cells.items() if (int(number), str(k)) not in table.bad}
        yield Row(table, int(number), good)


def check(packages: tuple[Package, ...], settings: Settings) -> tuple[Problem, ...]:
    """Every problem that the rules find, in the order of files and rows."""
    checked = Checked(packages, settings)
    return tuple(sorted(p for rule in RULES.values() for p in rule(checked)))


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
)


def _unique(checked: Checked) -> Iterator[Problem]:
    """An id or address stands once in the whole portal; within one table the primary key sees to it."""
    for kind, resource, column in UNIQUE:
        first: dict[str, Row] = {}
        for row in checked.rows(kind, resource):
            value = row[column]
            other = first.setdefault(value, row)
            by_key = column in row.table.schema.primary_key and other.table.file == row.table.file
            if value and other is not row and not by_key:
                where = f"{other.table.file}, row {other.number}"
                yield row.wrong(
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


# kind, resource, column -> kind, resource, column that must have the value
REFERENCES = {
    ("plan", "measures", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "observations", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "observations", "area"): ("geography", "areas", "code"),
    ("indicators", "claims", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "claims", "other_indicator"): ("indicators", "indicators", "id"),
    ("indicators", "claims", "area"): ("geography", "areas", "code"),
    ("indicators", "breaks", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "targets", "indicator"): ("indicators", "indicators", "id"),
    ("threads", "entries", "thread"): ("threads", "threads", "id"),
    ("threads", "entries", "indicator"): ("indicators", "indicators", "id"),
    ("sources", "sections", "source"): ("sources", "sources", "id"),
    ("geography", "areas", "parent"): ("geography", "areas", "code"),
    ("geography", "populations", "area"): ("geography", "areas", "code"),
}
SOURCES = ("sources", "sources", "id")


def _references(checked: Checked) -> Iterator[Problem]:
    """What a row points to exists."""
    targets = {*REFERENCES.values(), SOURCES}
    known = {target: checked.values(*target) for target in targets if checked.read(*target[:2])}
    for package in checked.packages:
        for resource, table in package.tables.items():
            wanted = {c: REFERENCES.get((package.kind, resource, c)) for c in table.columns}
            if package.kind != "sources" and "source" in table.columns:
                wanted["source"] = SOURCES
            for row in rows(table):
                for column, target in wanted.items():
                    if target in known and row[column] and row[column] not in known[target]:
                        yield row.dangling(column, known[target], target[1])
    area = checked.settings.site.area
    areas = known.get(("geography", "areas", "code"))
    if areas is not None and area not in areas:
        yield Problem(
            SETTINGS_FILE,
            field="site.area",
            code="reference",
            message=f"“{area}” is not among the areas.",
            fix=did_you_mean(area, areas),
        )


def _inside_plan(checked: Checked) -> Iterator[Problem]:
    """Priorities and actions that a plan's rows name are its own, and fit together."""
    for package in (p for p in checked.packages if p.kind == "plan"):
        tables = package.tables
        if not {"priorities", "actions"} <= tables.keys():
            continue
        priorities = {r["id"] for r in rows(tables["priorities"])}
        actions = {r["id"]: r["priority"] for r in rows(tables["actions"])}
        for resource in sorted({"actions", "measures", "updates"} & tables.keys()):
            for row in rows(tables[resource]):
                priority, action = row["priority"], row["action"]
                if priority and priority not in priorities:
                    yield row.dangling("priority", priorities, "priorities of this plan")
                if action and action not in actions:
                    yield row.dangling("action", actions, "actions of this plan")
                elif action and priority and actions[action] not in ("", priority):
                    yield row.wrong(
                        "priority",
                        "reference",
                        f"{action} belongs to {actions[action]}, not to {priority}.",
                        f"Write {actions[action]}, or name another action.",
                    )


def _across_plans(checked: Checked) -> Iterator[Problem]:
    """What names a plan from outside it names one that exists, with its priority and action."""
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
            known = {r["id"] for r in rows(tables[resource])} if resource in tables else set()
            if row[column] and row[column] not in known:
                yield row.dangling(column, known, f"{resource} of {row['plan']}")


def _lists(checked: Checked) -> Iterator[Problem]:
    """Cells that hold several indicators, parted by semicolons, name ones that exist."""
    if not checked.read("indicators", "indicators"):
        return
    known = checked.values("indicators", "indicators", "id")
    for row in checked.rows("dashboards", "dashboards"):
        for name in filter(None, row["indicators"].split(";")):
            if name not in known:
                yield row.wrong(
                    "indicators",
                    "reference",
                    f"“{name}” is not among the indicators.",
                    did_you_mean(name, known),
                )


def _topics(checked: Checked) -> Iterator[Problem]:
    """A topic is one of those in the settings."""
    for row in checked.rows("indicators", "indicators"):
        if row["topic"] and row["topic"] not in checked.settings.topics:
            yield row.dangling("topic", checked.settings.topics, "topics in the settings")


def _figures(checked: Checked) -> Iterator[Problem]:
    """A row has a figure, or a status that says why it has none, and not both."""
    for row in checked.rows("indicators", "observations"):
        if not {"value", "status"} <= row.cells.keys():
            continue
        value, status = row["value"], row["status"]
        if not value and status not in INSTEAD:
            yield row.wrong(
                "value",
                "figure",
                "There is no figure and nothing says why.",
                "Write the figure, or under status: c withheld, x not available, z not applicable, low.",
            )
        elif value and status in INSTEAD:
            yield row.wrong(
                "value",
                "figure",
                f"The status {status} says that there is no figure, but {value} stands here.",
                "Empty the cell, or take the status away.",
            )


def _periods(checked: Checked) -> Iterator[Problem]:
    """A period has two ends in the right order, and is of the kind that its indicator says."""
    kinds = {r["id"]: r["period_type"] for r in checked.rows("indicators", "indicators")}
    for row in checked.rows("indicators", "observations"):
        yield from _ends(row, "")
        kind = kinds.get(row["indicator"], "")
        start, end = row["period_start"], row["period_end"]
        if periods.is_date(start) and periods.is_date(end) and start <= end and not _fits(kind, start, end):
            yield row.wrong(
                "period_end",
                "period",
                f"{start} to {end} is not a period of the kind {kind}.",
                "Correct the days, or the indicator's period_type.",
            )
    for row in checked.rows("indicators", "claims"):
        yield from _ends(row, "")
        yield from _ends(row, "base_")


def _ends(row: Row, prefix: str) -> Iterator[Problem]:
    columns = (f"{prefix}period_start", f"{prefix}period_end")
    if not set(columns) <= row.cells.keys():
        return
    start, end = (row[c] for c in columns)
    if bool(start) != bool(end):
        yield row.wrong(
            columns[1], "period", "Only one end of the period is given.", "Write both days, or neither."
        )
    elif start > end:
        yield row.wrong(
            columns[1],
            "period",
            f"The period ends ({end}) before it begins ({start}).",
            "Swap or correct the two days.",
        )


def _fits(kind: str, start: str, end: str) -> bool:
    first = date.fromisoformat(start)
    months = periods.months_between(first, date.fromisoformat(end))
    wanted = {
        "month": months == 1,
        "year-to": months == 12,
        "rolling-months": months > 0,
        "calendar-year": months == 12 and first.month == 1,
        "academic-year": months == 12 and first.month == 9,
        "not-stated": False,
    }
    return wanted.get(kind, True)


def _breakdowns(checked: Checked) -> Iterator[Problem]:
    """A figure is split only by its own indicator's breakdown, which the package declares."""
    for package in (p for p in checked.packages if p.kind == "indicators" and "indicators" in p.tables):
        own = {r["id"]: r["breakdown"] for r in rows(package.tables["indicators"])}
        for row in rows(package.tables["indicators"]):
            if row["breakdown"] and row["breakdown"] not in package.breakdowns:
                yield row.wrong(
                    "breakdown",
                    "breakdown",
                    f"The package declares no breakdown “{row['breakdown']}”.",
                    did_you_mean(row["breakdown"], package.breakdowns),
                )
        for resource in sorted({"observations", "claims"} & package.tables.keys()):
            for row in rows(package.tables[resource]):
                for column in package.breakdowns:
                    if row[column] and own.get(row["indicator"], column) != column:
                        yield row.wrong(
                            column,
                            "breakdown",
                            f"{row['indicator']} is not split by {column}.",
                            "Empty the cell, or name the breakdown in the indicator's row.",
                        )


def _charts(checked: Checked) -> Iterator[Problem]:
    """The kind of chart suits the figures it is to show."""
    doubtful = checked.doubtful()
    if doubtful is None:
        return
    figures: dict[str, list[Row]] = {}
    for row in checked.rows("indicators", "observations"):
        figures.setdefault(row["indicator"], []).append(row)
    for row in checked.rows("indicators", "indicators"):
        why = _unsuited(row, figures.get(row["id"], []))
        if why and row["id"] not in doubtful:
            yield row.wrong(
                "chart",
                "chart",
                f"The chart {row['chart']} does not suit: {why}.",
                "Choose another kind of chart, or none.",
            )


def _unsuited(indicator: Row, own: list[Row]) -> str:
    """Why a chart cannot show these figures, or nothing."""
    chart, starts = indicator["chart"], {r["period_start"] for r in own}
    one_each = len({r["area"] for r in own}) <= 1 and len(starts) == len(own)
    if chart in ("", "none"):
        return ""
    if not own:
        return "there are no figures"
    if chart == "pair" and (len(own) != 2 or len(starts) != 2):
        return "a pair needs exactly two figures, for two periods"
    if chart in ("line", "bars") and (indicator["breakdown"] or not one_each):
        return "a line or bars need one figure for each period, of one area and not split"
    if chart in ("small-multiples", "ranked-bars", "areas") and not indicator["breakdown"]:
        return "the figures are not split"
    if chart in ("ranked-bars", "areas") and len(starts) > 1:
        return "the figures are for more than one period"
    return ""


def _claims(checked: Checked) -> Iterator[Problem]:
    """A claim has its number, and one that names periods is about figures that are there."""
    doubtful = checked.doubtful()
    if doubtful is None:
        return
    key = ("indicator", "area", "period_start", "period_end")
    have = {tuple(row[c] for c in key) for row in checked.rows("indicators", "observations")}
    for row in checked.rows("indicators", "claims"):
        kind = row["kind"]
        if kind in ("rank", "comparison"):
            continue
        if not row["stated"] or not row["decimals"]:
            yield row.wrong(
                "stated",
                "claim",
                "The number that the document states is missing.",
                "Write it, and how many decimals the document prints.",
            )
        if not row["period_start"] or kind == "total":
            continue
        spans = {"": ("period_start", "period_end")}
        if kind.startswith("change-percent") or row["base_period_start"]:
            spans["earlier "] = ("base_period_start", "base_period_end")
        others = {row["other_indicator"]} if kind == "change-percent-without" else set()
        for subject in sorted({row["indicator"], *others} - doubtful):
            for word, (start, end) in spans.items():
                if (subject, row["area"], row[start], row[end]) not in have:
                    yield row.wrong(
                        start,
                        "claim",
                        f"{subject} has no figure for the {word}period {row[start]} to {row[end]}.",
                        "Correct the days, or empty them where the document prints no figures.",
                    )


CONTACTS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "phone": (text.is_phone, "Write digits and spaces only, such as 0800 123 4567."),
    "email": (text.is_email, "Write one address, such as help@example.org."),
    "url": (text.is_address, "Write a web address that begins with https://."),
}


def _contacts(checked: Checked) -> Iterator[Problem]:
    """Telephone numbers, email and web addresses are ones that a page may link to."""
    for kind in ("routes", "services", "sources"):
        for row in checked.rows(kind, kind):
            for column, (good, fix) in CONTACTS.items():
                if row[column] and not good(row[column]):
                    yield row.wrong(column, "contact", f"“{row[column]}”", fix)


def _markup(checked: Checked) -> Iterator[Problem]:
    """Cells and titles are plain text."""
    for package in checked.packages:
        for key, value in package.portal.items():
            if isinstance(value, str) and _MARKUP.search(value):
                yield Problem(
                    package.file,
                    field=f"portal.{key}",
                    code="markup",
                    message=f"“{value}” holds HTML or Markdown.",
                    fix="Write plain text.",
                )
        for table in package.tables.values():
            for row in rows(table):
                for column, value in row.cells.items():
                    if _MARKUP.search(value):
                        message = f"“{value[:80]}” holds HTML or Markdown."
                        yield row.wrong(
                            column, "markup", message, "Write plain text, without < before a letter."
                        )


RULES: Mapping[str, Callable[[Checked], Iterator[Problem]]] = {
    "unique": _unique,
    "references": _references,
    "inside-plan": _inside_plan,
    "across-plans": _across_plans,
    "lists": _lists,
    "topics": _topics,
    "figures": _figures,
    "periods": _periods,
    "breakdowns": _breakdowns,
    "charts": _charts,
    "claims": _claims,
    "contacts": _contacts,
    "markup": _markup,
}
