"""Check the Metropolitan Police's files cell by cell: problems with place, finding and remedy."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from portal.core import periods, text
from portal.core.problems import PortalError, Problem
from portal.importers.shared.published_files import PublishedTable, stop

# Report up to this many wrong cells of a column one by one; if there are more, the column itself is wrong.
MOST = 5
AGAIN = "Download the file again and use it as it was published."
HEADS = "Check whether two column headings have been swapped. If not, download the file again."
CODE = re.compile(r"[A-Z][0-9]{8}")
_COUNT = re.compile(r"[0-9]{1,9}")
_NOT_A_WORD = re.compile(r"[\W_]+")

S = TypeVar("S")
T = TypeVar("T")


def gathered(sources: Iterable[S], load: Callable[[S], T]) -> list[T]:
    """Return `load` of every source. Raises `PortalError` with the problems of all of them, or if there is no source."""
    loaded: list[T] = []
    problems: list[Problem] = []
    for source in sources:
        try:
            loaded.append(load(source))
        except PortalError as error:
            problems.extend(error.problems)
    if not loaded and not problems:
        problems.append(
            Problem("files", 0, "", "file", "No file was given.", "Name at least one file to import.")
        )
    stop(problems)
    return loaded


def frame_of(sheet: PublishedTable, wanted: Iterable[str]) -> pd.DataFrame:
    """Return the sheet as text by row number, the `wanted` columns stripped. Raises `PortalError` if it has no rows."""
    if not sheet.rows:
        stop([Problem(sheet.file, 2, "", "file", "The file has a header but no rows.", AGAIN)])
    cells = np.array(sheet.rows, dtype=object).reshape(len(sheet.rows), len(sheet.header))
    for place in (sheet.header.index(column) for column in wanted):
        cells[:, place] = [row[place].strip() for row in sheet.rows]
    return pd.DataFrame(cells, range(2, len(sheet.rows) + 2), list(sheet.header), dtype=object)


@cache
def plain(label: str) -> str:
    """Return a label as labels are compared: capitals, without punctuation, single spaces."""
    return _NOT_A_WORD.sub(" ", label).strip().upper()


def counts_of(cells: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return cells as whole numbers from 0, and which of them are none (0 in the first array), both in their shape."""
    places, different = pd.factorize(cells.to_numpy(dtype=object).ravel())
    good = np.array([_COUNT.fullmatch(c.strip()) is not None for c in different], dtype=np.bool_)
    numbers = np.array([int(c) if ok else 0 for c, ok in zip(different, good, strict=True)], dtype=np.int64)
    return numbers[places].reshape(cells.shape), ~good[places].reshape(cells.shape)


def count_problems(
    file: str, cells: pd.DataFrame, bad: npt.NDArray[np.bool_], names: Sequence[str]
) -> Iterator[Problem]:
    """Yield the cells that are not counts; `names` are the headings of the columns in the file."""
    for place in np.flatnonzero(bad.any(axis=0)).tolist():
        wrong = cells.iloc[:, [place]][bad[:, place]]
        yield from several(
            file, names[place], "cell", zip(wrong.index, wrong.iloc[:, 0], strict=True), _why_no_count
        )


def _why_no_count(cell: str) -> tuple[str, str]:
    cell = cell.strip()
    if not cell:
        return "The cell is empty.", "Download the file again: zero is published as 0."
    if re.fullmatch(r"-[0-9]+", cell):
        return f"“{cell}” is below zero. A count cannot be.", AGAIN
    if re.fullmatch(r"[0-9]+", cell):
        return f"“{cell[:60]}” is too large to be a count.", AGAIN
    if re.fullmatch(r"-?[0-9]*\.[0-9]+", cell):
        return f"“{cell}” is not a whole number.", AGAIN
    return f"“{cell[:60]}” is not a count.", "Write the whole number that was published, in digits only."


def several(
    file: str,
    column: str,
    code: str,
    rows_and_texts: Iterable[tuple[Any, str]],
    say: Callable[[str], tuple[str, str]],
) -> Iterator[Problem]:
    """Yield a problem for each cell (row and text), or a single one if the whole column seems wrong."""
    cells = list(rows_and_texts)
    if len(cells) > MOST:
        message = f"{say(cells[0][1])[0]} {len(cells):,} cells of this column are wrong; this is the first."
        yield Problem(file, int(cells[0][0]), column, code, message, HEADS)
        return
    for row, cell in cells:
        yield Problem(file, int(row), column, code, *say(cell))


