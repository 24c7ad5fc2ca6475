"""Give the templates of pages their functions: figures, changes, periods and dates in words, and lookups in the content."""

import re
from functools import partial

import jinja2
from markupsafe import Markup

from portal.analysis import changes_in_words, measures
from portal.analysis.measures import IndicatorSummary
from portal.analysis.progress import STEPS
from portal.charts.sparklines import draw_trend
from portal.charts.svg import Pictures
from portal.core import periods
from portal.core.model import Observation
from portal.core.settings import Settings
from portal.core.text import MARKERS, amount, front_matter, listed, lower_first, number, upper_first
from portal.disclosure.clearing import ClearedContent
from portal.pages import glossary_terms, templates
from portal.pages.asking import mail_link
from portal.pages.messages import Messages

# The path of the chart library in the site.
LIBRARY = "assets/js/plotly-basic.min.js"


def environment(
    settings: Settings, released: ClearedContent, pictures: Pictures, texts: Messages
) -> jinja2.Environment:
    """Return the environment of the templates of pages, with everything that they can call and read.

    `texts` are the texts of the frame in the language of the site.
    """
    templates_of_pages = templates.environment(settings.root, texts)
    templates_of_pages.filters |= {
        "amount": amount,
        "cell": lambda o: _cell(released, o),
        "change_in_words": changes_in_words.change_in_words,
        "meaning": measures.meaning,
        "describe_clear_changes": changes_in_words.describe_clear_changes,
        "per_1000": partial(changes_in_words.per_1000, released),
        "change_with_figures": changes_in_words.change_with_figures,
        "period": lambda o: periods.label("rolling-months", o.period_start, o.period_end),
        "running": periods.inside_sentence,
        "spark": partial(draw_trend, released),
        "statuses": _statuses,
        "listed": listed,
        "lower_first": lower_first,
        "upper_first": upper_first,
        "last_change_in_words": partial(changes_in_words.last_change_in_words, released),
        "why": lambda o: MARKERS[o.status],
        "upto": lambda o: periods.month(o.period_end),
        "number": number,
        "day": periods.day,
        "front_matter": front_matter,
        "loose_date": periods.loose_date,
        "plural": _plural,
        "slug": lambda words: Markup(re.sub("[^a-z]+", "-", words)),  # noqa: S704 - letters and hyphens only
        "written": Markup,
        "translated": texts.plain,
        "term_id": glossary_terms.term_id,
    }
    templates_of_pages.globals |= {
        "site": settings.site,
        "policy": settings.disclosure,
        "prints": pictures.prints,
        "sources": released.content.sources,
        "indicators": released.content.indicators,
        "library": LIBRARY,
        "unfit": bool(released.content.no_rates),
        "steps": STEPS,
        "mail": partial(mail_link, settings.site),
    }
    return templates_of_pages


def _cell(released: ClearedContent, o: Observation | None) -> str:
    """Return a figure as a table prints it, in the unit of its indicator."""
    return changes_in_words.cell(o, released.content.indicators[o.indicator].unit if o else "count")


def _statuses(standings: list[IndicatorSummary]) -> list[tuple[str, str]]:
    """Return the status markers in a table, each with its meaning."""
    figures = [o for s in standings for o in (s.latest, s.earlier) if o is not None]
    used = {o.status for o in figures}
    return [(mark, words) for mark, words in MARKERS.items() if mark in used]


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
