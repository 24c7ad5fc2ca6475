"""What the tests of a file read again and again is read once: the tables of the tiny portal, and large workbooks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from portal.data import tables
from portal.importers.shared import published_workbooks

Read = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> Iterator[None]:
    """A file with the same content is the same file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "read", _remembered(tables.read, lambda file, schema, *_: (file, str(schema))))
        patch.setattr(published_workbooks, "_sheets", _remembered(published_workbooks._sheets))
        yield


def _remembered(read: Read, told: Callable[..., tuple[object, ...]] = lambda *_: ()) -> Read:
    """Return a function that reads a path again only if the content differs, or what it is `told` besides."""
    known: dict[tuple[object, ...], Any] = {}

    def remembered(path: Path, *more: Any) -> Any:
        content = path.read_bytes() if path.is_file() else None
        key = (content, path.name, *told(*more))
        if content is None:
            return read(path, *more)
        if key not in known:
            known[key] = read(path, *more)
        return known[key]

    return remembered
