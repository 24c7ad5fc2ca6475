"""Read what each release published, figure by figure, from the archives."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from portal.core import field_types
from portal.core.model import Content, Observation, Release
from portal.core.problems import PortalError, Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.releases import archives, comparison
from portal.releases.archives import Contents

# What tells one figure from another in every release: indicator, area, part, first day, last day.
Key = tuple[str, str, str, str, str]
Row = Mapping[str, str]


@dataclass(frozen=True)
class PastRelease:
    """A release and what it published."""

    release: Release
    contents: Contents

    @cached_property
    def figures(self) -> Mapping[Key, Row]:
        """Return each figure as a row of text."""
        return comparison.keyed(self.contents)

    @cached_property
    def slugs(self) -> Mapping[str, str]:
        """Return the slug that each indicator with figures had in the release, by id; empty if the archive was withdrawn."""
        if self.release.withdrawn:
            return {}
        used = {k[0] for k in self.figures}
        return {name: row["slug"] for name, row in self.rows("indicators", "id").items() if name in used}

    def rows(self, table: str, key: str) -> Mapping[str, Row]:
        """Return the rows of a table, in all packages that have it, by its column `key`."""
        return {r[key]: r for t in self.contents.tables if t.name == table for r in t.rows}


@dataclass(frozen=True)
class ReleaseHistory:
    """All releases, the earliest first."""

    releases: tuple[PastRelease, ...] = ()

    @cached_property
    def remembered(self) -> dict[Hashable, Any]:
        """Keep results computed from this history for reuse, by function and arguments."""
        return {}

    @cached_property
    def first(self) -> Mapping[Key, Release]:
        """Return the first release with each figure."""
        return {k: p.release for p in reversed(self.releases) for k in p.figures}

    @cached_property
    def changed(self) -> Mapping[Key, Release]:
        """Return the release that last changed each figure's number or status, or else its first release."""
        newest: dict[Key, Release] = {}
        before: Mapping[Key, Row] = {}
        for past in self.releases:
            for k, row in past.figures.items():
                old = before.get(k)
                if old is not row and (old is None or _said(old) != _said(row)):
                    newest[k] = past.release
            newest |= dict.fromkeys(before.keys() - past.figures.keys(), past.release)
            before = past.figures
        return newest


NO_HISTORY = ReleaseHistory()


def _said(row: Row) -> tuple[Decimal | None, str]:
    """Return a figure's number with "", or None with the status that says why there is no number."""
    return (field_types.read_number(row["value"]), "") if row["value"] else (None, row["status"])


def read(settings: Settings, content: Content) -> ReleaseHistory:
    """Read the archive of every release.

    Raises:
        PortalError: an archive is missing or differs from the one published.
    """
    return ReleaseHistory(tuple(_published(settings, content)))


def _published(settings: Settings, content: Content) -> Iterator[PastRelease]:
    for release in content.releases:
        path = next(settings.packages_folder.glob(f"*/{archives.FOLDER}/{release.id}.zip"), None)
        if path is None:
            message = f"The archive of the release {release.name} is not there."
            raise PortalError(
                [Problem(SETTINGS_FILE, code="archive", message=message, fix="Put it back from a copy.")]
            )
        file = path.relative_to(settings.root).as_posix()
        yield PastRelease(release, archives.read(path, file, release.sha256).contents)


def key(o: Observation) -> Key:
    """Return the key of a figure, as releases have it."""
    start, end = (d.isoformat() if d else "" for d in (o.period_start, o.period_end))
    return o.indicator, o.area, o.part, start, end
