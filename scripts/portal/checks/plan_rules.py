"""Rules about plans: references within a plan, measures, connections and the evidence for statuses."""

from collections.abc import Callable, Iterator, Mapping

from portal.checks.valid_rows import ValidRow, ValidRows, ids, rows, unread_ids
from portal.core.problems import Problem
from portal.data.packages import Package

# For each nearness, the columns that must be filled and those that must be empty.
_NEARNESS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "same": (("indicator",), ("difference", "publisher")),
    "close": (("indicator", "difference"), ("publisher",)),
    "none": (("publisher",), ("difference",)),
    "not-a-count": ((), ("indicator", "difference", "publisher")),
}
_FIXES = {
    "indicator": "Name the published indicator, or write none and who could publish one.",
    "difference": "Write in one sentence why the indicator is not the same.",
    "publisher": "Write who could publish a figure, as a role or body.",
}


# Tables that refer to a priority or an action of their own plan.
_TABLES_OF_PLAN = ("actions", "connections", "measures", "milestones", "statuses", "updates")


def _references_within_plan(checked: ValidRows) -> Iterator[Problem]:
    """Check that rows refer to priorities and actions of their own plan that belong together."""
    for package in (p for p in checked.packages if p.kind == "plan"):
        for resource in (r for r in _TABLES_OF_PLAN if r in package.tables):
            for row in rows(package.tables[resource]):
                yield from _priority_and_action(row, package, "of this plan")


def _nearness(checked: ValidRows) -> Iterator[Problem]:
    """Check that each measure fills the columns that its nearness needs, and no others."""
    for row in checked.rows("plan", "measures"):
        nearness = row["nearness"]
        needed, barred = _NEARNESS.get(nearness, ((), ()))
        for column in needed:
            if column in row.cells and not row[column]:
                message = f"The nearness is {nearness}, but {column} is empty."
                yield row.problem(column, "nearness", message, _FIXES[column])
        for column in barred:
            if row[column]:
                message = f"The nearness is {nearness}, but {column} says “{row[column][:80]}”."
                fix = f"Clear the cell, or choose a nearness other than {nearness}."
                yield row.problem(column, "nearness", message, fix)


def _connections(checked: ValidRows) -> Iterator[Problem]:
    """Check that each connection names a priority or an action."""
    for row in checked.rows("plan", "connections"):
        if row.has("priority", "action") and not row["priority"] and not row["action"]:
            message = "Neither a priority nor an action is named."
            yield row.problem(
                "priority",
                "connections",
                message,
                "Name the priority or the action that the figure is about.",
            )


def _update_actions(checked: ValidRows) -> Iterator[Problem]:
    """Check that further placements of updates refer to an update, a plan, a priority and an action that exist."""
    plans = {str(p.portal.get("slug")): p for p in checked.packages if p.kind == "plan"}
    for package in (p for p in checked.packages if p.kind == "plan" and "update_actions" in p.tables):
        if "updates" not in package.tables:
            yield _no_updates(package, "update_actions")
            continue
        updates = {r["id"]: r for r in rows(package.tables["updates"]) if r["id"]}
        unread = unread_ids(package.tables["updates"])
        for row in rows(package.tables["update_actions"]):
            if row["update"] and row["update"] not in updates.keys() | unread:
                yield row.dangling("update", updates, "updates of this plan")
            if row["plan"] and row["plan"] not in plans:
                if len(checked.packages) == len(checked.settings.packages):
                    yield row.dangling("plan", plans, "plans")
                continue
            named_plan = plans[row["plan"]] if row["plan"] else package
            in_words = f"of {row['plan']}" if row["plan"] else "of this plan"
            yield from _priority_and_action(row, named_plan, in_words)
            update = updates.get(row["update"])
            if (
                update
                and named_plan is package
                and (update["priority"], update["action"]) == (row["priority"], row["action"])
            ):
                message = "The row of the update already says this."
                yield row.problem("update", "update-actions", message, "Remove the row.")


