"""Download one address into a cache: only what has changed, from where a download broke off, and never too much.

What comes from the network is not trusted: it is limited in size and time, kept with its digest, and only the importers
read it. Nothing is sent but the address.
"""

import contextlib
import hashlib
import http.client
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from portal.core import periods
from portal.core.problems import PortalError, Problem

LARGEST = 2_000_000_000  # bytes of a file; an archive of data.police.uk has about 1.6 GB
TIMEOUT = 60.0  # seconds without a byte
TRIES = 3
_PIECE = 1 << 16
_PAUSES = (1.0, 5.0)  # seconds before the second and third try
_LONGEST_PAUSE = 120.0  # that a server can ask for
_AGENT = "portal-fetch (community safety partnership; public files only)"
_REDIRECTS = 5
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
Wait = Callable[[float], None]


@dataclass(frozen=True)
class Download:
    """A file in the cache: its address, digest, size, when it was fetched, and what the server says of its version.

    `changed` says whether this fetch brought other bytes than the cache had.
    """

    address: str
    file: str
    sha256: str
    size: int
    fetched: str
    etag: str = ""
    modified: str = ""
    changed: bool = True


@dataclass(frozen=True)
class Limits:
    """How much and how long a download can be; tests use smaller limits."""

    largest: int = LARGEST
    timeout: float = TIMEOUT
    tries: int = TRIES
    wait: Wait = time.sleep


class _BrokenOffError(Exception):
    """A download that broke off and can go on from where it is; `pause` is what the server asks for, in seconds."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


def fetch(
    address: str, cache: Path, hosts: frozenset[str], limits: Limits | None = None, name: str = ""
) -> Download:
    """Return the file at an address, downloaded into `cache` unless the one there is the newest.

    Only `https` to one of `hosts` is opened, also after a redirection; `http` to this computer is for tests. A part
    of a file that a broken connection left is completed if the file has not changed since. `name` is how the file is
    called in the cache; without one it is named after the address.

    Raises:
        PortalError: with what went wrong and what to do; the file that was in the cache before stays as it was.
    """
    limits = limits or Limits()
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / (_NAME.sub("-", name) or _file_name(address))
    known = _known(path, address)
    _allowed(address, hosts)
    last = ""
    for attempt in range(limits.tries):
        try:
            return _once(_Request(address, path, hosts, limits), known)
        except _BrokenOffError as fault:
            last = str(fault)
            if attempt + 1 < limits.tries:
                asked = fault.pause if fault.pause is not None else _PAUSES[min(attempt, len(_PAUSES) - 1)]
                limits.wait(min(asked, _LONGEST_PAUSE))
    raise _failed(
        address,
        f"{last} This happened {limits.tries} times.",
        "Try again later. What was downloaded so far is kept, and the next try goes on from there.",
    )


@dataclass(frozen=True)
class _Request:
    address: str
    path: Path
    hosts: frozenset[str]
    limits: Limits

    @property
    def part(self) -> Path:
        """Return where an unfinished download is kept."""
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def notes(self) -> Path:
        """Return where the version of an unfinished download is kept."""
        return self.path.with_name(f"{self.path.name}.part.json")


def _once(request: _Request, known: Download | None) -> Download:
    """Download an address in one try, or say that nothing has changed."""
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    begun, version = _begun(request)
    if begun:
        headers |= {"Range": f"bytes={begun}-", "If-Range": version}
    elif known:
        headers |= {"If-None-Match": known.etag} if known.etag else {}
        headers |= {"If-Modified-Since": known.modified} if known.modified else {}
    with _opened(request, headers) as response:
        if response is None:
            if known is None:
                raise _failed(
                    request.address,
                    "The server says that nothing has changed, but there is no earlier file.",
                    "Try again later.",
                )
            return replace(known, changed=False)
        return _received(
            request, response, known, begun if response.status == http.client.PARTIAL_CONTENT else 0
        )


@contextlib.contextmanager
def _opened(request: _Request, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse | None]:
    """Open an address and yield the response; None if it has not changed.

    Raises:
        _BrokenOffError: it can work another time.
        PortalError: it cannot.
    """
    address = request.address
    opener = urllib.request.build_opener(_Redirects(request.hosts))
    try:
        asked = urllib.request.Request(address, headers=dict(headers))  # noqa: S310 - `_allowed` has checked the scheme
        with opener.open(asked, timeout=request.limits.timeout) as response:
            yield response
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.client.NOT_MODIFIED:
                yield None
                return
            _refused(request, error)
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            raise _failed(
                address,
                "The certificate of the server is not valid.",
                "Do not go on. Ask the people who run the server, or whoever looks after your network.",
            ) from None
        if isinstance(error.reason, socket.gaierror):
            raise _failed(
                address,
                "The server cannot be found.",
                "Check your connection to the internet and the address in the register.",
            ) from None
        raise _BrokenOffError(f"The server cannot be reached: {error.reason}.") from None
    except TimeoutError:
        raise _BrokenOffError(f"The server did not answer for {request.limits.timeout:g} seconds.") from None
    except (http.client.HTTPException, ConnectionError) as error:
        raise _BrokenOffError(f"The connection broke off: {type(error).__name__}.") from None


def _refused(request: _Request, error: urllib.error.HTTPError) -> None:
    """Raise what a status of the server means."""
    address, code = request.address, error.code
    if code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        _forget(request)
        raise _BrokenOffError("The part that was downloaded earlier does not fit the file any more.", 0.0)
    if code in (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE):
        asked = error.headers.get("Retry-After", "")
        raise _BrokenOffError("The server asks us to wait.", float(asked) if asked.isdigit() else None)
    if code >= http.client.INTERNAL_SERVER_ERROR:
        raise _BrokenOffError(f"The server has a fault ({code}).")
    if code in (http.client.NOT_FOUND, http.client.GONE):
        raise _failed(
            address,
            "There is no file at this address.",
            "The publisher may have moved it, or not published it yet. Look for it on the publisher's site, and correct the address in the register.",
        )
    if code in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        raise _failed(
            address,
            f"The server refuses to give the file ({code}).",
            "Open the address in a browser. Download the file by hand if that works, and import it.",
        )
    raise _failed(
        address, f"The server answers with status {code}.", "Open the address in a browser to see why."
    )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirections to hosts of the register only."""

    max_redirections = _REDIRECTS

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def] # noqa: PLR0913, PLR0917 - as in the library
        """Check the new address before it is opened."""
        _allowed(newurl, self._hosts)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _allowed(address: str, hosts: frozenset[str]) -> None:
    """Raise `PortalError` for an address that must not be opened."""
    parts = urlsplit(address)
    is_this_computer = parts.hostname in ("127.0.0.1", "localhost") and parts.netloc in hosts
    if not is_this_computer and (parts.scheme != "https" or parts.hostname not in hosts):
        message = "This address is not https, or its host is not in the register."
        raise _failed(address, message, "If the publisher has moved, add the new address to the register.")


