"""Where a published value comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cited:
    """A value from a document or dataset: the id of the source, and the locator within it."""

    source: str
    locator: str
