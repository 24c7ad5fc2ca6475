"""Report a fault that many rows share as one problem."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from portal.core.problems import Problem

T = TypeVar("T")


def gathered(rows: Sequence[T], problem: Callable[[T], Problem]) -> Iterator[Problem]:
    """Yield the problem of the first row, with the number of other rows that have it; nothing if there are no rows."""
    if rows:
        first = problem(rows[0])
        others = {1: "", 2: " The same applies to one more row."}.get(
            len(rows), f" The same applies to {len(rows) - 1:,} more rows."
        )
        yield replace(first, message=first.message + others)
