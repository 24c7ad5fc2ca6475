"""The report on small numbers for whoever is responsible for data protection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from portal.core import small_counts as policies
from portal.core.model import Content, FigureKey, Indicator, Observation
from portal.core.settings import SmallCountSettings
from portal.core.text import number
from portal.core.vocabulary import AreaKind
from portal.disclosure import inference
from portal.disclosure.audit import Interval
from portal.disclosure.inference import EarlierRelease

_METHOD = """
## How this was worked out

We assume a reader who knows everything that is public: every figure here and in earlier releases, how figures add up
(boroughs over their wards and the records without a ward, totals over their parts on all levels, longer periods over
shorter ones), these rules, and the program. The audit knows no true count of a withheld figure.

1. **All that is published.** For each withheld figure, two integer programmes find the least and the greatest value
   that fits everything else. These are the columns "least" and "greatest". They must be as far apart as the minimum.
2. **The minimum as well.** A reader also knows that a small count is under the minimum, and that other counts are
   withheld with small ones only where needed. So the audit asks again, for every reading of the table in which as few
   withheld figures as possible are not small. In each of them a small count must still be able to take every value
   from 0 to the minimum less one, and any other withheld figure must have as many possible values. This is what five
   withheld wards with the sum 45 fail: each would have to be 9.
3. **The program as well.** An import, which knows the true counts, also asks this for the true reading. Which other
   counts it withholds is left to chance that cannot be repeated, and chance withholds a few more than needed. Whether a
   choice is good enough never depends on how small a small count is. So a reader who runs the program on every table
   that fits can rule out no value of a small count. What was withheld once stays withheld when the file is imported again.
   Because of this chance, two copies of a portal that import the same files withhold the same small counts, but often
   different others. The same is true if one imports the totals first and the other imports everything at once. Either
   choice protects the small counts, but publish only one: a reader who has both sees more than either shows. Without
   totals, only the small counts themselves need to be withheld.
4. **Earlier releases.** The figures of each release are one table of their own. To each are added the figures that
   only other releases have. A figure that was revised, left out or renamed since still counts, and so does what was part
   of what then. Numbers that only an earlier release has are searched for copies, rates and totals as today's are.

Figures that are not available (`x`, `z`), `low` or left out count as withheld if they could be small. Rates, percentages
and changes of a guarded subject are refused by ward, and for larger areas where they stand for a small count. So are
claims and targets that state a withheld count, and periods by ward that overlap, also under two indicators of one
subject. Numbers that look like the same figure, or like a total that no table declares, stop a build until they are
accepted with a reason. Such a total can be among the parts of a breakdown: “All”, “Knives and guns”, “Knives” beside
“Kitchen knives” and “Other knives”, men and women beside ages, or a part that was the sum of others before. They do so where
fewer than one such match would be expected by chance among all that were tried, where the names match too, and where
eight counts or fewer are published beside the withheld one. Other matches are warnings.

What a figure is called counts too. A name that says “per 10,000”, “%” or “index” is no count, whatever its unit. A name or
part that is a ward, or the parts of “by street”, make a count of a larger area as sensitive as one of a ward. A measure
that names the subject of a withheld count and says “than the year before”, “gap”, “average” or “except” stops a build
without further proof if it leaves a small count. A figure without a period can be of any period. A period for which a
guarded series has no row is protected against series that agree with it elsewhere, and against the sums in claims.

Where a reading would have more than 24 variants, 24 of them are looked at.

## What this does not protect against

- The police publish monthly figures by ward themselves. Whoever reads those can learn what is withheld here.
- A person who knows about an offence already can recognise it in a count of one.
- Copies of earlier releases. A figure that was once published cannot be protected again, only taken out of what we serve.
- Odds. Every small count stays possible, but not every one is equally likely: a reader who knows what is usual in a
  ward can make a better guess, and so can one who thinks that fewer cells were withheld by chance than by need.
