"""Change rows of a CSV file, and leave all others as they are, byte for byte."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Row = Mapping[str, str]
_BOM = "\ufeff"


def edit_rows(data: bytes, change: Callable[[Row], Row | None]) -> bytes:
    """Return the file with each row as `change` returns it: the same row, another one, or None to remove it."""
    header, records, mark = _split(data)
    out = [mark, records[0]] if records else [mark]
    for record in records[1:]:
        cells = next(csv.reader(io.StringIO(record, newline="")), [])
        row = dict(zip(header, cells, strict=False))
        now = change(row) if len(cells) == len(header) else row
        if now == row:
            out.append(record)
        elif now is not None:
            out.append(_line(header, now, _ending(record) or "\n"))
    return "".join(out).encode()


def add_rows(data: bytes, rows: Iterable[Row]) -> bytes:
    """Return the file with rows added at the end."""
    header, records, mark = _split(data)
    ending = _ending(records[0]) or "\n" if records else "\n"
    text = mark + "".join(records)
    text += "" if text.endswith(("\n", "\r")) else ending
    return (text + "".join(_line(header, row, ending) for row in rows)).encode()


def with_columns(data: bytes, names: Sequence[str]) -> bytes:
    """Return the file with these columns, in this order; those that it does not have are empty, and others are left out."""
    header, records, mark = _split(data)
    if header == list(names) or not records:
        return data
    out = [_line(list(names), {name: name for name in names}, _ending(records[0]) or "\n")]
    for record in records[1:]:
        row = dict(zip(header, next(csv.reader(io.StringIO(record, newline="")), []), strict=False))
        out.append(_line(list(names), row, _ending(record) or "\n"))
    return (mark + "".join(out)).encode()


def read_rows(data: bytes) -> list[Row]:
    """Return the rows of the file as text, by column."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def _split(data: bytes) -> tuple[list[str], list[str], str]:
    """Return the column names, the records with their line endings, and the byte order mark if there is one."""
    text = data.decode()
    mark, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    records = list(_records(text))
    header = next(csv.reader(io.StringIO(records[0], newline=""))) if records else []
    return header, records, mark


def _records(text: str) -> Iterator[str]:
    """Yield each record of the text: a line, or several if a quoted cell contains line breaks."""
    record = ""
    for line in io.StringIO(text, newline=""):
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""
    if record:
        yield record


def _ending(record: str) -> str:
    return record[len(record.rstrip("\r\n")) :]


def _line(header: list[str], row: Row, ending: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=ending).writerow([row.get(name, "") for name in header])
    return out.getvalue()
