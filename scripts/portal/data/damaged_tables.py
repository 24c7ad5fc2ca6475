"""Recognise a table with a missing header, or one that a spreadsheet program has reformatted.

Such a table has hundreds of problems with one cause. We report the cause instead, and the command that reads the file.
"""

import csv
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from portal.core import field_types
from portal.core.field_types import Json
from portal.core.problems import Fault, Problem

Rows = Sequence[Sequence[str]]
_DATE = re.compile(
    r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{4}|[0-9]{2})|[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{2,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(:00)?|[0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2}"
)
_MONTH = re.compile(r"[A-Z][a-z]{2}-[0-9]{2}")  # how Excel shows 2021-01
_OUR_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
_NUMBER = re.compile(
    r"[+-]?[£$€]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[+-]?[0-9.,]+ ?%|[0-9](\.[0-9]+)?E\+[0-9]+"
)
# What no import can read either: what to write instead, and why.
_CUT_SHORT = (
    (re.compile(r"[0-9]{1,2}[/.-]([0-9]{1,2}|[A-Z][a-z]{2})[/.-][0-9]{2}"), "each date whole, year first, such as 2016-07-31", "it does not say the century"),
    (re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+"), "each number in full, such as 120456", "digits of it can be lost"),
)  # fmt: skip
# Numbers of which another country reads another number; and those with a comma that is certainly before decimals.
_EITHER_NUMBER = re.compile(
    r"[^\w]*(?:[0-9]+(?:,[0-9]+)+|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?)[^\w]*", re.ASCII
)
_DECIMAL_COMMA = re.compile(r"\D*[0-9]+,(?![0-9]{3}\D*$)[0-9]+\D*", re.ASCII)
_MARK_BESIDE = re.compile(r"[\[(][^\[\]()0-9][^\[\]()]*[\])]")  # such as [r] and (note 1)
DECIMAL, UNCLEAR = "decimal", "unclear"
_FIGURE = re.compile(r"(?!(19|20)[0-9]{2}$)[-+£]?[0-9]+(\.[0-9]+)?%?", re.ASCII)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_QUOTED_LINE = re.compile(r'"((?:[^"]|"")*)"([,;|\t ]*)')
QUOTED_LINES = Fault(
    "Each line is in quotation marks, which makes it a single cell.",
    "Remove the quotation marks around whole lines, or restore the file.",
)
# What a row that adds up others says in its first cell.
TOTALS = frozenset(
    {"all", "total", "totals", "grand total", "overall total", "sum", "sub-total", "subtotal", "cyfanswm"}
)
_BEFORE_NOTE = re.compile(
    r"(?:(?:foot)?notes?(?: ?[0-9]{1,2})?|sources?|nodyn|ffynhonnell):?|[*†‡]+|[(\[]?[0-9]{1,2}[)\].]?",
    re.IGNORECASE,
)
_UNIT_BELOW = re.compile(r"[(\[][^()\[\]]{2,30}[)\]]")  # [c] alone is a mark
_ROWS_SEARCHED = 50  # rows that are searched for a header
MOST_SINGLE_PROBLEMS = 3  # up to this many wrong cells are reported one by one
_FEWEST_OF_TABLE = 4  # columns of a table in which a row with one filled cell is hardly a row
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_INSIDE_SPREADSHEETS = (b"xl/workbook.", b"opendocument.spreadsheet")  # which the zip does not compress
WHOLE_ROW = "whole-row"  # the code of a problem that explains all others with the cells of its row
# Problems that are gone when the rows are written again as they were read, although cells were lost or moved.
HIDDEN_BY_WRITING = frozenset({WHOLE_ROW, "missing-cell", "header"})
_DATES = "dates"
_EMPTY = "empty rows, columns or cells at the end"


def import_advice(file: str) -> str:
    """Return the advice to import a table with the command that undoes what spreadsheet programs do."""
    parts = file.split("/")
    if len(parts) < 3 or parts[0] != "data_packages":
        return "Open it in a spreadsheet program and save it as “CSV UTF-8 (comma delimited)”."
    resource = parts[-1].removesuffix(".csv")
    return (
        f"Run `portal import table {file} --package {parts[1]} --resource {resource} --replace`, which reads such "
        "files, asks about anything ambiguous, and shows what it would write. Or restore the file."
    )


def spreadsheet_fault(raw: bytes, file: str) -> Fault | None:
    """Return the problem if the bytes of a table are those of a spreadsheet file, else None."""
    if raw.startswith(_ZIP) and any(mark in raw for mark in _INSIDE_SPREADSHEETS):
        return Fault("The file is a spreadsheet, not a CSV file.", import_advice(file))
    if raw.startswith(_OLD_EXCEL):
        fix = "Open it in a spreadsheet program and save its table as “CSV UTF-8 (comma delimited)”."
        return Fault("The file is a spreadsheet (.xls), not a CSV file.", fix)
    return None


def encoding_fault(raw: bytes, names: Sequence[str], file: str) -> Fault | None:
    """Return the problem of a package's own table that is not UTF-8 because a spreadsheet program saved it, else None.

    Nobody knows which encoding it is, so that no command reads the file as it is.
    """
    content = raw.decode("ascii", "replace")
    separated = separator_fault(content, names, file)
    cells = re.split(r"[;,\t|\r\n]", content[:100_000])
    if not names or not (separated or any(_DATE.fullmatch(c.strip('" ')) for c in cells)):
        return None
    also = separated.message if separated else "Its dates are not as they were."
    fix = "Restore the file. Or open it in that program, save it as “CSV UTF-8”, and then r"
    return Fault(
        f"A spreadsheet program has saved this file in another encoding than UTF-8. {also}",
        fix + import_advice(file).removeprefix("R").removesuffix(" Or restore the file."),
    )


def separator_fault(content: str, names: Sequence[str] = (), file: str = "") -> Fault | None:
    """Return the problem if the columns of a file are not separated by commas, else None.

    `names` are the column names of a package's own table, and `file` is its path; the advice then names the command that reads it.
    """
    lines = _first_lines(content)
    for mark, words in _SEPARATORS.items():
        message = f"The columns are separated by {words}, not by commas."
        if lines and mark in lines[0] and "," not in lines[0] and (mark != "|" or lines[0].count(mark) > 2):
            return Fault(message, import_advice(file))
        for line in lines:
            cells = {c.strip().strip("\"'") for c in line.split(mark)}
            if len(cells & set(names)) > len(names) // 2 > 0:
                return Fault(message, import_advice(file))
    pair = "".join(rf"([^\w,\"']+){re.escape(n)}" for n in names[1:3])
    if pair and lines and (other := re.match(re.escape(names[0]) + pair, lines[0])) and other[1] == other[2]:
        between = "spaces" if not other[1].strip() else f"“{other[1]}”"
        fix = (
            "Restore the file, or write commas there, with quotation marks around each text that has a comma."
        )
        return Fault(f"The columns are separated by {between}, not by commas.", fix)
    return None


def quoted_header(content: str, names: Collection[str]) -> tuple[int, Fault] | None:
    """Return the row of the header and what to do if each line is in quotation marks as a whole; None if they are not.

    Some programs write empty cells after such a line.
    """
    for number, line in enumerate(content[:100_000].splitlines()[:_ROWS_SEARCHED], 1):
        whole = _QUOTED_LINE.fullmatch(line.strip())
        if whole and is_header(whole[1], names):
            after = f" and the {whole[2].strip()} after them" if whole[2].strip() else ""
            return number, QUOTED_LINES._replace(fix=QUOTED_LINES.fix.replace(",", f"{after},"))
    return None


def is_header(cell: str, names: Collection[str]) -> bool:
    """Return True if a single cell has most of the names of the columns."""
    rows = ([c.strip().strip('"') for c in cell.split(mark)] for mark in (",", *_SEPARATORS))
    return any(len(row) > 1 and len(set(row).intersection(names)) > len(names) // 2 for row in rows)


def separator_of(content: str) -> str:
    """Return what separates the columns of a file from elsewhere: commas, unless more of its lines fit together otherwise."""
    lines = _first_lines(content)

    def fit(mark: str) -> tuple[int, int, bool]:
        widths = Counter(len(next(csv.reader([line], delimiter=mark), [])) for line in lines)
        width, count = max(widths.items(), key=lambda w: (w[0] > 1, w[1], w[0]), default=(1, 0))
        return (count, width, mark == ",") if width > 1 else (0, 0, mark == ",")

    return max((",", *_SEPARATORS), key=fit)


def decimal_commas(rows: Rows) -> str:
    """Return what commas in the numbers of a file with semicolons are: decimal, unclear, or nothing if no number has one.

    Such files come from programs that write 1.228,5: there 1,228 can be a little more than one. Commas before one or two
    digits are those of decimals, if no number of the file could be meant otherwise.
    """
    found = {_without_marks(c) for row in rows for c in row if is_either_number(c)}
    if any(not _DECIMAL_COMMA.fullmatch(c) for c in found):
        return UNCLEAR
    return DECIMAL if found else ""


def is_either_number(words: str) -> bool:
    """Return True if another country reads another number in a text."""
    return _EITHER_NUMBER.fullmatch(_without_marks(words)) is not None


def _without_marks(words: str) -> str:
    """Return a text without marks in brackets."""
    return _MARK_BESIDE.sub("", words).strip()


def unsplit_row(rows: Rows, separator: str) -> tuple[int, str] | None:
    """Return the number and the text of a row whose cells have another separator than most; None if there is none.

    It ends in a number, so that it is no note; nor is that a year, with which notes can end.
    """
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width = max(widths, key=lambda w: widths[w], default=0)
    for number, row in enumerate(rows, 1):
        filled = [c for c in row if c.strip()]
        for mark in {",", *_SEPARATORS} - {separator} if len(filled) == 1 < width else ():
            cells = filled[0].split(mark)
            if len(cells) == width and _FIGURE.fullmatch(cells[-1].strip()):
                return number, filled[0].strip()
    return None


def _first_lines(content: str) -> list[str]:
    """Return the first filled lines of a file, without a line that names the separator."""
    lines = [line for line in content[:100_000].splitlines()[:_ROWS_SEARCHED] if line.strip()]
    is_named = bool(lines) and lines[0].strip().strip('"').lower().startswith("sep=")
    return lines[1:] if is_named else lines


def header_problem(file: str, rows: Rows, fields: Sequence[Json]) -> Problem | None:
    """Return why the first row is not the header, or None if it is."""
    names = {str(f["name"]) for f in fields}
    header = ",".join(str(f["name"]) for f in fields)
    first = [c.strip() for c in rows[0]]
    known_names = len(names.intersection(rows[0]))
    first_column = {row[0].strip() for row in rows if row}

    def problem(message: str, fix: str, row: int = 1) -> Problem:
        return Problem(file, row, "", "header", message, fix)

    if re.fullmatch(r"sep=.?,*", ",".join(first)):
        return problem(
            "The first line is “sep=”, which a spreadsheet program put above the header.", "Delete that line."
        )
    if known_names < 2 and len(names & first_column) > max(len(names) // 2, 1):
        fix = "Copy the table in a spreadsheet program and paste it with “Transpose”, or restore the file. The first row must be: "
        return problem("The rows and the columns have changed places.", fix + header)
    plain = ["_".join(c.lower().split()) for c in first]
    respelt = [p for c, p in zip(first, plain, strict=True) if c not in names]
    are_all_respelt = len(respelt) > 1 and names.issuperset(respelt)
    if not are_all_respelt and (known_names > len(names) // 3 or (known_names and len(names) < 4)):
        return None
    similar_names = len(names.intersection(plain))
    if similar_names > len(names) // 3 or (similar_names and len(names) < 4):
        message = "The names of the columns are written with capitals or spaces that do not belong there."
        fix = "Write them in lower-case letters, without spaces and with _ between words. The columns are: "
        return problem(message, fix + header)
    for n, row in enumerate(islice(rows, _ROWS_SEARCHED), 1):
        if n > 1 and len(names & {c.strip() for c in row}) > len(names) // 2:
            above = rows[: n - 1]
            content_above = (
                "a title or a note" if any(c.strip() for r in above for c in r) else "nothing but blank cells"
            )
            message = f"The header is not in the first row but in row {n}, below {content_above}."
            return problem(message, f"Delete what is above it, so that the first row is: {header}")
    if known_names:
        return None
    if not any(first):
        return problem("The first row is blank.", f"Write the header there: {header}")
    if len(first) == len(fields) and not any(
        field_types.cell_fault(cell, f) for cell, f in zip(first, fields, strict=True)
    ):
        message = "The header is missing: the first row contains figures or text instead of column names."
        return problem(message, f"Put this row above all others: {header}")
    message = "The header is missing: the first row has none of the column names."
    return problem(message, f"Write this as the first row, or restore the file: {header}")


def text_of_note(cells: Sequence[str], width: int) -> str:
    """Return the text of a row of a table of some width if its filled cells make a note or name units; empty if they do not.

    A note is a single cell, or one after its number or a word such as “Source:”. Units are in brackets, as in “(number)”.
    """
    if width < _FEWEST_OF_TABLE or not cells:
        return ""
    is_note = len(cells) == 1 or (len(cells) == 2 and _BEFORE_NOTE.fullmatch(cells[0]))
    are_units = all(_UNIT_BELOW.fullmatch(c) for c in cells)
    return " ".join(cells) if is_note or are_units else ""


def row_fault(row: Sequence[str], header: Sequence[str]) -> Fault | None:
    """Return why a row is none of the table's rows: it repeats the header, or adds up others. None if it may be one."""
    same = sum(bool(c) and c.strip() == h.strip() for c, h in zip(row, header, strict=False))
    if same * 2 > len(header):
        return Fault("The row repeats the header.", "Delete this row. The rows below it stay.")
    filled = [c.strip() for c in row if c.strip()]
    first = filled[0] if filled else ""
    if len(filled) == 1 and max(first.count(mark) for mark in (",", *_SEPARATORS)) >= max(len(header) - 2, 3):
        fix = "Separate its cells by commas, as in the other rows, without quotation marks around the whole row."
        return Fault("The whole row is in one cell.", fix)
    words = text_of_note(filled, len(header))
    if words and not (len(filled) == 1 and _NUMBER.fullmatch(first)):
        shown = words[:60] + "…" if len(words) > 60 else words
        fix = "If it is a title or a note, delete this row. If it is a row of the table, fill in its other cells."
        return Fault(f"The row holds only “{shown}”.", fix)
    if first.rstrip(":").casefold() in TOTALS:
        message = f"The row says “{first}”: it is the sum of other rows and does not belong to the table."
        return Fault(
            message, "Delete this row. If the total is published, give it its own row with all its cells."
        )
    return None


def merge_reformatting(
    file: str, rows: Rows, problems: Sequence[Problem], fields: Sequence[Json]
) -> tuple[Problem, ...]:
    """Return the problems of a table; those that a spreadsheet program causes become one, if they are many."""
    fields_by_name = {str(f["name"]): f for f in fields}
    with_causes = [(_reformatting(p, rows, fields_by_name), p) for p in problems]
    cells_by_kind: dict[str, list[str]] = {}
    for (kind, cell), _ in (s for s in with_causes if s[0][0]):
        cells_by_kind.setdefault(kind, []).append(cell)
    count = sum(map(len, cells_by_kind.values()))
    if count <= MOST_SINGLE_PROBLEMS and len(cells_by_kind) < 2 and not _is_all_redated(rows, with_causes):
        return tuple(problems)
    listed = "; ".join(
        f"{kind} such as {cells[0]}" if cells[0] else kind for kind, cells in cells_by_kind.items()
    )
    places = f"{count:,} places" if count > 1 else "1 place"
    message = f"A spreadsheet program has changed this file in {places}: {listed}."
    others = (p for (kind, _), p in with_causes if not kind)
    fix = _restore([c for cells in cells_by_kind.values() for c in cells]) or import_advice(file)
    return (Problem(file, 0, "", "spreadsheet", message, fix), *others)


def _is_all_redated(rows: Rows, with_causes: Sequence[tuple[tuple[str, str], Problem]]) -> bool:
    """Return True if no date is left as we write it in the columns whose dates are others: a person changes one or two."""
    columns = {p.field for (kind, _), p in with_causes if kind == _DATES}
    places = [i for i, name in enumerate(rows[0]) if name in columns]
    dates = (row[i].strip() for row in rows[1:] for i in places if i < len(row))
    return bool(columns) and not any(map(_OUR_DATE.fullmatch, dates))


def _restore(cells: Sequence[str]) -> str:
    """Return the remedy if some of these cells have lost digits or their century; empty if none has."""
    cut = [(next(filter(form.fullmatch, cells), ""), write, why) for form, write, why in _CUT_SHORT]
    ways = [
        f"write {write} ({cell} cannot be imported either, because {why})" for cell, write, why in cut if cell
    ]
    return f"Restore the file. Or {', and '.join(ways)}." if ways else ""


def _reformatting(problem: Problem, rows: Rows, fields_by_name: Mapping[str, Json]) -> tuple[str, str]:
    """Return the change by a spreadsheet program that caused a problem, and the cell; empty texts if there is none."""
    row = rows[problem.row - 1] if 0 < problem.row <= len(rows) else ()
    header = list(rows[0])
    if problem.code == "blank-row" or (problem.code == "extra-cell" and not any(row[len(header) :])):
        return _EMPTY, ""
    if problem.code == "blank-column":
        return _EMPTY, ""
    if problem.code != "cell" or problem.field not in header:
        return "", ""
    index = header.index(problem.field)
    cell = row[index].strip() if index < len(row) else ""
    field = fields_by_name.get(problem.field, {})
    is_loose = field.get("form") in field_types.LOOSE_FORMS
    is_date = _DATE.fullmatch(cell) and (field.get("type") == "date" or is_loose)
    if is_date or (is_loose and _MONTH.fullmatch(cell)):
        return _DATES, cell
    if _NUMBER.fullmatch(cell) and field.get("type") in ("integer", "number"):
        return "numbers", cell
    return "", ""
