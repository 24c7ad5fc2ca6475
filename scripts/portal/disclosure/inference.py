"""Work out what readers can learn about withheld figures from all that is published, now and in earlier releases.

Figures that have one topmost total are a family, and depend on no other figures. Every figure is a sum of `atoms`, and
`audit` finds the possible values of each withheld one.

Figures with the status c are not the only ones to protect. A guarded figure that is not available, `low` or has no
row can also be worked out if everything around it is published, and must not be if it could be small.
"""

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from portal.core import small_counts
from portal.core.model import Content, FigureKey, Indicator, Observation
from portal.core.problems import PortalError
from portal.core.remembered import Remembered
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    figure_name,
    is_guarded,
    is_guarded_figure,
    minimum_for,
    minimum_for_kind,
    top_total,
)
from portal.disclosure import missing_rows
from portal.disclosure.atoms import Atoms
from portal.disclosure.neighbourhoods import FormerPart

if TYPE_CHECKING:
    from portal.disclosure.audit import Interval, PublishedFigure

Generation = tuple[date | None, date | None]


@dataclass(frozen=True)
class EarlierRelease:
    """What an earlier release published: its name, its figures, its indicators, and its numbers for parts of wards.

    Indicators have the ids that they have now, but are otherwise as they were, also those that no longer exist.
    """

    name: str
    observations: tuple[Observation, ...]
    indicators: Mapping[str, Indicator]
    parts: tuple[FormerPart, ...] = ()


@dataclass(frozen=True)
class Leak:
    """A withheld figure that is not protected, with its possible values.

    `status` is the status of the figure, or the one that `missing_rows` gives it. `release` names the earlier release
    that readers need to work it out; empty if they need none.
    """

    interval: "Interval"
    status: str
    release: str = ""


@dataclass(frozen=True)
class Inferences:
    """What readers can work out: the interval of each withheld figure, and the figures that leak.

    `lost` holds the withheld figures that can no longer be protected, with the name of the earlier release that
    published them or gave them away.
    """

    intervals: "tuple[Interval, ...]"
    leaks: tuple[Leak, ...]
    lost: Mapping[FigureKey, str]


def infer(
    content: Content,
    policy: SmallCountSettings,
    archives: Sequence[EarlierRelease] = (),
    memory: Remembered | None = None,
    about: Set[str] | None = None,
) -> Inferences:
    """Work out what readers can know about each withheld figure.

    The figures published now must protect the withheld ones from readers who have no earlier release. They must also
    protect them from readers who kept every release. Figures may have been revised between releases, so each release
    forms its own table, completed with what other releases say about figures that it withholds or does not contain.

    `memory` is the cache of earlier audits; None caches nothing beyond this one. `about` are indicators: only their
    families are looked at. None looks at all.

    Raises:
        PortalError: figures contradict each other.
    """
    memory = memory or Remembered()
    found = [family.inferences(memory) for family in families(content, policy, archives, about)]
    return Inferences(
        tuple(i for f in found for i in f.intervals),
        tuple(leak for f in found for leak in f.leaks),
        {k: name for f in found for k, name in f.lost.items()},
    )


def leaks(
    content: Content,
    policy: SmallCountSettings,
    archives: Sequence[EarlierRelease],
    memory: Remembered,
    about: Set[str] | None = None,
) -> Iterator[Leak]:
    """Yield the leaks that `infer` finds, without working out anything about a family that had none before.

    Raises:
        PortalError: figures contradict each other.
    """
    for family in families(content, policy, archives, about):
        if memory.get(family.digest) != _PROTECTED:
            found = family.inferences(memory).leaks
            if not found:
                memory.add(family.digest, _PROTECTED)
            yield from found


_PROTECTED = "protected"


def shown_before(content: Content, archives: Sequence[EarlierRelease]) -> dict[str, int]:
    """Return how many of the figures withheld now each earlier release published, by name of the release."""
    hidden = {o.key for figures in content.observations.values() for o in figures if o.status == "c"}
    counts = {p.name: sum(o.value is not None and o.key in hidden for o in p.observations) for p in archives}
    return {name: count for name, count in counts.items() if count}


