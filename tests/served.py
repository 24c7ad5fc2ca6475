"""Everything that a built site serves, also what is inside its zip files, gzip files and PDFs; and servers that start."""

import gzip
import io
import re
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path


def served(site: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each file with its name and its bytes; those inside zip files too, however deep."""
    for path in sorted(p for p in site.rglob("*") if p.is_file()):
        yield from _opened(path.relative_to(site).as_posix(), path.read_bytes())


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for inner in packed.namelist():
                yield from _opened(f"{name}!{inner}", packed.read(inner))
    elif data[:2] == b"\x1f\x8b":
        yield from _opened(f"{name}!gz", gzip.decompress(data))
    elif data[:4] == b"%PDF" and shutil.which("pdftotext"):  # without it, the pages that are printed must do
        done = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=False)
        yield f"{name}!text", done.stdout


def holding(site: Path, number: str) -> list[str]:
    """Return the names of the files that have the number as a word of its own, with commas or without.

    The sizes of files in the manifest are no figures, and can be any number by chance.
    """
    wanted = re.compile(rf"(?<![\w.])(?:{re.escape(number)}|{int(number):,})(?!\w)".encode())
    told = ((n, re.sub(rb'"size": \d+', b"", d) if n == "manifest.json" else d) for n, d in served(site))
    return [name for name, data in told if wanted.search(data)]


def wait_for(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when a server that was started answers at its port; fail with its log if it ends or takes ten seconds."""
    for _ in range(200):
        with socket.socket() as look:
            if look.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert child.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())
