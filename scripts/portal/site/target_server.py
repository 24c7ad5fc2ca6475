"""What the targets on a server share, by rsync and by SFTP: its folders and links, and what is public there.

Each site has its own folder. The link `site` leads to the public one, `before` to the previous one.
"""

import hashlib
import json
import re

from portal.site.target import Published

LIVE, BEFORE = "site", "before"
SITE = re.compile(r"site\.[0-9a-f]{16}")


def refusal(place: str, form: re.Pattern[str], example: str) -> tuple[str, str] | None:
    """Return why a place is not a folder of a server, and what to write instead; None if it has the right form.

    A place that begins with - could be taken for an option of a program.
    """
    if place.startswith("-") or not form.fullmatch(place):
        return f"“{place}” is not a folder of a server.", f"Write it like {example}."
    return None


def published(manifest: bytes, live: str, before: str) -> Published:
    """Return what a server has by its list of files and by the sites to which its links lead.

    A list that is empty or damaged, or no public site, counts as nothing published; `before` is empty if none is kept.
    """
    if not manifest or not live:
        return Published({})
    try:
        files = json.loads(manifest)["files"]
    except (ValueError, LookupError, TypeError):
        return Published({})
    return Published(files, hashlib.sha256(manifest).hexdigest(), before not in ("", live))
