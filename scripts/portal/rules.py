"""The rules across rows, resources and packages. Each is one function and one entry in `RULES`.

Rules work on text, so that they can say what is wrong in packages whose cells do not all have the right type;
a cell that already has a problem is passed over.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from portal import periods, text
from portal.config import FILE as SETTINGS_FILE
from portal.config import Settings
from portal.packages import Package, Table, contract
from portal.problems import Problem, did_you_mean

Row = Mapping[str, str]
_MARKUP = re.compile(r"<[a-zA-Z/!?]|\]\(|javascript:", re.IGNORECASE)
# A status that stands instead of a figure, and one that stands beside it.
INSTEAD = frozenset({"c", "x", "z", "low"})


@dataclass(frozen=True)
class Checked:
    """What a rule looks at."""

    packages: tuple[Package, ...]
    settings: Settings

    def tables(self, kind: str, resource: str) -> Iterator[tuple[Package, Table]]:
        """The tables of one resource in all packages of a kind."""
        for package in self.packages:
            if package.kind == kind and resource in package.tables:
                yield package, package.tables[resource]

    def read(self, kind: str, resource: str) -> bool:
        """Whether every table of this resource could be read.

        Where one could not, that is a problem of its own, and rules that look things up in it are silent: what
        they would say follows from it.
        """
        if len(self.packages) < len(self.settings.packages):
            return False
        return all(
            resource in p.tables or not contract(kind)["resources"][resource]["required"] for p in self.packages if p.kind == kind
        )

    def values(self, kind: str, resource: str, column: str) -> frozenset[str]:
        """Every value of a column, over all packages."""
        return frozenset(
            row[column] for _, t in self.tables(kind, resource) for _, row in rows(t) if row.get(column)
        )


def rows(table: Table) -> Iterator[tuple[int, Row]]:
    """Each row with its number in the spreadsheet, without the cells that already have a problem."""
    for number, row in zip(table.frame.index, table.frame.to_dict("records"), strict=True):
        yield int(number), {k: v for k, v in row.items() if (int(number), k) not in table.bad}


def check(packages: tuple[Package, ...], settings: Settings) -> tuple[Problem, ...]:
    """Every problem that the rules find, in the order of files and rows."""
    checked = Checked(packages, settings)
    return tuple(sorted(p for rule in RULES.values() for p in rule(checked)))


def _each(checked: Checked, kind: str, resource: str) -> Iterator[tuple[Package, Table, int, Row]]:
    for package, table in checked.tables(kind, resource):
        for number, row in rows(table):
            yield package, table, number, row


def _unique(checked: Checked) -> Iterator[Problem]:
    """An id or address stands once in the whole portal."""
    for kind, resource, column in (
        ("indicators", "indicators", "id"), ("indicators", "indicators", "slug"), ("sources", "sources", "id"),
        ("geography", "areas", "code"), ("routes", "routes", "id"), ("services", "services", "id"),
        ("glossary", "terms", "term"),
    ):  # fmt: skip
        first: dict[str, str] = {}
        for _, table, number, row in _each(checked, kind, resource):
            value = row.get(column)
            if value and value in first and not (column == table.primary_key[0] and first[value].startswith(table.file)):
                yield Problem(
                    table.file, number, column, "unique", f"“{value}” is also in {first[value]}.", "Give one of them another name."
                )
            elif value:
                first[value] = f"{table.file}, row {number}"
    addresses: dict[object, str] = {}
    for package in (p for p in checked.packages if p.kind == "plan"):
        slug = package.portal.get("slug")
        if slug in addresses:
            yield Problem(
                package.file, code="unique", message=f"The address “{slug}” is also that of {addresses[slug]}.", fix="Give one of the plans another address."
            )
        addresses[slug] = package.name


# kind, resource, column -> kind, resource, column that must have the value
REFERENCES = {
    ("plan", "measures", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "observations", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "observations", "area"): ("geography", "areas", "code"),
    ("indicators", "claims", "indicator"): ("indicators", "indicators", "id"),
    ("indicators", "claims", "other_indicator"): ("indicators", "indicators", "id"),
    ("indicators", "claims", "area"): ("geography", "areas", "code"),
    ("indicators", "breaks", "indicator"): ("indicators", "indicators", "id"),
    ("geography", "areas", "parent"): ("geography", "areas", "code"),
    ("geography", "populations", "area"): ("geography", "areas", "code"),
}


def _references(checked: Checked) -> Iterator[Problem]:
    """What a row points to exists."""
    targets = {*REFERENCES.values(), ("sources", "sources", "id")}
    known = {target: checked.values(*target) for target in targets if checked.read(*target[:2])}
    for package in checked.packages:
        for resource, table in package.tables.items():
            wanted = {c: REFERENCES.get((package.kind, resource, c)) for c in table.columns}
            if package.kind != "sources" and "source" in table.columns:
                wanted["source"] = ("sources", "sources", "id")
            for number, row in rows(table):
                for column, target in wanted.items():
                    if target in known and row.get(column) and row[column] not in known[target]:
                        yield _dangling(table, number, column, row[column], known[target], target[1])
    area = checked.settings.site.area
    areas = known.get(("geography", "areas", "code"))
    if areas is not None and area not in areas:
        yield Problem(SETTINGS_FILE, field="site.area", code="reference", message=f"“{area}” is not among the areas.", fix=did_you_mean(area, areas))


def _dangling(table: Table, number: int, column: str, value: str, known: frozenset[str], what: str) -> Problem:
    return Problem(table.file, number, column, "reference", f"“{value}” is not among the {what}.", did_you_mean(value, known))


def _inside_plan(checked: Checked) -> Iterator[Problem]:
    """Priorities and actions that a plan's rows name are its own, and fit together."""
    for package in (p for p in checked.packages if p.kind == "plan"):
        tables = package.tables
        if not {"priorities", "actions"} <= tables.keys():
            continue
        priorities = frozenset(r["id"] for _, r in rows(tables["priorities"]) if r.get("id"))
        actions = {r["id"]: r.get("priority") for _, r in rows(tables["actions"]) if r.get("id")}
        for resource in {"actions", "measures", "updates"} & tables.keys():
            table = tables[resource]
            for number, row in rows(table):
                priority, action = row.get("priority"), row.get("action")
                if priority and priority not in priorities:
                    yield _dangling(table, number, "priority", priority, priorities, "priorities of this plan")
                if action and action not in actions:
                    yield _dangling(table, number, "action", action, frozenset(actions), "actions of this plan")
                elif action and priority and actions[action] and actions[action] != priority:
                    yield Problem(
                        table.file, number, "priority", "reference",
                        f"{action} belongs to {actions[action]}, not to {priority}.", f"Write {actions[action]}, or name another action.",
                    )  # fmt: skip