def empty_problems(file: str, cells: pd.Series, column: str) -> Iterator[Problem]:
    """Yield the empty cells of a column that must not have any."""
    yield from several(
        file, column, "cell", cells[cells == ""].items(), lambda _: ("The cell is empty.", AGAIN)
    )


def code_problems(
    file: str, codes: pd.Series, optional: pd.Series, what: str, column: str
) -> Iterator[Problem]:
    """Yield the cells that are not GSS codes, except those that `optional` allows to be empty."""
    wrong = codes[~optional & ~codes.map(lambda c: CODE.fullmatch(c) is not None)]

    def say(cell: str) -> tuple[str, str]:
        finding = f"“{cell[:60]}” is not the code" if cell else "The cell is empty. It should have the code"
        return f"{finding} of {what}, such as E05000001.", AGAIN

    yield from several(file, column, "cell", wrong.items(), say)


def duplicate_problems(file: str, keys: pd.DataFrame, counts: npt.NDArray[np.int64]) -> Iterator[Problem]:
    """Yield the rows whose `keys` an earlier row also has, and say whether their counts differ."""
    again = keys.duplicated().to_numpy()
    if not again.any():
        return
    same = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    firsts = {int(group): place for place, group in reversed(list(enumerate(same)))}
    for place in np.flatnonzero(again)[:MOST]:
        first = firsts[int(same[place])]
        alike = (counts[place] == counts[first]).all()
        message = f"This row repeats row {keys.index[first]}{'' if alike else ', with different counts'}."
        fix = "Remove one of them." if alike else "Download the file again to see which is right."
        yield Problem(file, int(keys.index[place]), "", "duplicate", message, fix)
    more = int(again.sum()) - MOST
    if more > 0:
        message = f"{many(more, 'more row')} repeat an earlier one."
        yield Problem(file, int(keys.index[np.flatnonzero(again)[MOST]]), "", "duplicate", message, AGAIN)


def span(first: str, last: str) -> tuple[str, ...]:
    """Return every month from `first` to `last`, such as 2024-04."""
    begin, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return tuple(f"{number // 12}-{number % 12 + 1:02}" for number in range(begin, end + 1))


def missing(months: Iterable[str]) -> list[str]:
    """Return the months between the first and last of these that are missing."""
    have = sorted(set(months))
    return [m for a, b in pairwise(have) for m in span(a, b)[1:-1]]


def gap_problems(file: str, months: Iterable[str], row: int, column: str = "") -> Iterator[Problem]:
    """Yield a problem if months between the first and the last are missing."""
    gone = missing(months)
    if gone:
        words = some([in_words(m) for m in gone])
        message = f"Between the first month and the last, {many(len(gone), 'month')} {'is' if len(gone) == 1 else 'are'} missing: {words}."
        fix = "Download the file again, or add the file that has the missing months."
        yield Problem(file, row, column, "months", message, fix)


def in_words(month: str) -> str:
    """Return `2024-04` as `April 2024`."""
    return periods.loose_date(month)


def many(count: int, word: str) -> str:
    """Return a number with its word: `1 row`, `2 rows`, `1,000 rows`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def some(words: Sequence[str], most: int = 8) -> str:
    """Return the words as a list; if there are more than `most`, the first of them and how many more."""
    if len(words) <= most:
        return text.listed(tuple(words))
    return f"{', '.join(words[:most])} and {len(words) - most:,} more"


def in_spans(months: Iterable[str]) -> str:
    """Return months in words, those in a row as one span: January 2024, and May 2024 to July 2024."""
    spans: list[list[str]] = []
    for month in sorted(set(months)):
        if spans and span(spans[-1][1], month)[1:] == (month,):
            spans[-1][1] = month
        else:
            spans.append([month, month])
    return text.listed([in_words(a) if a == b else f"{in_words(a)} to {in_words(b)}" for a, b in spans])
