"""Protects people where numbers are small, and decides what later stages may see.

A build holds only what is published: it refuses what the policy forbids, and has `audit` try to work the withheld
counts out. Importers, who hold true counts, withhold with `withholding`.

A figure whose source has itself been published openly is let through: repeating a printed number tells nobody
anything new, and this site says where it stands in print.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING

from portal import forks
from portal.config import Disclosure
from portal.model import Area, Content, Indicator, Observation
from portal.periods import label, months_between
from portal.problems import PortalError, Problem

if TYPE_CHECKING:
    from portal import audit

Key = tuple[str, str, str, date | None, date | None]
_DAY = timedelta(days=1)
_UNKNOWN = " without a ward"


@dataclass(frozen=True)
class Release:
    """Content that the policy allows to be published: the only thing that later stages accept.

    `area` is the code of the borough that the site is about.
    """

    content: Content
    area: str = ""

    @cached_property
    def series(self) -> Mapping[tuple[str, str], tuple[Observation, ...]]:
        """The figures of each indicator and area, in order of time. Sorted once, since every page asks for some."""
        found = defaultdict(list)
        for own in self.content.observations.values():
            for o in sorted(own, key=when):
                found[o.indicator, o.area].append(o)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def remembered(self) -> dict[Hashable, object]:
        """What was worked out from it and is asked for again: by what it is, and of what. It says nothing new."""
        return {}


def when(o: Observation) -> tuple[date, date]:
    """By what figures are put in order of time."""
    return o.period_end or date.min, o.period_start or date.min


def release(
    content: Content, policy: Disclosure, area: str = "", earlier: Sequence[Observation] = ()
) -> Release:
    """Let the content through, or raise `PortalError` with every figure that the policy forbids or that leaks.

    `earlier` are figures of earlier releases that are not published any more, or now are withheld.
    """
    with releasing(content, policy, area, earlier) as released:
        return released


@contextmanager
def releasing(
    content: Content, policy: Disclosure, area: str = "", earlier: Sequence[Observation] = ()
) -> Iterator[Release]:
    """Do what `release` does, while the block already works with what is let through; what leaks is raised at its end.

    Nothing that the block makes may reach anybody before that.
    """
    problems = tuple(check(content, policy))
    if problems:
        raise PortalError(problems)
    with forks.aside(lambda: tuple(_leaks(content, policy, earlier))) as leaks:
        yield Release(content, area)
        if found := leaks():
            raise PortalError(found)


def _leaks(content: Content, policy: Disclosure, earlier: Sequence[Observation]) -> Iterator[Problem]:
    narrow = (i for i in known(content, policy, earlier) if i.greatest - i.least < i.published.width)
    return map(_leak, narrow)


def known(
    content: Content, policy: Disclosure, earlier: Sequence[Observation]
) -> "tuple[audit.Interval, ...]":
    """What can be worked out now, given figures of `earlier` releases that are gone, or now are withheld.

    Where the rest was revised since, earlier totals do not fit it, and nothing exact follows from them; what was
    once published outright still counts.
    """
    if earlier:
        try:
            return intervals(content, policy, earlier)
        except PortalError:
            now = {key(o) for own in content.observations.values() for o in own}
            earlier = [o for o in earlier if key(o) in now]
    return intervals(content, policy, earlier)


def small(content: Content, policy: Disclosure, indicator: str, kind: str) -> int:
    """The smallest count that may be published for a kind of area; a package's own minimum only raises it."""
    own = content.minimums[indicator]
    if kind == "ward":
        return max(policy.ward_minimum, own.ward)
    return max(policy.borough_minimum, own.borough) if kind == "borough" else 0


def guarded(indicator: Indicator) -> bool:
    """Whether small counts of an indicator are withheld."""
    return (indicator.sensitive or indicator.protected) and indicator.unit == "count"


def yearly(content: Content, indicator: str) -> bool:
    """Whether wards may only have 12 months of it: it is sensitive, or it is a total with a sensitive part."""
    family = [i for i in content.indicators.values() if indicator in (i.id, i.part_of)]
    return any(i.sensitive for i in family)


# --- what the policy forbids


def check(content: Content, policy: Disclosure) -> Iterator[Problem]:
    """Every figure that is too fine or too small to be published."""
    for indicator in content.indicators.values():
        careful = yearly(content, indicator.id)
        for o in closed(content, indicator.id):
            kind = content.areas[o.area].kind
            if kind == "ward" and careful and (o.part or _length(o) != 12):
                message = "By ward a sensitive figure may only be for 12 months, and not split by type."
                yield _forbidden(_place(content, o), message, "Take the row out.")
            least = small(content, policy, indicator.id, kind)
            if guarded(indicator) and o.value is not None and o.value < least:
                message = f"A count of {o.value} that must be protected is under {least}."
                yield _forbidden(_place(content, o), message, "Empty the value and write c under status.")


def closed(content: Content, indicator: str) -> list[Observation]:
    """The figures of an indicator that are not repeated from an open publication."""
    own = content.observations.get(indicator, ())
    return [o for o in own if not content.sources[o.source].open_publication]


def _length(o: Observation) -> int:
    return months_between(o.period_start, o.period_end) if o.period_start and o.period_end else 0


def _words(content: Content, o: Observation) -> str:
    when = label(content.indicators[o.indicator].period_type, o.period_start, o.period_end)
    place = ", ".join(filter(None, (content.areas[o.area].name, when, o.part)))
    return f"{o.indicator}: {place}"


