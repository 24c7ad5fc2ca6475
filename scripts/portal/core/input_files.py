"""Read files that users provide: only plain files inside the project, of a sensible size and in the right format.

Every file of a project is read here, or checked by `problems` before another module reads it, so that no link, named
pipe, device, folder or endless number reaches the rest of the program.
"""

import errno
import json
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from portal.core import file_system
from portal.core.field_types import MOST_DIGITS, hidden_character, is_storable
from portal.core.problems import Fault, Problem

LARGEST_FILE = 100_000_000  # bytes; a larger table would fill the memory of a computer
_LARGEST_IMPORT = 2_000_000_000  # bytes of an imported file, such as all postcodes of the country
_LARGEST_SETTINGS = 1_000_000  # bytes of mkdocs.yml
_DEEPEST = 50  # levels of brackets
_MOST_VALUES = 100_000  # in mkdocs.yml, which has about 50


class UnreadableError(Exception):
    """Says why a file cannot be read and what to do; `row` is 0 if it is not known."""

    def __init__(self, message: str, fix: str, row: int = 0) -> None:
        self.message, self.fix, self.row = message, fix, row
        super().__init__(message)


def read(path: Path, within: Path | None = None) -> bytes:
    """Return the bytes of a plain file, which must be inside the folder `within` if one is given.

    Raises:
        UnreadableError: the file is missing, too large, not a plain file, outside the folder or not readable.
    """
    if fault := file_fault(path, within):
        raise UnreadableError(*fault)
    try:
        return path.read_bytes()
    except OSError:
        raise UnreadableError(*_NO_PERMISSION) from None


_NO_PERMISSION = Fault(
    "The file cannot be read.",
    "Ask the person who looks after this computer for permission to read it.",
)


def file_fault(path: Path, within: Path | None = None, largest: int = LARGEST_FILE) -> Fault | None:
    """Return why a file must not be opened and what to do, or None."""
    try:
        status = path.stat()
        is_outside = within is not None and not path.resolve(strict=True).is_relative_to(within.resolve())
    except FileNotFoundError:
        if path.is_symlink():
            return Fault(
                "This link points to a file that does not exist.",
                "Put the file itself there, or remove the link.",
            )
        return Fault("The file is not there.", "Put it back.")
    except RuntimeError:  # Python up to 3.12 raises this for circular links
        return _CIRCULAR_LINK
    except ValueError:  # not a possible file name
        return Fault("This is not the name of a file.", "Write another name.")
    except OSError as error:
        is_circular = error.errno == errno.ELOOP or (
            path.is_symlink() and not isinstance(error, PermissionError)
        )
        return _CIRCULAR_LINK if is_circular else _NO_PERMISSION
    if is_outside:
        return Fault(
            "This link points outside the project.", "Put the file itself there, and remove the link."
        )
    if stat.S_ISDIR(status.st_mode):
        return Fault("This is a folder, not a file.", "Put a file there.")
    if not stat.S_ISREG(status.st_mode):
        return Fault("This is not a file.", "Put a file there.")
    if status.st_size > largest:
        message = f"The file has {status.st_size / 1e6:,.0f} MB. Files of more than {largest / 1e6:,.0f} MB are not read."
        return Fault(message, "Check that it is the right file, or split it into two packages.")
    return None


_CIRCULAR_LINK = Fault("This link points back to itself.", "Put the file itself there, and remove the link.")


def folder_problems(root: Path, folder: str) -> Iterator[Problem]:
    """Yield a problem for each entry of a folder that is not a plain file inside the project, or that Windows cannot store."""
    within = root.resolve()
    waiting, seen = [root / folder], set[Path]()
    while waiting:
        folder_ = waiting.pop()
        try:
            resolved = folder_.resolve(strict=True)
            entries = sorted(folder_.iterdir()) if resolved not in seen else []
        except FileNotFoundError:
            continue
        except (OSError, RuntimeError):
            message, fix = "The folder cannot be read.", "Put a folder there that can be read."
            yield _problem(root, folder_, message, fix)
            continue
        seen.add(resolved)
        is_inside = resolved.is_relative_to(within)  # and so is whatever is no link in it
        names: dict[str, str] = {}
        for path in entries:
            if file_system.is_link(path) and (fault := _link_fault(path, within)):
                yield _problem(root, path, *fault)
                continue
            other = names.setdefault(path.name.casefold(), path.name)
            if other != path.name:
                message = f"The name differs from {other} only by capital letters, and Windows keeps just one of them."
                yield _problem(root, path, message, "Give one of them another name.")
            elif not is_storable(path.name):
                message = "Windows cannot store a file or folder of this name."
                yield _problem(root, path, message, "Give it another name.")
            if path.is_dir():
                waiting.append(path)
            elif fault := file_fault(path, None if is_inside else within):
                yield _problem(root, path, *fault)


