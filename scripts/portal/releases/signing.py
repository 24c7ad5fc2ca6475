"""Sign the list of changes before a release: who prepared it, who signed it, and the digest of the list that they saw."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from portal.core import input_files
from portal.core.model import Release, ReleaseChange
from portal.core.problems import PortalError, Problem
from portal.releases import change_report

_CODE = 12  # characters of the digest that people compare and type
_GROUP = 4


@dataclass(frozen=True)
class Signature:
    """A name and a time (UTC, such as 2027-01-12T10:04:00Z)."""

    name: str
    at: str


@dataclass(frozen=True)
class SignedList:
    """A list of changes, named by its digest, with who prepared and who signed it; None while nobody has signed."""

    digest: str
    counted: str
    prepared: Signature
    signed: Signature | None = None


def digest(changes: Iterable[ReleaseChange], releases: Sequence[Release]) -> str:
    """Return the SHA-256 of a list of changes since the last release. Any other change, text or reason gives another digest."""
    return hashlib.sha256(change_report.as_json(changes, releases).encode()).hexdigest()


def code(digest_: str) -> str:
    """Return the first characters of a digest in groups that people can compare and type, such as `1A2B-3C4D-5E6F`."""
    short = digest_[:_CODE].upper()
    return "-".join(short[i : i + _GROUP] for i in range(0, _CODE, _GROUP))


def is_code(typed: str, digest_: str) -> bool:
    """Return True if the text is the code of a digest, whatever its hyphens and capitals."""
    return "".join(c for c in typed.upper() if c.isalnum()) == digest_[:_CODE].upper()


def as_json(signed: SignedList) -> str:
    """Return a signed list as JSON."""
    return json.dumps(asdict(signed), ensure_ascii=False, indent=1) + "\n"


def read(file: str, raw: bytes) -> SignedList:
    """Read a signed list; `file` is its name in messages.

    Raises:
        PortalError: it cannot be read.
    """
    try:
        content: Any = input_files.parse_json(raw)
        signatures = {k: Signature(**content[k]) if content[k] else None for k in ("prepared", "signed")}
        return SignedList(str(content["digest"]), str(content["counted"]), **signatures)  # type: ignore[arg-type]
    except (input_files.UnreadableError, LookupError, TypeError):
        message, fix = "This is not a signed list.", "Save it again from the desk, at the step Sign."
        raise PortalError([Problem(file, code="signed", message=message, fix=fix)]) from None


def problems(file: str, signed: SignedList, digest_: str) -> Iterator[Problem]:
    """Yield why a list does not approve the changes with this digest: nobody signed it, or it lists other changes."""
    if signed.digest != digest_:
        message = "Something has changed since this list was signed."
        yield Problem(
            file, code="signed", message=message, fix="Look at the list of changes again, and sign that."
        )
    elif signed.signed is None:
        yield Problem(
            file, code="signed", message="Nobody has signed this list.", fix="Have a second person sign it."
        )
    elif signed.signed.name.casefold() == signed.prepared.name.casefold():
        message = f"{signed.signed.name} prepared this list and signed it."
        yield Problem(file, code="signed", message=message, fix="Have a second person sign it.")
