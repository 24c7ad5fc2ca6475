"""Recognise a table with a missing header, or one that a spreadsheet program has reformatted.

Such a table has hundreds of problems with one cause. We report the cause instead, and the command that reads the file.
"""

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from portal.core import field_types
from portal.core.field_types import Json
from portal.core.problems import Problem

Rows = Sequence[Sequence[str]]
_DATE = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{4}|[0-9]{2})|[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{2,4}")
_NUMBER = re.compile(
    r"[+-]?[£$€]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[+-]?[0-9.,]+ ?%|[0-9](\.[0-9]+)?E\+[0-9]+"
)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LOOKED_AT = 50  # rows that are searched for a header
_SLIPS = 3  # up to this many wrong cells are reported one by one
_EMPTY = "empty rows, columns or cells at the end"


def command(file: str) -> str:
    """Return the advice to import a table with the command that undoes what spreadsheet programs do."""
    parts = file.split("/")
    if len(parts) < 3 or parts[0] != "data_packages":
        return "Save the file as “CSV UTF-8 (comma delimited)”."
    resource = parts[-1].removesuffix(".csv")
    return (
        f"Run `portal import table {file} --package {parts[1]} --resource {resource} --replace`, which reads such "
        "files, asks about anything ambiguous, and shows what it would write. Or restore the file."
    )


def separator(content: str, names: Collection[str] = ()) -> tuple[str, str] | None:
    """Return the problem if the columns of a file are not separated by commas, else None; `names` are the column names."""
    lines = [line for line in content[:100_000].splitlines()[:_LOOKED_AT] if line.strip()]
    for mark, words in _SEPARATORS.items():
        found = f"The columns are separated by {words}, not by commas."
        fix = "Open it in a spreadsheet program and save it as “CSV UTF-8 (comma delimited)”."
        if (
            lines
            and mark in lines[0]
            and "," not in lines[0]
            and mark != "|"
            and not lines[0].startswith("sep=")
        ):
            return found, fix
        for line in lines:
            cells = {c.strip().strip("\"'") for c in line.split(mark)}
            if len(cells & set(names)) > len(names) // 2 > 0:
                return found, fix
    return None


def cause(file: str, rows: Rows, fields: Sequence[Json]) -> Problem | None:
    """Return why the first row is not the header, or None if it is."""
    names = {str(f["name"]) for f in fields}
    header = ",".join(str(f["name"]) for f in fields)
    first = [c.strip() for c in rows[0]]
    known = len(names.intersection(rows[0]))

    def wrong(message: str, fix: str, row: int = 1) -> Problem:
        return Problem(file, row, "", "header", message, fix)

    if re.fullmatch(r"sep=.?,*", ",".join(first)):
        return wrong(
            "The first line is “sep=”, which a spreadsheet program put above the header.", "Delete that line."
        )
    if known > len(names) // 3 or (known and len(names) < 4):
        return None
    alike = len(names.intersection("_".join(c.lower().split()) for c in first))
    if alike > len(names) // 3 or (alike and len(names) < 4):
        message = "The names of the columns are written with capitals or spaces that do not belong there."
        fix = "Write them in lower-case letters, without spaces and with _ between words. The columns are: "
        return wrong(message, fix + header)
    for n, row in enumerate(islice(rows, _LOOKED_AT), 1):
        if _quoted_whole(row, names):
            message = "Each line is in quotation marks, which makes it a single cell."
            return wrong(message, "Remove the quotation marks around whole lines, or restore the file.", n)
        if n > 1 and len(names & {c.strip() for c in row}) > len(names) // 2:
            above = rows[: n - 1]
            what = (
                "a title or a note" if any(c.strip() for r in above for c in r) else "nothing but blank cells"
            )
            message = f"The header is not in the first row but in row {n}, below {what}."
            return wrong(message, f"Delete what is above it, so that the first row is: {header}")
    if known:
        return None
    if not any(first):
        return wrong("The first row is blank.", f"Write the header there: {header}")
    if len(first) == len(fields) and not any(
        field_types.fault(cell, f) for cell, f in zip(first, fields, strict=True)
    ):
        message = "The header is missing: the first row contains figures or text instead of column names."
        return wrong(message, f"Put this row above all others: {header}")
    message = "The header is missing: the first row has none of the column names."
    return wrong(message, f"Write this as the first row, or restore the file: {header}")


def _quoted_whole(row: Sequence[str], names: Collection[str]) -> bool:
    """Return True if this row is the header, in quotation marks as a whole."""
    filled = [c for c in row if c]
    if len(filled) != 1 or "," not in filled[0]:
        return False
    inner = {c.strip() for c in next(csv.reader([filled[0]]), [])}
    return len(inner.intersection(names)) > len(names) // 2


def told_once(
    file: str, rows: Rows, problems: Sequence[Problem], fields: Sequence[Json]
) -> tuple[Problem, ...]:
    """Return the problems of a table; those that a spreadsheet program causes become one, if they are many."""
    kinds = {str(f["name"]): f for f in fields}
    signs = [(_sign(p, rows, kinds), p) for p in problems]
    found: dict[str, list[str]] = {}
    for (kind, seen), _ in (s for s in signs if s[0][0]):
        found.setdefault(kind, []).append(seen)
    count = sum(map(len, found.values()))
    if count <= _SLIPS and len(found) < 2:
        return tuple(problems)
    listed = "; ".join(f"{kind} such as {own[0]}" if own[0] else kind for kind, own in found.items())
    message = f"A spreadsheet program has changed this file in {count:,} places: {listed}."
    rest = (p for (kind, _), p in signs if not kind)
    return (Problem(file, 0, "", "spreadsheet", message, command(file)), *rest)


def _sign(problem: Problem, rows: Rows, kinds: Mapping[str, Json]) -> tuple[str, str]:
    """Return the change by a spreadsheet program that caused a problem, and the cell; empty texts if there is none."""
    row = rows[problem.row - 1] if 0 < problem.row <= len(rows) else ()
    header = list(rows[0])
    if problem.code == "blank-row" or (problem.code == "extra-cell" and not any(row[len(header) :])):
        return _EMPTY, ""
    if problem.code == "blank-column":
        return _EMPTY, ""
    if problem.code != "cell" or problem.field not in header:
        return "", ""
    at = header.index(problem.field)
    cell = row[at].strip() if at < len(row) else ""
    field = kinds.get(problem.field, {})
    if _DATE.fullmatch(cell) and (
        field.get("type") == "date" or field.get("form") in field_types.LOOSE_FORMS
    ):
        return "dates", cell
    if _NUMBER.fullmatch(cell) and field.get("type") in ("integer", "number"):
        return "numbers", cell
    return "", ""
