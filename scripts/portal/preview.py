"""The preview: serves the finished site on this computer alone and rebuilds when an input changes."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from portal import headers, publish, site
from portal.problems import PortalError, Problem

_EVERY = 0.5  # seconds between two looks at the inputs


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


def _handled(root: Path, *request: Any) -> "Handler":
    """Answer a request out of the site that is the newest by then."""
    waiting = root / "build" / publish.WAITING
    return Handler(*request, directory=str(waiting if waiting.exists() else root / "build" / "site"))


def _again(root: Path, tell: Callable[[str], None], failed: Callable[[PortalError], None]) -> bool:
    try:
        site.build(root, tell)
    except PortalError as error:
        failed(error)
        return False
    return True


def look(root: Path) -> frozenset[tuple[str, int, int]]:
    """What tells that an input has changed: its name, time and size."""
    seen = set()
    for path in site.inputs(root):
        try:
            stat = path.stat()
        except OSError:
            continue  # deleted since it was listed; the next look sees that
        seen.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(seen)


class Server(ThreadingHTTPServer):
    """Serves on, and says nothing, where a browser goes away in the middle of an answer."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Published(SimpleHTTPRequestHandler):
    """Serves a built site as a host does: with the headers that it asks for, and its own page for what is not there."""

    extensions_map = {  # noqa: RUF012 - as the class above declares it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".json": "application/json",
        ".jsonld": "application/ld+json",
        ".ttl": "text/turtle",
    }

    def asked_for(self) -> Mapping[str, str]:
        """The headers that the site asks for with this file."""
        file = Path(self.directory, headers.FILE)
        rules = headers.parse(file.read_text(encoding="utf-8")) if file.is_file() else ()
        return headers.of(rules, getattr(self, "path", "/").partition("?")[0])

    def end_headers(self) -> None:
        for name, value in self.asked_for().items():
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


class Handler(Published):
    """Serves the preview: nothing is kept, so that a reload shows the change, and there is no https to insist on."""

    def asked_for(self) -> Mapping[str, str]:
        """The site's own headers, as far as they suit a preview."""
        found = dict(super().asked_for())
        found.pop("Strict-Transport-Security", None)
        if headers.POLICY in found:  # Safari would look for https even here
            found[headers.POLICY] = found[headers.POLICY].replace("; upgrade-insecure-requests", "")
        return {**found, headers.CACHE: "no-store"}
