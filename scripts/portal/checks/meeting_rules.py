"""Rules about meetings: their times, questions and subjects, and the police teams of wards."""

from collections.abc import Callable, Iterator, Mapping

from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core.problems import Problem
from portal.data.packages import Package

# The columns that belong to an answer: all are filled in, or none.
_ANSWER = ("answer", "answered_on", "answered_by")


def _times(checked: ValidRows) -> Iterator[Problem]:
    """Check that a meeting ends after it starts."""
    for row in checked.rows("meetings", "meetings"):
        starts, ends = row["starts"], row["ends"]
        if ends and not starts and "starts" in row.cells:
            yield row.problem(
                "starts", "meetings", "The meeting has an end but no start.", "Write when it starts."
            )
        elif starts and ends and ends <= starts:
            message = f"The meeting starts at {starts} and ends at {ends}."
            yield row.problem(
                "ends", "meetings", message, "Correct one of the times, or clear the end if no source says."
            )


def _answers(checked: ValidRows) -> Iterator[Problem]:
    """Check that an answer has its day and who gave it, and is not older than the meeting."""
    days = {r["id"]: r["date"] for r in checked.rows("meetings", "meetings")}
    for row in checked.rows("meetings", "questions"):
        if not row.has(*_ANSWER):
            continue  # one of them has a problem already
        empty = [c for c in _ANSWER if not row[c]]
        if empty and len(empty) < len(_ANSWER):
            message = f"{empty[0]} is empty, but other columns say that the question was answered."
            fix = "Fill in the answer, its day and who gave it, or clear all three while it is open."
            yield row.problem(empty[0], "meetings", message, fix)
        elif row["answered_on"] and row["answered_on"] < days.get(row["meeting"], ""):
            message = f"The answer ({row['answered_on']}) is older than the meeting ({days[row['meeting']]})."
            yield row.problem("answered_on", "meetings", message, "Correct one of the two dates.")


def _subjects(checked: ValidRows) -> Iterator[Problem]:
    """Check that each subject names something, with wards, actions and questions that belong to it."""
    if not all(checked.is_readable("meetings", r) for r in ("meetings", "questions", "subjects")):
        return
    meetings = {r["id"]: r["meeting"] for r in checked.rows("meetings", "questions")}
    wards = {r["code"]: r["kind"] for r in checked.rows("geography", "areas")}
    plans = {str(p.portal.get("slug")): p for p in checked.packages if p.kind == "plan"}
    for row in checked.rows("meetings", "subjects"):
        if not any(row[c] for c in ("area", "indicator", "action")):
            message = "The row names no ward, figure or action."
            yield row.problem("area", "meetings", message, "Name one of them, or remove the row.")
        if wards.get(row["area"], "ward") != "ward":
            message = f"“{row['area']}” is not a ward."
            fix = "Name a ward, or clear the cell: a meeting without a ward is about the whole area."
            yield row.problem("area", "meetings", message, fix)
        if row["question"] and meetings.get(row["question"], row["meeting"]) != row["meeting"]:
            message = (
                f"“{row['question']}” was asked at {meetings[row['question']]}, not at {row['meeting']}."
            )
            yield row.problem("meeting", "meetings", message, f"Write {meetings[row['question']]}.")
        if row["plan"] or row["action"]:
            yield from _action(row, plans)


def _action(row: ValidRow, plans: Mapping[str, Package]) -> Iterator[Problem]:
    """Check that a row names an action and the plan that has it."""
    if row["plan"] not in plans:
        yield row.dangling("plan", plans.keys(), "plans")
        return
    tables = plans[row["plan"]].tables
    known = {r["id"] for r in rows(tables["actions"])} if "actions" in tables else set()
    if row["action"] not in known:
        yield row.dangling("action", known, f"actions of {row['plan']}")


def _police(checked: ValidRows) -> Iterator[Problem]:
    """Check that police teams and priorities belong to wards, and that an action has its day."""
    kinds = {r["code"]: r["kind"] for r in checked.rows("geography", "areas")}
    for table in ("police_teams", "police_priorities"):
        for row in checked.rows("meetings", table):
            if kinds.get(row["area"], "ward") != "ward":
                message = f"“{row['area']}” is not a ward."
                yield row.problem("area", "meetings", message, "Write the code of a ward.")
    for row in checked.rows("meetings", "police_priorities"):
        if not row.has("set_on", "action", "action_on"):
            continue  # one of them has a problem already
        if bool(row["action"]) != bool(row["action_on"]):
            column = "action_on" if row["action"] else "action"
            message = "An action has no day." if row["action"] else "There is a day but no action."
            yield row.problem(column, "meetings", message, "Fill in both, or clear both if no source says.")
        elif row["action_on"] and row["action_on"] < row["set_on"]:
            message = f"The action ({row['action_on']}) is older than the priority ({row['set_on']})."
            yield row.problem("action_on", "meetings", message, "Correct one of the two dates.")


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {
    "meeting-times": _times,
    "answers": _answers,
    "meeting-subjects": _subjects,
    "police-teams": _police,
}
