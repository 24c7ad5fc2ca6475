"""Run the checks of the command `quote` and word its answers about the numbers in a document."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from portal.quotes import checking, documents
from portal.quotes.checking import CheckedNumber, Judgement
from portal.site import building

_WIDTH = 100  # characters of a sentence


def findings(
    root: Path, options: argparse.Namespace, progress: Callable[[str], None]
) -> tuple[CheckedNumber, ...]:
    """Return what the checker says about the numbers in the document that the command line names.

    Raises:
        PortalError: the document cannot be read, or the project has problems.
    """
    try:
        day = date.fromisoformat(options.date) if options.date else None
    except ValueError:
        options.stop("write --date as 2026-03-31")
    text = documents.text_of(options.file)
    progress("Checking the data packages")
    _, released = building.check(root)
    return checking.check(text, released, day)


def as_text(findings: Sequence[CheckedNumber]) -> str:
    """Return the findings for the terminal: those to change first, each with its paragraph, its reason and what to do."""
    if not findings:
        return "There are no numbers about our indicators in it."
    ordered = sorted(findings, key=lambda f: f.outcome == Judgement.RIGHT)
    return "\n\n".join([*map(_one, ordered), _summary(findings)])


def _one(f: CheckedNumber) -> str:
    lines = [f"Paragraph {f.paragraph}: {_around(f)}", f"  {f.quoted}: {f.outcome}. {f.message}"]
    if f.advice:
        lines.append(f"  To do: {f.advice}")
    if f.source:
        lines.append(f"  Source: {f.source}")
    return "\n".join(lines)


def _around(f: CheckedNumber) -> str:
    """Return the part of a sentence around a number, in quotation marks."""
    start = max(0, f.start - _WIDTH // 2)
    end = min(len(f.sentence), max(f.end, start + _WIDTH))
    words = " ".join(f.sentence[start:end].split())
    return f"“{'…' if start else ''}{words}{'…' if end < len(f.sentence) else ''}”"


def _summary(findings: Sequence[CheckedNumber]) -> str:
    counts = Counter(f.outcome for f in findings)
    listed = ", ".join(f"{counts[o]} {o}" for o in Judgement if counts[o])
    return f"{len(findings)} {'number' if len(findings) == 1 else 'numbers'} about our indicators: {listed}."


def as_json(findings: Sequence[CheckedNumber]) -> str:
    """Return the findings as JSON, for programs."""
    rows = [{"quoted": f.quoted, **asdict(f)} for f in findings]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def all_right(findings: Sequence[CheckedNumber]) -> bool:
    """Return True if nothing in the document needs changing."""
    return all(f.outcome == Judgement.RIGHT for f in findings)