def _received(
    request: _Request, response: http.client.HTTPResponse, known: Download | None, begun: int
) -> Download:
    """Write the body into the cache and check that it is whole and not a web page.

    Raises:
        _BrokenOffError: the body ended early.
        PortalError: it is too large, empty, or a page that says something else.
    """
    address, limits = request.address, request.limits
    announced = response.headers.get("Content-Length", "")
    whole = begun + int(announced) if announced.isdigit() else None
    if whole is not None and whole > limits.largest:
        raise _too_large(address, whole, limits.largest)
    _note(request, response)
    size = begun
    try:
        with request.part.open("ab" if begun else "wb") as out:
            while piece := response.read(_PIECE):
                size += len(piece)
                if size > limits.largest:
                    _forget(request)
                    raise _too_large(address, size, limits.largest)
                out.write(piece)
    except TimeoutError:
        raise _BrokenOffError(f"The server sent nothing more for {limits.timeout:g} seconds.") from None
    except (http.client.HTTPException, ConnectionError) as error:
        raise _BrokenOffError(f"The connection broke off: {type(error).__name__}.") from None
    if whole is not None and size < whole:
        raise _BrokenOffError(f"The connection broke off after {size:,} of {whole:,} bytes.")
    if not size:
        _forget(request)
        raise _failed(
            address,
            "The file is empty.",
            "An empty answer is not zero. Try again later, or look on the publisher's site.",
        )
    if _is_web_page(request.part):
        _forget(request)
        raise _failed(
            address,
            "The server sent a web page instead of the file.",
            "It may say that the site is being repaired, or ask for a login. Open the address in a browser.",
        )
    digest = _digest(request.part)
    changed = known is None or known.sha256 != digest
    request.part.replace(request.path)
    done = Download(
        address, request.path.name, digest, size, periods.today().isoformat(), response.headers.get("ETag", ""),
        response.headers.get("Last-Modified", ""), changed,
    )  # fmt: skip
    _beside(request.path).write_text(json.dumps(asdict(done), indent=2) + "\n", encoding="utf-8")
    _forget(request)
    return done


def _note(request: _Request, response: http.client.HTTPResponse) -> None:
    """Keep the version of the file that is being downloaded, so that a part is never joined to another version."""
    version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
    request.notes.write_text(json.dumps({"address": request.address, "version": version}), encoding="utf-8")


def _begun(request: _Request) -> tuple[int, str]:
    """Return the size and version of the unfinished download of an address; (0, "") if there is none to go on with."""
    try:
        notes = json.loads(request.notes.read_text(encoding="utf-8"))
        size = request.part.stat().st_size
    except (OSError, ValueError):
        return 0, ""
    version = notes.get("version", "") if notes.get("address") == request.address else ""
    strong = version and not version.startswith("W/")
    return (size, version) if strong and size else (0, "")


def _forget(request: _Request) -> None:
    request.part.unlink(missing_ok=True)
    request.notes.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.fetched.json")


def _known(path: Path, address: str) -> Download | None:
    """Return what the cache has of an address; None if it has nothing, or the file is not the one that was fetched."""
    try:
        found = Download(**json.loads(_beside(path).read_text(encoding="utf-8")))
        whole = (
            found.address == address and found.size == path.stat().st_size and found.sha256 == _digest(path)
        )
    except (OSError, ValueError, TypeError):
        return None
    return found if whole else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2_000).lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _file_name(address: str) -> str:
    parts = urlsplit(address)
    last = _NAME.sub("-", parts.path.rstrip("/").rsplit("/", 1)[-1]) or "index"
    mark = hashlib.sha256(address.encode()).hexdigest()[:8]
    return f"{mark}-{last}"


def _too_large(address: str, size: int, largest: int) -> PortalError:
    message = f"The file has more than {largest / 1e6:,.0f} MB ({size / 1e6:,.0f} MB so far)."
    return _failed(address, message, "Check that it is the right file. If it is, download it by hand.")


def _failed(address: str, message: str, fix: str) -> PortalError:
    return PortalError([Problem(address, code="fetch", message=message, fix=fix)])