def _topics(checked: Checked) -> Iterator[Problem]:
    """A topic is one of those in the settings."""
    for _, table, number, row in _each(checked, "indicators", "indicators"):
        topic = row.get("topic")
        if topic and topic not in checked.settings.topics:
            yield _dangling(table, number, "topic", topic, frozenset(checked.settings.topics), "topics in the settings")


def _figures(checked: Checked) -> Iterator[Problem]:
    """A row has a figure, or a status that says why it has none, and not both."""
    for _, table, number, row in _each(checked, "indicators", "observations"):
        value, status = row.get("value"), row.get("status")
        if value is None or status is None:
            continue
        if not value and status not in INSTEAD:
            yield Problem(table.file, number, "value", "figure", "There is no figure and nothing says why.",
                          "Write the figure, or under status: c withheld, x not available, z not applicable, low.")  # fmt: skip
        elif value and status in INSTEAD:
            yield Problem(table.file, number, "value", "figure", f"The status {status} says that there is no figure, but {value} stands here.",
                          "Empty the cell, or take the status away.")  # fmt: skip


def _periods(checked: Checked) -> Iterator[Problem]:
    """A period has two ends in the right order, and is of the kind that its indicator says."""
    kinds = {r["id"]: r.get("period_type", "") for _, _, _, r in _each(checked, "indicators", "indicators") if r.get("id")}
    for resource in ("observations", "claims"):
        for _, table, number, row in _each(checked, "indicators", resource):
            for prefix in ("", "base_") if resource == "claims" else ("",):
                start, end = row.get(f"{prefix}period_start"), row.get(f"{prefix}period_end")
                if start is None or end is None:
                    continue
                where = f"{prefix}period_end"
                if bool(start) != bool(end):
                    yield Problem(table.file, number, where, "period", "Only one end of the period is given.", "Write both days, or neither.")
                elif start > end:
                    yield Problem(table.file, number, where, "period", f"The period ends ({end}) before it begins ({start}).", "Swap or correct the two days.")
                elif start and resource == "observations" and not _fits(kinds.get(row.get("indicator", ""), ""), start, end):
                    yield Problem(table.file, number, where, "period",
                                  f"{start} to {end} is not a period of the kind {kinds[row['indicator']]}.",
                                  "Correct the days, or the indicator's period_type.")  # fmt: skip


