"""Redirect old addresses of pages to the new ones: `[redirects]` in the settings.

A page at the old address redirects on any server. Hosts that read `_redirects`, and nginx, redirect at once.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.pages.page import Page

FILE = "_redirects"
_ADDRESS = re.compile(r"([a-z0-9]+(-[a-z0-9]+)*/)+", re.ASCII)


def check(settings: Settings) -> Iterator[Problem]:
    """Yield a problem for each address that is not valid."""
    for old, new in settings.redirects.items():
        for address in (a for a in dict.fromkeys((old, new)) if not _ADDRESS.fullmatch(a)):
            if address == new == "":
                continue  # the home page
            fix = "Write the address below the site, in lower-case letters, numbers and hyphens, and end it with a slash, such as subjects/knives/."
            yield _problem(old, f"{repr(address)[:80]} cannot be the address of a page.", fix)


def broken_redirects(redirects: Mapping[str, str], pages: Iterable[Page]) -> Iterator[Problem]:
    """Yield a problem for each old address that still has a page, or leads to no page or to another old address."""
    known = frozenset(p.path for p in pages)
    for old, new in redirects.items():
        if old in known:
            yield _taken(old)
        elif new in redirects:
            fix = "Write the address of the page at the end of the chain."
            yield _problem(old, f"{new} is an old address itself.", fix)
        elif new not in known:
            yield _problem(old, f"There is no page {new}.", did_you_mean(new, known))


def _taken(old: str) -> Problem:
    fix = "Remove this line, or give that page another address."
    return _problem(old, f"There is a page at {old}, so it cannot redirect.", fix)


def moved_pages(
    redirects: Mapping[str, str], pages: Iterable[Page], taken: Set[str]
) -> Iterator[tuple[str, str, Page]]:
    """Yield each old address with a unique title and the page that it leads to.

    `taken` are the names of all other files.

    Raises:
        PortalError: if one of them is a page at an old address.
    """
    if clashes := [old for old in redirects if taken & {f"{old}index.md", f"{old}index.html"}]:
        raise PortalError(map(_taken, clashes))
    known = {p.path: p for p in pages}
    times: Counter[str] = Counter()
    for old, new in sorted(redirects.items()):
        times[new] += 1
        again = f" ({times[new]})" if times[new] > 1 else ""
        yield old, f"Moved: {known[new].title}{again}", known[new]


def for_hosts(redirects: Mapping[str, str]) -> str:
    """Return the file `_redirects` for Netlify and Cloudflare Pages."""
    return "".join(f"/{old} /{new} 301\n" for old, new in sorted(redirects.items()))


def for_nginx(rules: str) -> Iterator[str]:
    """Yield one line for an nginx server block for each rule of a `_redirects` file."""
    for old, new, _ in (line.split() for line in rules.splitlines()):
        yield f"location = {old} {{ return 301 {new}; }}"


def _problem(old: str, message: str, fix: str) -> Problem:
    return Problem(SETTINGS_FILE, field=f"redirects.{old}"[:80], code="settings", message=message, fix=fix)
