"""The texts that are in no table: pages, assets, templates and the rest of the site's source, settings and descriptors."""

import html
import json
import re
from collections.abc import Iterator, Mapping

from portal.checks.counts_in_text import NUMBER
from portal.checks.valid_rows import ValidRows
from portal.core import input_files
from portal.core.settings import Settings
from portal.core.text import TEXT_FILES, visible_text

_TEXT_FILES = (*TEXT_FILES, ".jinja", ".toml", ".po")
_CODE = re.compile(r"\{[{%#].*?[}%#]\}")  # of a template; what it prints is read where it comes from
_EMPHASIS = re.compile(r"[*_`]+")
_HEADING = re.compile(r"(#{1,6})\s*(.*?)[#\s]*$")
SENTENCE_ENDS = re.compile(r"(?<=[.!?;])\s+")


def texts_outside_tables(checked: ValidRows) -> Iterator[tuple[str, int, str]]:
    """Yield each paragraph outside tables as its file, its line (0 in a descriptor) and its text, after what it is about.

    A paragraph of a page comes after its headings, and its first sentence once more after the last one of the paragraph
    before, both without their numbers. Where tags or marks divide it, it comes as it is written and as it is read.
    """
    settings = checked.settings
    for path in sorted(settings.source_folder.rglob("*")):
        if path.suffix.lower() in _TEXT_FILES:
            yield from _paragraphs(settings, path.relative_to(settings.root).as_posix())
    for package in checked.packages:
        descriptor = settings.packages_folder.parent / package.file
        try:
            read = json.loads(
                input_files.decode(input_files.read(descriptor, settings.packages_folder.parent))
            )
        except (input_files.UnreadableError, ValueError):
            continue  # reported where it is read
        yield from ((package.file, 0, text) for text in _strings(read))


def _paragraphs(settings: Settings, file: str) -> Iterator[tuple[str, int, str]]:
    try:
        lines = input_files.decode(input_files.read(settings.root / file, settings.root)).splitlines()
    except input_files.UnreadableError:
        return  # reported where it is read
    start, before = 0, ""
    headings: dict[int, str] = {}  # by level
    for number, line in enumerate([*lines, ""]):
        if not line.strip():
            if paragraph := " ".join(lines[start:number]).strip():
                about = ": ".join(filter(None, headings.values()))
                for text in _as_read(paragraph, file):
                    yield file, start + 1, f"{about}. {text}" if about else text
                    sentences = SENTENCE_ENDS.split(text)
                    if before:
                        yield file, start + 1, f"{before} {sentences[0]}"
                    last = NUMBER.sub("", f"{about}: {sentences[-1]}".rstrip(".!?; "))
                before = f"{last}."
            start = number + 1
        elif file.endswith(".md") and (heading := _HEADING.match(line)):
            # What follows is about what the headings name; a number in a heading is reported there.
            level, words = len(heading[1]), NUMBER.sub("", heading[2])
            headings = {k: v for k, v in headings.items() if k < level} | {level: words}
            before = ""


def _as_read(paragraph: str, file: str) -> tuple[str, ...]:
    """Return a paragraph as it is read: without marks of emphasis and tags, and with what entities stand for.

    That of a page or of settings is first what it is with its tags, in which a text can be too.
    """
    plain = _EMPHASIS.sub("", paragraph)
    if not file.endswith((".md", ".toml")):
        return (visible_text(_CODE.sub(" ", plain)),)
    return tuple(dict.fromkeys((html.unescape(plain), visible_text(plain))))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner)