def _link_fault(path: Path, within: Path) -> Fault | None:
    """Return why a link to a file or folder must not be followed and what to do, or None."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return file_fault(path)
    if not real.is_relative_to(within):
        return Fault(
            "This link points outside the project.", "Put what it points to there, and remove the link."
        )
    return None


def circular_links(root: Path, folder: str) -> Iterator[Problem]:
    """Yield a problem for each link that points back to itself: a folder that the program makes, or an entry of it."""
    top = root / folder
    for path in (top, *(sorted(top.iterdir()) if top.is_dir() else ())):
        if file_system.is_link(path) and file_fault(path) == _CIRCULAR_LINK:
            yield _problem(root, path, _CIRCULAR_LINK.message, "Remove the link, then try again.")


def command_line_problems(paths: Iterable[Path]) -> Iterator[Problem]:
    """Yield a problem for each file on the command line that is not a plain file; reading a pipe would wait for ever."""
    for path in paths:
        if fault := file_fault(path, largest=_LARGEST_IMPORT):
            name = path.name if path.name.isprintable() else repr(path.name)[1:-1]
            yield Problem(name, code="file", message=fault[0], fix=fault[1])


def mkdocs_problems(root: Path) -> Iterator[Problem]:
    """Yield why mkdocs could not read its settings: not a plain file, not UTF-8, not YAML, or nested too deeply.

    Aliases (`*name`) repeat what an anchor (`&name`) marks, so a few lines can stand for billions of values.
    """
    path = root / "mkdocs.yml"
    if not path.exists() and not path.is_symlink():  # that of the program is used
        return
    if fault := file_fault(path, root, _LARGEST_SETTINGS):
        yield _problem(root, path, *fault)
        return
    try:
        content = read(path, root)
    except UnreadableError as error:
        yield Problem("mkdocs.yml", error.row, code="file", message=error.message, fix=error.fix)
    else:
        yield from _mkdocs_faults(content)


@lru_cache(maxsize=10)
def _mkdocs_faults(content: bytes) -> tuple[Problem, ...]:
    """Return why mkdocs could not read settings that are written like this."""
    import yaml  # noqa: PLC0415 - takes a while to load

    try:
        _refuse_extremes(_parse_yaml(decode(content)))
    except UnreadableError as error:
        return (Problem("mkdocs.yml", error.row, code="file", message=error.message, fix=error.fix),)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it contains a character that is not allowed in text"
        message, row = f"The file is not valid YAML: {reason}.", mark.line + 1 if mark else 0
        return (Problem("mkdocs.yml", row, code="file", message=message, fix=_RESTORE_LINE),)
    return ()


_RESTORE_LINE = "Correct that line, or restore the file."


def _parse_yaml(content: str) -> dict[str, Any]:
    """Return the settings in a YAML file; values with a tag that mkdocs reads, such as `!ENV`, are None.

    Raises:
        UnreadableError: the file contains too much, or no settings.
        yaml.YAMLError: the file is not valid YAML.
    """
    import yaml  # noqa: PLC0415 - takes a while to load

    class Loader(yaml.SafeLoader):
        """Read plain values, and no objects of Python."""

    for tag in ("!ENV", "!relative", "tag:yaml.org,2002:python/"):
        Loader.add_multi_constructor(tag, lambda *_: None)
    _refuse_repetition(yaml.parse(content, Loader=yaml.SafeLoader))
    try:
        settings = yaml.load(content, Loader=Loader)  # noqa: S506 - a SafeLoader
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        message = "The file contains a value that is not possible, such as a date that does not exist."
        raise UnreadableError(message, "Correct the value, or put quotation marks around it.") from None
    if not isinstance(settings, dict):
        raise UnreadableError(
            "The file contains no settings.", "Restore the file. Settings look like this: site_name: Portal"
        )
    return settings


@dataclass
class _YamlNode:
    """A value of a YAML file, with the number of values and of levels in it when its aliases are replaced."""

    anchor: str | None
    row: int
    values: int = 1
    levels: int = 1


def _refuse_repetition(events: Iterable[Any]) -> None:
    """Raise `UnreadableError` for YAML that is nested too deeply, repeats itself too often or contains itself."""
    import yaml  # noqa: PLC0415 - takes a while to load

    unfinished = [_YamlNode(None, 0)]
    anchors: dict[str, _YamlNode] = {}
    for event in events:
        row = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            if any(node.anchor == event.anchor for node in unfinished):
                message = f"The part &{event.anchor} contains itself, as *{event.anchor}."
                raise UnreadableError(message, f"Remove *{event.anchor} from it.", row)
            # The loader reports an alias without an anchor.
            node = anchors.get(event.anchor or "", _YamlNode(None, row))
        elif isinstance(event, yaml.CollectionEndEvent):
            node = unfinished.pop()
        elif isinstance(event, yaml.NodeEvent):
            node = _YamlNode(event.anchor, row)
            if isinstance(event, yaml.CollectionStartEvent):
                unfinished.append(node)
                if len(unfinished) > _DEEPEST:
                    raise _nested_too_deeply()
                continue
        else:
            continue
        if node.anchor:
            anchors[node.anchor] = node
        parent = unfinished[-1]
        parent.values += node.values
        parent.levels = max(parent.levels, node.levels + 1)
        if parent.levels > _DEEPEST:
            raise _nested_too_deeply()
        if parent.values > _MOST_VALUES:
            message = f"The file contains more than {_MOST_VALUES:,} values, when each *name is replaced by what it repeats."
            raise UnreadableError(
                message, "Write the settings without *name, or restore the file.", parent.row
            )


def _problem(root: Path, path: Path, message: str, fix: str) -> Problem:
    name = path.relative_to(root).as_posix()
    printable = name if name.isprintable() else repr(name)[1:-1]
    return Problem(printable, code="file", message=message, fix=fix)


def decode(raw: bytes) -> str:
    """Return the text of a file.

    Raises:
        UnreadableError: the file is not UTF-8; with the row."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise UnreadableError(
            "A character in this row is not encoded as UTF-8.", "Save the file as UTF-8 and try again.", row
        ) from None


