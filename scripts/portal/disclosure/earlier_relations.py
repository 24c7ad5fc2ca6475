"""Find undeclared relations that only readers of an earlier release can see.

Numbers that were left out or revised since can still give a withheld figure away: the same figure under another
indicator, its rate, or a total. Look for them as `undeclared_relations` does, in what is published now with what only a
release has, and in what the release published with what only is published now.
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
    """Return a problem for each withheld figure that numbers of an earlier release give away; each has a name.

    What is published now gives away as well is left out. A figure that a release published itself is not withheld from
    its readers.
    """
    now = {o.key: o for own in content.observations.values() for o in own}
    if not any(o.value is None and is_guarded_figure(content, o) for o in now.values()):
        return ()
    tables = [(release, search) for release in earlier if (search := tuple(_tables(now, release)))]
    digest = hashlib.sha256(inference.program() + (repr((content, policy)).encode() if tables else b""))
    found: dict[str, Problem] = {}
    for release, search in tables:
        known = digest.copy()
        known.update(repr((release.observations, release.indicators)).encode())
        if (problems := memory.get(known.hexdigest())) is None:
            problems = [
                asdict(p)
                for table in search
                for p in undeclared_relations.find_problems(_content(content, release, table), policy)
            ]
            memory.add(known.hexdigest(), problems)
        for p in problems:
            found.setdefault(p["name"], _of_release(Problem(**p), release.name))
    known_now = {p.name for p in undeclared_relations.find_problems(content, policy)} if found else ()
    return tuple(p for name, p in found.items() if name not in known_now)


def _tables(now: Figures, release: EarlierRelease) -> Iterator[Figures]:
    """Yield the figures to search: those of now completed from the release, and the other way round if any differ."""
    then = {o.key: o for o in release.observations if o.value is not None}
    known = {k: o for k, o in now.items() if o.value is not None}
    if not then.keys() <= known.keys():
        yield now | {k: o for k, o in then.items() if k not in known}
    if any(k in known and known[k].value != o.value for k, o in then.items()):
        yield now | then


def _content(content: Content, release: EarlierRelease, figures: Figures) -> Content:
    """Return the content with other figures, and with the indicators that only the release has."""
    own: dict[str, list[Observation]] = defaultdict(list)
    for o in figures.values():
        own[o.indicator].append(o)
    indicators = {**release.indicators, **content.indicators}
    return replace(content, indicators=indicators, observations={i: tuple(own[i]) for i in indicators})


def _of_release(problem: Problem, name: str) -> Problem:
    fix = (
        "If the numbers belong together, take those that are in the release out of it with `portal withdraw`, or withhold "
        "more. If they have nothing to do with each other, accept this by its name in accepted.csv and say why."
    )
    return replace(problem, message=f"{problem.message} Readers of the release {name} can see this.", fix=fix)
