"""Draw the rooms of scripts/portal and their imports into docs/explanation/rooms.svg, and print numbers about them.

python scripts/rooms.py
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "scripts" / "portal"
DRAWING = ROOT / "docs" / "explanation" / "rooms.svg"

Imports = Mapping[str, Set[str]]


class Box(NamedTuple):
    """Where a room is drawn: its centre in pixels from the left, its level from the bottom, and what it does."""

    x: int
    level: int
    words: tuple[str, ...]


BOXES = {
    "cli": Box(360, 8, ("commands, messages,", "exit codes")),
    "editing": Box(360, 6, ("single entries,", "reasons")),
    "desk": Box(240, 7, ("the update in the", "browser, journal")),
    "site": Box(600, 5, ("stage, render, index,", "verify, publish")),
    "pages": Box(690, 4, ("views of each page,", "templates")),
    "quotes": Box(300, 4, ("numbers in a text,", "checked")),
    "importers": Box(135, 3, ("published files and", "spreadsheets")),
    "opendata": Box(470, 3, ("records, API, metadata,", "zip files")),
    "charts": Box(720, 3, ("Plotly figures, maps,", "and their pictures")),
    "checks": Box(160, 2, ("rules that stop a build,", "warnings")),
    "releases": Box(440, 2, ("archives, comparison,", "embargo, withdrawal")),
    "analysis": Box(720, 2, ("changes, rates, claims,", "progress, sentences")),
    "data": Box(295, 1, ("packages, schemas,", "validation")),
    "disclosure": Box(565, 1, ("suppression, audit,", "cleared content")),
    "core": Box(430, 0, ("model, settings, problems,", "periods, text")),
}
_WIDTH, _HEIGHT, _STEP, _TOP = 190, 68, 116, 14
_SIZE = (860, _TOP + 8 * _STEP + _HEIGHT + 44)


def room_imports(program: Path = PROGRAM) -> dict[str, set[str]]:
    """Return the other rooms that each room imports, read from the source of its modules."""
    rooms: dict[str, set[str]] = {p.parent.name: set() for p in sorted(program.glob("*/__init__.py"))}
    for room, imported in rooms.items():
        trees = (ast.parse(p.read_text(encoding="utf-8")) for p in (program / room).rglob("*.py"))
        imported.update(other for tree in trees for other in _imported_rooms(tree) if other in rooms)
        imported.discard(room)
    return rooms


def _imported_rooms(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "portal":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("portal."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (n.name.split(".")[1] for n in node.names if n.name.startswith("portal."))


def reachable(room: str, imports: Imports) -> set[str]:
    """Return every room that a room imports, directly or through others."""
    return set(imports[room]).union(*(reachable(other, imports) for other in imports[room]))


def arrows(imports: Imports) -> list[tuple[str, str]]:
    """Return the imports to draw: those that no chain of other imports implies (the transitive reduction)."""
    return [
        (room, imported)
        for room in imports
        for imported in sorted(imports[room])
        if not any(imported in reachable(other, imports) for other in imports[room] - {imported})
    ]


def drawing(imports: Imports) -> str:
    """Return the diagram as SVG. Raises `KeyError` for a room that `BOXES` has no place for."""
    drawn = arrows(imports)
    width, height = _SIZE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="Arial, sans-serif">',
        "<title>The rooms of the program and which imports which</title>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L10 5L0 10z" fill="#3d3d3d"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for room, imported in drawn:
        x1, y1 = _port(room, imported, [to for start, to in drawn if start == room]), _y(room) + _HEIGHT
        x2, y2 = _port(imported, room, [start for start, to in drawn if to == imported]), _y(imported)
        parts.append(
            f'<path d="M{x1} {y1}L{x2} {y2 - 2}" stroke="#3d3d3d" stroke-width="1.5" fill="none" marker-end="url(#head)">'
            f"<title>{room} imports {imported}</title></path>"
        )
    for room in imports:
        x, y = BOXES[room].x, _y(room)
        parts.append(
            f'<rect x="{x - _WIDTH // 2}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#eef3f8" stroke="#12436d" stroke-width="1.5"/>'
            f'<text x="{x}" y="{y + 20}" font-size="16" font-weight="bold" text-anchor="middle" fill="#12436d">{room}/</text>'
        )
        for line, words in enumerate(BOXES[room].words):
            parts.append(
                f'<text x="{x}" y="{y + 40 + 17 * line}" font-size="14" text-anchor="middle" fill="#222">{escape(words)}</text>'
            )
    parts.append(
        f'<text x="{width // 2}" y="{height - 14}" font-size="14" text-anchor="middle" fill="#222">'
        "An arrow means “imports”. Each room may also import whatever its arrows lead to.</text>"
    )
    return "\n".join([*parts, "</svg>", ""])


def numbers(program: Path = PROGRAM) -> dict[str, int]:
    """Return what the table of numbers on the architecture page has: counts of modules, imports and long functions."""
    trees = {p: ast.parse(p.read_text(encoding="utf-8")) for p in sorted(program.rglob("*.py"))}
    modules = [p for p in trees if p.stem not in ("__init__", "__main__")]
    functions = [
        (n.end_lineno or n.lineno) - n.lineno + 1
        for tree in trees.values()
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    imports = room_imports(program)
    return {
        "rooms": len(imports),
        "modules": len(modules),
        "most modules in one folder": max(Counter(p.parent for p in modules).values()),
        "levels of rooms": max(_level(room, imports) for room in imports),
        "imports between rooms": sum(map(len, imports.values())),
        "functions": len(functions),
        "lines of the longest function": max(functions),
        "functions over 40 lines": sum(n > 40 for n in functions),
    }


def _level(room: str, imports: Imports) -> int:
    return 1 + max((_level(other, imports) for other in imports[room]), default=0)


def _y(room: str) -> int:
    return _TOP + (8 - BOXES[room].level) * _STEP


def _port(room: str, other: str, others: list[str]) -> int:
    """Return where an arrow meets a box, so that the arrows of one side are in the order of where they lead."""
    place = sorted(others, key=lambda name: BOXES[name].x).index(other)
    return BOXES[room].x + round((place - (len(others) - 1) / 2) * 36)


if __name__ == "__main__":
    DRAWING.write_text(drawing(room_imports()), encoding="utf-8")
    for name, number in numbers().items():
        print(f"{number:6,} {name}")