def _place(content: Content, o: Observation) -> str:
    return f"observations of {_words(content, o)}"


def _forbidden(where: str, message: str, fix: str) -> Problem:
    return Problem(where, code="disclosure", message=message, fix=fix)


def _leak(i: "audit.Interval") -> Problem:
    span = f"{i.least:g}" if i.least == i.greatest else f"between {i.least:g} and {i.greatest:g}"
    message = (
        f"This count is withheld, but from what else is published anybody can work out that it is {span}."
    )
    fix = "Withhold another figure of the same total, or the total, or import the file again."
    return _forbidden(f"observations of {i.published.words}", message, fix)


# --- what can be worked out from everything that is published


def intervals(
    content: Content, policy: Disclosure, earlier: Iterable[Observation] = ()
) -> "tuple[audit.Interval, ...]":
    """The least and greatest that each withheld count of a guarded indicator can be.

    `earlier` are figures of releases before this one, which people may have kept. Each figure is taken as the sum
    of atoms: one offence group, ward, part and stretch of months each.
    """
    figures = [o for i in content.indicators for o in content.observations.get(i, ())]
    closed = [
        o for o in (*figures, *earlier) if o.period_start and content.indicators[o.indicator].unit == "count"
    ]
    hidden = {of_total(content, o) for o in closed if o.status == "c" and guards(content, o)}
    if not hidden:
        return ()
    from portal import audit  # noqa: PLC0415 - SciPy takes a while to load, and most sites need none of it

    family = [o for o in closed if of_total(content, o) in hidden]
    atoms = _Atoms.of(content, family)
    told = [_published(content, policy, atoms, o) for o in family]
    below = (a for o in family if o.value is not None and o.value < 0 for a in atoms.made_of(o))
    return audit.intervals(told, frozenset((*below, *atoms.unknown(told))))


def _published(content: Content, policy: Disclosure, atoms: "_Atoms", o: Observation) -> "audit.Published":
    value = None if o.value is None else float(o.value)
    width = small(content, policy, o.indicator, content.areas[o.area].kind) if o.status == "c" else 0
    from portal.audit import Published  # noqa: PLC0415

    return Published(key(o), atoms.made_of(o), value, value, width=width, words=_words(content, o))


@dataclass(frozen=True)
class _Atoms:
    """How figures fall into the finest pieces that any of them tells apart."""

    areas: Mapping[str, Area]
    members: Mapping[str, tuple[str, ...]]
    inside: Mapping[tuple[str, str], tuple[str, ...]]
    parts: Mapping[tuple[str, str], tuple[str, ...]]
    cuts: tuple[date, ...]

    @classmethod
    def of(cls, content: Content, figures: list[Observation]) -> "_Atoms":
        """The pieces of these figures."""
        inside, parts = defaultdict(dict), defaultdict(dict)  # type: ignore[var-annotated]
        members = defaultdict(list)
        for indicator in content.indicators.values():
            members[indicator.part_of].append(indicator.id)
        for o in figures:
            area = content.areas[o.area]
            if area.kind in ("ward", "rest"):
                inside[o.indicator, area.parent][o.area] = None
            if o.part:
                parts[o.indicator, o.area][o.part] = None
        days = {d for o in figures if o.period_end for d in (o.period_start, o.period_end + _DAY)}
        return cls(
            content.areas,
            {total: tuple(own) for total, own in members.items() if total},
            {k: tuple(v) for k, v in inside.items()},
            {k: tuple(v) for k, v in parts.items()},
            tuple(sorted(d for d in days if d)),
        )

    def made_of(self, o: Observation) -> tuple[Hashable, ...]:
        """The atoms of a figure."""
        leaves = self.members.get(o.indicator) or (o.indicator,)
        spans = [
            a for a, b in pairwise(self.cuts) if o.period_start and o.period_end and o.period_start <= a and b <= o.period_end + _DAY
        ]  # fmt: skip
        return tuple(
            (leaf, place, part, span)
            for leaf, span in product(leaves, spans)
            for place in self._places(leaf, o.area)
            for part in ((o.part,) if o.part else self.parts.get((leaf, o.area), ("",)))
        )

    def _places(self, leaf: str, area: str) -> tuple[str, ...]:
        """A borough's wards and whatever is in none of them; any other area is one place."""
        wards = self.inside.get((leaf, area), ())
        if not wards:
            return (area,)
        rest = [w for w in wards if self.areas[w].kind == "rest"]
        return wards if rest else (*wards, f"{area}{_UNKNOWN}")

    def unknown(self, told: "Iterable[audit.Published]") -> Iterator[Hashable]:
        """The atoms that stand for records of a borough that name no ward, where these are not published.

        They may be below zero: then wards and borough come out of different files, and do not quite fit.
        """
        for atom in {a for p in told for a in p.atoms}:
            if isinstance(atom, tuple) and str(atom[1]).endswith(_UNKNOWN):
                yield atom


def key(o: Observation) -> Key:
    """What tells one figure from another."""
    return (o.indicator, o.area, o.part, o.period_start, o.period_end)


def guards(content: Content, o: Observation) -> bool:
    """Whether a figure must be withheld where it is small."""
    return guarded(content.indicators[o.indicator])


def of_total(content: Content, o: Observation) -> str:
    """The total that a figure's indicator is, or is part of."""
    return content.indicators[o.indicator].part_of or o.indicator
