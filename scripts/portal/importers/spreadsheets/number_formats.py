"""What an Excel number format shows of a number: `0.0%` shows 0.125 as 12.5%, and `[<5]"<5";0` shows 3 as <5.

The grammar is that of ECMA-376-1, 18.8.31. Only numbers are shown here; whether a format shows dates is for openpyxl.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>General)'
    r"|(?P<exponent>E[+-])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_HOLDS = {
    "<": Decimal.__lt__, "<=": Decimal.__le__, ">": Decimal.__gt__, ">=": Decimal.__ge__, "=": Decimal.__eq__, "<>": Decimal.__ne__,
}  # fmt: skip
_COLOURS = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color ?\d+", re.IGNORECASE)
_DIGITS = "0#?"
_MOST_DIGITS = 30


@dataclass(frozen=True)
class _Section:
    """One of the parts between semicolons: its tokens, each a kind and a text, its condition, and its colour."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, Decimal] | None = None
    white: bool = False

    def has(self, kind: str) -> bool:
        return any(k == kind for k, _ in self.tokens)


@dataclass(frozen=True)
class ShownText:
    """The text that a format shows, whether it is a hundred times the number, and whether it is white."""

    text: str
    percent: bool = False
    white: bool = False


def shown(number: Decimal, code: str) -> ShownText | None:
    """Return what the format shows for a number; None if it shows the number as it is."""
    sections = _sections(code)
    if len(sections) == 1 and sections[0].tokens == (("general", "General"),) and not sections[0].white:
        return None
    section, signed = _chosen(number, sections)
    if section is None:
        return ShownText("#####")
    percent = sum(k == "percent" for k, _ in section.tokens)
    formatted = _format(number if signed else abs(number), section, percent)
    return ShownText(formatted, percent == 1, section.white)


def hides_text(code: str) -> bool:
    """Return True if the format hides the text of a cell, or shows another text instead."""
    sections = _sections(code)
    return len(sections) == 4 and not sections[3].has("at") and not sections[3].has("general")


def names_day(code: str) -> bool:
    """Return True if a date format shows the day."""
    return any(k == "other" and t in "dD" for s in _sections(code)[:1] for k, t in s.tokens)


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    parts: list[list[tuple[str, str]]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "space"
        if match["other"] == ";":
            parts.append([])
        elif kind == "other" and match["other"] in "%@.,":
            parts[-1].append(
                ({"%": "percent", "@": "at", ".": "point", ",": "comma"}[match["other"]], match["other"])
            )
        elif kind == "other" and match["other"] in _DIGITS:
            parts[-1].append(("digit", match["other"]))
        elif kind == "space":
            parts[-1].append(("quoted", " " if match[0][0] == "_" else ""))
        else:
            parts[-1].append((kind, "General" if kind == "general" else match[kind]))
    return tuple(_section(p) for p in parts[:4])


def _section(tokens: list[tuple[str, str]]) -> _Section:
    condition, white = None, False
    kept: list[tuple[str, str]] = []
    for kind, words in tokens:
        condition_read = _CONDITION.fullmatch(words.strip()) if kind == "bracket" else None
        if condition_read:
            condition = (condition_read[1], Decimal(condition_read[2]))
        elif kind == "bracket" and words.startswith("$"):
            kept.append(("quoted", words[1:].partition("-")[0]))  # a currency and its country
        elif kind == "bracket" and _COLOURS.fullmatch(words):
            white |= words.lower() in ("white", "color2", "color 2")
        elif kind == "bracket":
            kept.append(("unknown", words))
        else:
            kept.append((kind, words))
    return _Section(tuple(kept), condition, white)


def _chosen(number: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section | None, bool]:
    """Return the section that formats a number, and whether a minus sign is added for it."""
    numeric = sections[:3]
    if not any(s.condition for s in numeric):
        if len(numeric) == 1 or number > 0 or (number == 0 and len(numeric) == 2):
            return numeric[0], True
        return (numeric[1], False) if number < 0 else (numeric[2], True)
    for n, section in enumerate(numeric):
        default = n == len(numeric) - 1 or (n == 1 and number < 0)
        if _HOLDS[section.condition[0]](number, section.condition[1]) if section.condition else default:
            return section, True
    return None, True


def _format(number: Decimal, section: _Section, percent: int) -> str:
    if section.has("unknown"):
        return "?"
    if section.has("general") or section.has("at"):
        plain = f"{number:f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return "".join(
            plain if k in ("general", "at") else "" if k in ("digit", "point", "comma") else t
            for k, t in section.tokens
        )
    if not section.has("digit"):
        return "".join(t for k, t in section.tokens if k not in ("point", "comma"))
    if any(k == "other" and t == "/" for k, t in section.tokens):
        return "?"  # a fraction
    with localcontext() as context:
        context.prec = 60
        return _digits(number * Decimal(100) ** percent, section)


def _digits(number: Decimal, section: _Section) -> str:
    tokens = section.tokens
    last = max(n for n, (k, _) in enumerate(tokens) if k == "digit")
    at = next((n for n, (k, _) in enumerate(tokens) if k == "point"), len(tokens))
    whole = [n for n, (k, _) in enumerate(tokens) if k == "digit" and n < at]
    places = [n for n, (k, _) in enumerate(tokens) if k == "digit" and n > at]
    power = next((n for n, (k, _) in enumerate(tokens) if k == "exponent"), None)
    if power is not None:
        return f"{number:.{sum(n < power for n in places)}E}"
    commas = [n for n, (k, _) in enumerate(tokens) if k == "comma"]
    scaled = sum(
        n > (whole[-1] if whole else -1) and (n > last or n < at <= last or n == at - 1) for n in commas
    )
    grouped = any(whole and whole[0] < n < whole[-1] for n in commas)
    if abs(number.adjusted()) > _MOST_DIGITS or len(places) > _MOST_DIGITS:
        return "?"
    rounded = (number / Decimal(1000) ** scaled).quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP)
    integer, _, fraction = f"{abs(rounded):f}".partition(".")
    least = max((len(whole) - i for i, n in enumerate(whole) if tokens[n][1] == "0"), default=0)
    integer = integer.lstrip("0").zfill(least)
    while fraction and tokens[places[len(fraction) - 1]][1] in "#?" and fraction.endswith("0"):
        fraction = fraction[:-1]
    pieces = _laid(integer, whole, grouped)
    pieces |= dict(zip(places, fraction, strict=False))
    parts = []
    for n, (kind, words) in enumerate(tokens):
        if kind == "digit":
            parts.append(pieces.get(n, ""))
        elif kind == "point":
            parts.append("." if fraction or not places else "")
        elif kind != "comma":
            parts.append(words)
    sign = "-" if rounded < 0 else ""
    return (sign + "".join(parts)).strip()


def _laid(integer: str, whole: list[int], grouped: bool) -> dict[int, str]:
    """Return the digits before the point at their places in the format; the first place takes all that are left."""
    if not whole:
        return {}
    digits = [*integer]
    if grouped:
        digits = [
            d + ("," if (len(digits) - i) % 3 == 1 and i < len(digits) - 1 else "")
            for i, d in enumerate(digits)
        ]
    by_place: dict[int, str] = {}
    for n in reversed(whole[1:]):
        by_place[n] = digits.pop() if digits else ""
    by_place[whole[0]] = "".join(digits)
    return by_place
