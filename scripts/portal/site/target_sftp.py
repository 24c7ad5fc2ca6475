"""Publish to a folder on a server that offers SFTP alone, with the same folders and links there as by rsync.

The link `site` leads to the public site and `before` to the previous one. The server cannot calculate checksums, so every
file is read back and compared before the link changes. The server has to replace a link by one rename, as OpenSSH does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from portal.core import operating_system
from portal.opendata import bundles
from portal.releases import releasing
from portal.site import publishing, target_server
from portal.site.target import Program, Published, PublishingTarget, Tell
from portal.site.target_server import BEFORE, LIVE

_SSH = ("BatchMode=yes", "ConnectTimeout=20", "ServerAliveInterval=30")
_SFTP = Program("sftp", tuple(f"-o{option}" for option in _SSH), (("LC_ALL", "C"),))
_PLACE = re.compile(r"([\w.@\[\]:-]*[\w\]]):(/[^\"\\\n]+)")
_SHOWS = "Remote working directory: "  # how sftp begins its answer to `pwd`
_ECHO = "sftp> "  # how it begins its copy of a command


def refusal(place: str) -> tuple[str, str] | None:
    """Return why a place cannot be a target, and what to write instead; None if it can."""
    return target_server.refusal(place, _PLACE, "sftp:web@server.example:/srv/portal")


def look(target: PublishingTarget, scratch: Path) -> Published:
    """Return what is public now."""
    there = _state(target, scratch)
    return target_server.published(there.manifest, there.links.get(LIVE, ""), there.links.get(BEFORE, ""))


def put(site: Path, target: PublishingTarget, scratch: Path, tell: Tell) -> None:
    """Send a complete site to a new folder, read every file back and compare it, then change the link.

    Raises:
        PortalError: sftp is missing or failed, or a file there is not as it was built.
    """
    name = f"site.{publishing.digest(site)[:16]}"
    there = _state(target, scratch)
    links = there.links
    if name in there.sites and name not in links.values():  # sent by an attempt that failed
        _delete(target, scratch, [name])
    if name not in links.values() or _wrong(target, scratch, name):
        made = f"-mkdir {_quoted(_folder(target))}"
        _run(target, scratch, [made, f"put -Rp . {_there(target, name)}"], at=site)
    tell(f"Checking what is in {target.name}")
    if wrong := _wrong(target, scratch, name):
        message = f"{len(wrong)} files are not as they were built, such as {wrong[0]}."
        raise target.problem(message, "Publish it again. The public site has not changed.")
    now = links.get(LIVE, "")
    _point(target, scratch, name, now if now != name else "")
    _forget(target, scratch)


def before(target: PublishingTarget, scratch: Path) -> Path | None:
    """Return a folder with the open data of the previous site and its list of files; None if none is kept."""
    links = _state(target, scratch).links
    if links.get(BEFORE, "") in ("", links.get(LIVE, "")):
        return None
    folder = _fresh(scratch / "site-before")
    wanted = (publishing.MANIFEST, releasing.WITHDRAWN, f"{bundles.FOLDER}packages/*.zip")
    name = links[BEFORE]
    paths = [path.removeprefix(f"{name}/") for path, is_file in _tree(target, scratch, [name]) if is_file]
    found = [path for path in paths if any(fnmatchcase(path, w) for w in wanted)]
    for path in found:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    got = [f"get {_there(target, f'{name}/{path}')} {_quoted(path)}" for path in found]
    _run(target, scratch, got, at=folder)
    return folder


def back(target: PublishingTarget, scratch: Path) -> None:
    """Swap the two links."""
    links = _state(target, scratch).links
    _point(target, scratch, links[BEFORE], links[LIVE])


def forget(target: PublishingTarget, scratch: Path) -> None:
    """Delete the link to the previous site, and every site to which no link leads then."""
    _run(target, scratch, [f"rm {_there(target, BEFORE)}"])
    _forget(target, scratch)


@dataclass(frozen=True)
class _State:
    """What the server has: the folder to which each link leads, the manifest of the public site, and all sites.

    A link that is missing or leads elsewhere is left out. The manifest is empty if no site is public.
    """

    links: Mapping[str, str]
    manifest: bytes
    sites: tuple[str, ...]


def _state(target: PublishingTarget, scratch: Path) -> _State:
    folder = _fresh(scratch / "state")
    commands = [f"-get {_there(target, f'{LIVE}/{publishing.MANIFEST}')} {publishing.MANIFEST}"]
    # sftp does not say where a link leads, but the server resolves the path of the working directory.
    commands += [line for n in (LIVE, BEFORE) for line in ("cd /", f"-cd {_there(target, n)}", "pwd")]
    said = _run(target, scratch, [*commands, f"-ls -lan {_quoted(_folder(target))}"], at=folder)
    paths = [line.removeprefix(_SHOWS) for line in said.splitlines() if line.startswith(_SHOWS)]
    leads = {n: PurePosixPath(path).name for n, path in zip((LIVE, BEFORE), paths, strict=True)}
    path = folder / publishing.MANIFEST
    return _State(
        {n: to for n, to in leads.items() if target_server.SITE.fullmatch(to)},
        path.read_bytes() if path.is_file() else b"",
        tuple(name for name, mode in _listed(said) if mode == "d" and target_server.SITE.fullmatch(name)),
    )


def _wrong(target: PublishingTarget, scratch: Path, name: str) -> list[str]:
    """Read a whole site back and return its files that are missing, changed or unexpected."""
    copy = scratch / "copy"
    operating_system.delete_folder(copy)
    _run(target, scratch, [f"get -R {_there(target, name)} copy"], at=scratch)
    wrong = [Path(p.file).relative_to(copy).as_posix() for p in publishing.intact(copy)]
    operating_system.delete_folder(copy)
    return wrong


def _point(target: PublishingTarget, scratch: Path, live: str, before_: str) -> None:
    """Change the links, each by one rename; the one for readers last, so that a stop between them loses no site."""
    commands = []
    for link, to in ((BEFORE, before_), (LIVE, live)):
        if to:
            new = _there(target, f"{link}.new")
            commands += [f"-rm {new}", f"ln -s {to} {new}", f"rename {new} {_there(target, link)}"]
    _run(target, scratch, commands)


def _forget(target: PublishingTarget, scratch: Path) -> None:
    """Delete the sites to which no link leads.

    Raises:
        PortalError: one cannot be deleted.
    """
    there = _state(target, scratch)
    _delete(target, scratch, [n for n in there.sites if n not in there.links.values()])


def _delete(target: PublishingTarget, scratch: Path, names: list[str]) -> None:
    """Delete folders of sites. SFTP deletes single files and empty folders only.

    Raises:
        PortalError: one cannot be deleted.
    """
    found = [*((name, False) for name in names), *_tree(target, scratch, names)]
    commands = [
        f"{'rm' if is_file else 'rmdir'} {_there(target, path)}"
        for path, is_file in sorted(found, key=lambda entry: entry[0].count("/"), reverse=True)
    ]
    _run(target, scratch, commands)


def _tree(target: PublishingTarget, scratch: Path, folders: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield the path of everything in some folders at any depth, and whether it is no folder itself."""
    while folders:
        said = _run(target, scratch, [f"ls -lan {_there(target, f)}" for f in folders])
        # The answer to each command follows its copy.
        answers = re.split(rf"^{_ECHO}.*$", said, flags=re.MULTILINE)[1:]
        deeper = []
        for folder, answer in zip(folders, answers, strict=True):
            for name, mode in _listed(answer):
                yield f"{folder}/{name}", mode != "d"
                if mode == "d":
                    deeper.append(f"{folder}/{name}")
        folders = deeper


