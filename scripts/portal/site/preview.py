"""The preview: serves the finished site on this computer alone and rebuilds when an input changes."""

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
from portal.site import building, headers, publishing

_EVERY = 0.5  # seconds between two looks at the inputs
# What this computer calls itself.
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_PAGES = ("index.html", "index.htm")  # what the class below takes for the page of a folder
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# There is no https to insist on, and what is not published yet is for no page of another site.
_NOT_IN_A_PREVIEW = ("Strict-Transport-Security", "Access-Control-Allow-Origin")


def serve(
    root: Path,
    port: int,
    tell: Callable[[str], None],
    failed: Callable[[PortalError], None],
    ready: Callable[[str], None],
) -> None:
    """Serve the newest site on 127.0.0.1 until interrupted, and build again whenever an input changes.

    That is the one that waits for the end of an embargo, if one does. Only inputs are watched and only `build/` is written to, so a build never sets off another one.
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
    """Answer a request out of the site that is the newest by then."""
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
    """Return what tells that an input has changed: its name, time and size."""
    seen = set()
    for path in building.inputs(root):
        try:
            stat = path.stat()
        except OSError:
            continue  # deleted since it was listed; the next look sees that
        seen.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(seen)


class Server(ThreadingHTTPServer):
    """Serves on, and says nothing, where a browser goes away in the middle of an answer."""

    allow_reuse_address = sys.platform != "win32"  # there it would let two programs answer at one port

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class SiteHandler(SimpleHTTPRequestHandler):
    """Serve a built site as a host does: its headers, its own page for what is not there, and nothing that is not public.

    Only requests that name this computer are answered. A web page of others could otherwise have its own name lead to
    this computer, and read the site through the browser of whoever works on it ("DNS rebinding").
    """

    server_version, sys_version = "portal", ""
    timeout = (
        60  # seconds for a request to arrive, so that an idle connection does not keep a thread for ever
    )
    extensions_map = {  # noqa: RUF012 - as the class above declares it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".json": "application/json",
        ".jsonld": "application/ld+json",
        ".ttl": "text/turtle",
    }

    def parse_request(self) -> bool:
        """Read the request, and refuse it where this server must not answer it, whatever its method."""
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
        """Return whether a file is in the site itself, and the page of a folder: a link in it could lead anywhere."""
        site = Path(self.directory).resolve()
        try:
            return all(
                p.resolve().is_relative_to(site) for p in (site / name, *map((site / name).joinpath, _PAGES))
            )
        except (OSError, RuntimeError):  # a name that is too long, or links that lead in a circle
            return False

    def translate_path(self, path: str) -> str:
        """Return the file for an address; what `parse_request` has let through is in the site."""
        return f"{Path(self.directory).resolve()}/{name_of(path) or ''}"

    def headers_to_send(self) -> Mapping[str, str]:
        """Return the headers that the site asks for with this file."""
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
    """Serve the preview: nothing is kept, so that a reload shows the change, and no page of another site can read it."""

    def headers_to_send(self) -> Mapping[str, str]:
        """Return the site's own headers, as far as they suit a preview: not what opens its data to all, nor https."""
        headers_sent = {n: v for n, v in super().headers_to_send().items() if n not in _NOT_IN_A_PREVIEW}
        return {**headers_sent, headers.CACHE: "no-store"}


def name_of(target: str) -> str | None:
    """Return the name in the site that the target of a request means; None where it is not an address of a site.

    Everything is decoded once, here, so that what is looked at is what is opened.
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
    """Return whether a host serves the file of this name: not what is for the host itself, and nothing hidden."""
    parts = name.split("/")
    hidden = any(p.startswith(".") for p in (parts[1:] if parts[0] == ".well-known" else parts))
    return not hidden and "" not in parts[:-1] and parts[0] not in headers.FOR_HOSTS
