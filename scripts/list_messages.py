"""Write site_src/languages/messages.pot, the list of all messages of the frame, for translators.

python scripts/list_messages.py

Messages are `_("…")` in the templates, `config.extra.words["…"]` in the theme, `t("…")` and `tn(count, "…", "…")` in the
scripts, the names that the code gives to pages and links, and the texts of the constants in `CONSTANTS`.
"""

import ast
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po
from portal.pages.messages import LIST, script_messages, theme_messages

ROOT = Path(__file__).resolve().parent.parent
# Constants whose texts templates print with the filter `translated`.
CONSTANTS = {
    "scripts/portal/pages/all_pages.py": {"SITUATIONS", "HELP_TOPICS"},
    "scripts/portal/pages/easy_read.py": {"WAYS", "NEEDS"},
    "scripts/portal/analysis/progress.py": {"STEPS"},
    "scripts/portal/core/text.py": {"MARKERS"},
    "scripts/portal/pages/since_page.py": {"KINDS"},
}
Found = tuple[int, str | tuple[str, str]]


def of_template(path: Path) -> Iterator[Found]:
    """Yield the messages of a template with their lines."""
    with path.open("rb") as file:
        for line, message, _, _ in extract("jinja2.ext:babel_extract", file, {"_": None}):
            yield line, str(message)


def of_theme(path: Path) -> Iterator[Found]:
    """Yield the messages of a template of the theme with their lines."""
    yield from theme_messages(path.read_text(encoding="utf-8"))


def of_script(path: Path) -> Iterator[Found]:
    """Yield the messages of a script with their lines."""
    yield from script_messages(path.read_text(encoding="utf-8"))


def of_code(path: Path) -> Iterator[Found]:
    """Yield the names of pages and links that a module writes out, and the texts of its constants in `CONSTANTS`."""
    constants = CONSTANTS.get(path.relative_to(ROOT).as_posix(), set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("Page", "Link")
        ):
            titles = [k.value for k in node.keywords if k.arg == "title"]
            yield from _texts([*node.args, *titles])
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id in constants:
                yield from _texts([n for n in ast.walk(node.value) if isinstance(n, ast.expr)])


def _texts(nodes: list[ast.expr]) -> Iterator[Found]:
    for node in nodes:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and (" " in value or value[:1].isupper()):
            yield node.lineno, value


SOURCES: tuple[tuple[str, Callable[[Path], Iterator[Found]]], ...] = (
    ("site_src/theme/**/*.html", of_theme),
    ("site_src/templates/*.jinja", of_template),
    ("site_src/assets/js/*.js", of_script),
    ("scripts/portal/pages/*.py", of_code),
    ("scripts/portal/analysis/progress.py", of_code),
    ("scripts/portal/core/text.py", of_code),
)


def catalogue() -> Catalog:
    """Return every message of the frame with the files that use it, in the order of the files."""
    found = Catalog(
        fuzzy=False, header_comment="# The texts of the frame of the site. Made by scripts/list_messages.py."
    )
    for pattern, messages in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            for _, message in messages(path):
                found.add(message, locations=[(path.relative_to(ROOT).as_posix(), 1)])
    return found


def text() -> bytes:
    """Return the catalogue as a file, without times, so that it only changes with the messages."""
    out = io.BytesIO()
    write_po(out, catalogue(), width=0, include_lineno=False, omit_header=True)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    return (
        f"# The texts of the frame of the site. Made by scripts/list_messages.py.\n{header}".encode()
        + out.getvalue()
    )


if __name__ == "__main__":
    (ROOT / LIST).parent.mkdir(exist_ok=True)
    (ROOT / LIST).write_bytes(text())
