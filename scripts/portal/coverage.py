"""Where each section of the source documents is shown, as a table for the repository."""

from portal.config import Settings
from portal.disclosure import Release
from portal.pages import all_pages
from portal.problems import PortalError, Problem
from portal.tree import written


def table(settings: Settings, released: Release) -> str:
    """Markdown with a row for every section of every document.

    Raises `PortalError` for each section that is neither shown nor left out for a reason, and for each page
    that does not exist.
    """
    addresses = {p.path: p.label for p in all_pages(settings, released, written(settings))}
    problems, lines = [], ["# Where each section of the documents is shown", ""]
    lines += ["Made by `portal coverage` from the sections listed in the packages. Do not edit.", ""]
    lines += ["The page of a priority leads to the pages of its actions, which are not listed here.", ""]
    for source in released.content.sources.values():
        sections = sorted(
            (s for s in released.content.sections if s.source == source.id), key=lambda s: s.number
        )
        if not sections:
            continue
        shown = sum(bool(s.pages) for s in sections)
        lines += [f"## {source.title}", "", f"{len(sections)} sections, {shown} shown.", ""]
        lines += ["| section | shown on, or why not |", "|---|---|"]
        for section in sections:
            pages = [p for p in section.pages.split(";") if p]
            place = f"sections of {source.id}, number {section.number}"
            problems += [
                Problem(place, code="coverage", message=f"There is no page {p}.", fix="Correct the address.")
                for p in pages
                if p not in addresses
            ]
            if not pages and not section.left_out:
                message = f"“{section.heading}” is neither shown nor left out."
                problems.append(
                    Problem(place, code="coverage", message=message, fix="Name its pages, or say why.")
                )
            shown_on = ", ".join(f"`{p}`" for p in pages)
            left = section.left_out if pages else f"left out: {section.left_out}"
            where = "; ".join(filter(None, (shown_on, left)))
            lines.append(f"| {section.heading.replace('|', '/')} | {where} |")
        lines.append("")
    if problems:
        raise PortalError(problems)
    return "\n".join(lines)
