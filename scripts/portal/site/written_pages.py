"""Read the pages that are written by hand in Markdown."""

import re
from collections.abc import Mapping

from portal.core import input_files
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings

# What a line of 25 levels of lists or quotations begins with. Markdown reads each level by a call inside a call, so some
# hundreds are more than it can read.
_TOO_DEEP = re.compile(r"^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t]){100}", re.MULTILINE)


def read(settings: Settings) -> Mapping[str, str]:
    """Return the hand-written pages by their address; each must begin with its heading.

    Raises:
        PortalError: with every page that cannot be read, has no heading, or has lists or quotations that are too deep.
    """
    folder = settings.source_folder / "pages"
    pages: dict[str, str] = {}
    problems = []
    for path in sorted(folder.rglob("*.md")):
        file = path.relative_to(settings.root).as_posix()
        try:
            markdown = input_files.decode(input_files.read(path, settings.root))
        except input_files.UnreadableError as fault:
            problems.append(Problem(file, fault.row, "", "page", fault.message, fault.fix))
            continue
        address = path.relative_to(folder).as_posix().removesuffix("index.md")
        address = f"{address.removesuffix('.md')}/" if address.endswith(".md") else address
        if not markdown.startswith("# "):
            problems.append(
                Problem(
                    file,
                    1,
                    code="page",
                    message="The page does not begin with its heading.",
                    fix="Write # and the heading in the first line.",
                )
            )
        if deep := _TOO_DEEP.search(markdown):
            problems.append(
                Problem(
                    file,
                    markdown.count("\n", 0, deep.start()) + 1,
                    code="page",
                    message="The line begins with more than 25 levels of lists or quotations.",
                    fix="Use fewer levels.",
                )
            )
        pages[address] = markdown
    if problems:
        raise PortalError(problems)
    return pages
