"""The dark scheme of drawings: one dark colour for each colour of the palette, and drawings with their colours replaced.

Light and dark change places: what is dark on paper is pale on a dark sheet, and letters on a shade stay legible because
both change. A drawing is made once, and its dark copy differs only in colours. `charts.js` has the same list for the
charts that it draws.
"""

import re
from collections.abc import Mapping

from portal.charts import style

_SERIES = ("#9ccbf3", "#45c4b8", "#f29ac5", "#ff9a5c", "#c9ced3", "#bea5e8")
_SHADES = (
    "#22384a",
    "#2d5070",
    "#3a6a94",
    "#74aeda",
    "#9ccbf3",
)  # the palest of the light scheme is the darkest here
_OTHERS = {
    style.PAPER: "#1a222a",  # as `--sheet` in the style sheet
    style.SAND: "#2c363f",
    style.INK: "#eef1f3",
    style.QUIET: "#b4bfc8",
    style.GRID: "#3a4650",
    style.EARLIER: "#6a8bae",
    style.CONTEXT: "#8b959e",
    style.BETTER: "#6fd3c8",
}


def _lower_case(pairs: Mapping[str, str]) -> dict[str, str]:
    return {light.lower(): dark for light, dark in pairs.items()}


# By the colour of the light scheme, in lower case.
DARK: Mapping[str, str] = _lower_case(
    dict(zip(style.COLOURS, _SERIES, strict=True)) | dict(zip(style.SHADES, _SHADES, strict=True)) | _OTHERS
)


_COLOUR = re.compile("|".join(DARK), re.IGNORECASE)


def darken(svg: bytes) -> bytes:
    """Return a drawing in the colours of the dark scheme."""
    return _COLOUR.sub(lambda found: DARK[found[0].lower()], svg.decode()).encode()
