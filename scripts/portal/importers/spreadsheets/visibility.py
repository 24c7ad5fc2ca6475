"""Decide whether people can see the text of a cell: by its colour and the one behind it, its size, its conditional formats."""

import colorsys
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from portal.importers.spreadsheets.grid import Cell, Place

Colour = tuple[float, float, float]  # red, green and blue, from 0 to 1
WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
CONDITIONAL = "a conditional format can hide it or show it as something else"
INSTEAD = "a conditional format shows a symbol or a bar instead of it"
PART = "a part of its text cannot be seen"
_SMALLEST = 2  # points of a font that can be read
_LEAST_CONTRAST = 1.4  # as WCAG counts it; easy reading takes 4.5
_SAME_HUE = 48 / 255  # of each of red, green and blue; colours that differ by more can be told apart
_DARK = 0.05  # of the luminance of white; below, nobody sees a hue
_MOST_AREAS = 200  # with a conditional format that are looked at
_CODE = re.compile(r"#?(?:[0-9a-f]{2})?([0-9a-f]{6})", re.IGNORECASE)
# The theme of Office 2013 to 2022: light, dark, light, dark, and six accents.
OFFICE = ("FFFFFF", "000000", "E7E6E6", "44546A", "4472C4", "ED7D31", "A5A5A5", "FFC000", "5B9BD5", "70AD47")
_AUTOMATIC, _WINDOW = 64, 65  # in the index of colours: that of text, and that behind it

Look = TypeVar("Look", bound=Hashable)


def colour_of(code: str) -> Colour | None:
    """Return a colour that is written as RRGGBB, with or without its opacity or a # before it; None if it is not."""
    digits = _CODE.fullmatch(code)
    if digits is None:
        return None
    red, green, blue = (int(digits[1][i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


@dataclass(frozen=True)
class Palette:
    """The colours that a workbook of Excel names by numbers."""

    indexed: tuple[str, ...]
    theme: tuple[str, ...]

    def colour(self, named: Mapping[str, str] | None) -> Colour | None:
        """Return the colour that the attributes of an element name; None if it is the automatic one."""
        if named is None:
            return None
        code = (
            named.get("rgb") or _at(self.theme, named.get("theme")) or _at(self.indexed, named.get("indexed"))
        )
        colour = WHITE if not code and named.get("indexed") == str(_WINDOW) else colour_of(code)
        tint = float(named.get("tint") or 0)
        if colour is None or not tint:
            return colour
        hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
        lightness *= 1 - abs(tint)
        return colorsys.hls_to_rgb(hue, lightness + max(tint, 0), saturation)


def _at(codes: tuple[str, ...], number: str | None) -> str:
    is_known = number is not None and number.isdecimal() and int(number) < min(len(codes), _AUTOMATIC)
    return codes[int(number or 0)] if is_known else ""


def _luminance(colour: Colour) -> float:
    """Return how light a colour is, from 0 to 1: the relative luminance of WCAG 2."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=4096)
def look_same(colour: Colour, behind: Colour) -> bool:
    """Return True if text of one colour cannot be seen on the other."""
    darker, lighter = sorted(map(_luminance, (colour, behind)))
    if (lighter + 0.05) / (darker + 0.05) >= _LEAST_CONTRAST:
        return False
    return lighter <= _DARK or all(abs(a - b) <= _SAME_HUE for a, b in zip(colour, behind, strict=True))


def unseen(colour: Colour | None, behind: Colour, points: float) -> str:
    """Return why text of a colour and size cannot be seen, or nothing. None is a colour that suits every background."""
    if points <= _SMALLEST:
        return "its text is too small to read"
    return "its text has the colour of its background" if colour and look_same(colour, behind) else ""


@dataclass(frozen=True)
class FormattedArea:
    """An area with conditional formats. Each effect says why a cell of a look cannot be seen under it, or nothing."""

    top: int
    left: int
    bottom: int
    right: int
    effects: tuple[Callable[..., str], ...]


def mark_conditional(
    cells: dict[Place, Cell], looks: Mapping[Place, Look], areas: Iterable[FormattedArea]
) -> None:
    """Mark each number under a conditional format with what the format can do to it. `looks` has only numbers."""
    kinds, left = set(looks.values()), _MOST_AREAS
    known: dict[tuple[Callable[..., str], ...], dict[Look, str]] = {}
    for area in areas:
        if area.effects not in known:
            told = {look: next(filter(None, (e(look) for e in area.effects)), "") for look in kinds}
            known[area.effects] = {look: why for look, why in told.items() if why}
        hiding = known[area.effects]
        if not hiding or not left:
            continue
        left -= 1
        for (r, c), look in looks.items():
            inside = area.top <= r <= area.bottom and area.left <= c <= area.right
            if inside and look in hiding and not cells[r, c].hidden:
                cells[r, c] = replace(cells[r, c], hidden=hiding[look])
