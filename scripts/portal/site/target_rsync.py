"""Publish to a folder on a server by rsync: each site has its own folder, and links lead to the current and previous one.

The web server serves the link `site`; `before` leads to the previous site. rsync replaces a link by one rename, so
readers see one site or the other. Unchanged files are not sent again.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from portal.core import operating_system
from portal.opendata import bundles
from portal.releases import releasing
from portal.site import publishing, target_server
from portal.site.target import Program, Published, PublishingTarget, Tell
from portal.site.target_server import BEFORE, LIVE

_RSYNC = Program("rsync", ("--timeout=120", "-e", "ssh -o BatchMode=yes -o ConnectTimeout=20"))
_NOT_THERE = (23,)  # exit code: a file of the source does not exist
_PLACE = re.compile(r"(?:[\w.@\[\]:-]*[\w\]]:)?/.+")


def refusal(place: str) -> tuple[str, str] | None:
    """Return why a place cannot be a target, and what to write instead; None if it can."""
    return target_server.refusal(place, _PLACE, "rsync:web@server.example:/srv/portal")


def look(target: PublishingTarget, scratch: Path) -> Published:
    """Return what is public now."""
    links = _links(target, scratch)
    manifest = _manifest(target, scratch) if LIVE in links else b""
    return target_server.published(manifest, links.get(LIVE, ""), links.get(BEFORE, ""))


def put(site: Path, target: PublishingTarget, scratch: Path, tell: Tell) -> None:
    """Send a complete site to a new folder, compare every file there by its checksum, then change the link.

    Raises:
        PortalError: rsync is missing or failed, or a file there is not as it was built.
    """
    name = f"site.{publishing.digest(site)[:16]}"
    _RSYNC.run(target, "-d", "./", f"{target.place}/", at=_empty(scratch))
    now = _links(target, scratch).get(LIVE, "")
    again = (f"--link-dest=../{now}",) if now and now != name else ()
    # Compare checksums: two different files can have the same size and time.
    plain = ("-rtc", "--delete", "--chmod=D755,F644")
    _RSYNC.run(target, *plain, *again, "./", f"{target.place}/{name}/", at=site)
    tell(f"Checking what is in {target.name}")
    different = _RSYNC.run(target, "-rnc", "--delete", "-i", "./", f"{target.place}/{name}/", at=site)
    # Times and permissions can differ, but no file may still need to be sent or deleted.
    if wrong := [w for w in (different or "").splitlines() if w.startswith(("<f", ">f", "*deleting", "cd"))]:
        message = f"{len(wrong)} files are not as they were built, such as {wrong[0].split(maxsplit=1)[-1]}."
        raise target.problem(message, "Publish it again. The public site has not changed.")
    _point(target, scratch, name, now if now != name else "")
    _forget(target, scratch)


def before(target: PublishingTarget, scratch: Path) -> Path | None:
    """Return a folder with the open data of the previous site and its list of files; None if none is kept."""
    links = _links(target, scratch)
    if links.get(BEFORE, "") in ("", links.get(LIVE, "")):
        return None
    folder = _fresh(scratch / "site-before")
    wanted = [publishing.MANIFEST, releasing.WITHDRAWN, f"{bundles.FOLDER}packages/*.zip"]
    above = {p.as_posix() for w in wanted for p in Path(w).parents if p.name}
    rules = [f"--include=/{p}/" for p in sorted(above)] + [f"--include=/{w}" for w in wanted]
    _RSYNC.run(target, "-rL", *rules, "--exclude=*", f"{target.place}/{BEFORE}/", "./", at=folder)
    return folder


def back(target: PublishingTarget, scratch: Path) -> None:
    """Swap the two links."""
    links = _links(target, scratch)
    _point(target, scratch, links[BEFORE], links[LIVE])


def forget(target: PublishingTarget, scratch: Path) -> None:
    """Delete the link to the previous site, and every site to which no link leads then."""
    only = (f"--include=/{BEFORE}", "--exclude=*")
    _RSYNC.run(target, "-rl", "--delete", *only, "./", f"{target.place}/", at=_empty(scratch))
    _forget(target, scratch)


def _links(target: PublishingTarget, scratch: Path) -> Mapping[str, str]:
    """Return the name of the folder to which each link leads, without links that are missing or lead elsewhere."""
    folder = _fresh(scratch / "links")
    only = (f"--include=/{LIVE}", f"--include=/{BEFORE}", "--exclude=*")
    _RSYNC.run(target, "-rl", *only, f"{target.place}/", "./", at=folder, also=_NOT_THERE)
    found = {p.name: p.readlink().name for p in folder.iterdir() if p.is_symlink()}
    return {n: to for n, to in found.items() if target_server.SITE.fullmatch(to)}


def _point(target: PublishingTarget, scratch: Path, live: str, before_: str) -> None:
    folder = _fresh(scratch / "links")
    (folder / LIVE).symlink_to(live)
    if before_:
        (folder / BEFORE).symlink_to(before_)
    _RSYNC.run(target, "-rl", "./", f"{target.place}/", at=folder)


def _manifest(target: PublishingTarget, scratch: Path) -> bytes:
    folder = _fresh(scratch / "manifest")
    _RSYNC.run(target, f"{target.place}/{LIVE}/{publishing.MANIFEST}", "./", at=folder, also=_NOT_THERE)
    path = folder / publishing.MANIFEST
    return path.read_bytes() if path.is_file() else b""


def _forget(target: PublishingTarget, scratch: Path) -> None:
    """Delete the sites to which no link leads."""
    kept = [f"--exclude=/{name}/" for name in _links(target, scratch).values()]
    _RSYNC.run(
        target, "-r", "--delete", *kept, "--include=/site.*/***", "--exclude=*", "./", f"{target.place}/", at=_empty(scratch)
    )  # fmt: skip


def _empty(scratch: Path) -> Path:
    return _fresh(scratch / "empty")


def _fresh(folder: Path) -> Path:
    operating_system.delete_folder(folder)
    folder.mkdir(parents=True)
    return folder
