"""Make the page that shows what changed since a day that the reader chooses, for everything or for one page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from portal.core.model import Release
from portal.pages.following import changes_by_page, followed
from portal.pages.page import FIGURES, SUBJECTS, WARDS, Page, PageContext
from portal.pages.plan_views import Link
from portal.pages.release_pages import RELEASES, release_link, summary

SINCE = f"{RELEASES}since/"
# The kinds of pages that readers follow, in the order of the choice, and where their pages are.
KINDS = (("Wards", WARDS), ("Subjects", SUBJECTS), ("Figures", FIGURES))


class ChangedPage(NamedTuple):
    """A page whose figures a release changed, and how many, in words."""

    link: Link
    words: str


@dataclass(frozen=True, kw_only=True)
class ChangesOfRelease:
    """A release, the page about it, its changes in words, and the pages whose figures it changed, by kind."""

    release: Release
    link: Link
    words: str
    kinds: tuple[tuple[str, tuple[ChangedPage, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class SincePage:
    """All releases, newest first, and the pages to choose from, by kind."""

    releases: tuple[ChangesOfRelease, ...]
    choices: tuple[tuple[str, tuple[Link, ...]], ...]


def since_page(context: PageContext, trail: tuple[Link, ...]) -> Iterator[Page]:
    """Yield the page if there was a release. `trail` are the pages above it."""
    content = context.content
    if not content.releases:
        return
    names = followed(context.released)
    changed = changes_by_page(context.released)
    releases = tuple(
        ChangesOfRelease(
            release=release,
            link=release_link(release),
            words=summary(content, release),
            kinds=tuple(
                (kind, own)
                for kind, folder in KINDS
                if (
                    own := tuple(
                        ChangedPage(Link(name, path), changed[path][release.id])
                        for path, name in names.items()
                        if path.startswith(folder) and release.id in changed.get(path, {})
                    )
                )
            ),
        )
        for release in reversed(content.releases)
    )
    choices = tuple(
        (kind, links)
        for kind, folder in KINDS
        if (links := tuple(Link(name, path) for path, name in names.items() if path.startswith(folder)))
    )
    title = "What changed since you last looked"
    yield Page(SINCE, title, SincePage(releases=releases, choices=choices), trail)
