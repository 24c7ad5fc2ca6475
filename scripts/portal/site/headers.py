"""Work out the HTTP headers for each file of the site from the built files.

The rules are written twice: as `_headers`, which Netlify, Cloudflare Pages and the preview read, and as a snippet for
nginx with a ready-made server. The Content-Security-Policy is also in every page, for servers that cannot set headers.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from portal.core import field_types, operating_system
from portal.core.problems import PortalError, Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings, SiteSettings
from portal.core.text import is_address, is_email
from portal.pages import redirects
from portal.pages.page import EMBEDS
from portal.site.publishing import MANIFEST
from portal.site.search_index import FOLDER
from portal.site.verification import DATA

FILE = "_headers"
# Files that configure a host, which does not serve them.
FOR_HOSTS = (FILE, redirects.FILE)
NGINX = "nginx-headers.conf"
SERVER = "nginx-server.conf"
CONTACT = ".well-known/security.txt"
POLICY = "Content-Security-Policy"
CACHE = "Cache-Control"
# The placeholder for the policy in the theme. Until it is replaced, it allows nothing.
PLACE = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
_UNUSED = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
    "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
# For every file.
_ALWAYS = (
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-DNS-Prefetch-Control", "off"),  # do not look up the name of a help service before the click
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("Permissions-Policy", ", ".join(f"{name}=()" for name in _UNUSED)),
)
# Other sites can only embed the pages that are made for it.
_FRAMES, _RESOURCES = "X-Frame-Options", "Cross-Origin-Resource-Policy"
_ALONE = ((_FRAMES, "DENY"), (_RESOURCES, "same-origin"))
# Browsers accept this only from a header, so it is not in the policy inside a page.
_NO_FRAMES = ("frame-ancestors", "'none'")
_SHARED = ((_RESOURCES, "cross-origin"),)
# Cache no page at all: if only sensitive pages were left out of the cache, their absence would give them away.
_FORGET, _KEEP = "no-store", "public, max-age=3600"
# Parts of the search that do not depend on what is searched for. The others contain words and pages.
_SEARCH, _SEARCH_KEPT = FOLDER.strip("/"), (".js", ".css", ".pagefind", ".pf_meta")
# Everything that a server of the site needs except its certificate. The types are those of the files of a site.
_SERVER = f"""\
# Made by portal: a server for the site, to be included in the http block of nginx.
# Copy this file to /etc/nginx/conf.d/portal.conf and {NGINX} to /etc/nginx/portal/, and change the two lines below.
server {{
    listen 8080;
    root /srv/portal/site;

    include portal/{NGINX};
    server_tokens off;
    absolute_redirect off;
    autoindex off;
    charset utf-8;
    index index.html;
    error_page 404 /404.html;
    error_page 403 =404 /404.html;
    location / {{
        try_files $uri $uri/ =404;
    }}
    location ~ /\\.(?!well-known/) {{
        return 404;
    }}
    default_type application/octet-stream;
    types {{
        application/json json;
        application/ld+json jsonld;
        application/pdf pdf;
        application/wasm wasm;
        application/xml xml;
        application/zip zip;
        font/woff2 woff2;
        image/png png;
        image/svg+xml svg;
        image/x-icon ico;
        text/css css;
        text/csv csv;
        text/html html;
        text/javascript js mjs;
        text/plain txt;
        text/turtle ttl;
    }}
    charset_types application/json application/ld+json application/xml text/css text/csv text/javascript text/plain text/turtle;
    gzip on;
    gzip_vary on;
    gzip_types application/json application/ld+json application/xml image/svg+xml text/css text/csv text/javascript text/plain text/turtle;
}}
"""
# Browsers do not run data for search engines, so no policy applies to it.
_INLINE = f'script:not([src], [type="{DATA}"]), style'
# Folders of open data, which scripts of other sites can read.
_OPEN = ("api", "figures", "open-data", "releases")
Directives = tuple[tuple[str, str], ...]


class InlineCode(NamedTuple):
    """An inline script or style sheet: its tag, and the source expression with which a policy allows it."""

    tag: str
    source: str


@dataclass(frozen=True)
class HeaderRule:
    """The headers for one address, or for all addresses that begin with `path` if it ends in an asterisk."""

    path: str
    headers: tuple[tuple[str, str], ...]

    def fits(self, path: str) -> bool:
        """Return True if the rule applies to this address."""
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path


def write(
    site: Path, settings: Settings, pages: Iterable[str], inline: Iterable[InlineCode]
) -> tuple[Problem, ...]:
    """Write the policy into each of the `pages` of the built site, and write `_headers`.

    Also write `_redirects` if an address has changed, and security.txt if there is a contact. Return a problem for each
    page without the placeholder for the policy.
    """
    directives = policy(site, inline)
    problems = tuple(_into_pages(site, pages, directives))
    (site / FILE).write_text(written(rules(site, directives)), encoding="utf-8", newline="\n")
    if settings.redirects:
        (site / redirects.FILE).write_text(
            redirects.for_hosts(settings.redirects), encoding="utf-8", newline="\n"
        )
    contact = security_txt(settings.site)
    if contact:
        (site / CONTACT).parent.mkdir(exist_ok=True)
        (site / CONTACT).write_text(contact, encoding="utf-8", newline="\n")
    return problems


def for_nginx(site: Path, folder: Path) -> None:
    """Write the headers of a finished site as an nginx snippet into `folder`, and a server that uses it.

    `folder` is outside the site, because a server must not serve its own configuration. Files that already have the
    right content are left alone.

    Raises:
        PortalError: the files cannot be written.
    """
    moved = site / redirects.FILE
    old = redirects.for_nginx(moved.read_text(encoding="utf-8")) if moved.is_file() else ()
    snippet = nginx(parse((site / FILE).read_text(encoding="utf-8")), old)
    try:
        folder.mkdir(exist_ok=True)
        for name, text in ((NGINX, snippet), (SERVER, _SERVER)):
            path = folder / name
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                operating_system.write_atomically(path, text.encode())
    except OSError as error:
        problem = operating_system.problem(error, folder.parent.parent)
        message = f"{problem.message} The site is in place, but these settings for nginx are old or missing."
        raise PortalError([replace(problem, message=message)]) from error


def check(settings: Settings) -> tuple[Problem, ...]:
    """Return a problem for each faulty setting for security.txt."""
    site = settings.site
    contact, expires = site.security_contact, site.security_expires
    if not contact and not expires:
        return ()
    faults = []
    if not _reachable(contact):
        fix = "Write mailto: and an address, https:// and a page with a form, or tel: and a number."
        faults.append(("site.security_contact", f"The contact is {contact!r}.", fix))
    if not field_types.is_date(expires):
        fix = "Write the date until which the contact is valid, within a year, such as 2027-03-31."
        faults.append(("site.security_expires", f"The day is {expires!r}.", fix))
    return tuple(Problem(SETTINGS_FILE, field=f, code="contact", message=m, fix=x) for f, m, x in faults)


def _reachable(contact: str) -> bool:
    """Return True if this is an email address, web page or telephone number in the form that security.txt requires."""
    scheme, _, address = contact.partition(":")
    if scheme == "tel":
        return bool(re.fullmatch(r"\+?[0-9]+(-[0-9]+)*", address))
    return is_email(address) if scheme == "mailto" else is_address(contact)


def security_txt(site: SiteSettings) -> str:
    """Return the text of security.txt (RFC 9116); "" if the settings name no contact."""
    if not site.security_contact:
        return ""
    lines = [
        f"Contact: {site.security_contact}",
        f"Expires: {site.security_expires}T00:00:00Z",
        "Preferred-Languages: en",
    ]
    if site.address:
        lines.append(f"Canonical: {site.address.rstrip('/')}/{CONTACT}")
    return "\n".join(lines) + "\n"


def policy(site: Path, inline: Iterable[InlineCode]) -> Directives:
    """Return the Content-Security-Policy: it allows what the built site needs, and inline code only by its digest."""
    scripts, styles = (sorted({c.source for c in inline if c.tag == tag}) for tag in ("script", "style"))
    has_wasm = any((site / _SEARCH).glob("wasm.*"))
    has_workers = any((site / _SEARCH).glob("*worker*.js"))
    fonts = any(site.rglob("*.woff*"))
    directives: tuple[tuple[str, Iterable[str]], ...] = (
        ("default-src", ["'none'"]),
        ("script-src", ["'self'", *(["'wasm-unsafe-eval'"] if has_wasm else []), *scripts]),
        ("style-src", ["'self'", *styles]),
        ("img-src", ["'self'"]),
        ("font-src", ["'self'"] if fonts else []),
        ("connect-src", ["'self'"]),
        ("worker-src", ["'self'"] if has_workers else []),
        ("object-src", ["'none'"]),
        ("base-uri", ["'none'"]),
        ("form-action", ["'none'"]),
    )
    return tuple((name, " ".join(sources)) for name, sources in directives if sources)


def as_line(directives: Directives) -> str:
    """Return a policy as one line."""
    return "; ".join(f"{name} {sources}" for name, sources in directives)


def inline_code(tree: LexborHTMLParser) -> frozenset[InlineCode]:
    """Return the inline scripts and style sheets of a parsed page."""
    return frozenset(
        InlineCode(node.tag or "", f"'sha256-{base64.b64encode(digest).decode()}'")
        for node in tree.css(_INLINE)
        if (digest := hashlib.sha256(node.text().encode()).digest())
    )


def _into_pages(site: Path, pages: Iterable[str], directives: Directives) -> Iterator[Problem]:
    meta = PLACE.replace("default-src 'none'", as_line(directives))
    for name in pages:
        if not _into_page(site / name, meta):
            yield Problem(
                f"(built) {name}",
                code="policy",
                message="The page has no place for the security policy.",
                fix="Build its template on main.html, and keep that file's line with Content-Security-Policy.",
            )


def _into_page(page: Path, meta: str) -> bool:
    """Write the policy into a page; return True if the page now has it exactly once."""
    text = page.read_text(encoding="utf-8")
    if text.count(PLACE) == 1:
        page.write_text(text.replace(PLACE, meta), encoding="utf-8", newline="\n")
    return text.count(PLACE) == 1 or text.count(meta) == 1


def rules(site: Path, directives: Directives) -> tuple[HeaderRule, ...]:
    """Return the headers of every file.

    If two rules with the same header fit an address, some hosts join the values with a comma and others use the last.
    Both are safe for a policy, because browsers obey every joined policy. No other header can be in two rules.
    """
    alone = (*_ALONE, (POLICY, as_line((*directives, _NO_FRAMES))))
    every = HeaderRule("/*", ((POLICY, as_line(directives)), *_ALWAYS))
    return (
        every,
        *(
            HeaderRule(path, ((CACHE, value), *(_SHARED if _is_embed(path) else alone), *_open(path)))
            for path, value in _caching(site)
        ),
    )


def _is_embed(path: str) -> bool:
    return path.startswith(f"/{EMBEDS}")


def _open(path: str) -> tuple[tuple[str, str], ...]:
    """Return the header that lets scripts of other sites read open data, which contains nothing about the reader."""
    return (("Access-Control-Allow-Origin", "*"),) if path in {f"/{folder}/*" for folder in _OPEN} else ()


def _caching(site: Path) -> Iterator[tuple[str, str]]:
    for name in ("", *sorted(p.name for p in site.glob("*.html")), MANIFEST):
        yield f"/{name}", _FORGET
    for folder in sorted(p for p in site.iterdir() if p.is_dir() and not p.name.startswith(".")):
        if folder.name == _SEARCH:
            for part in sorted(folder.iterdir()):
                kept = part.suffix in _SEARCH_KEPT
                yield f"/{_SEARCH}/{part.name}{'/*' if part.is_dir() else ''}", _KEEP if kept else _FORGET
        else:
            yield f"/{folder.name}/*", _KEEP if folder.name == "assets" else _FORGET


def of(rules: Iterable[HeaderRule], path: str) -> Mapping[str, str]:
    """Return the headers of an address; join the values of a header from two rules with a comma, as hosts do."""
    headers: dict[str, str] = {}
    for name, value in (h for r in rules if r.fits(path) for h in r.headers):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def written(rules: Iterable[HeaderRule]) -> str:
    """Return rules as the text of a `_headers` file."""
    return "\n".join(f"{r.path}\n" + "".join(f"  {n}: {v}\n" for n, v in r.headers) for r in rules)


def parse(text: str) -> tuple[HeaderRule, ...]:
    """Return the rules in the text of a `_headers` file that `written` returned."""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.startswith("/"):
            sections.append((line.strip(), []))
        elif line.startswith(" ") and sections:
            name, _, value = line.strip().partition(": ")
            sections[-1][1].append((name, value))
    return tuple(HeaderRule(path, tuple(headers)) for path, headers in sections)


def nginx(rules: Iterable[HeaderRule], moved: Iterable[str] = ()) -> str:
    """Return rules and the lines of `moved` redirects as a snippet for the server block of nginx.

    nginx takes headers from one level of its configuration only, so the snippet sets all of them there.
    """
    lines = [
        f"# Made by portal for the server in {SERVER}, or for your own: include portal/{NGINX};",
        "# No location of that server may have an add_header of its own: nginx would then leave these out.",
        *(f"location = /{name} {{ return 404; }}" for name in FOR_HOSTS),
        *moved,
    ]
    some: dict[str, str] = {}  # the nginx variable of each header that only some addresses have
    for rule in rules:
        for name, value in rule.headers:
            if rule.path == "/*":
                lines.append(f'add_header {name} "{value}" always;')
                continue
            if name not in some:
                some[name] = f"$portal_{name.lower().replace('-', '_')}"
                lines.append(f'set {some[name]} "";')
            star = rule.path.endswith("*")
            when = f'~ "^{re.escape(rule.path[:-1])}"' if star else f'= "{rule.path}"'
            lines.append(f'if ($uri {when}) {{ set {some[name]} "{value}"; }}')
    return "\n".join([*lines, *(f"add_header {n} {variable} always;" for n, variable in some.items())]) + "\n"
