"""Help readers ask a question: an email link that names the page, and a form to print. No cookies, no third party."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from portal.core.settings import SiteSettings
from portal.pages.page import ABOUT, Page, PageContext
from portal.pages.plan_views import Link

ASK = f"{ABOUT}ask/"


@dataclass(frozen=True, kw_only=True)
class AskPage:
    """The form to print: each field in words, and its lines."""

    fields: tuple[tuple[str, range], ...] = (
        ("Which page or figure is it about?", range(2)),
        ("Your question, or what is wrong", range(6)),
        ("How can we reply? You do not have to give your name.", range(2)),
    )


def ask_page(context: PageContext, above: Link) -> Iterator[Page]:
    """Yield the page with the form, below the page `above`."""
    yield Page(ASK, "Ask us or tell us something", AskPage(), (above,))


def mail_link(site: SiteSettings, page: Page) -> str:
    """Return the mailto address for a question about a page; empty if the site has no contact.

    A page about reporting or getting help is not named, because a copy of the email stays on the device.
    """
    if not site.contact:
        return ""
    if page.private or page.exit:
        subject = body = site.name
    else:
        subject = f"{site.name}: {page.label}"
        body = f"About this page: {site.address}{page.path}\n\n"
    return f"mailto:{site.contact}?subject={quote(subject)}&body={quote(body)}"
