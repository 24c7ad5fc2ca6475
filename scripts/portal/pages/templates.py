"""Where templates run: they see what they are given, read no file but templates, and every error has a line.

Whoever writes a template can slow a build down, by doubling a text again and again. All else is bounded: there are
no endless loops, since templates can only go through what they are given, and a page has a largest size.
"""

import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
import jinja2.bccache
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from portal.core.problems import Problem
from portal.core.text import safe

FOLDER = "site_src/templates"
LARGEST = 5_000_000  # characters of a page; a hundred times what the longest has
_LARGEST_POWER = 1_000_000
_HALF = re.compile("[\ud800-\udfff]")  # what no file can hold
# What could go on for ever, and what makes a text as wide as it is told.
_WITHOUT = ("range", "lipsum")
_NO_FILTERS = (
    "attr",
    "batch",
    "center",
    "format",
    "indent",
    "pprint",
    "random",
    "slice",
    "wordwrap",
    "xmlattr",
)
_NO_METHODS = ("center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Bounds what a sum can come to."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self._safe: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether templates may see an attribute: the same for all things of a type, so it is worked out once."""
        key = type(obj), attr
        if key not in self._safe:
            widens = isinstance(obj, str) and attr in _NO_METHODS
            self._safe[key] = not widens and super().is_safe_attribute(obj, attr, value)
        return self._safe[key]

    def wrap_str_format(self, value: Any) -> None:
        return None  # else jinja would let texts be formatted

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        plain = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "%" and isinstance(left, str):
            raise jinja2.exceptions.SecurityError("texts are put together with ~")
        if operator == "*" and not plain:
            raise jinja2.exceptions.SecurityError("only numbers can be multiplied")
        if operator == "**" and (not plain or max(abs(left), abs(right)) > _LARGEST_POWER or abs(right) > 64):
            raise jinja2.exceptions.SecurityError("the power is too large")
        return super().call_binop(context, operator, left, right)


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Templates as they were compiled before, by a digest of their text; where they cannot be kept, they are not."""

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def environment(root: Path) -> jinja2.Environment:
    """What the templates of a project run in; values that they print are made safe."""
    folder = root / "build" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    made = _Sandbox(
        bytecode_cache=_Compiled(str(folder), "%s.template"),
        loader=jinja2.FunctionLoader(_loader(root / FOLDER)),
        undefined=jinja2.StrictUndefined,
        finalize=safe,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,  # values are already made safe by `finalize`, for Markdown and HTML alike
    )
    for name in _WITHOUT:
        del made.globals[name]
    for name in _NO_FILTERS:
        del made.filters[name]
    return made


def _loader(folder: Path) -> Callable[[str], tuple[str, str, None] | None]:
    inside = folder.resolve()

    def load(name: str) -> tuple[str, str, None] | None:
        """The text of a template; nothing of a file elsewhere, even where a link leads there."""
        path = (inside / name).resolve()
        if not name.isprintable() or not path.is_relative_to(inside) or not path.is_file():
            return None
        try:
            return path.read_text(encoding="utf-8"), str(inside / name), None
        except UnicodeDecodeError:
            raise jinja2.TemplateSyntaxError("it is not saved as UTF-8", 1, name) from None

    return load


def join_parts(parts: Iterable[str]) -> str:
    """What a template gives, unless it is too large for a page."""
    kept: list[str] = []
    size = 0
    for part in parts:
        kept.append(part)
        size += len(part)
        if size > LARGEST:
            raise jinja2.TemplateRuntimeError("the page becomes larger than any page may be")
    told = "".join(kept)
    if _HALF.search(told):
        raise jinja2.TemplateRuntimeError("the page has half of a character")
    return told


def problem_of(error: Exception, template: str) -> Problem | None:
    """An error of a page's template, or of one that it uses, with its place; None where none was at work."""
    name, row = _place(error)
    if not name and not isinstance(error, jinja2.TemplateError):
        return None
    name = name or template
    words = _IN_WORDS.get(type(error), "The template cannot be used: {}.")
    message = words.format(_one_line(error))
    return Problem(f"{FOLDER}/{name}", row, code="template", message=message, fix="Mend the template there.")


_IN_WORDS: Mapping[type[Exception], str] = {
    jinja2.TemplateNotFound: "It asks for a template that is not there: {}.",
    RecursionError: "It calls itself without end.",
    ZeroDivisionError: "It divides by nothing.",
    MemoryError: "It makes more than the computer can hold.",
}


# While a template is read, only this function knows which.
_COMPILES = ImmutableSandboxedEnvironment.compile.__code__


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__


def _place(error: Exception) -> tuple[str, int]:
    """The template and the line in it at which an error came up."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or "", error.lineno
    marker = f"/{FOLDER}/"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if marker in f.filename]
    if frames:
        return frames[-1].filename.rpartition(marker)[2], frames[-1].lineno or 0
    if isinstance(error, jinja2.TemplateNotFound):
        return str(error.name), 0
    read = [f for f, _ in traceback.walk_tb(error.__traceback__) if f.f_code is _COMPILES]
    return (str(read[-1].f_locals["name"]), 0) if read else ("", 0)