def _fits(kind: str, start: str, end: str) -> bool:
    if not (periods.is_date(start) and periods.is_date(end)):
        return True
    first, last = (periods.date.fromisoformat(d) for d in (start, end))
    months = periods.months_between(first, last)
    wanted = {"month": months == 1, "year-to": months == 12, "rolling-months": months > 0,
              "calendar-year": months == 12 and first.month == 1, "not-stated": False}  # fmt: skip
    return wanted.get(kind, True)


def _breakdowns(checked: Checked) -> Iterator[Problem]:
    """A figure is split only by its own indicator's breakdown, which the package declares."""
    for package, table in checked.tables("indicators", "indicators"):
        own: dict[str, str] = {}
        for number, row in rows(table):
            breakdown = row.get("breakdown", "")
            if breakdown and breakdown not in package.breakdowns:
                yield Problem(table.file, number, "breakdown", "breakdown", f"The package declares no breakdown “{breakdown}”.",
                              did_you_mean(breakdown, package.breakdowns))  # fmt: skip
            if row.get("id"):
                own[row["id"]] = breakdown
        for resource in {"observations", "claims"} & package.tables.keys():
            for number, row in rows(package.tables[resource]):
                for column in package.breakdowns:
                    if row.get(column) and own.get(row.get("indicator", ""), column) != column:
                        yield Problem(package.tables[resource].file, number, column, "breakdown",
                                      f"{row['indicator']} is not split by {column}.",
                                      "Empty the cell, or name the breakdown in the indicator's row.")  # fmt: skip


def _doubtful(checked: Checked) -> frozenset[str | None] | None:
    """The indicators whose figures have problems of their own, or None where figures could not be read at all.

    What other rules would say about such an indicator follows from those problems.
    """
    tables = [t for _, t in checked.tables("indicators", "observations")]
    if not checked.read("indicators", "observations") or any(t.columns < {f["name"] for f in t.fields} for t in tables):
        return None
    bad = [t.frame.loc[sorted({n for n, _ in t.bad} & set(t.frame.index)), "indicator"] for t in tables]
    return frozenset(name for names in bad for name in names)


