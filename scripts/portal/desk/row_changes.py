"""Compare two texts of a table row by row: what is added, changed and removed."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]


@dataclass(frozen=True)
class ChangedRow:
    """A row that differs: its key, and each column with its text before and after."""

    row: Row
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class TableChanges:
    """What happens to a table: its name, the columns of its key, and the rows added, changed and removed."""

    file: str
    key: tuple[str, ...]
    names: tuple[str, ...]
    added: tuple[Row, ...]
    changed: tuple[ChangedRow, ...]
    removed: tuple[Row, ...]
    same: int

    @property
    def table(self) -> str:
        """Return the name of the table: its package and file."""
        parts = self.file.split("/")
        return f"{parts[-3]}: {parts[-1].removesuffix('.csv')}" if len(parts) > 2 else self.file


def compare(file: str, before: str, after: str, key: Sequence[str]) -> TableChanges:
    """Return the changes between two texts of a table. Without a key, rows are equal or not, and none is changed."""
    names, old = _rows(before)
    new_names, new = _rows(after)
    columns = tuple(k for k in key if k in new_names)
    if not columns or _doubled(old, columns) or _doubled(new, columns):
        columns = tuple(dict.fromkeys((*new_names, *names)))
    by_key = {_of(r, columns): r for r in old}
    fresh = {_of(r, columns): r for r in new}
    changed = tuple(
        ChangedRow(r, cells)
        for k, r in fresh.items()
        if k in by_key and (cells := _cells(by_key[k], r, new_names))
    )
    added = tuple(r for k, r in fresh.items() if k not in by_key)
    removed = tuple(r for k, r in by_key.items() if k not in fresh)
    return TableChanges(
        file, columns, new_names, added, changed, removed, len(fresh) - len(added) - len(changed)
    )


def _rows(text: str) -> tuple[tuple[str, ...], list[Row]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restval="")
    rows: list[Row] = [{k: v for k, v in row.items() if isinstance(k, str)} for row in reader]
    return tuple(reader.fieldnames or ()), rows


def _of(row: Row, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(row.get(c, "") for c in columns)


def _doubled(rows: Sequence[Row], columns: Sequence[str]) -> bool:
    return any(n > 1 for n in Counter(_of(r, columns) for r in rows).values())


def _cells(old: Row, new: Row, names: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n, "") != new.get(n, ""))
