"""Trends as small as a word: inline SVG without styles of its own, so that it needs no script and no picture file."""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from portal.text import safe

WIDTH, HEIGHT, EDGE = 88, 24, 3


def spark(values: Sequence[Decimal | None], name: str) -> Markup:
    """Return a line through the values, oldest first, on a scale from zero; a gap stays one, the last value has a dot.

    Values below zero move the zero up.

    `name` is what a screen reader says instead. Empty where there are fewer than two values.
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
    return Markup(  # noqa: S704 - numbers of our own, and an escaped name
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{safe(name)}">'
        f'<path d="{_path(points)}"/>{end}</svg>'
    )


def _path(points: Sequence[tuple[Decimal, Decimal] | None]) -> str:
    drawn, told = False, []
    for point in points:
        if point is not None:
            told.append(f"{'L' if drawn else 'M'}{point[0]:.1f} {point[1]:.1f}")
        drawn = point is not None
    return "".join(told)
