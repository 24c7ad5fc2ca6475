"""Serve a preview of the site to this computer only, and rebuild when an input changes."""

import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from portal.core.problems import PortalError, Problem
from portal.site import build_inputs, building, headers, publishing

_EVERY = 0.5  # seconds between checks of the inputs
# Names of this computer.
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_PAGES = ("index.html", "index.htm")  # the pages that the class below serves for a folder
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# A preview has no HTTPS, and no other site can read what is not published yet.
_NOT_IN_A_PREVIEW = ("Strict-Transport-Security", "Access-Control-Allow-Origin")


def serve(
    root: Path,
    port: int,
    tell: Callable[[str], None],
    failed: Callable[[PortalError], None],
    ready: Callable[[str], None],
) -> None:
    """Serve the newest site on 127.0.0.1 until interrupted, and build again whenever an input changes.

    The newest site is the one under embargo, if there is one. Only inputs are watched and only `build/` is written to,
    so a build never triggers another.

    Raises:
        PortalError: the port is in use or not allowed.
    """
    try:
        server = Server(("127.0.0.1", port), partial(_handled, root))
    except (OSError, OverflowError):
        raise PortalError(
            [
                Problem(
                    "portal serve",
                    code="port",
                    message=f"The port {port} is in use or not allowed.",
                    fix=f"Try another: portal serve --port {port % 60000 + 1}.",
                )
            ]
        ) from None
    with server:
        seen = look(root)
        _again(root, tell, failed)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        try:
            while True:
                time.sleep(_EVERY)
                now = look(root)
                if now != seen:
                    seen = now
                    if _again(root, tell, failed):
                        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        finally:
            server.shutdown()


def _handled(root: Path, *request: Any) -> "PreviewHandler":
    """Answer a request from the site that is newest at that moment."""
    waiting = root / "build" / publishing.WAITING
    return PreviewHandler(*request, directory=str(waiting if waiting.exists() else root / "build" / "site"))


def _again(root: Path, tell: Callable[[str], None], failed: Callable[[PortalError], None]) -> bool:
    try:
        building.build(root, tell)
    except PortalError as error:
        failed(error)
        return False
    return True


def look(root: Path) -> frozenset[tuple[str, int, int]]:
    """Return the name, modification time and size of every input, which differ after a change."""
    seen = set()
    for path in build_inputs.inputs(root):
        try:
            stat = path.stat()
        except OSError:
            continue  # deleted since it was listed; the next check notices
        seen.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(seen)


class Server(ThreadingHTTPServer):
    """A server that ignores browsers that disconnect in the middle of an answer."""

    allow_reuse_address = sys.platform != "win32"  # on Windows it would let two programs share a port

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class SiteHandler(SimpleHTTPRequestHandler):
    """Serve a built site as a host does: with its headers, its 404 page, and only public files.

    Answer only requests that name this computer. Otherwise another web page could point its own name to this computer
    and read the site through the browser of the person who works on it ("DNS rebinding").
    """

    server_version, sys_version = "portal", ""
    timeout = 60  # seconds for a request to arrive, or an idle connection would keep a thread for ever
    extensions_map = {  # noqa: RUF012 - as the class above declares it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".json": "application/json",
        ".jsonld": "application/ld+json",
        ".ttl": "text/turtle",
    }

    def parse_request(self) -> bool:
        """Read the request; refuse it with an error and return False if this server must not answer it."""
        if not super().parse_request():
            return False
        status = self._refusal()
        if status:
            self.send_error(status)
        return not status

    def _refusal(self) -> HTTPStatus | None:
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1:
            return HTTPStatus.BAD_REQUEST
        if hosts[0].strip().lower() not in self._own_hosts():
            return HTTPStatus.MISDIRECTED_REQUEST
        if self.command not in ("GET", "HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED
        name = name_of(self.path)
        if name is None:
            return HTTPStatus.BAD_REQUEST
        return None if is_public(name) and self._is_inside(name) else HTTPStatus.NOT_FOUND

    def _own_hosts(self) -> frozenset[str]:
        port = self.connection.getsockname()[1]
        return frozenset(f"{name}:{port}" for name in _NAMES) | (
            frozenset(_NAMES) if port == 80 else frozenset()
        )

    def _is_inside(self, name: str) -> bool:
        """Return True if a file, or the page of a folder, is inside the site after following symbolic links.

        A named pipe is not: opening it would wait forever.
        """
        site = Path(self.directory).resolve()
        try:
            return all(
                p.resolve().is_relative_to(site) and (p.is_file() or p.is_dir() or not p.exists())
                for p in (site / name, *map((site / name).joinpath, _PAGES))
            )
        except (OSError, RuntimeError):  # the name is too long, or links form a circle
            return False

    def translate_path(self, path: str) -> str:
        """Return the path of the file for an address, which `parse_request` has checked."""
        return f"{Path(self.directory).resolve()}/{name_of(path) or ''}"

    def headers_to_send(self) -> Mapping[str, str]:
        """Return the headers that the site sets for this file."""
        file = Path(self.directory, headers.FILE)
        rules = headers.parse(file.read_text(encoding="utf-8")) if file.is_file() else ()
        return headers.of(rules, f"/{name_of(getattr(self, 'path', '/')) or ''}")

    def end_headers(self) -> None:
        for name, value in self.headers_to_send().items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class PreviewHandler(SiteHandler):
    """Serve the preview without caching, so that a reload shows changes, and without access from other sites."""

    def headers_to_send(self) -> Mapping[str, str]:
        """Return the headers of the site without those that require HTTPS or let other sites read its data."""
        headers_sent = {n: v for n, v in super().headers_to_send().items() if n not in _NOT_IN_A_PREVIEW}
        return {**headers_sent, headers.CACHE: "no-store"}


def name_of(target: str) -> str | None:
    """Return the path in the site for the target of a request; None if it is not a valid address.

    Decode the target only here, so that the name checked is the name opened.
    """
    path = target.partition("?")[0].partition("#")[0]
    if not path.startswith("/") or _BAD_PERCENT.search(path):
        return None
    try:
        name = unquote_to_bytes(path.encode("latin-1")).decode("utf-8").removeprefix("/")
    except UnicodeError:
        return None
    if any(part in (".", "..") for part in name.split("/")) or not all(map(_is_plain, name)):
        return None
    return name


def _is_plain(character: str) -> bool:
    return ord(character) >= 32 and ord(character) != 127 and character != "\\"


def is_public(name: str) -> bool:
    """Return True if a host serves the file of this name: it is not hidden and does not configure the host."""
    parts = name.split("/")
    hidden = any(p.startswith(".") for p in (parts[1:] if parts[0] == ".well-known" else parts))
    return not hidden and "" not in parts[:-1] and parts[0] not in headers.FOR_HOSTS
