"""Tell the numbers that a sentence states as figures from those that it wants, denies, or says of a single case."""

import re

from portal.quotes.numbers import PLAIN, TIMES, Quantity
from portal.quotes.sentences import CHANGE, DIFFERENCE, DOWN, LEVEL, UP, Sentence

# A number that someone wants to reach is no figure.
_AIM = re.compile(
    r"(?:^\W*|\b(?:to|will|would|should|could|must|can|and|in order to|aim of|target of|goal of) (?:help )?)(?:cut|reduce|reducing|cutting|lower|bring down|increase|raise|achieve|achieving|deliver|secure|halve|halving|double|see)\b(?! the (?:year|12))"
    r"|\b(?:targets?|aims?|aiming|aspires?|goals?|ambitions?|pledge\w*|promis\w+|committed to|want to|hop(?:es?|ing) (?:to|that|for)|forecast\w*|predict\w*|estimate that|could (?:rise|fall)|if)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    rf"(?:\b(?:not|never)|n['’]t) (?:\w+ly |in fact |been |yet |have |has )*(?!(?:more|less|fewer|higher|lower|only) than)(?:{UP}|{DOWN}|doubl\w+|halv\w+|trebl\w+|tripl\w+)\b"
    r"|\b(?:not true|untrue|not the case|false|incorrect|no evidence|no truth|myth|mistaken|wrong)\b[^,]{0,30}\b(?:that|to (?:say|claim|suggest)|claims?)\b"
    r"|(?:\b(?:nobody|no one|not|never)|n['’]t)\b (?:is |are |has |have |was )?(?:claim|say|said|suggest|argu|believ|think|accept|agree)\w*"
    r"|\b(?:den(?:y|ies|ied)|reject(?:s|ed)?|disput(?:es|ed))\b[^,]*\b(?:that|claims?|reports?)\b",
    re.IGNORECASE,
)
# What one person did or is charged with is no figure about an area.
_SINGLE_CASE = re.compile(
    r"\b(?:charged with|accused of|convicted of|guilty|admitted|admitting|counts? of|court|jailed|sentenced|defendants?|on trial|prosecutors?"
    r"|arrested (?:on suspicion|in connection|for|after|over)|in connection with|suspected of|(?:her|his|my|our|their) (?:own )?(?:street|road|home|house|flat|shop|block|estate|family)|linked [^.;]{3,40} to|wanted (?:for|over)|(?:believed?|suspect(?:ed|s)?|thought)\b[^.;]*\b(?:behind|responsible for|linked to|committed))\b",
    re.IGNORECASE,
)

_FALSE = re.compile(r"\b(?:is|are|was|were) (?:\w+ly )?(?:false|untrue|wrong|incorrect|misleading|not true|a myth)\b", re.IGNORECASE)  # fmt: skip
_TARGET = re.compile(r"\b(?:targets?|aim|goal|ambition) (?:is|was|of|for)\b[^.;,]*$", re.IGNORECASE)
_OF_SOMEONE = re.compile(r"^\s*of (?:her|his|my|our|their)\b", re.IGNORECASE)


def is_stated(s: Sentence, q: Quantity, kind: str) -> bool:
    """Return True if the sentence states a number as a fact about an area."""
    if kind == LEVEL and q.kind == PLAIN and _SINGLE_CASE.search(s.whole):
        return False
    if kind == LEVEL and _TARGET.search(s.text[: q.start]):
        return False
    if kind == LEVEL and _OF_SOMEONE.match(s.text[q.end :]):
        return False
    before = s.text[: q.start] if q.kind != TIMES else s.text[: q.start] + q.text
    clause = re.split(r"[;:]|, (?:but|and|while|after)\b", before)[-1]
    if re.search(r"\bclaims?\b[^.;]*$", clause, re.IGNORECASE) and _FALSE.search(s.text[q.end :]):
        return False
    if _DENIED.search(re.sub(r"\s+", " ", clause)):
        return False
    return kind not in (CHANGE, DIFFERENCE) or not _AIM.search(clause)
