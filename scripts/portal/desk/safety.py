"""Decide which requests the desk answers, and who is at it.

The desk listens to this computer only. That is not enough: any web page can send a form to an address on this computer,
point its own name at it, or frame it. So each request must name this computer as its host and come from the desk's own
pages, the first one needs a token that only the person who started the desk has, and each form a token of its session.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NAMES = ("127.0.0.1", "localhost", "[::1]")
LOCK_AFTER = 30 * 60  # seconds without a request
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass
class Session:
    """A browser that was let in: the token of its forms, the name of who works there, and when it was last used.

    `notice` is a message for its next page.
    """

    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    name: str = ""
    used: float = 0.0
    notice: str = ""


@dataclass(frozen=True)
class Request:
    """The parts of a request that decide whether it is answered; an empty text where a header is missing."""

    method: str
    host: str
    origin: str
    site: str  # Sec-Fetch-Site
    cookie: str


class Door:
    """The sessions of the desk, and the token that lets the next browser in."""

    def __init__(
        self,
        port: int,
        lock_after: float = LOCK_AFTER,
        clock: Callable[[], float] = time.monotonic,
        entered: Callable[[], None] = lambda: None,
    ) -> None:
        self.port = port
        self.cookie = f"desk-{port}"  # cookies do not know ports, so two desks need two names
        self._lock_after = lock_after
        self._clock = clock
        self._entered = entered
        self._sessions: dict[str, Session] = {}
        self._token = secrets.token_urlsafe(32)
        self._changing = threading.Lock()

    @property
    def token(self) -> str:
        """Return the token that lets in one browser; it is another after each use."""
        return self._token

    def enter(self, token: str) -> str:
        """Return the cookie of a new session, or an empty text if the token is wrong or was used before."""
        with self._changing:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return ""
            self._token = secrets.token_urlsafe(32)
            cookie = secrets.token_urlsafe(32)
            self._sessions[cookie] = Session(used=self._clock())
        self._entered()
        return cookie

    def refusal(self, request: Request) -> str:
        """Return why a request must not be answered, whoever sends it; else an empty text."""
        hosts = {f"{name}:{self.port}" for name in NAMES}
        if request.host.lower() not in hosts:
            return "The request does not name this computer."
        if request.method not in ("GET", "HEAD", "POST"):
            return "The desk does not know this kind of request."
        if request.site not in ("", "same-origin", "none"):
            return "The request comes from another website."
        if request.method == "POST" and request.origin.lower() not in {f"http://{h}" for h in hosts}:
            return "The form does not come from the desk."
        return ""

    def session(self, request: Request) -> Session | None:
        """Return the session of a request, None if there is none or nobody used it for too long."""
        with self._changing:
            found = self._sessions.get(request.cookie)
            if found is None:
                return None
            if self._clock() - found.used > self._lock_after:
                del self._sessions[request.cookie]
                return None
            found.used = self._clock()
            return found


def is_own_form(session: Session, token: str) -> bool:
    """Return True if a form was made for this session."""
    return hmac.compare_digest(session.form_token.encode(), token.encode())
