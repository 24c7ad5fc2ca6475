"""Make the page about what the law asks the partnership to publish."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from portal.analysis.duties import DutyStanding, DutyState, standing_of
from portal.core import periods
from portal.pages.page import ABOUT, Page, PageContext, cited_in
from portal.pages.plan_views import Link

DUTIES = f"{ABOUT}duties/"
# The states in words, those that need attention first.
STATES = {
    DutyState.PAST_DUE: "Nothing newer published",
    DutyState.NOT_PUBLISHED: "Not published",
    DutyState.DUE_SOON: "Due soon",
    DutyState.UP_TO_DATE: "Up to date",
    DutyState.NO_SET_DATE: "Published, no set date",
}


@dataclass(frozen=True, kw_only=True)
class DutyView:
    """A duty and its state; `law` is the short name of its law."""

    standing: DutyStanding
    law: str
    url: str

    @property
    def words(self) -> str:
        """Return its state in words."""
        return STATES[self.standing.state]


@dataclass(frozen=True, kw_only=True)
class DutiesPage:
    """Every duty as of `today`; `unpublished` have no evidence, and `outdated` none that is new enough."""

    duties: tuple[DutyView, ...]
    unpublished: int
    outdated: int
    today: date


def duty_pages(context: PageContext, above: Link) -> Iterator[Page]:
    """Yield the page about duties, below the page `above`; nothing if no package has duties."""
    content = context.content
    if not content.duties:
        return
    today = periods.today()
    standings = [standing_of(d, content.evidence, today) for d in content.duties]
    views = tuple(
        DutyView(standing=s, law=(law := content.sources[s.duty.source]).short_title, url=law.url)
        for s in standings
    )
    found = Counter(s.state for s in standings)
    yield Page(
        DUTIES,
        "What the law asks us to publish",
        DutiesPage(
            duties=views,
            unpublished=found[DutyState.NOT_PUBLISHED],
            outdated=found[DutyState.PAST_DUE],
            today=today,
        ),
        (above,),
        cited=cited_in(content.duties, content.evidence),
    )
