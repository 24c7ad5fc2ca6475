"""Say what to write for numbers that people spell in another way than tables do: (120), 120-, 1'250, ½, 25k, 50+, £1,250."""

import re

from portal.core import text
from portal.core.problems import Fault

_HALVES = {"½": "5", "¼": "25", "¾": "75"}


def fault(words: str) -> Fault | None:
    """Return what to write for a number that is written as in accounts, in other countries or in short; None if it is none of these."""
    quoted = f"“{words}”"
    digits = words.replace(text.MINUS, "-").replace("–", "-")
    if below := re.fullmatch(r"\(£? ?([\d,]*\.?\d+)\)|£?([\d,]*\.?\d+)-", digits, re.ASCII):
        number = (below[1] or below[2]).replace(",", "")
        fix = f"Write -{number} if it is less than 0, as accounts write it. Write {number} only if the mark means something else."
        return Fault(f"{quoted} can mean less than 0.", fix)
    if re.fullmatch(r"[+-]?\d{1,3}(['’_]\d{3})+", digits, re.ASCII):
        number = re.sub("['’_]", "", digits)
        return Fault(f"{quoted} has marks between the thousands.", f"Write {number}.")
    if part := re.fullmatch(r"([+-]?\d*) ?([½¼¾])", digits, re.ASCII):
        return Fault(f"{quoted} has a fraction.", f"Write {part[1] or 0}.{_HALVES[part[2]]}.")
    if re.fullmatch(r"£? ?\d+(?:\.\d+)? ?(k|m|bn|thousand|million|billion)", digits.lower(), re.ASCII):
        fix = "Look up the whole number in the source, and write it in full."
        return Fault(f"{quoted} is a shortened number.", fix)
    if re.fullmatch(r"[\d,]+ ?\+", digits, re.ASCII):
        fix = "Write the number itself if it is published. If not, leave the cell empty and write x (not available) under status."
        return Fault(f"{quoted} is a range and not a single number.", fix)
    if re.fullmatch(r"-?[£$€] ?[\d,]+(\.\d+)?", digits, re.ASCII):
        fix = "Compare it with the source. If the indicator is right, write the number alone. If these are pounds, give them an indicator with the unit pounds."
        return Fault(f"{quoted} is money, and this figure is not.", fix)
    if re.search(r"\b(zero|nought|nil|none|no)\b", digits.lower()) and not re.search(r"\d", digits):
        fix = "Write 0 if none were counted. If there is no figure, leave the cell empty and write why under status."
        return Fault(f"{quoted} is not a number.", fix)
    return _beside_or_instead(words.casefold(), quoted)


def _beside_or_instead(words: str, quoted: str) -> Fault | None:
    """Return what to write for a number with a note, a range, an estimate, or a mark that stands instead of a number."""
    if mark := re.fullmatch(r"\[?(c|x|z|low)\]?", words):
        return Fault(
            f"{quoted} is a status and not a number.",
            f"Leave the cell empty, and write {mark[1]} under status.",
        )
    if re.search(r"\d.*\[.*\]|\d\s*[*†‡^¹²³]|\d\s*\([a-z].*\)", words):
        fix = "Write the number alone. Put what the note says under locator or status."
        return Fault(f"{quoted} is a number and a note in one cell.", fix)
    is_day = re.fullmatch(r"\d{4}-\d\d(-\d\d)?", words)
    if not is_day and re.search(r"between|\d\s*(-|to|–)\s*\d", words):
        fix = "Write the number itself if it is published. If not, leave the cell empty and write x (not available) under status."
        return Fault(f"{quoted} is a range and not a single number.", fix)
    if re.search(r"[<>≤≥]|less|fewer|under|more than|over", words):
        fix = "Leave the cell empty and write under status why there is no figure: c withheld, x not available, low."
        return Fault(f"{quoted} is not a single number.", fix)
    if re.search(r"[~≈]|\bc(a|irca)?\.? ?\d|about|approx|around|\best(\.|imated?)?\b", words):
        return Fault(f"{quoted} is an estimate.", "Write the number alone, and e (estimated) under status.")
    return None
