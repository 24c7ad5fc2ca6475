"""What can be downloaded whole: each data package, their catalogue, and the site itself, as zip files."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from portal.core.settings import SiteSettings
from portal.releases import archives
from portal.releases.archives import Contents

FOLDER = "open-data/"
CATALOGUE = f"{FOLDER}datapackage.json"
WHOLE = f"{FOLDER}site.zip"
_LEVEL = 3  # of 9: takes less than half the time of the usual 6, and the file is a twenty-fifth larger
# What is packed already is only stored.
_PACKED = (".gz", ".pdf", ".pagefind", ".pf_fragment", ".pf_index", ".pf_meta", ".png", ".wasm", ".woff2", ".zip")  # fmt: skip


def package_path(name: str) -> str:
    """Where a data package can be downloaded."""
    return f"{FOLDER}packages/{name}.zip"


def zip_packages(contents: Contents, site: SiteSettings, released_on: str) -> Mapping[str, bytes]:
    """Each data package as a zip file, and a catalogue of them that is a data package itself."""
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
    told = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "open-data",
        "title": site.name,
        "description": site.description,
        **({"created": f"{released_on}T00:00:00Z"} if released_on else {}),
        "resources": resources,
    }
    catalogue = (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()
    return {CATALOGUE: catalogue, **{package_path(name): data for name, data in zips.items()}}


def _zipped(contents: Contents, name: str) -> bytes:
    start = f"{name}/"
    own = {p.removeprefix(start): data for p, data in contents.files.items() if p.startswith(start)}
    return archives.zipped(own)


def zip_site(site: Path) -> None:
    """Pack a finished site into one zip file of its own, which cannot hold itself nor a manifest that lists it.

    Links are left out, since they could lead to anything; `verify` reports them.
    """
    path = site / WHOLE
    path.parent.mkdir(parents=True, exist_ok=True)
    names = sorted(
        p.relative_to(site).as_posix()
        for p in site.rglob("*")
        if p.is_file() and not p.is_symlink() and p != path
    )
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            entry = archives.entry(name, name.endswith(_PACKED))
            packed.writestr(entry, (site / name).read_bytes(), compresslevel=_LEVEL)