def _listed(said: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each entry of a listing, and its kind as the first letter of its permissions."""
    for line in said.splitlines():
        # Permissions, links, owner, group, size, month, day, time or year, name.
        parts = line.split(None, 8)
        if len(parts) == 9 and not line.startswith(_ECHO):
            name = PurePosixPath(parts[8]).name
            if parts[8] not in (".", "..") and not parts[8].endswith(("/.", "/..")):
                yield name, parts[0][0]


def _run(target: PublishingTarget, scratch: Path, commands: Iterable[str], *, at: Path | None = None) -> str:
    """Give the server some commands in one connection and return what it says; nothing is done without commands.

    A command that begins with - may fail; any other failure stops the rest.
    """
    lines = list(commands)
    if not lines:
        return ""
    scratch.mkdir(parents=True, exist_ok=True)
    batch = scratch / "commands"
    batch.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")
    host = target.place[: -len(_folder(target)) - 1]
    return _SFTP.run(target, "-b", str(batch.resolve()), host, at=at or scratch) or ""


def _folder(target: PublishingTarget) -> str:
    """Return the folder of the target on its server."""
    place = _PLACE.fullmatch(target.place)
    assert place is not None  # noqa: S101 - `refusal` refuses every other place
    return place[2]


def _there(target: PublishingTarget, name: str) -> str:
    return _quoted(f"{_folder(target).rstrip('/')}/{name}")


def _quoted(path: str) -> str:
    """Quote a path for sftp, which reads * ? [ in quotes as they are."""
    return '"' + path.replace('"', '\\"') + '"'


def _fresh(folder: Path) -> Path:
    operating_system.delete_folder(folder)
    folder.mkdir(parents=True)
    return folder
