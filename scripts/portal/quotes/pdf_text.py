"""Write the text of a PDF to the standard output: a program of its own, which its caller can stop.

Exit codes: 0 done, 1 the file cannot be read, 2 it has a password.
"""

import contextlib
import io
import logging
import re
import sys
from pathlib import Path

_MEMORY = 1_500_000_000  # bytes
_MOST_PAGES = 1_000


def text_of(raw: bytes) -> str:
    """Return the text of a PDF, with the lines of a paragraph joined.

    Raises:
        PermissionError: it has a password.
    """
    from pypdf import PdfReader  # noqa: PLC0415 - only here

    reader = PdfReader(io.BytesIO(raw))
    if reader.is_encrypted and not reader.decrypt(""):
        raise PermissionError
    pages = (reader.pages[n].extract_text() or "" for n in range(min(len(reader.pages), _MOST_PAGES)))
    return "\n\n".join(map(_joined, pages))


def _joined(page: str) -> str:
    """Join lines that go on: one that is long and ends without a full stop, before one that begins in lower case."""
    lines = [line.strip() for line in page.splitlines()]
    joined: list[str] = []
    for line in lines:
        if joined and len(joined[-1]) > 40 and line and not re.search(r"[.!?:;]$", joined[-1]):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return "\n".join(joined)


def main() -> int:
    """Read the file that the command line names."""
    with contextlib.suppress(ImportError):  # Windows has no limits of this kind
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    logging.disable(logging.CRITICAL)
    try:
        text = text_of(Path(sys.argv[1]).read_bytes())
    except PermissionError:
        return 2
    except (Exception, RecursionError, MemoryError):
        return 1
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