- A reader who knows which withheld figures are not small can learn more about these than about the small ones.
- Numbers in pictures, and words that this program does not take for a number.
"""


@dataclass(frozen=True)
class DisclosureReport:
    """The report in Markdown, its summary in a sentence, and the withheld figures that can be worked out."""

    text: str
    summary: str
    leaks: tuple[Interval, ...]


def report(
    content: Content, policy: SmallCountSettings, earlier: Sequence[EarlierRelease] = ()
) -> DisclosureReport:
    """Return what is guarded, what is withheld, and how much can be worked out about it, also from `earlier` releases."""
    inferences = inference.infer(content, policy, earlier)
    intervals, leaks = inferences.intervals, tuple(leak.interval for leak in inferences.leaks)
    cells = sum(len(_counts(content, i)) for i in _guarded(content))
    widest = min((i.greatest - i.least for i in intervals), default=inf)
    smallest = f" The narrowest interval is {_width_in_words(widest)} wide." if intervals else ""
    summary = f"{cells:,} guarded counts, {len(intervals):,} withheld, {len(leaks)} of them can be worked out.{smallest}"
    lines = [
        "# Small numbers: what is withheld, and what can be worked out", "",
        "Made by `portal audit`. Do not edit.", "", summary, "", "## The policy", "", *_policy(policy), "",
        "## Indicator by indicator", "", *_table(content, policy, intervals), "", "## Each withheld figure", "", *_each_figure(intervals, inferences.lost),
    ]  # fmt: skip
    return DisclosureReport("\n".join(lines) + "\n" + _METHOD, summary, leaks)


def _guarded(content: Content) -> list[Indicator]:
    return [i for i in content.indicators.values() if policies.is_guarded(i) and _counts(content, i)]


def _counts(content: Content, indicator: Indicator) -> list[Observation]:
    return policies.not_openly_published(content, indicator.id)


def _policy(policy: SmallCountSettings) -> list[str]:
    return [
        "- Sensitive subjects by ward only for 12 months at a time, in periods that do not overlap, and never split by kind.",
        f"- A count under {policy.ward_minimum} by ward, or under {policy.borough_minimum} by borough or larger area, is withheld. Zero is such a count. Records without a ward count as a ward.",
        "- Other figures are withheld with it, so that each withheld one could be anything in an interval at least as wide.",
        f"- Parts of wards have counts of 12 months of subjects that need no protection, where each part has {policy.smallest_area:,} residents or more. If one has a count under {policy.ward_minimum}, all parts of the ward are withheld.",
        "- Packages can be stricter, but not less strict. Figures printed in a document that was published openly are repeated.",
    ]


def _table(content: Content, policy: SmallCountSettings, intervals: tuple[Interval, ...]) -> Iterator[str]:
    yield "| Indicator | Minimum by ward | by borough | Counts by ward | by borough | Withheld | Narrowest interval |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for indicator in _guarded(content):
        counts = _counts(content, indicator)
        kinds = [content.areas[o.area].kind for o in counts]
        widths = [i.greatest - i.least for i in intervals if i.published.words.startswith(f"{indicator.id}:")]
        minimums = [policies.minimum_for_kind(content, policy, indicator.id, k) for k in ("ward", "borough")]
        cells = [
            indicator.title,
            *minimums,
            kinds.count(AreaKind.WARD),
            kinds.count(AreaKind.BOROUGH),
            sum(o.status == "c" for o in counts),
        ]
        yield f"| {' | '.join(map(str, cells))} | {_width_in_words(min(widths)) if widths else '–'} |"


def _each_figure(intervals: tuple[Interval, ...], public_before: Mapping[FigureKey, str]) -> Iterator[str]:
    if not intervals:
        yield "None."
        return
    if public_before:
        yield f"{len(public_before)} of these were published in an earlier release, or could be worked out from it. They are protected"
        yield "from readers who do not have it: the interval is what such a reader finds."
        yield ""
    yield "| Figure | Least | Greatest | If it is small | Width asked for | Known from |"
    yield "|---|--:|--:|---|--:|---|"
    for i in sorted(intervals, key=lambda i: i.published.words):
        name = public_before.get(i.published.key, "")  # type: ignore[call-overload]
        under = i.published.under
        small = f"any of 0 to {under - 1}" if under and i.least <= 0 else "–"
        yield f"| {i.published.words} | {_width_in_words(i.least)} | {_width_in_words(i.greatest)} | {small} | {i.published.width} | {name or '–'} |"


def _width_in_words(value: float) -> str:
    return "no limit" if value == inf else number(round(value))
