"""Follow docs/tutorial/quarterly-update.md step by step, and take its pictures.

python scripts/guide.py CHECKOUT     the copy is made beside CHECKOUT, the pictures in docs/tutorial/pictures
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import openpyxl

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "tutorial" / "quarterly-update.md"
_STEP = re.compile(
    r"```sh(?P<stops> stops)?\n(?P<commands>.*?)```"
    r"|<!-- fill: (?P<fill>\S+) (?P<sheet>\S+) -->\s*\n(?P<rows>(?:\|[^\n]*\n)+)"
    r"|<!-- cell: (?P<book>\S+) (?P<name>\S+) (?P<cell>\S+) -->\n[^`]*`(?P<value>[^`]+)`"
    r"|```csv (?P<table>\S+)\n(?P<lines>.*?)```"
    r"|(?:<!-- (?P<what>page|sheet picture): (?P<shown>\S+) -->\n)?!\[[^\]]*\]\((?P<picture>\S+)\)",
    re.DOTALL,
)


@dataclass
class Follower:
    """A person who does what the tutorial says: their current folder, and the output of the last command."""

    folder: Path
    said: str = ""

    def runs(self, commands: str, stops: bool) -> None:
        """Run commands, which must end with code 1 if the tutorial says that they stop, else with 0.

        Raises: RuntimeError if they end with another code.
        """
        script = f'set -e\n{commands}\npwd > "$WHERE"'
        with tempfile.TemporaryDirectory() as scratch:
            folder_file = Path(scratch) / "folder"
            done = subprocess.run(  # noqa: S602 - the tutorial's own commands
                script, shell=True, executable="/bin/bash", cwd=self.folder, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "WHERE": str(folder_file), "HOME": scratch},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode != int(stops):
                raise RuntimeError(f"{commands}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
            if folder_file.exists():
                self.folder = Path(folder_file.read_text().strip())
        self.said = f"$ {commands.strip()}\n{done.stderr}{done.stdout}"

    def fills(self, book: str, sheet: str, rows: str) -> None:
        """Write the rows of a Markdown table below the header of a sheet."""
        loaded = openpyxl.load_workbook(self.folder / book)
        for row, line in enumerate(rows.strip().splitlines()[2:], 2):
            for column, text in enumerate(line.strip().strip("|").split("|"), 1):
                if text.strip():
                    loaded[sheet].cell(row, column, text.strip())
        loaded.save(self.folder / book)

    def writes(self, book: str, sheet: str, cell: str, value: str) -> None:
        """Write a value into one cell."""
        loaded = openpyxl.load_workbook(self.folder / book)
        loaded[sheet][cell] = value
        loaded.save(self.folder / book)

    def adds(self, table: str, lines: str) -> None:
        """Append lines to a CSV file."""
        with (self.folder / table).open("a", encoding="utf-8") as file:
            file.write(lines)


Camera = Callable[[Follower, str, str, str], None]


def follow(checkout: Path, camera: Camera) -> Iterator[Follower]:
    """Do each step, starting in `checkout`, and yield the follower after each.

    Call `camera` for each picture, with the follower, the path of the picture, the kind of what it shows (empty for the
    terminal, `page` or `sheet picture`) and the file that it shows.
    """
    follower = Follower(checkout)
    for step in _STEP.finditer(GUIDE.read_text(encoding="utf-8")):
        if step["commands"]:
            follower.runs(step["commands"], bool(step["stops"]))
        elif step["fill"]:
            follower.fills(step["fill"], step["sheet"], step["rows"])
        elif step["cell"]:
            follower.writes(step["book"], step["name"], step["cell"], step["value"])
        elif step["table"]:
            follower.adds(step["table"], step["lines"])
        else:
            camera(follower, step["picture"], step["what"] or "", step["shown"] or "")
        yield follower


_TERMINAL = """<!doctype html><style>body { margin: 0; background: #1d2733; color: #f4f4f4 }
pre { font: 15px/1.45 "DejaVu Sans Mono", monospace; margin: 0; padding: 20px; white-space: pre-wrap }</style><pre>%s</pre>"""
_LINES = 34  # how many lines of the terminal a picture shows


def pictures() -> Camera:
    """Return a camera that takes each picture in a browser."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import opened, served  # noqa: PLC0415

    def take(follower: Follower, picture: str, what: str, shown: str) -> None:
        target = GUIDE.parent / picture
        with opened() as browser:
            page = browser.new_page(viewport={"width": 1000, "height": 640 if what else 40})
            if what == "sheet picture":
                page.goto(_sheet(follower.folder / shown).as_uri())
                columns = page.get_by_text("What it is", exact=True).first
                columns.evaluate("cell => window.scrollTo(0, cell.getBoundingClientRect().top - 8)")
            elif shown.startswith("build/site/"):
                with served(follower.folder / "build/site") as address:
                    page.goto(address + shown.removeprefix("build/site/").removesuffix("index.html"))
                    page.screenshot(path=target)
                return
            elif what:
                page.goto((follower.folder / shown).as_uri())
            else:
                lines = follower.said.splitlines()
                visible = [*lines[: _LINES - 2], "…", lines[-1]] if len(lines) > _LINES else lines
                page.set_content(_TERMINAL % escape("\n".join(visible)))
            page.screenshot(path=target, full_page=not what)

    return take


def _sheet(book: Path) -> Path:
    """Return the HTML file that LibreOffice makes of the first sheet of a spreadsheet."""
    office = shutil.which("soffice")
    if office is None:
        raise RuntimeError("The picture of the spreadsheet needs LibreOffice.")
    subprocess.run([office, "--headless", "--convert-to", "html", "--outdir", str(book.parent), str(book)], check=True, capture_output=True)  # fmt: skip
    return book.with_suffix(".html")


if __name__ == "__main__":
    for _ in follow(Path(sys.argv[1]).resolve(), pictures()):
        pass
