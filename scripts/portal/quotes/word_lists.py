"""Read the lists of words for reading sentences, from `word_lists.toml`."""

import tomllib
from functools import cache
from importlib import resources


def words(name: str) -> frozenset[str]:
    """Return one of the lists."""
    return _lists()[name]


@cache
def _lists() -> dict[str, frozenset[str]]:
    text = (resources.files("portal.quotes") / "word_lists.toml").read_text("utf-8")
    return {name: frozenset(listed.split()) for name, listed in tomllib.loads(text).items()}