def families(
    content: Content,
    policy: SmallCountSettings,
    archives: Sequence[EarlierRelease] = (),
    about: Set[str] | None = None,
) -> "tuple[Family, ...]":
    """Return the families of figures in which some are guarded, by their topmost total.

    `about` are indicators: only their families are returned. None returns all. Indicators that ever had one topmost
    total, now or in an earlier release, are one family: readers know what was said to be part of what.
    """
    removed = {k: i for archive in archives for k, i in archive.indicators.items()}
    with_removed = replace(content, indicators={**removed, **content.indicators})
    now = EarlierRelease(
        "", tuple(o for i in content.indicators for o in content.observations.get(i, ())), {}
    )
    others = [_other_totals(with_removed, r) for r in (*archives, now)]
    root_of = _roots(with_removed, others)
    roots = {root_of[i.id] for i in with_removed.indicators.values() if is_guarded(i)}
    if about is not None:
        roots &= {root_of[i] for i in about}
    members: dict[str, list[str]] = defaultdict(list)
    for indicator, root in root_of.items():
        members[root].append(indicator)
    releases = [
        (r.name, _by_root(with_removed, r, root_of), other)
        for r, other in zip((*archives, now), others, strict=True)
    ]
    return tuple(
        Family(
            root,
            tuple(members[root]),
            content,
            with_removed,
            policy,
            tuple(
                _ReleasedFigures(
                    name, tuple(figures[root]), {i: total for i, total in other.items() if root_of[i] == root}
                )
                for name, figures, other in releases
            ),
        )
        for root in sorted(roots)
    )


def _other_totals(content: Content, release: EarlierRelease) -> Mapping[str, str]:
    """Return what each indicator was part of in a release, for those that are part of something else now."""
    indicators = content.indicators
    return {
        i: then.part_of for i, then in release.indicators.items() if then.part_of != indicators[i].part_of
    }


def _as_part_of(content: Content, totals: Mapping[str, str]) -> Content:
    """Return the content with other totals of some indicators."""
    if not totals:
        return content
    changed = {i: replace(content.indicators[i], part_of=total) for i, total in totals.items()}
    return replace(content, indicators={**content.indicators, **changed})


