"""Attack a site and say what follows from it: the whole of the attacker's work in one call."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from attacker.deduce import Bound, Deduced, deduced, knowledge
from attacker.forms import readings
from attacker.harvest import Figure, Key, Public


@dataclass(frozen=True)
class Leak:
    """A count that the rules protect and that can be read or worked out: what it is, and how that is known."""

    key: Key
    told: str
    how: str

    def __str__(self) -> str:
        k = self.key
        return f"{k.indicator}, {k.area}{k.part and f', {k.part}'}, {k.start} to {k.end}: {self.told} ({self.how})"


def leaks(public: Public, *, compared: Collection[str] | None = None) -> list[Leak]:
    """Everything that can be learned and should not be, from what is published now and from every earlier release.

    What follows from a release together with what is published now is only worked out for those that are `compared`;
    None means for all.
    """
    compared = public.releases.keys() if compared is None else compared
    return [*_printed(public), *_overlapping(public), *_read(public), *_worked_out(public, compared)]


def _printed(public: Public) -> Iterator[Leak]:
    """Small counts that are printed, now or in an earlier release, and windows of which the difference is one."""
    for release, figures in public.releases.items():
        where = f"printed in the release {release}" if release else "printed"
        for k, f in figures.items():
            if not public.counts(k.indicator) or f.value is None or f.source in public.open_sources:
                continue
            now = public.now.get(k)
            if (now and now.hidden) or (public.guarded(k.indicator) and f.value < public.minimum(k)):
                yield Leak(k, f"{f.value}", where)


def _overlapping(public: Public) -> Iterator[Leak]:
    """Windows of a ward's sensitive figure that overlap: their difference is that of two short periods."""
    for release, figures in public.releases.items():
        series: dict[tuple[str, str, str], list[Key]] = {}
        for k, f in figures.items():
            kind = public.areas[k.area]["kind"]
            if f.value is not None and kind in ("ward", "rest") and public.sensitive(k.indicator):
                series.setdefault((k.indicator, k.area, k.part), []).append(k)
        for own in series.values():
            for a, b in pairwise(sorted(own, key=lambda k: (k.start, k.end))):
                if b.start <= a.end:
                    yield Leak(b, f"overlaps {a.start} to {a.end}", f"printed {release}".strip())


def _read(public: Public) -> Iterator[Leak]:
    """Counts that another form gives within fewer values than are small."""
    for bound in readings(public, public.now):
        least = public.minimum(bound.key)
        inside = int(bound.high + 1e-9) - -int(-bound.low // 1 + 1e-9) + 1
        if bound.low < least and inside < least:
            yield Leak(bound.key, f"{bound.low:g} to {bound.high:g}", bound.why)


def _worked_out(public: Public, compared: Collection[str]) -> Iterator[Leak]:
    """Withheld counts of which fewer values are left than are small, in any consistent set of what was published."""
    for how, (figures, hidden) in _sets(public, compared).items():
        told = knowledge(public, figures, hidden, _bounds(public, figures))
        try:
            found = deduced(told)
        except ValueError:
            continue  # figures of several releases that were revised between them say nothing together
        for own in found.values():
            if is_narrow(own, public.minimum(own.key)):
                yield Leak(own.key, str(own), how)


def _bounds(public: Public, figures: Mapping[Key, Figure]) -> list[Bound]:
    return [b for b in readings(public, figures) if b.key in figures]


def is_narrow(found: Deduced, minimum: int) -> bool:
    """Whether a withheld count is pinned to fewer values than there are small ones."""
    return found.values < minimum


def _sets(public: Public, compared: Collection[str]) -> dict[str, tuple[Mapping[Key, Figure], list[Key]]]:
    """What can be put together: the site as it is, each release by itself, and each with what others fill in."""
    found = {"from what is published": (public.now, public.hidden)}
    for release, figures in public.releases.items():
        if not release or not figures or figures == public.now or release not in compared:
            continue
        alone = Public(
            public.served, {"": figures}, public.indicators, public.areas, public.populations,
            public.ward_minimum, public.borough_minimum,
        )  # fmt: skip
        lost = [k for k in alone.hidden if k not in public.now or public.now[k].hidden]
        newer = {k: f for k, f in public.now.items() if k not in figures or figures[k].value is None}
        older = {k: f for k, f in figures.items() if k not in public.now or public.now[k].value is None}
        both = sorted({*lost, *public.hidden})
        found[f"from the release {release}"] = (figures, lost)
        found[f"from the release {release} and what is published since"] = ({**figures, **newer}, both)
        found[f"from what is published and the release {release}"] = ({**public.now, **older}, both)
    return found
