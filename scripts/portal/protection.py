"""The report on small numbers for whoever is responsible for data protection."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from portal import inference
from portal import policy as policies
from portal.audit import Interval
from portal.config import Disclosure
from portal.inference import Past
from portal.model import Content, Indicator, Observation
from portal.text import number

_METHOD = """
## How this was found out

For each withheld figure two linear programmes look for the least and the greatest value that fits everything else that
is published: boroughs over their wards and the records without a ward, totals over their parts, all offences over
their groups, and longer periods over shorter ones. No count is below zero. The programmes know nothing of the true
figures, which are not in this project. A build stops where an interval is narrower than the policy asks for.

Rates, percentages and directions are worked out from the published figures alone, so they tell nothing more. Figures
with a mark are those of the tables and downloads: `c` stands for small figures and for those that hide them alike.

## What this does not protect against

- The police publish monthly figures by ward themselves. Whoever reads those can learn what is withheld here.
- Somebody who knows about an offence already may recognise it in a count of one.
- Copies of earlier pages. A figure that was once published cannot be taken back.
"""


@dataclass(frozen=True)
class Report:
    """The report in Markdown, its summary in a sentence, and the withheld figures that can be worked out."""

    text: str
    summary: str
    leaks: tuple[Interval, ...]


def report(content: Content, policy: Disclosure, earlier: Sequence[Past] = ()) -> Report:
    """What is guarded, what is withheld, and how much can be worked out about it, also from `earlier` releases."""
    known = inference.known(content, policy, earlier)
    found, leaks = known.intervals, tuple(leak.interval for leak in known.leaks)
    cells = sum(len(_counts(content, i)) for i in _guarded(content))
    widest = min((i.greatest - i.least for i in found), default=inf)
    smallest = f" The narrowest interval is {_plain(widest)} wide." if found else ""
    summary = (
        f"{cells} guarded counts, {len(found)} withheld, {len(leaks)} of them can be worked out.{smallest}"
    )
    lines = [
        "# Small numbers: what is withheld, and what can be worked out", "",
        "Made by `portal audit`. Do not edit.", "", summary, "", "## The policy", "", *_policy(policy), "",
        "## Indicator by indicator", "", *_table(content, policy, found), "", "## Each withheld figure", "", *_each(found),
    ]  # fmt: skip
    return Report("\n".join(lines) + "\n" + _METHOD, summary, leaks)


def _guarded(content: Content) -> list[Indicator]:
    return [i for i in content.indicators.values() if policies.guarded(i) and _counts(content, i)]


def _counts(content: Content, indicator: Indicator) -> list[Observation]:
    return policies.closed(content, indicator.id)


def _policy(policy: Disclosure) -> list[str]:
    return [
        "- Sensitive subjects by ward only for 12 months at a time, and never split by kind.",
        f"- A count under {policy.ward_minimum} by ward, or under {policy.borough_minimum} by borough, is withheld. Zero is such a count.",
        "- Other figures are withheld with it, so that each withheld one could be anything in an interval at least as wide.",
        "- Packages may be stricter and not laxer. Figures that stand in a document published before are repeated as they stand.",
    ]


def _table(content: Content, policy: Disclosure, found: tuple[Interval, ...]) -> Iterator[str]:
    yield "| Indicator | Minimum by ward | by borough | Counts by ward | by borough | Withheld | Narrowest interval |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for indicator in _guarded(content):
        own = _counts(content, indicator)
        kinds = [content.areas[o.area].kind for o in own]
        widths = [i.greatest - i.least for i in found if i.published.words.startswith(f"{indicator.id}:")]
        least = [policies.small(content, policy, indicator.id, k) for k in ("ward", "borough")]
        cells = [
            indicator.title,
            *least,
            kinds.count("ward"),
            kinds.count("borough"),
            sum(o.status == "c" for o in own),
        ]
        yield f"| {' | '.join(map(str, cells))} | {_plain(min(widths)) if widths else '–'} |"


def _each(found: tuple[Interval, ...]) -> Iterator[str]:
    if not found:
        yield "None."
        return
    yield "| Figure | Least | Greatest | Width asked for |"
    yield "|---|--:|--:|--:|"
    for i in found:
        yield f"| {i.published.words} | {_plain(i.least)} | {_plain(i.greatest)} | {i.published.width} |"


def _plain(value: float) -> str:
    return "no limit" if value == inf else number(round(value))
