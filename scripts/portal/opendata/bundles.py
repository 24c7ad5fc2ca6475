"""Pack zip files for download: each data package, with a catalogue of them, and the whole site."""

import json
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from portal.core.settings import SiteSettings
from portal.releases import archives
from portal.releases.archives import Contents

FOLDER = "open-data/"
CATALOGUE = f"{FOLDER}datapackage.json"
WHOLE = f"{FOLDER}site.zip"
_LEVEL = 3  # of 9; takes less than half the time of the default 6 for a file that is 4% larger
# Files that are compressed already are stored as they are.
_PACKED = (".gz", ".ods", ".pdf", ".pagefind", ".pf_fragment", ".pf_index", ".pf_meta", ".png", ".wasm", ".woff2", ".xlsx", ".zip")  # fmt: skip


def package_path(name: str) -> str:
    """Return the path of the zip file of a data package."""
    return f"{FOLDER}packages/{name}.zip"


def zip_packages(contents: Contents, site: SiteSettings, released_on: str) -> Mapping[str, bytes]:
    """Return the zip file of each data package and a catalogue of them, which is a data package itself, by path."""
    zips = {name: _zipped(contents, name) for name in contents.packages}
    resources = [
        {
            "name": name,
            "title": contents.descriptor(name).get("title", name),
            "path": package_path(name).removeprefix(FOLDER),
            "format": "zip",
            "mediatype": "application/zip",
            **archives.checksum(data),
        }
        for name, data in zips.items()
    ]
    document = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "open-data",
        "title": site.name,
        "description": site.description,
        **({"created": f"{released_on}T00:00:00Z"} if released_on else {}),
        "resources": resources,
    }
    catalogue = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    return {CATALOGUE: catalogue, **{package_path(name): data for name, data in zips.items()}}


def _zipped(contents: Contents, name: str) -> bytes:
    start = f"{name}/"
    package = {p.removeprefix(start): data for p, data in contents.files.items() if p.startswith(start)}
    return archives.zipped(package)


def zip_site(site: Path, packed: Collection[str] = ()) -> None:
    """Pack a finished site into a zip file inside it, without that file and the manifest that lists it.

    `packed` are the names of the files that `pack` has packed already. Symbolic links are left out, because they could
    point anywhere; `verify` reports them.
    """
    names = (p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file())
    pack(site, {n for n in names if n != WHOLE} - set(packed), is_new=not packed)


def pack(site: Path, names: Iterable[str], *, is_new: bool = True) -> None:
    """Pack files of a site into the zip file inside it: into a new one, or into the one that is there."""
    path = site / WHOLE
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w" if is_new else "a") as zipped:
        for name in sorted(names):
            file = site / name
            if not file.is_symlink():
                entry = archives.entry(name, name.endswith(_PACKED))
                zipped.writestr(entry, file.read_bytes(), compresslevel=_LEVEL)
