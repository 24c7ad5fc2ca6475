"""Run templates in a sandbox: they see only their variables, read only templates, and every error has a line number.

A template can slow a build down by doubling a text again and again. Everything else is bounded: loops only go through
variables, and the size of a page is limited.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
import jinja2.bccache
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from portal.core import program_files
from portal.core.problems import Problem
from portal.core.text import safe
from portal.pages.messages import Messages

FOLDER = program_files.TEMPLATES
LARGEST = 5_000_000  # characters of a page, a hundred times the longest page
_LARGEST_POWER = 1_000_000
# Globals, filters and methods left out, because they can loop for ever or make a text as long as a number says.
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
    """A sandbox that limits the results of arithmetic."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._safe: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return True if templates can read an attribute. Cached, because it is the same for all objects of a type."""
        key = type(obj), attr
        if key not in self._safe:
            widens = isinstance(obj, str) and attr in _NO_METHODS
            self._safe[key] = not widens and super().is_safe_attribute(obj, attr, value)
        return self._safe[key]

    def wrap_str_format(self, value: Any) -> None:
        return None  # without this, jinja would allow str.format

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        plain = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "%" and isinstance(left, str):
            raise jinja2.exceptions.SecurityError("texts are put together with ~")
        if operator == "*" and not plain:
            raise jinja2.exceptions.SecurityError("only numbers can be multiplied")
        if operator == "**" and (not plain or max(abs(left), abs(right)) > _LARGEST_POWER or abs(right) > 64):
            raise jinja2.exceptions.SecurityError("the power is too large")
        return super().call_binop(context, operator, left, right)


class CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """Compiled templates in a folder, which all projects can share: they are kept by name and by a digest of their text.

    Errors on writing are ignored.
    """

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return super().get_cache_key(name)

    def get_bucket(
        self, environment: jinja2.Environment, name: str, filename: str | None, source: str
    ) -> jinja2.bccache.Bucket:
        bucket = super().get_bucket(environment, name, filename, source)
        if bucket.code:  # errors name the file of this project
            bucket.code = bucket.code.replace(co_filename=filename or name)
        return bucket

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def environment(root: Path, messages: Messages) -> jinja2.Environment:
    """Return the environment for the templates of a project; every value that they print is escaped.

    `messages` are the texts of the frame, which templates mark with `_("…")`.
    """
    folder = root / "build" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    sandbox = _Sandbox(
        bytecode_cache=CompiledTemplates(str(folder), "%s.template"),
        loader=jinja2.FunctionLoader(_loader(program_files.find(root, FOLDER))),
        undefined=jinja2.StrictUndefined,
        finalize=safe,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,  # `finalize` has already escaped values, for both Markdown and HTML
    )
    sandbox.globals |= {
        "_": messages.text,
        "language": messages.language,
        "html_language": Markup(messages.html_language),  # noqa: S704 - the code was checked
        "direction": messages.direction,
    }
    for name in _WITHOUT:
        del sandbox.globals[name]
    for name in _NO_FILTERS:
        del sandbox.filters[name]
    return sandbox


def _loader(folder: Path) -> Callable[[str], tuple[str, str, None] | None]:
    inside = folder.resolve()

    def load(name: str) -> tuple[str, str, None] | None:
        """Return the text of a template; None for a file outside the folder, even through a link."""
        path = (inside / name).resolve()
        if not name.isprintable() or not path.is_relative_to(inside) or not path.is_file():
            return None
        try:
            return path.read_text(encoding="utf-8"), str(inside / name), None
        except UnicodeDecodeError:
            raise jinja2.TemplateSyntaxError("it is not saved as UTF-8", 1, name) from None

    return load


def join_parts(parts: Iterable[str]) -> str:
    """Return the output of a template.

    Raises:
        jinja2.TemplateRuntimeError: if it is too large for a page or has half a character.
    """
    chunks: list[str] = []
    size = 0
    for part in parts:
        chunks.append(part)
        size += len(part)
        if size > LARGEST:
            raise jinja2.TemplateRuntimeError("the page becomes larger than any page may be")
    output = "".join(chunks)
    try:
        output.encode()
    except UnicodeEncodeError:  # a surrogate, which no file can hold
        raise jinja2.TemplateRuntimeError("the page has half of a character") from None
    return output


def problem_of(error: Exception, template: str) -> Problem | None:
    """Return an error in the template of a page, or in one that it includes, as a problem.

    Return None if the error does not come from a template.
    """
    name, row = _place(error)
    if not name and not isinstance(error, jinja2.TemplateError):
        return None
    name = name or template
    words = _IN_WORDS.get(type(error), "The template cannot be used: {}.")
    message = words.format(_one_line(error))
    return Problem(f"{FOLDER}/{name}", row, code="template", message=message, fix="Fix the template there.")


_IN_WORDS: Mapping[type[Exception], str] = {
    jinja2.TemplateNotFound: "It uses a template that does not exist: {}.",
    RecursionError: "It calls itself without end.",
    ZeroDivisionError: "It divides by zero.",
    MemoryError: "It needs more memory than the computer has.",
}


# While a template is compiled, its name is only in this frame.
_COMPILES = ImmutableSandboxedEnvironment.compile.__code__


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__


def _place(error: Exception) -> tuple[str, int]:
    """Return the template and the line where an error occurred; line 0 if it is unknown."""
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
