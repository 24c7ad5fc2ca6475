"""Draw sparklines as inline SVG without styles, so that they need no script and no picture file."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import pairwise

from markupsafe import Markup

from portal.analysis.changes_in_words import cell
from portal.analysis.measures import breaks_of, broken
from portal.core import periods
from portal.core.model import Observation
from portal.core.text import MARKERS, safe
from portal.disclosure.clearing import ClearedContent

WIDTH, HEIGHT, EDGE = 88, 24, 3


def draw_sparkline(values: Sequence[Decimal | None], name: str, cuts: Collection[int] = ()) -> Markup:
    """Return a line through the values, oldest first, on a scale that includes zero.

    None leaves a gap, and the last value has a dot. `cuts` are the positions of values that are not joined to the one
    before, because recording changed. A value without a neighbour is drawn as a short dash. `name` is the text for
    screen readers. The markup is empty if there are fewer than two values.
    """
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return Markup()
    low = min(*known, Decimal(0))
    high = max(*known, Decimal(0) if low else Decimal(1))
    step = Decimal(WIDTH - 2 * EDGE) / (len(values) - 1)
    points = [
        None
        if v is None
        else (EDGE + step * i, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (v - low) / (high - low))
        for i, v in enumerate(values)
    ]
    dot = points[-1]
    end = f'<circle cx="{dot[0]:.1f}" cy="{dot[1]:.1f}" r="2.5"/>' if dot else ""
    return Markup(  # noqa: S704 - only numbers and an escaped name
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{safe(name)}">'
        f'<path d="{_path(points, cuts)}"/>{end}</svg>'
    )


def draw_trend(released: ClearedContent, figures: Sequence[Observation | None]) -> Markup:
    """Return a sparkline of consecutive quarters, cut where recording changed; None is a quarter without a figure.

    Screen readers read out the figures.
    """
    known = [o for o in figures if o is not None]
    if not known:
        return Markup()
    last = known[-1]
    breaks, unit = breaks_of(released, last.indicator), released.content.indicators[last.indicator].unit
    cuts = {
        i: hit
        for i, (one, o) in enumerate(pairwise(figures), 1)
        if one and o and (hit := broken(one, o, breaks))
    }
    until = f"Every three months up to {periods.month(last.period_end)}" if last.period_end else "Each period"
    changed = "".join(f". Recording changed in {periods.month(b.date)}" for b in dict.fromkeys(cuts.values()))
    words = f"{until}: {', '.join(_words(o, unit) for o in figures)}{changed}"
    return draw_sparkline([o.value if o else None for o in figures], words, cuts)


def _words(o: Observation | None, unit: str) -> str:
    if o is None:
        return "no figure"
    return f"no figure ({MARKERS[o.status]})" if o.value is None else cell(o, unit)


def _path(points: Sequence[tuple[Decimal, Decimal] | None], cuts: Collection[int]) -> str:
    pieces: list[list[tuple[Decimal, Decimal]]] = [[]]
    for i, point in enumerate(points):
        if i in cuts or point is None:
            pieces.append([])
        if point is not None:
            pieces[-1].append(point)
    return "".join(_piece(piece) for piece in pieces)


def _piece(points: Sequence[tuple[Decimal, Decimal]]) -> str:
    """Return a line through points, or a short dash for a single point."""
    drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{drawn}{'h1' if len(points) == 1 else ''}" if points else ""
