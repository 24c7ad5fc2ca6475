"""Pages that arrive in pieces, as they do on a slow connection: what a reader sees already stays where it is."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, TimeoutError
from portal.site.preview import Server, SiteHandler
from project import is_thorough
from test_every_page import PHONE, SEEN, WATCH, WIDE

PIECE = 1_500  # bytes
# What follows is far below the first screen.
FIRST = 60_000
DRAW = (
    "() => { window.drawn = false; requestAnimationFrame(() => requestAnimationFrame(() => drawn = true)); }"
)

# One of each kind, and those where a script shows or fills something on the first screen; a thorough run takes others too.
PAGES = [
    "", "wards/deptford/", "wards/deptford/briefing/", "figures/", "figures/recorded-robbery/", "figures/recorded-robbery/cite/",
    "figures/crime-prevention-funding/", "plans/", "plans/progress/", "subjects/knives/", "releases/", "releases/unusual/", "explore/", "about/open-data/",
    "help/", "plans/plan-2016-17/priority-4/", "plans/plan-2014-15/priority-2/action-2-5/", "plans/public-health/workstream-1/",
    "figures/stops-by-month/", "figures/figure-46/", "releases/since/", "wards/compare/", "search/",
]  # fmt: skip


@contextmanager
def in_pieces(site: Path) -> Iterator[tuple[str, "Queue[bytes]"]]:
    """Serve a site whose pages come from a queue, up to an empty piece, and whose other files come whole."""
    pieces: Queue[bytes] = Queue()

    class Handler(SiteHandler):
        def copyfile(self, source: Any, outputfile: Any) -> None:
            if not self.path.endswith("/"):
                super().copyfile(source, outputfile)
                return
            while piece := pieces.get():
                outputfile.write(piece)

    with Server(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", pieces
        finally:
            pieces.put(b"")  # lets go of a page that a failure cut off
            server.shutdown()


@pytest.mark.browser
@pytest.mark.parametrize("width", [PHONE, pytest.param(WIDE, marks=pytest.mark.thorough)])
def test_nothing_moves_while_a_page_arrives(chromium: Browser, real_site: Path, width: int) -> None:
    sample: list[str] = []
    if is_thorough():
        written = [
            p
            for p in sorted(real_site.rglob("index.html"))
            if "embed" not in p.parts and 'http-equiv="refresh"' not in p.read_text()
        ]
        sample = [p.parent.relative_to(real_site).as_posix() + "/" for p in written[1::37]]
        assert len(sample) > 10
    moved = []
    with (
        in_pieces(real_site) as (address, pieces),
        chromium.new_context(viewport={"width": width, "height": 800}) as context,
    ):
        context.add_init_script(WATCH)
        page = context.new_page()
        for path in [*PAGES, *sample]:
            whole = (real_site / path / "index.html").read_bytes()
            try:
                arrive(page, address + path, whole, pieces)
            except TimeoutError:
                # Once in many thousand pages Chromium closed the connection after the first piece, and drew nothing more.
                while not pieces.empty():
                    pieces.get()
                arrive(page, address + path, whole, pieces)
            moved += [f"{path}: {m}" for m in page.evaluate(SEEN)["moved"]]
    assert not moved, "\n".join(moved)


def arrive(page: Page, address: str, whole: bytes, pieces: "Queue[bytes]") -> None:
    """Open a page, and let each piece of it come after the one before is drawn."""
    # No frame is drawn before there is something to see.
    seen = whole.index(b"<header")
    pieces.put(whole[:seen])
    page.goto(address, wait_until="commit")
    for start in range(seen, min(len(whole), FIRST), PIECE):
        pieces.put(whole[start : start + PIECE])
        page.evaluate(DRAW)
        page.wait_for_function("() => drawn", polling=10)
    if rest := whole[start + PIECE :]:
        pieces.put(rest)
    pieces.put(b"")
    page.wait_for_load_state()


def test_every_picture_says_its_size_so_that_it_has_its_place_before_it_arrives(real_site: Path) -> None:
    pictures = re.compile(r"<(?:img|source)\b[^>]*>")
    sized = re.compile(r'(?=.* width="\d)(?=.* height="\d)')
    found = {p: pictures.findall(p.read_text()) for p in real_site.rglob("*.html")}
    assert sum(map(len, found.values())) > 1000
    without = {
        f"{p.relative_to(real_site)}: {i}" for p, all_ in found.items() for i in all_ if not sized.match(i)
    }
    assert without == set()
