"""Protect people where numbers are small, and decide what later stages may see.

A build works only with published figures: it refuses what the policy forbids, and `inference` tries to work out the
withheld counts. Importers know the true counts and withhold with `withholding`.

A figure from an openly published source passes: repeating a printed number reveals nothing new, and the site names
the document that prints it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from portal.core import text
from portal.core.model import AcceptedWarning, Content, Observation
from portal.core.problems import PortalError, Problem
from portal.core.remembered import Remembered
from portal.core.settings import Settings, SmallCountSettings
from portal.core.small_counts import (
    SPLITS_OF_PARTS,
    WARD_KINDS,
    could_identify,
    forbidden_figure,
    is_guarded,
    is_yearly_by_ward,
    minimum_for_kind,
    not_openly_published,
    periods_overlap,
    splits_of_withheld,
)
from portal.disclosure import earlier_relations, inference, neighbourhoods, other_forms, undeclared_relations
from portal.disclosure.inference import EarlierRelease, Leak
from portal.disclosure.missing_rows import BETWEEN, LEFT_OUT

if TYPE_CHECKING:
    from portal.disclosure.audit import Interval

# Words of a title that say which edition of a series it is.
_WORDS_OF_EDITIONS = frozenset(
    {
        "newest",
        "new",
        "latest",
        "last",
        "recent",
        "updated",
        "revised",
        "provisional",
        "final",
        "earlier",
        "older",
    }
    | {"first", "second", "third", "series", "table", "figure", "data", "rolling", "annual", "12", "twelve"}
)


@dataclass(frozen=True)
class ClearedContent:
    """Content that the policy allows us to publish; later stages accept nothing else.

    `area` is the code of the borough that the site is about.
    """

    content: Content
    area: str = ""

    @cached_property
    def series(self) -> Mapping[tuple[str, str], tuple[Observation, ...]]:
        """Return the figures of each indicator and area, earliest first; sorted once, because every page reads some."""
        series = defaultdict(list)
        for figures in self.content.observations.values():
            for o in sorted(figures, key=period_order):
                series[o.indicator, o.area].append(o)
        return {k: tuple(v) for k, v in series.items()}

    @cached_property
    def remembered(self) -> dict[Hashable, object]:
        """Keep results computed from this content for reuse, by function and arguments."""
        return {}


def period_order(o: Observation) -> tuple[date, date]:
    """Return the key that sorts figures by time: last day, then first day."""
    return o.period_end or date.min, o.period_start or date.min


def clear(
    content: Content,
    policy: SmallCountSettings,
    area: str = "",
    earlier: Sequence[EarlierRelease] = (),
    memory: Remembered | None = None,
) -> ClearedContent:
    """Return the content as cleared for publication.

    `earlier` holds what earlier releases published, which people may have kept. `memory` is the cache of earlier audits.

    Raises:
        PortalError: the policy forbids a figure, or a withheld figure can be worked out; every such figure is named.
    """
    if forbidden := _forbidden(content, policy, earlier):
        raise PortalError(forbidden)
    if leaks := tuple(_leak_problems(content, policy, earlier, memory)):
        raise PortalError(leaks)
    return ClearedContent(content, area)


def remembered_audits(settings: Settings) -> Remembered:
    """Return the cache of the audits of a project; `clear` and `problems` add their results to it."""
    return Remembered(settings.build_folder / "cache" / "audited.json")


def problems(
    content: Content,
    policy: SmallCountSettings,
    earlier: Sequence[EarlierRelease] = (),
    memory: Remembered | None = None,
    about: Set[str] | None = None,
) -> tuple[Problem, ...]:
    """Return a problem for each figure that the policy forbids and each withheld figure that can be worked out.

    `about` are the indicators whose figures have changed: sums of which they are no part are as they were, and are left
    out, because working them out takes longest. Numbers that fit by themselves are looked for among all figures.
    """
    forbidden = _forbidden(content, policy, earlier)
    try:
        return (*forbidden, *_leak_problems(content, policy, earlier, memory, about))
    except PortalError as error:  # figures that contradict each other
        return (*forbidden, *error.problems)


def quick_problems(
    content: Content, policy: SmallCountSettings, earlier: Sequence[EarlierRelease] = ()
) -> tuple[Problem, ...]:
    """Return the `problems` that need no solver: what the policy forbids, and numbers that fit by themselves."""
    relations = _not_accepted(undeclared_relations.find_problems(content, policy), content.accepted)
    return (*_forbidden(content, policy, earlier), *relations)


def _forbidden(
    content: Content, policy: SmallCountSettings, earlier: Sequence[EarlierRelease]
) -> tuple[Problem, ...]:
    divided = neighbourhoods.divided_otherwise(content, ((e.name, e.parts) for e in earlier))
    return (*forbidden_figures(content, policy), *_splits_of_withheld(content), *divided)


def _splits_of_withheld(content: Content) -> Iterator[Problem]:
    """Yield a problem for each figure that splits a withheld part of another breakdown."""
    figures = [o for own in content.observations.values() for o in own]
    for o in splits_of_withheld(content, figures):
        part = SPLITS_OF_PARTS[content.indicators[o.indicator].breakdown][1]
        message = (
            f"It is part of “{part}”, which is withheld for the same place and period, and gives it away."
        )
        yield forbidden_figure(content, o, message, "Leave out every figure of this split.")


def _leak_problems(
    content: Content,
    policy: SmallCountSettings,
    earlier: Sequence[EarlierRelease],
    memory: Remembered | None,
    about: Set[str] | None = None,
) -> Iterator[Problem]:
    memory = memory or Remembered()
    yield from map(_leak_problem, inference.leaks(content, policy, earlier, memory, about))
    relations = (
        *undeclared_relations.find_problems(content, policy),
        *earlier_relations.find_problems(content, policy, earlier, memory),
    )
    memory.keep()
    yield from _not_accepted(relations, content.accepted)


def _not_accepted(problems: Iterable[Problem], accepted: Sequence[AcceptedWarning]) -> Iterator[Problem]:
    """Return the problems whose name is not among the accepted warnings."""
    names = {a.warning for a in accepted}
    return (p for p in problems if p.name not in names)


def find_warnings(
    content: Content, policy: SmallCountSettings, earlier: Sequence[EarlierRelease] = ()
) -> tuple[Problem, ...]:
    """Return warnings: withheld figures that earlier releases published, and numbers that may give figures away."""
    warnings = [
        _published_before(name, count) for name, count in inference.shown_before(content, earlier).items()
    ]
    accepted = (
        earlier_relations.find_problems(content, policy, earlier, Remembered()) if content.accepted else ()
    )
    return (
        *warnings,
        *accepted,
        *undeclared_relations.find_warnings(content, policy, with_problems=bool(content.accepted)),
    )


def _published_before(release: str, count: int) -> Problem:
    figures = (
        "A figure that is withheld now was" if count == 1 else f"{count} figures that are withheld now were"
    )
    message = f"{figures} published in the release {release}. Whoever has that release can read them."
    fix = "Take them out of the release with `portal withdraw`."
    return Problem("data_packages/releases", 0, "", "released", message, fix, f"released:{release}")


def intervals(
    content: Content, policy: SmallCountSettings, earlier: Sequence[EarlierRelease] = ()
) -> "tuple[Interval, ...]":
    """Return the smallest and largest value that each withheld count can have."""
    return inference.infer(content, policy, earlier).intervals


# --- what the policy forbids


def forbidden_figures(content: Content, policy: SmallCountSettings) -> Iterator[Problem]:
    """Yield a problem for each figure that is too detailed or too small to publish, or that reveals such a figure."""
    for indicator in content.indicators.values():
        yearly_only = is_yearly_by_ward(content, indicator.id)
        figures = not_openly_published(content, indicator.id)
        for o in figures:
            kind = content.areas[o.area].kind
            if kind in WARD_KINDS and yearly_only and (o.part or o.months != 12):
                message = "A sensitive figure for a ward must cover exactly 12 months and must not be split by type."
                yield forbidden_figure(content, o, message, "Take the row out.")
            minimum = minimum_for_kind(content, policy, indicator.id, kind)
            if is_guarded(indicator) and o.value is not None and o.value < minimum:
                message = f"A count of {o.value} that must be protected is under {minimum}."
                yield forbidden_figure(content, o, message, "Clear the value and write c under status.")
    for subject in _subjects(content):
        yield from _partly_overlapping(
            content, [o for i in subject for o in not_openly_published(content, i)]
        )
    yield from neighbourhoods.forbidden_figures(content, policy)
    yield from other_forms.forbidden_forms(content, policy)


def _subjects(content: Content) -> Iterator[Sequence[str]]:
    """Yield the indicators whose ward figures need protection, those of one subject together."""
    subjects: list[list[str]] = []
    for i in content.indicators.values():
        if is_yearly_by_ward(content, i.id) or could_identify(i):
            own = next((s for s in subjects if _is_same_subject(content, s[0], i.id)), None)
            if own is None:
                subjects.append([i.id])
            else:
                own.append(i.id)
    yield from subjects


def _is_same_subject(content: Content, indicator: str, other: str) -> bool:
    """Return True if two counts have one name but for words such as "newest", or alike names and equal figures."""
    pair = [content.indicators[i] for i in (indicator, other)]
    if {i.unit for i in pair} != {"count"}:
        return False
    own, beside = (text.subject_words(i.title) - _WORDS_OF_EDITIONS for i in pair)
    if own == beside != frozenset():
        return True
    values = [
        {o.key[1:]: o.value for o in content.observations.get(i.id, ()) if o.value is not None} for i in pair
    ]
    shared = values[0].keys() & values[1].keys()
    is_equal = bool(shared) and all(values[0][k] == values[1][k] for k in shared)
    return is_equal and text.are_alike(*(i.title for i in pair))


def _partly_overlapping(content: Content, figures: Sequence[Observation]) -> Iterator[Problem]:
    """Yield a problem for each ward figure whose period partly overlaps another; their difference covers only a few months."""
    series: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for o in sorted(figures, key=period_order):
        if content.areas[o.area].kind in WARD_KINDS:
            series[o.area, o.part].append(o)
    for rows in series.values():
        crossed = {
            b.key: (a, b)
            for a, b in combinations(rows, 2)
            if periods_overlap(a, b)
            and not _is_nested(a, b)
            and (a.indicator == b.indicator or None not in (a.value, b.value))
        }
        for a, b in crossed.values():
            other = "" if a.indicator == b.indicator else f" of {a.indicator}"
            message = f"This period overlaps the one{other} up to {a.period_end}. Together they give away a figure for a few months."
            yield forbidden_figure(
                content, b, message, "Keep only one of the two, so that periods do not overlap."
            )


def _is_nested(a: Observation, b: Observation) -> bool:
    spans = [(o.period_start or date.min, o.period_end or date.max) for o in (a, b)]
    (start, end), (first, last) = spans
    return (start <= first and last <= end) or (first <= start and end <= last)


def _leak_problem(leak: Leak) -> Problem:
    least, greatest = leak.interval.exposed or (leak.interval.least, leak.interval.greatest)
    span = f"{least:g}" if least == greatest else f"between {least:g} and {greatest:g}"
    subject = {
        LEFT_OUT: "This count is left out",
        BETWEEN: "No count is published for these months",
    }.get(
        leak.status,
        "This count is withheld" if leak.status == "c" else f"This count is not shown ({leak.status})",
    )
    source = "from what else is published"
    if leak.release:
        source += f", and from the release {leak.release},"
    if (least, greatest) != (leak.interval.least, leak.interval.greatest):
        source += ", knowing that small counts are withheld,"
    message = f"{subject}, but {source} anybody can work out that it is {span}."
    fix = "Withhold another figure of the same total, or the total, or import the file again."
    return Problem(
        f"observations of {leak.interval.published.words}", code="disclosure", message=message, fix=fix
    )
