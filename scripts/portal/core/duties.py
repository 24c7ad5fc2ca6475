"""What the law asks a partnership to publish or do, and the evidence that it was done."""

from dataclasses import dataclass

from portal.core.citations import Cited


@dataclass(frozen=True)
class Duty(Cited):
    """A duty to publish or do something, cited by the law that sets it.

    `every_months` is the longest time from one publication to the next; None where the law sets no interval. `ask` is
    the body or role that readers can ask.
    """

    id: str
    number: int
    title: str
    asks: str
    by: str
    often: str
    every_months: int | None
    ask: str
    note: str


@dataclass(frozen=True)
class Evidence(Cited):
    """Something that was published or done under a duty, with its date as far as the source says."""

    duty: str
    date: str
    title: str
    url: str
    note: str
