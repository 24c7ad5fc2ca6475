"""Measure and wrap text as a browser draws it in Arial, without a font file.

The widths are those of Adobe's metrics for Helvetica, which Arial and Liberation Sans share.
"""

import unicodedata
from functools import lru_cache

_EM = 1000
_REGULAR = {
    **dict.fromkeys("0123456789#$_abdeghnopqu?L", 556), **dict.fromkeys("ABEKPSVXY&", 667), **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys(" !,./:;I[]\\ft", 278), **dict.fromkeys("ckJsvxyz", 500), **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("GOQ", 778), **dict.fromkeys("Mm", 833), **dict.fromkeys("()-r`", 333), **dict.fromkeys("+<>=~−", 584),
    **dict.fromkeys("ijl", 222), **dict.fromkeys("{}", 334), "W": 944, "%": 889, "@": 1015, "*": 389, '"': 355, "'": 191,
    "^": 469, "|": 260, "–": 556, "—": 1000, "…": 1000, "’": 222, "‘": 222, "“": 333, "”": 333, "£": 556, "·": 278, "×": 584,
}  # fmt: skip
_BOLD = 1.08  # bold letters, as a share of regular ones
_SPARE = 1.03  # room for readers whose system has another sans serif
_OTHER, _WIDE = 600, 1000


@lru_cache(1 << 14)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of a line of text in pixels, for a font size in pixels."""
    units = sum(map(_letter, unicodedata.normalize("NFD", text)))
    return units * size / _EM * (_BOLD if bold else 1) * _SPARE


def _letter(letter: str) -> int:
    if letter in _REGULAR:
        return _REGULAR[letter]
    if unicodedata.combining(letter):
        return 0
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _OTHER


def wrap_text(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Return the text in lines of at most `width` pixels. A word that is longer than a line is divided."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size, bold) <= width:
            lines[-1] = longer
            continue
        *whole, rest = _divided(word, width, size, bold)
        lines += [*whole, rest]
    return [line for line in lines if line] or [""]


def _divided(word: str, width: float, size: float, bold: bool) -> list[str]:
    """Return a word in pieces of at most `width` pixels; at least one letter each."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size, bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