def _charts(checked: Checked) -> Iterator[Problem]:
    """The kind of chart suits the figures it is to show."""
    doubtful = _doubtful(checked)
    if doubtful is None:
        return
    figures: dict[str, list[Row]] = {}
    for _, _, _, row in _each(checked, "indicators", "observations"):
        figures.setdefault(row.get("indicator", ""), []).append(row)
    for _, table, number, row in _each(checked, "indicators", "indicators"):
        chart, own = row.get("chart", ""), figures.get(row.get("id", ""), [])
        if row.get("id") in doubtful:
            continue
        starts = {r.get("period_start") for r in own}
        areas = {r.get("area") for r in own}
        why = ""
        if chart != "none" and not own:
            why = "there are no figures"
        elif chart == "pair" and (len(own) != 2 or len(starts) != 2):
            why = "a pair needs exactly two figures, for two periods"
        elif chart in ("line", "bars") and (row.get("breakdown") or len(areas) > 1 or len(starts) != len(own)):
            why = "a line or bars need one figure for each period, of one area and not split"
        elif chart in ("small-multiples", "ranked-bars", "areas") and not row.get("breakdown"):
            why = "the figures are not split"
        elif chart in ("ranked-bars", "areas") and len(starts) > 1:
            why = "the figures are for more than one period"
        if why:
            yield Problem(table.file, number, "chart", "chart", f"The chart {chart} does not suit: {why}.", "Choose another kind of chart, or none.")


def _claims(checked: Checked) -> Iterator[Problem]:
    """A claim that names periods is about figures that are there."""
    doubtful = _doubtful(checked)
    if doubtful is None:
        return
    have = {
        (r.get("indicator"), r.get("area"), r.get("period_start"), r.get("period_end"))
        for _, _, _, r in _each(checked, "indicators", "observations")
    }
    for _, table, number, row in _each(checked, "indicators", "claims"):
        kind = row.get("kind", "")
        if kind in ("rank", "comparison"):
            continue
        if not row.get("stated") or not row.get("decimals"):
            yield Problem(table.file, number, "stated", "claim", "The number that the document states is missing.", "Write it, and how many decimals the document prints.")
        if not row.get("period_start") or kind == "total":
            continue
        subjects = [row.get("indicator"), *([row.get("other_indicator")] if kind == "change-percent-without" else [])]
        spans = [("", "period_start", "period_end")]
        if kind.startswith("change-percent"):
            spans.append(("earlier ", "base_period_start", "base_period_end"))
        for subject in set(subjects) - doubtful:
            for word, a, b in spans:
                if (subject, row.get("area"), row.get(a), row.get(b)) not in have:
                    yield Problem(table.file, number, a, "claim", f"{subject} has no figure for the {word}period {row.get(a)} to {row.get(b)}.",
                                  "Correct the days, or empty them where the document prints no figures.")  # fmt: skip


def _contacts(checked: Checked) -> Iterator[Problem]:
    """Telephone numbers, email and web addresses are ones that a page may link to."""
    ways = {
        "phone": (text.is_phone, "Write digits and spaces only, such as 0800 123 4567."),
        "email": (text.is_email, "Write one address, such as help@example.org."),
        "url": (text.is_address, "Write a web address that begins with https://."),
    }
    for kind, resource in (("routes", "routes"), ("services", "services"), ("sources", "sources")):
        for _, table, number, row in _each(checked, kind, resource):
            for column, (good, fix) in ways.items():
                if row.get(column) and not good(row[column]):
                    yield Problem(table.file, number, column, "contact", f"“{row[column]}”", fix)


def _markup(checked: Checked) -> Iterator[Problem]:
    """Cells are plain text."""
    for package in checked.packages:
        for key, value in package.portal.items():
            if isinstance(value, str) and _MARKUP.search(value):
                yield Problem(package.file, field=f"portal.{key}", code="markup", message=f"“{value}” holds HTML or Markdown.", fix="Write plain text.")
        for table in package.tables.values():
            for number, row in rows(table):
                for column, value in row.items():
                    if _MARKUP.search(value):
                        yield Problem(table.file, number, column, "markup", f"“{value[:80]}” holds HTML or Markdown.", "Write plain text, without < before a letter.")


RULES: Mapping[str, Callable[[Checked], Iterator[Problem]]] = {
    "unique": _unique,
    "references": _references,
    "inside-plan": _inside_plan,
    "topics": _topics,
    "figures": _figures,
    "periods": _periods,
    "breakdowns": _breakdowns,
    "charts": _charts,
    "claims": _claims,
    "contacts": _contacts,
    "markup": _markup,
}
