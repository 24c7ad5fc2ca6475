"""Read the lists of words for reading sentences, from `word_lists.toml`."""

import tomllib
from functools import cache
from importlib import resources


def words(name: str) -> frozenset[str]:
    """Return one of the lists."""
    return frozenset(_lists()[name].split())


def phrases(name: str) -> tuple[str, ...]:
    """Return the phrases of a list, in which a semicolon separates them."""
    return tuple(" ".join(phrase.split()) for phrase in _lists()[name].split(";"))


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads((resources.files("portal.quotes") / "word_lists.toml").read_text("utf-8"))
