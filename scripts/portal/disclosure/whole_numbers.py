"""Find the smallest value of a sum of unknown whole numbers within limits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

Floats = NDArray[np.float64]
_SLACK = 1e-6
_UNBOUNDED = 3  # a status of scipy.optimize.milp
_MOST_REMEMBERED = (
    50  # unknowns of a question whose answer is remembered; the key of a larger one takes much memory
)


def minimise(aim: Floats, bounds: Bounds, limits: Sequence[LinearConstraint]) -> float:
    """Return the smallest value of `aim` times whole numbers within the limits; infinity if there are none."""
    if not len(aim):
        return 0.0
    if len(aim) > _MOST_REMEMBERED:
        return _smallest(_Minimum(b"", aim, bounds, limits))
    dense = [
        (limit.A.toarray() if sparse.issparse(limit.A) else limit.A, limit.lb, limit.ub) for limit in limits
    ]
    arrays = [
        np.asarray(a, float) for a in (aim, bounds.lb, bounds.ub, *(a for three in dense for a in three))
    ]
    key = b"".join(repr(a.shape).encode() + a.tobytes() for a in arrays)
    return _remembered_smallest(_Minimum(key, aim, bounds, limits))


@dataclass(frozen=True)
class _Minimum:
    """A question to the solver; two are equal if their keys are, which hold all numbers of both."""

    key: bytes
    aim: Floats = field(compare=False)
    bounds: Bounds = field(compare=False)
    limits: Sequence[LinearConstraint] = field(compare=False)


@lru_cache(maxsize=4096)
def _remembered_smallest(question: _Minimum) -> float:
    """Return the answer to a question; withheld figures that depend on little else often ask the same."""
    return _smallest(question)


def _smallest(question: _Minimum) -> float:
    aim, bounds, limits = question.aim, question.bounds, question.limits
    for whole in (0, 1):
        answer = milp(aim, integrality=whole, bounds=bounds, constraints=limits, options={"mip_rel_gap": 0})
        if answer.status == _UNBOUNDED:
            return -inf
        if answer.x is None:
            return inf
        near = np.rint(answer.x)
        if abs(answer.x - near).max() < _SLACK:
            return float(aim @ near)
    return float(answer.fun)
