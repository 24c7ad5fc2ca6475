"""Prints pages to PDF in headless Chromium, so that a board member can take one sheet to a meeting.

A sheet is kept under the content of its page, so that only those that changed are printed again.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portal.pictures import QUIET, attempts, browser

NAME = "briefing.pdf"
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}([+-]\d\d'\d\d')?\)")
_AT_ONCE = 2


def print_all(site: Path, pages: Iterable[str], cache: Path) -> list[str]:
    """Print the built pages at the addresses `pages` beside themselves; return those that could not be printed.

    Without Chromium, or where it fails, there is no sheet: the page itself can be printed by any browser.
    """
    chromium = browser()
    wanted = [site / page / "index.html" for page in pages]
    if chromium is None:
        return [str(p) for p in wanted]
    cache.mkdir(parents=True, exist_ok=True)
    style = b"".join(p.read_bytes() for p in sorted((site / "assets" / "css").glob("*.css")))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = list(pool.map(lambda page: _sheet(chromium, page, style, cache), wanted))
    return [str(p) for p, sheet in zip(wanted, done, strict=True) if not sheet]


def _sheet(chromium: str, page: Path, style: bytes, cache: Path) -> bool:
    kept = cache / f"{hashlib.sha256(page.read_bytes() + style).hexdigest()[:24]}.pdf"
    if not kept.exists():
        printed = _printed(chromium, page)
        if printed is None:
            return False
        fresh = kept.with_suffix(".new")
        fresh.write_bytes(printed)
        fresh.replace(kept)
    shutil.copyfile(kept, page.with_name(NAME))
    return True


def _printed(chromium: str, page: Path) -> bytes | None:
    """The page as PDF without the time of day, so that two builds are the same; None where Chromium fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / NAME
        options = (*QUIET, "--no-pdf-header-footer", f"--print-to-pdf={out}")
        for _ in attempts(chromium, options, page, folder):
            if out.exists():
                return _DATE.sub(_undated, out.read_bytes())
    return None


def _undated(found: re.Match[bytes]) -> bytes:
    return b"/" + found[1] + b" (D:20000101000000" + (found[2] or b"") + b")"