def _priority_and_action(row: ValidRow, plan: Package, in_words: str) -> Iterator[Problem]:
    """Check that a row's priority and action are in a plan and belong together."""
    if not {"priorities", "actions"} <= plan.tables.keys():
        return
    priorities = ids(plan.tables["priorities"])
    actions = {r["id"]: r["priority"] for r in rows(plan.tables["actions"]) if r["id"]}
    unread = {name: unread_ids(plan.tables[name]) for name in ("priorities", "actions")}
    priority, action = row["priority"], row["action"]
    if priority and priority not in priorities | unread["priorities"]:
        yield row.dangling("priority", priorities, f"priorities {in_words}")
    if action and action not in actions.keys() | unread["actions"]:
        yield row.dangling("action", actions, f"actions {in_words}")
    elif action and priority and actions.get(action, "") not in ("", priority):
        message = f"{action} belongs to {actions[action]}, not to {priority}."
        yield row.problem(
            "priority", "reference", message, f"Write {actions[action]}, or name another action."
        )


def _no_updates(package: Package, resource: str) -> Problem:
    message = "The plan's updates table is missing or cannot be read."
    fix = "Add or correct data/updates.csv first."
    return Problem(package.tables[resource].file, code="reference", message=message, fix=fix)


def _statuses(checked: ValidRows) -> Iterator[Problem]:
    """Check that the evidence for each status is a report about its action."""
    kinds, plan_of_update = _reports(checked)
    for package in (p for p in checked.packages if p.kind == "plan" and "statuses" in p.tables):
        if "updates" not in package.tables:
            yield _no_updates(package, "statuses")
            continue
        slug = str(package.portal.get("slug"))
        actions = ids(package.tables["actions"]) if "actions" in package.tables else frozenset()
        updates, unread = ids(package.tables["updates"]), unread_ids(package.tables["updates"])
        for row in rows(package.tables["statuses"]):
            update, action = row["update"], row["action"]
            if update in unread:
                continue
            if update and not any(update == u for _, u in kinds):
                yield row.dangling("update", updates, "updates of this plan")
                continue
            if not update or action not in actions:
                continue  # reported separately
            updates_on_action = sorted(u for s, u, a in plan_of_update if (s, a) == (slug, action))
            if update not in updates_on_action:
                message = f"“{update}” is not an update on {action}."
                fix = (
                    f"Name one of these: {', '.join(updates_on_action)}."
                    if updates_on_action
                    else "Remove the row: there is no evidence."
                )
                yield row.problem("update", "statuses", message, fix)
            elif kinds[plan_of_update[slug, update, action], update] not in ("report", ""):
                message = f"“{update}” does not report how far {action} has come."
                yield row.problem(
                    "update", "statuses", message, "Name an update of the kind report, or remove the row."
                )


def _reports(checked: ValidRows) -> tuple[Mapping[tuple[str, str], str], Mapping[tuple[str, str, str], str]]:
    """Return the kind of each update by plan and id, and the update's own plan by plan, update and action."""
    kinds: dict[tuple[str, str], str] = {}
    plan_of_update: dict[tuple[str, str, str], str] = {}
    for package in (p for p in checked.packages if p.kind == "plan"):
        slug = str(package.portal.get("slug"))
        for row in rows(package.tables["updates"]) if "updates" in package.tables else ():
            kinds[slug, row["id"]] = row["kind"]
            plan_of_update[slug, row["id"], row["action"]] = slug
    for package in (p for p in checked.packages if p.kind == "plan" and "update_actions" in p.tables):
        slug = str(package.portal.get("slug"))
        for row in rows(package.tables["update_actions"]):
            if (slug, row["update"]) in kinds:
                plan_of_update.setdefault((row["plan"] or slug, row["update"], row["action"]), slug)
    return kinds, plan_of_update


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {
    "inside-plan": _references_within_plan,
    "nearness": _nearness,
    "connections": _connections,
    "update-actions": _update_actions,
    "statuses": _statuses,
}
