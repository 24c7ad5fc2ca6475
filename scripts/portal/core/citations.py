"""What every published value that comes out of a document or dataset says of its source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cited:
    """Whatever comes out of a document: which one, and where in it."""

    source: str
    locator: str
