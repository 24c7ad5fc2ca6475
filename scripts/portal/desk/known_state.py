"""What was read and compared for one state of the files, so that the steps of an update do not do the same work again."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal.core.model import ReleaseChange
from portal.desk.work import Tell
from portal.disclosure.clearing import ClearedContent
from portal.releases import releasing
from portal.releases.releasing import Project
from portal.site import build_inputs, building


@dataclass(frozen=True)
class KnownState:
    """A project that passed every rule, and what follows from it, each worked out when it is first asked for."""

    project: Project

    @cached_property
    def cleared(self) -> ClearedContent:
        """Return what can be published.

        Raises:
            PortalError: a small count can be worked out.
        """
        return building.allowed(self.project)

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """Return the name of each page by its address; raise as `cleared`."""
        return building.addresses(self.project, self.cleared)

    @cached_property
    def changes(self) -> tuple[ReleaseChange, ...]:
        """Return everything that changed since the last release; raise as `cleared`."""
        return tuple(releasing.changes(self.project, self.addresses))

    @cached_property
    def whole_changes(self) -> tuple[ReleaseChange, ...]:
        """Return what `changes` returns with the text of every new row, for the person who signs; raise as `cleared`."""
        return tuple(releasing.changes(self.project, self.addresses, whole=True))

    @cached_property
    def changes_of_tables(self) -> tuple[ReleaseChange, ...]:
        """Return what changed since the last release, without pages that are new or gone."""
        found = releasing.changes(self.project, {})
        return tuple(c for c in found if not c.kind.startswith("page-"))


class StateReader:
    """Reads a project once for each state of its files. One piece of work asks after the other, never two at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._last: tuple[str, KnownState] | None = None

    def known(self) -> KnownState | None:
        """Return the project if it was read as its files are now, else None; this takes no time."""
        last = self._last
        return last[1] if last and last[0] == build_inputs.fingerprint(self.root) else None

    def read(self, tell: Tell) -> KnownState:
        """Return the project as its files are now.

        Raises:
            PortalError: with every problem.
        """
        tell("Checking the data packages")
        before = build_inputs.fingerprint(self.root)
        if self._last and self._last[0] == before:
            return self._last[1]
        state = KnownState(building.project(self.root))
        if build_inputs.fingerprint(self.root) == before:  # nothing was written while it was read
            self._last = before, state
        return state
