"""Places as the geography package describes them: what they were made of, their postcodes and small areas."""

from dataclasses import dataclass
from decimal import Decimal

from portal.core.citations import Cited


@dataclass(frozen=True)
class Overlap(Cited):
    """The share of an area's land, as a percentage, that was in an earlier area."""

    area: str
    former: str
    share: int


@dataclass(frozen=True)
class NoRate(Cited):
    """An area in which an indicator has no rate per resident, and why: for example a town centre with many visitors."""

    area: str
    indicator: str
    reason: str


@dataclass(frozen=True)
class Postcode:
    """The ward of a postcode."""

    postcode: str
    area: str
    source: str


@dataclass(frozen=True)
class Lsoa(Cited):
    """A small area of the Census of 2011 or 2021, and the ward that most of its residents live in.

    `area` is the borough where no single ward can be named.
    """

    code: str
    census: int
    name: str
    area: str


@dataclass(frozen=True)
class NeighbourhoodLsoa(Cited):
    """An LSOA of 2021 and the neighbourhood that it is in: a part of its ward that is large enough to have figures."""

    lsoa: str
    area: str


@dataclass(frozen=True)
class Profile(Cited):
    """One fact about the residents of an area of the region: the number of people in a group, or a score of deprivation.

    `area` can be an area for which this portal has no figures.
    """

    area: str
    name: str
    theme: str
    measure: str
    value: Decimal
