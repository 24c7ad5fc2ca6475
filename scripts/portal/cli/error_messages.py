"""Say on the terminal what went wrong: problems of files, and faults of the program."""

import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from portal.core import text
from portal.core.problems import PortalError, Problem

# How many problems of one kind in one column are listed.
_MOST_LISTED = 100
_MOST_ALIKE = 3  # up to this many rows with the same mistake are listed one by one


def listed(error: PortalError) -> str:
    """Return the problems as text, with their number.

    The same mistake in many rows of a column is one problem. Of many different ones of a kind, only the first are listed.
    """
    groups = [*_across_tables(_alike(error.problems))]
    count = len(groups)
    head = "1 problem:" if count == 1 else f"{count:,} problems:"
    kinds = Counter((g[0].file, g[0].field, g[0].code) for g in groups)
    seen: Counter[tuple[str, str, str]] = Counter()
    texts = []
    for first, *others in groups:
        kind = first.file, first.field, first.code
        seen[kind] += 1
        if seen[kind] <= _MOST_LISTED:
            place = first.place.replace(f", row {first.row}", _rows([p.row for p in (first, *others)]), 1)
            texts.append(str(first).replace(first.place, place, 1))
        elif seen[kind] == _MOST_LISTED + 1:
            place = replace(first, row=0).place
            texts.append(f"{place}\n  Found: {kinds[kind] - _MOST_LISTED:,} more problems of this kind.")
    return "\n\n".join([head, *texts])


def _alike(problems: Sequence[Problem]) -> Sequence[Sequence[Problem]]:
    """Return the problems in groups of one, or of all that say the same about many rows of a column."""
    same: dict[Problem, list[Problem]] = {}
    group_of = [same.setdefault(replace(p, row=0), []) for p in problems]
    for p, group in zip(problems, group_of, strict=True):
        group.append(p)
    groups = []
    for p, group in zip(problems, group_of, strict=True):
        if len(group) <= _MOST_ALIKE or not group[0].row:
            groups.append([p])
        elif p is group[0]:
            groups.append(group)
    return groups


def _across_tables(groups: Sequence[Sequence[Problem]]) -> Iterator[Sequence[Problem]]:
    """Yield the groups; of those that miss the same row of another table, only the first, which names the other tables."""
    places: dict[tuple[str, str], dict[str, int]] = {}
    for group in (g for g in groups if g[0].code == "reference"):
        tables = places.setdefault((group[0].message, group[0].fix), {})
        tables[group[0].file] = tables.get(group[0].file, 0) + len(group)
    told: set[tuple[str, str]] = set()
    for group in groups:
        said = group[0].message, group[0].fix
        others = {file: count for file, count in places.get(said, {}).items() if file != group[0].file}
        if group[0].code != "reference" or not others:
            yield group
        elif said not in told:
            named = text.listed([f"{n:,} row{'s' if n > 1 else ''} of {file}" for file, n in others.items()])
            yield [replace(p, message=f"{p.message} The same applies to {named}.") for p in group]
        told.add(said)


def _rows(numbers: Sequence[int]) -> str:
    """Return the rows of a problem as its place says them, such as `, rows 2 to 5, 9 and 12 more`."""
    if len(numbers) == 1:
        return f", row {numbers[0]}"
    return f", rows {text.listed_runs(numbers)}"


def logged(root: Path) -> str:
    """Write the traceback of a fault in the program to a file, and return what to tell people."""
    log = root / "build" / "portal-error.log"
    try:
        log.parent.mkdir(exist_ok=True)
        log.write_text(traceback.format_exc(), encoding="utf-8", newline="\n")
    except OSError:
        return f"An error in this program: {sys.exc_info()[1]}. The site in build/site has not changed."
    return f"An error in this program. Details are in {log}: please send that file to the maintainers. The site in build/site has not changed."