_MERGE_MARK = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)


def merge_fault(content: str) -> tuple[Fault, int] | None:
    """Return the fault of a text in which Git left the marks of a merge, with the line of the first; None without marks."""
    mark = _MERGE_MARK.search(content)
    if mark is None:
        return None
    message = "Git could not merge two versions of this file, and left both in it, between lines of <<<<<<<, ======= and >>>>>>>."
    fix = "At each such place keep the version that is right, and delete the other one and the three lines. Deleting the lines alone would keep both."
    return Fault(message, fix), content.count("\n", 0, mark.start()) + 1


def _refuse_merge_marks(raw: bytes) -> None:
    if found := merge_fault(decode(raw)):
        raise UnreadableError(*found[0], found[1])


def parse_json(raw: bytes) -> Any:
    """Return the value of a JSON file.

    Raises:
        UnreadableError: the file is not JSON, is nested too deeply, has a name twice in one object, or contains a number
            that is too long."""
    _refuse_merge_marks(raw)
    try:
        value = json.loads(
            decode(raw),
            parse_int=_parse_integer,
            parse_float=_parse_float,
            parse_constant=_refuse_constant,
            object_pairs_hook=_as_object,
        )
    except RecursionError:
        raise _nested_too_deeply() from None
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"The file is not valid JSON: {error.msg}.",
            "Look at that line for a missing comma or bracket.",
            error.lineno,
        ) from None
    _refuse_extremes(value)
    return value


def parse_toml(raw: bytes) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        UnreadableError: the file is not TOML, is nested too deeply, or contains a number that is too long."""
    _refuse_merge_marks(raw)
    try:
        tables = tomllib.loads(decode(raw), parse_float=_parse_float)
    except RecursionError:
        raise _nested_too_deeply() from None
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(
            f"The file is not valid TOML: {error}.", "Correct that line, or restore the file."
        ) from None
    except ValueError:  # a number of thousands of digits
        raise _number_too_long() from None
    _refuse_extremes(tables)
    return tables


def _as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; refuse two entries with one name, because programs differ in which of them they read."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableError(
            f"The name {twice[:80]!r} appears twice in one pair of braces.", "Keep one of the two."
        )
    return found


def _parse_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise _number_too_long()
    return int(digits)


def _parse_float(digits: str) -> float:
    value = float(digits)
    if digits.strip("+-") in ("inf", "nan"):
        _refuse_constant(digits)
    if value - value != 0:  # infinite, or not a number
        raise _number_too_long()
    return value


def _refuse_constant(word: str) -> Any:
    raise UnreadableError(f"The file says {word} where a number should be.", "Write the number.")


def _number_too_long() -> UnreadableError:
    return UnreadableError(
        f"The file contains a number of more than {MOST_DIGITS} digits.", "Write the number that is meant."
    )


def _nested_too_deeply() -> UnreadableError:
    return UnreadableError(
        "The file is nested too deeply: brackets within brackets.",
        "Restore the file, or start from another one.",
    )


_NO_CHARACTER = re.compile("[\ud800-\udfff\0]")


def _refuse_extremes(root: object) -> None:
    """Raise `UnreadableError` for deep nesting, numbers that are too long, unpaired surrogates and invisible characters."""
    waiting = [(root, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _nested_too_deeply()
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
            raise _number_too_long()
        elif isinstance(value, str) and _NO_CHARACTER.search(value):
            raise UnreadableError(
                "The file contains half of a character, such as \\ud800, or the null character.", "Remove it."
            )
        elif isinstance(value, str) and (found := hidden_character(value)):
            raise UnreadableError(
                f"The file contains an invisible character, {found}.", "Type the text again without it."
            )
