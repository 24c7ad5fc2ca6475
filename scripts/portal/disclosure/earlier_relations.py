"""Find undeclared relations that only readers of earlier releases can see.

Numbers that were left out or revised since can still give a withheld figure away: the same figure under another
indicator, its rate, or a total. Look for them as `undeclared_relations` does: in what is published now with what only
earlier releases have, and with the numbers that figures had before, the last ones first.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from portal.core.model import Content, FigureKey, Observation
from portal.core.problems import Problem
from portal.core.remembered import Remembered
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import is_guarded_figure
from portal.disclosure import inference, undeclared_relations
from portal.disclosure.inference import EarlierRelease

Figures = dict[FigureKey, Observation]


def find_problems(
    content: Content, policy: SmallCountSettings, earlier: Sequence[EarlierRelease], memory: Remembered
) -> tuple[Problem, ...]:
    """Return a problem for each withheld figure that numbers of earlier releases give away; each has a name.

    What is published now gives away as well is left out. A figure that a release published itself is not withheld from
    its readers.
    """
    now = {o.key: o for own in content.observations.values() for o in own}
    if not any(o.value is None and is_guarded_figure(content, o) for o in now.values()):
        return ()
    indicators = {k: i for release in earlier for k, i in release.indicators.items()} | dict(
        content.indicators
    )
    found: dict[str, Problem] = {}
    for table in _tables(now, earlier):
        with_earlier = _content(replace(content, indicators=indicators), table)
        known = hashlib.sha256(inference.program() + repr((with_earlier, policy)).encode()).hexdigest()
        if (problems := memory.get(known)) is None:
            problems = [asdict(p) for p in undeclared_relations.find_problems(with_earlier, policy)]
            memory.add(known, problems)
        for p in problems:
            found.setdefault(p["name"], _of_earlier(Problem(**p)))
    known_now = {p.name for p in undeclared_relations.find_problems(content, policy)} if found else ()
    return tuple(p for name, p in found.items() if name not in known_now)


def _tables(now: Figures, earlier: Sequence[EarlierRelease]) -> Iterator[Figures]:
    """Yield the figures to search: those of now with those left out since, and with each number that some had before."""
    others: dict[FigureKey, dict[object, Observation]] = defaultdict(dict)
    for o in (o for release in reversed(earlier) for o in release.observations):
        if o.value is not None and (o.key not in now or now[o.key].value != o.value):
            others[o.key].setdefault(o.value, o)
    before = {k: tuple(figures.values()) for k, figures in others.items()}
    left_out = {k: found[0] for k, found in before.items() if k not in now or now[k].value is None}
    if left_out:
        yield now | left_out
    most = max(map(len, before.values()), default=0)
    if most > 1 or len(left_out) < len(before):
        for n in range(most):
            yield now | {k: found[min(n, len(found) - 1)] for k, found in before.items()}


def _content(content: Content, figures: Figures) -> Content:
    own: dict[str, list[Observation]] = defaultdict(list)
    for o in figures.values():
        own[o.indicator].append(o)
    return replace(content, observations={i: tuple(own[i]) for i in content.indicators})


def _of_earlier(problem: Problem) -> Problem:
    fix = (
        "If the numbers belong together, take those of earlier releases back with `portal withdraw`, or withhold more. If "
        "they have nothing to do with each other, accept this by its name in accepted.csv and say why."
    )
    return replace(
        problem, message=f"{problem.message} Only readers of earlier releases can see this.", fix=fix
    )
