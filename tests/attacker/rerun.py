"""Run the program, which anybody can, on tables that fit, and keep those for which it would have published the same."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from attacker.harvest import Key

Table = Mapping[Key, int]
Publish = Callable[[Table], frozenset[Key] | None]


def usual(publish: Publish, table: Table, times: int = 20) -> frozenset[Key]:
    """What the program withholds of a table most often, where it chooses at random."""
    found = Counter(publish(table) or frozenset() for _ in range(times))
    return max(found, key=lambda hidden: (found[hidden], sorted(hidden)))


def possible(
    publish: Publish, table: Table, hidden: frozenset[Key], key: Key, asked: Iterable[int], tries: int
) -> set[int]:
    """Those of the values that are asked for of a withheld count with which the program can have published the same.

    `table` is one that fits, without the total. The program may choose at random, so each table is tried `tries` times.
    """
    return {
        value
        for value in asked
        if any(publish(one) == hidden for one in _with(table, hidden, key, value) for _ in range(tries))
    }


def _with(table: Table, hidden: frozenset[Key], key: Key, value: int) -> Iterator[Table]:
    """The table with another value of one withheld count, for which in turn each of the others makes up.

    Where the total is withheld too, nothing has to.
    """
    more = value - table[key]
    if not more or hidden - table.keys():
        yield {**table, key: value}
        return
    for other in sorted(hidden - {key}):
        if table[other] >= more:
            yield {**table, key: value, other: table[other] - more}
