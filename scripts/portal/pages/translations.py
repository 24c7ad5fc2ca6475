"""Read translations. A file named after an English page becomes a page below it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from portal.core import input_files
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.pages.page import Page
from portal.pages.plan_views import Link
from portal.pages.views import WrittenPage

FOLDER = "site_src/translations"
# Languages written from right to left, by the first part of their code.
RIGHT_TO_LEFT = ("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi")


def read_translations(root: Path, pages: tuple[Page, ...], languages: Mapping[str, str]) -> tuple[Page, ...]:
    """Return the pages made from the files `site_src/translations/<language>/<address>.md`.

    Each takes its sources, its title in the browser and its way out from the English page.

    Raises:
        PortalError: if the settings do not name a language, an English page does not exist, or a file does not begin
            with its heading.
    """
    english = {p.path: p for p in pages}
    translations: list[Page] = []
    problems: list[Problem] = []
    for path in sorted((root / FOLDER).rglob("*.md")):
        language, *parts = path.relative_to(root / FOLDER).with_suffix("").parts
        address = "/".join(parts).removesuffix("index").rstrip("/")
        page = english.get(f"{address}/" if address else "")
        file = path.relative_to(root).as_posix()
        try:
            heading, _, body = input_files.decode(input_files.read(path, root)).partition("\n")
        except input_files.UnreadableError as fault:
            problems.append(Problem(file, fault.row, "", "translation", fault.message, fault.fix))
            continue
        faults = list(_faults(language, address, languages, english, heading))
        problems += [Problem(file, code="translation", message=m, fix=f) for m, f in faults]
        if page and not faults:
            trail = (*page.trail, Link(page.label, page.path))
            translations.append(
                Page(
                    f"{page.path}{language}/", heading.lstrip("# "), WrittenPage(markdown=body), trail,
                    f"{page.title} ({languages[language]})", page.exit, page.cited, language, page.path,
                )
            )  # fmt: skip
    if problems:
        raise PortalError(problems)
    return tuple(translations)


def _faults(
    language: str, address: str, languages: Mapping[str, str], english: Mapping[str, Page], heading: str
) -> Iterator[tuple[str, str]]:
    if language not in languages:
        yield (
            f"The settings name no language {language}.",
            f'Write {language} = "its own name" under [languages].',
        )
    if (f"{address}/" if address else "") not in english:
        yield f"There is no English page {address or 'index'}.", did_you_mean(f"{address}/", english)
    if not heading.startswith("# "):
        yield "The page does not begin with its heading.", "Write # and the heading in the first line."
