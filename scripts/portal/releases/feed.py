"""The Atom feed of what is new (RFC 4287)."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, time
from xml.etree import ElementTree as ET

from portal.core.model import Release
from portal.core.settings import SiteSettings

_ATOM = "http://www.w3.org/2005/Atom"


def atom(
    site: SiteSettings, page: str, releases: Iterable[tuple[Release, str, str]], about: str = ""
) -> bytes:
    """Return the feed as XML.

    `releases` are newest first, each with the address of its page on the site and a summary. `page` is the address of
    the page to which the feed belongs, and `about` its subject, if not the whole site. Addresses are absolute if the
    site's own address is set, and otherwise relative to the feed. The id of an entry stays the same when the site moves.
    """
    listed = list(releases)
    root = site.address or "../" * page.count("/")
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "en-GB"})
    _add(feed, "title", f"{site.name}: {about or 'what’s new'}")
    _add(feed, "id", _id(site, page))
    _add(feed, "updated", _moment(listed[0][0]) if listed else "2000-01-01T00:00:00Z")
    ET.SubElement(_add(feed, "author"), "name").text = site.partnership
    _add(feed, "link", rel="self", href=f"{root}{page}feed.xml")
    _add(feed, "link", rel="alternate", type="text/html", href=f"{root}{page}")
    for release, path, summary in listed:
        entry = _add(feed, "entry")
        _add(entry, "title", release.name)
        _add(entry, "id", _id(site, f"{page} {release.id}" if about else release.id))
        _add(entry, "updated", _moment(release))
        _add(entry, "link", rel="alternate", type="text/html", href=f"{root}{path}")
        _add(entry, "summary", " ".join(filter(None, (release.note, f"{summary}."))))
    ET.indent(feed)
    xml: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, name, attributes)
    child.text = text or None
    return child


def _id(site: SiteSettings, what: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{site.area} {site.partnership} {what}").urn


def _moment(release: Release) -> str:
    return datetime.combine(release.released_on, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