def _roots(content: Content, others: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the topmost total of each indicator; with the totals of any release, they can have the same over several."""
    roots = {i: top_total(content, i) for i in content.indicators}
    for totals in others:
        then = _as_part_of(content, totals)
        for i in totals:
            joined, root = roots[i], roots[top_total(then, i)]
            roots = {k: root if r == joined else r for k, r in roots.items()}
    return roots


def _by_root(
    content: Content, release: EarlierRelease, root_of: Mapping[str, str]
) -> defaultdict[str, list[Observation]]:
    """Return the counts of a release by their topmost total."""
    counts: defaultdict[str, list[Observation]] = defaultdict(list)
    for o in release.observations:
        if content.indicators[o.indicator].unit == "count":
            counts[root_of[o.indicator]].append(o)
    return counts


@dataclass(frozen=True)
class _ReleasedFigures:
    """What a release says about the figures of a family; the name is "" for what is published now.

    `totals` are what indicators were part of in it, for those that are part of something else now.
    """

    name: str
    figures: tuple[Observation, ...]
    totals: Mapping[str, str]

    @cached_property
    def digest(self) -> bytes:
        """Return a digest of the figures and totals without the release's name."""
        lines = (f"{o.key!r} {o.value} {o.status} {o.source}\n" for o in self.figures)
        return hashlib.sha256(repr(sorted(self.totals.items())).encode() + "".join(lines).encode()).digest()


@dataclass(frozen=True)
class Family:
    """All figures that have one topmost total, `root`, in each release in turn; the last is what is published now.

    `members` are the ids of its indicators. `with_removed` is the content with the indicators that only earlier releases
    have.
    """

    root: str
    members: tuple[str, ...]
    content: Content
    with_removed: Content
    policy: SmallCountSettings
    releases: tuple[_ReleasedFigures, ...]

    @cached_property
    def digest(self) -> str:
        """Return a digest of everything that the inferences depend on: the figures, the policy and the program."""
        members = [self.with_removed.indicators[i] for i in self.members]
        known = (
            self.root,
            self.policy,
            [(i, i.id in self.content.indicators, self.content.minimums.get(i.id)) for i in members],
            [b for b in self.content.breaks if b.indicator in self.members],
            [(a.code, a.kind, a.parent, a.valid_from, a.valid_to) for a in self.content.areas.values()],
            [release.digest for release in self.releases],
        )
        return hashlib.sha256(program() + repr(known).encode()).hexdigest()

    def inferences(self, memory: Remembered) -> Inferences:
        """Work out what readers can know about each withheld figure of the family.

        Raises:
            PortalError: figures contradict each other.
        """
        audited = _Audited(memory)
        *archives, now = self.releases
        table_now = _Table(self.content, self.policy, now.figures, audited)
        narrowest = dict(table_now.intervals())
        leaks_found = {k: Leak(i, table_now.status[k]) for k, i in narrowest.items() if table_now.leaks(k, i)}
        public_before = self._already_public(audited) if archives else {}
        for name, table in (
            self._completed_tables(self._different(self.releases), audited) if archives else ()
        ):
            for k, interval in table.intervals():
                if k not in public_before and k not in leaks_found and table.leaks(k, interval):
                    leaks_found[k] = Leak(interval, table.status[k], name)
                if k in narrowest and k not in public_before:
                    narrowest[k] = min(narrowest[k], interval, key=lambda i: i.greatest - i.least)
        shown = {o.key for o in now.figures if o.value is not None}
        return Inferences(
            tuple(i for k, i in narrowest.items() if table_now.status[k] == "c"),
            tuple(leak for k, leak in leaks_found.items() if not archives or k not in shown),
            {k: name for k, name in public_before.items() if k in narrowest},
        )

    @staticmethod
    def _different(releases: Sequence[_ReleasedFigures]) -> list[_ReleasedFigures]:
        """Return the releases without those that say the same as an earlier one; what is published now always stays."""
        first = {release.digest: release for release in reversed(releases) if release.name}
        return [r for r in releases if not r.name or first[r.digest] is r]

    def _already_public(self, audited: "_Audited") -> dict[FigureKey, str]:
        """Return the figures that earlier releases published or that follow from them alone, with the release."""
        public: dict[FigureKey, str] = {}
        archives = self._different(self.releases[:-1])
        for archive in archives:
            for o in archive.figures:
                if o.value is not None:
                    public.setdefault(o.key, archive.name)
        for name, table in self._completed_tables(archives, audited):
            for k, interval in table.intervals():
                if table.leaks(k, interval):
                    public.setdefault(k, name)
        return public

    def _completed_tables(
        self, releases: Sequence[_ReleasedFigures], audited: "_Audited"
    ) -> "Iterator[tuple[str, _Table]]":
        """Yield the table of each release, completed with what other releases say about figures that it does not show.

        If the releases contradict each other because figures were revised, complete it from each other release alone.
        If they still do, take only figures that the release has rows for: others may divide the whole in another way.
        Each table comes with the name of the release it needs; what is published now has the empty name.
        """
        for release in releases:
            own = {o.key for o in release.figures}
            shown = {o.key for o in release.figures if o.value is not None}
            extra = {
                other.name: [o for o in other.figures if o.value is not None and o.key not in shown]
                for other in releases
                if other.name != release.name
            }
            every = [o for more in extra.values() for o in more]
            tries = [every] if _is_consistent(every) else []
            for more in [*tries, *extra.values()]:
                table = self._completed(release, more, audited)
                is_whole = table.fits
                if not is_whole:
                    table = self._completed(release, [o for o in more if o.key in own], audited)
                if table.fits:
                    yield release.name or next((name for name, some in extra.items() if some), ""), table
                    if is_whole and more is every:
                        break

    def _completed(
        self, release: _ReleasedFigures, more: Sequence[Observation], audited: "_Audited"
    ) -> "_Table":
        """Return the table of a release in which `more` stand in place of figures that it withholds or does not have."""
        hidden = {o.key for o in more}
        kept = (o for o in release.figures if o.key not in hidden)
        then = _as_part_of(self.with_removed, release.totals)
        return _Table(then, self.policy, (*kept, *more), audited)


@cache
def program() -> bytes:
    """Return the source of everything that inferences are worked out with, and the versions of the libraries."""
    versions = ",".join(f"{name} {version(name)}" for name in ("scipy", "numpy"))
    modules = (*sorted(Path(__file__).parent.glob("*.py")), Path(small_counts.__file__))
    return versions.encode() + b"".join(p.read_bytes() for p in modules)


def _is_consistent(figures: Iterable[Observation]) -> bool:
    """Return True if no figure has two values."""
    values: dict[FigureKey, object] = {}
    return all(values.setdefault(o.key, o.value) == o.value for o in figures)


@dataclass(frozen=True)
class _Audited:
    """Results of earlier audits, and of this one for each table: figures of the same boundaries are often in several.

    The key of a result is the indicators and figures. The result is the intervals, or the contradiction.
    """

    memory: Remembered
    tables: "dict[Hashable, tuple[Interval, ...] | PortalError]" = field(default_factory=dict)


@dataclass(frozen=True)
class _Table:
    """Figures that can all be true at the same time, and what readers can work out from them.

    `audited` holds the results of other tables: most figures are the same in several.
    """

    content: Content
    policy: SmallCountSettings
    figures: tuple[Observation, ...]
    audited: "_Audited"

    @cached_property
    def counts(self) -> tuple[Observation, ...]:
        """Return the figures, with a stand-in for each that has no row."""
        return (*self.figures, *missing_rows.stand_ins(self.content, self.figures))

    @cached_property
    def status(self) -> dict[FigureKey, str]:
        """Return the status of each withheld figure."""
        return {o.key: o.status for o in self.counts if self._hidden(o)}

    @cached_property
    def fits(self) -> bool:
        """Return True if the figures do not contradict each other."""
        try:
            return len(tuple(self.intervals())) >= 0
        except PortalError:
            return False

    def leaks(self, k: FigureKey, interval: "Interval") -> bool:
        """Return True if the figure is not protected; a figure without status c only needs protection if it could be small."""
        if not interval.exposed:
            return False
        return self.status[k] == "c" or interval.exposed[0] < self._least(k)

    def intervals(self) -> "Iterator[tuple[FigureKey, Interval]]":
        """Yield the interval of each withheld figure.

        Raises:
            PortalError: figures contradict each other.
        """
        yield from self._intervals.items()

    @cached_property
    def _intervals(self) -> "dict[FigureKey, Interval]":
        narrowest: dict[FigureKey, Interval] = {}
        if not any(self._hidden(o) and is_guarded_figure(self.content, o) for o in self.counts):
            return narrowest
        generation_of = {area: self._generation(area) for area in {o.area for o in self.counts}}
        found = set(generation_of.values()) - {None}
        for generation in sorted(found or {(None, None)}, key=repr):
            figures = [o for o in self.counts if generation_of[o.area] in (None, generation)]
            for i in self._of_generation(figures):
                k: FigureKey = i.published.key  # type: ignore[assignment]
                narrowest[k] = min(narrowest.get(k, i), i, key=lambda x: x.greatest - x.least)
        return narrowest

    def _of_generation(self, figures: Sequence[Observation]) -> "tuple[Interval, ...]":
        """Return the intervals of figures whose wards have the same boundaries."""
        from portal.disclosure import audit_memory  # noqa: PLC0415 - SciPy is slow to import, and most sites do not need it

        shown = frozenset((o.key, o.value, o.source) for o in figures if o.value is not None)
        hidden = frozenset((o.key, o.status, o.source) for o in figures if o.value is None)
        results = self.audited.tables
        known_as = tuple((i.id, i.part_of) for i in self.content.indicators.values()), shown, hidden
        if known_as not in results:
            published: list[PublishedFigure] = []
            # If totals contradict what their parts make up, because they come from elsewhere, they say nothing of them.
            for atoms_ in (Atoms(self.content, tuple(figures), apart) for apart in (False, True)):
                before, published = published, [self._published(atoms_, o) for o in figures]
                if published == before:
                    break
                try:
                    results[known_as] = audit_memory.intervals(published, atoms_.free, self.audited.memory)
                    break
                except PortalError as error:
                    results[known_as] = error
        found = results[known_as]
        if isinstance(found, PortalError):
            raise found
        return found

    def _generation(self, code: str) -> Generation | None:
        """Return the validity of a ward's boundary; None for other areas.

        Wards with different boundaries form separate tables.
        """
        area = self.content.areas[code]
        return (area.valid_from, area.valid_to) if area.kind == "ward" else None

    def _hidden(self, o: Observation) -> bool:
        return o.value is None and (o.status == "c" or is_guarded_figure(self.content, o))

    def _least(self, k: FigureKey) -> int:
        return minimum_for_kind(self.content, self.policy, k[0], self.content.areas[k[1]].kind)

    def _published(self, atoms_: Atoms, o: Observation) -> "PublishedFigure":
        from portal.disclosure.audit import PublishedFigure  # noqa: PLC0415

        value = None if o.value is None else float(o.value)
        width = minimum_for(self.content, self.policy, o) if self._hidden(o) else 0
        under = width if is_guarded_figure(self.content, o) and o.status != missing_rows.BETWEEN else 0
        return PublishedFigure(
            o.key, atoms_.made_of(o), value, value, width, figure_name(self.content, o), under=under
        )
