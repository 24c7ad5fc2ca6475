"""Withhold more figures by ward until the audit finds no other that can be worked out; leave them out if nothing else helps.

The choice of what to withhold knows the files that are imported. The audit also knows the figures of other files, such
as a total of the borough that nearly agrees with the sum of the wards. Where it refuses a choice, more wards of the
same indicator and period must be withheld, drawn at random, and the choice is made again with them. What the audit
refuses depends only on what is published and on which counts are small, so the further ones say nothing about the
counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from random import SystemRandom

from portal.core.model import Content, FigureKey, Observation
from portal.core.problems import PortalError, Problem
from portal.core.small_counts import WARD_KINDS, figure_name, is_guarded_figure
from portal.disclosure.withholding import Withheld

Group = tuple[str, object, object]  # an indicator and a period
# How many further wards of a period must be withheld, one step after the other; then all of them are left out.
STEPS = (1, 2, 4, 7)
Audit = Callable[[tuple[Observation, ...]], frozenset[Problem]]


@dataclass(frozen=True)
class WithholdingDemand:
    """What must be withheld, whatever its count, and what is left out."""

    withheld: Set[FigureKey] = frozenset()
    left_out: Set[FigureKey] = frozenset()


@dataclass(frozen=True)
class Protected:
    """What an import gives, the problems that nothing could help, and what had to be withheld or left out by ward."""

    result: Withheld
    problems: frozenset[Problem]
    demand: WithholdingDemand


def protect(
    drafts: Sequence[Observation],
    content: Content,
    choose: Callable[[WithholdingDemand], Withheld],
    audits: Sequence[Audit],
    draws: int,
) -> Protected:
    """Choose what to withhold among `drafts`, and more of it until no audit finds a problem with the figures.

    `choose` withholds small counts and what protects them, at random; it is tried up to `draws` times before more is
    asked of it. `audits` go from the fastest to the slowest: while one finds a problem, the next ones are not asked.
    Only figures by ward of guarded indicators are withheld or left out: those of an indicator and period for which
    there is a problem.

    Raises:
        PortalError: a count cannot be protected, and is not one of a ward.
    """
    order = _random_order(drafts, content)
    groups_by_name = _groups_by_name(drafts, content)
    steps: dict[Group, int] = {}
    demand, tried = WithholdingDemand(), 0
    last: frozenset[Problem] = frozenset()
    while True:
        tried += 1
        result, problems = _tried(choose, audits, demand)
        groups = {g for p in problems if (g := groups_by_name.get(p.file)) in order}
        raised = {g for g in groups if steps.get(g, 0) <= len(STEPS)}
        if result and (not problems or (tried >= draws and not raised)):
            left = problems and frozenset().union(*(audit(result.observations) for audit in audits))
            return Protected(result, left, demand)
        if not result and not raised:
            raise PortalError(problems)
        is_stuck, last = problems == last, problems
        if tried < draws and result and not is_stuck:
            continue  # another draw may pass
        for group in raised:
            steps[group] = steps.get(group, 0) + 1
        demand = _demand(order, steps)


def _tried(
    choose: Callable[[WithholdingDemand], Withheld], audits: Sequence[Audit], demand: WithholdingDemand
) -> tuple[Withheld | None, frozenset[Problem]]:
    """Return what a choice with a demand gives, and the problems of the first audit that finds any; nothing if a count cannot be protected."""
    try:
        result = choose(demand)
    except PortalError as error:
        return None, frozenset(error.problems)
    found = (audit(result.observations) for audit in audits)
    return result, next(filter(None, found), frozenset())


def _groups_by_name(drafts: Iterable[Observation], content: Content) -> Mapping[str, Group]:
    """Return the group of each figure by its names in problems.

    Also of figures by ward that have neither draft nor row, such as records without a ward where there are none:
    readers could work out one that is left out.
    """
    there = {o.key for figures in content.observations.values() for o in figures}
    wards = [a.code for a in content.areas.values() if a.kind in WARD_KINDS]
    drafts = list(drafts)
    of_groups = {_group(o): o for o in drafts if content.areas[o.area].kind in WARD_KINDS}.values()
    absent = [a for o in of_groups for code in wards if (a := replace(o, area=code)).key not in there]
    return {
        name: _group(o)
        for o in (*absent, *drafts)
        for name in (f"observations of {figure_name(content, o)}", str(o.key))
    }


def _group(o: Observation) -> Group:
    return o.indicator, o.period_start, o.period_end


def _random_order(drafts: Iterable[Observation], content: Content) -> dict[Group, list[FigureKey]]:
    """Return the guarded figures by ward of each indicator and period, in random order."""
    order: dict[Group, list[FigureKey]] = {}
    for o in drafts:
        if content.areas[o.area].kind in WARD_KINDS and is_guarded_figure(content, o):
            order.setdefault(_group(o), []).append(o.key)
    for keys in order.values():
        SystemRandom().shuffle(keys)
    return order


def _demand(order: dict[Group, list[FigureKey]], steps: dict[Group, int]) -> WithholdingDemand:
    withheld: set[FigureKey] = set()
    left_out: set[FigureKey] = set()
    for group, step in steps.items():
        if step > len(STEPS):
            left_out.update(order[group])
        else:
            withheld.update(order[group][: STEPS[step - 1]])
    return WithholdingDemand(frozenset(withheld), frozenset(left_out))
