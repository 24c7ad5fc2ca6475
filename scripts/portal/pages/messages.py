"""Translate the frame of the site: the texts that every portal shares, in one gettext catalogue for each language.

The English text in a template, a script or the code is the message. `site_src/languages/messages.pot` lists all of
them, and a portal in another language has the translations in `site_src/languages/<language>.po`. Babel reads the
catalogues, because it reads every form in which translators' programs save them.
"""

import gettext
import html
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from portal.core import input_files
from portal.core.problems import PortalError, Problem
from portal.core.text import safe

FOLDER = "site_src/languages"
LIST = f"{FOLDER}/messages.pot"
# Languages written from right to left, by the first part of their code.
RIGHT_TO_LEFT = ("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi")
_PLACE = re.compile(r"%\((\w+)\)s|%%")
_TAG = re.compile(r"<[^>]*>")
_STRING = r'"(?:[^"\\\n]|\\.)*"'
# In scripts: t("…") for one message, tn(count, "…", "…") for a message with one form for each number.
_IN_SCRIPT = re.compile(rf"\bt\(({_STRING})|\btn\(([\w.]+), ({_STRING}), ({_STRING})")
_RULE = "Number(count !== 1)"  # how the scripts choose between the forms in English
_IN_THEME = re.compile(rf"config\.extra\.words\[({_STRING})\]")


@dataclass(frozen=True)
class Messages:
    """The texts of the frame in one language.

    `texts` maps each English message to its translations, one for each plural form; messages without a translation stay
    in English. `plural` is the rule that chooses among the forms, as an expression in C, which is also one in
    JavaScript.
    """

    language: str = "en"
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plural: str = "(n != 1)"

    @property
    def direction(self) -> str:
        """Return the direction of the language, `ltr` or `rtl`."""
        return "rtl" if self.language.split("-")[0] in RIGHT_TO_LEFT else "ltr"

    @property
    def html_language(self) -> str:
        """Return the language as pages outside the theme name it."""
        return "en-GB" if self.language == "en" else self.language

    def plain(self, message: str) -> str:
        """Return the translation of a message without variables; any other text is returned unchanged."""
        return self.texts.get(message, (message,))[0]

    def text(self, message: str, **values: object) -> Markup:
        """Return the translation of a message with its variables filled in. Templates know this as `_`."""

        def fill(place: re.Match[str]) -> str:
            return str(safe(values[place[1]])) if place[1] else "%"

        return Markup(_PLACE.sub(fill, self.plain(message)))  # noqa: S704 - the message is ours, the values are encoded

    def script(self, source: str) -> str:
        """Return a script with its messages in this language."""

        def translated(found: re.Match[str]) -> str:
            one, count, first, second = found.groups()
            if one:
                return f"t({_literal(self.plain(json.loads(one)))}"
            forms = self.texts.get(json.loads(first), (json.loads(first), json.loads(second)))
            return f"tn({count}, {', '.join(map(_literal, forms))}"

        if not self.texts:
            return source
        rule = re.sub(r"\bn\b", "count", self.plural)
        return _IN_SCRIPT.sub(translated, source).replace(_RULE, f"Number({rule})")


ENGLISH = Messages()


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def script_messages(source: str) -> Iterator[tuple[int, str | tuple[str, str]]]:
    """Yield the line and text of each message of a script; the text is a pair if it has a plural."""
    for found in _IN_SCRIPT.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        yield line, json.loads(found[1]) if found[1] else (json.loads(found[3]), json.loads(found[4]))


def theme_messages(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each message of a template of the theme."""
    for found in _IN_THEME.finditer(source):
        yield source.count("\n", 0, found.start()) + 1, json.loads(found[1])


def theme_words(messages: Messages, theme: Path) -> dict[str, str]:
    """Return the translation of each message of the templates in the folder `theme`, as HTML.

    Both renderers read them from `extra` in the generated settings, because MiniJinja knows no gettext.
    """
    # The check of the project names the files that cannot be read.
    files = (p for p in sorted(theme.rglob("*.html")) if not input_files.file_fault(p))
    sources = (p.read_text(encoding="utf-8", errors="replace") for p in files)
    found = {m for source in sources for _, m in theme_messages(source)}
    return {m: html.escape(messages.plain(m)) for m in sorted(found)}


def check(root: Path, language: str) -> tuple[Problem, ...]:
    """Return every problem of the catalogue of a language."""
    try:
        read_messages(root, language)
    except PortalError as error:
        return error.problems
    return ()


def read_messages(root: Path, language: str) -> Messages:
    """Return the messages of the frame in a language; for English, those in the templates.

    Raises:
        PortalError: the language has no catalogue, or the catalogue cannot be used.
    """
    if language == "en":
        return ENGLISH
    name = f"{FOLDER}/{language}.po"
    path = root / name
    if not path.is_file():
        fix = f'Copy {LIST} to {name} and have it translated, or write language = "en".'
        raise PortalError([Problem(name, code="language", message="This catalogue is missing.", fix=fix)])
    try:
        data = input_files.read(path, root)
    except input_files.UnreadableError as fault:
        raise PortalError(
            [Problem(name, fault.row, code="language", message=fault.message, fix=fault.fix)]
        ) from None
    return _parsed(name, language, data)


def _parsed(name: str, language: str, data: bytes) -> Messages:
    from babel.messages import pofile  # noqa: PLC0415 - most portals are in English and never need it

    try:
        catalogue = pofile.read_po(io.BytesIO(data), abort_invalid=True)
        plural = str(catalogue.plural_expr)
        choose = gettext.c2py(plural)
    except (pofile.PoFileError, ValueError, UnicodeError) as error:
        fix = "Save it again with a program for gettext catalogues, such as Poedit."
        message = f"This catalogue cannot be read: {' '.join(str(error).split())[:200]}."
        raise PortalError([Problem(name, code="language", message=message, fix=fix)]) from None
    texts: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for entry in catalogue:
        english, forms = _all(entry.id), _all(entry.string)
        if not english[0] or entry.fuzzy or not forms or not all(forms):
            continue
        problems += [
            Problem(name, entry.lineno or 0, "", "language", m, f) for m, f in _faults(english, forms)
        ]
        texts[english[0]] = forms
    if max(map(choose, range(1000))) >= catalogue.num_plurals:
        fix = "Copy the line Plural-Forms from a catalogue of the same language."
        problems.append(
            Problem(name, 1, "", "language", "Its rule for plurals names a form that it does not have.", fix)
        )
    if problems:
        raise PortalError(problems)
    return Messages(language, texts, plural)


def _all(texts: str | Sequence[str | None] | None) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(t or "" for t in texts or ())


def _faults(english: tuple[str, ...], forms: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a translation: other variables or other markup than in English.

    A form for one number can leave out the number.
    """
    names, tags = _variables(english[-1]), _TAG.findall(english[-1])
    for form in forms:
        found = _variables(form)
        if not found <= names or (found != names and len(english) == 1):
            yield _different(english[0], "variables", sorted(names))
        if sorted(_TAG.findall(form)) != sorted(tags):
            yield _different(english[0], "HTML tags", tags)


def _variables(text: str) -> set[str]:
    return {found[0] for found in _PLACE.finditer(text) if found[1]}


def _different(english: str, what: str, wanted: Sequence[str]) -> tuple[str, str]:
    return (
        f"The translation of “{english[:80]}” has different {what} from the English.",
        f"Use exactly these {what}: {' '.join(wanted) or 'none'}.",
    )
