"""Define a target of publishing, and what every kind of target can do."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from portal.core.problems import PortalError, Problem

Tell = Callable[[str], None]

# What to do by what ssh, rsync, sftp and git say; the first that fits.
_FIXES: tuple[tuple[str, str], ...] = (
    (
        r"could not resolve hostname",
        "Check the name of the server in the settings, and the network.",
    ),
    (
        r"host key verification failed",
        "Sign in to the server once with ssh, compare its key with the one that its administrator tells you, and confirm it. If the key has changed, ask the administrator before you do anything.",
    ),
    (
        r"permission denied \(|too many authentication failures",
        "Let this user sign in there without a password, such as with a key: the server has to know the public one.",
    ),
    (
        r"connection refused|timed out|no route to host|connection closed|connection reset|broken pipe",
        "Check that the server is running and lets this computer in, then publish again. What was public stays.",
    ),
    (
        r"no space left|quota|write remote .* failure|couldn't write to",
        "Free some space on the server, then publish again. What was public stays.",
    ),
    (
        r"permission denied",
        "Let this user write to the folder on the server, or name another folder in the settings.",
    ),
)
_CHECK = "Check the address, the network, and that this user can sign in there without a password, such as with a key."


@dataclass(frozen=True)
class PublishingTarget:
    """Where the site is published: its name, its kind and its place, which is a path or an address."""

    name: str
    kind: str
    place: str

    @property
    def path(self) -> Path:
        """Return the place of a target that is on this computer."""
        return Path(self.place)

    def problem(self, message: str, fix: str) -> PortalError:
        """Return an error that names this target."""
        return PortalError([Problem(f"target {self.name}", code="target", message=message, fix=fix)])


@dataclass(frozen=True)
class Published:
    """What a target has now: the files of its site by its manifest, and its digest; both are empty without a site.

    `can_go_back` is True if the target keeps the previous site.
    """

    files: Mapping[str, Any]
    digest: str = ""
    can_go_back: bool = False


class Kind(Protocol):
    """A kind of target."""

    def refusal(self, place: str) -> tuple[str, str] | None:
        """Return why a place cannot be a target of this kind, and what to write instead; None if it can."""

    def look(self, target: PublishingTarget, scratch: Path) -> Published:
        """Return what is public now."""

    def put(self, site: Path, target: PublishingTarget, scratch: Path, tell: Tell) -> None:
        """Publish a complete site, all at once."""

    def before(self, target: PublishingTarget, scratch: Path) -> Path | None:
        """Return a folder with the previous site, or with the parts that decide whether it can be restored; None if none is kept."""

    def back(self, target: PublishingTarget, scratch: Path) -> None:
        """Restore the previous site."""

    def forget(self, target: PublishingTarget, scratch: Path) -> None:
        """Delete the previous site, because nobody may see it again."""


@dataclass(frozen=True)
class Program:
    """An external program that publishing needs: its name, the options of every call, and additional environment variables."""

    name: str
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def run(
        self, target: PublishingTarget, *arguments: str, at: Path, also: tuple[int, ...] = ()
    ) -> str | None:
        """Run it in a folder and return its output; None if it ended with one of the codes in `also`.

        Raises:
            PortalError: it is not installed, or it failed; with the last lines of its output.
        """
        path = shutil.which(self.name)
        if path is None:
            fix = f"Install {self.name}, so that it is on the PATH, or publish to a folder or a zip file."
            raise target.problem(f"The program {self.name} is not installed.", fix)
        done = subprocess.run(
            [path, *self.options, *arguments],
            cwd=at,
            env={**os.environ, **dict(self.environment)},
            stdin=subprocess.DEVNULL,  # nobody is there to type a password, so fail instead of asking
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode in also:
            return None
        if done.returncode:
            said = " ".join(done.stderr.split()[-40:]) or f"It ended with code {done.returncode}."
            raise target.problem(f"{self.name} failed: {said}", _fix(said))
        return done.stdout


def _fix(said: str) -> str:
    """Return what to do about a failure, by what the program said."""
    return next((fix for words, fix in _FIXES if re.search(words, said, re.IGNORECASE)), _CHECK)
