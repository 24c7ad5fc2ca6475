"""The register of public addresses: where each format is published, and how to get from there to files for an import."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from portal.core.problems import PortalError, Problem, did_you_mean
from portal.importers.fetching import downloads, publishers
from portal.importers.fetching.downloads import Download, Limits
from portal.importers.fetching.publishers import Publisher
from portal.importers.shared import published_files

FILE = "fetching/addresses.csv"
_LARGEST_MEMBER = 200_000_000  # bytes of one file in an archive, unpacked
_NAMED = re.compile(r"\{(\w+)\}")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
# Hosts to which the publishers of the register redirect.
_ALSO = ("policeuk-data.s3.amazonaws.com", "airdrive-secure.s3-eu-west-1.amazonaws.com")
Fetch = Callable[[str, str], Download]


@dataclass(frozen=True)
class PublicAddress:
    """One entry of the register.

    `kind` is file (the address itself), archive (a zip file of which `pick` says which members), package (a description
    of a data set in JSON, whose resource named like `pick` is fetched), editions (a description of all editions of a data
    set of the Office for National Statistics, the newest first), service (a layer of the ONS geoportal, whose columns
    `pick` are fetched for a district, page by page) or index (a list to look at). `per` is month if the address has a
    month in it.
    """

    id: str
    kind: str
    format: str
    address: str
    per: str
    pick: str
    what: str

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the address with its placeholders filled in.

        Raises:
            PortalError: a value is missing.
        """
        needed = [*_NAMED.findall(self.address), *(["area"] if self.kind == "service" else [])]
        missing = [n for n in needed if not values.get(n)]
        if missing:
            fix = f"Add --{missing[0]}, such as " + (
                "--month 2026-03."
                if missing[0] == "month"
                else "--force cambridgeshire."
                if missing[0] == "force"
                else "--area E07000008."
            )
            raise PortalError(
                [Problem(self.id, code="fetch", message=f"The address needs the {missing[0]}.", fix=fix)]
            )
        return _NAMED.sub(lambda m: quote(values[m[1]], safe=""), self.address)


@dataclass(frozen=True)
class Fetched:
    """The files that one entry gave, and the download that they are from."""

    entry: PublicAddress
    download: Download
    files: tuple[Path, ...]


def entries(path: Path | None = None) -> Mapping[str, PublicAddress]:
    """Return the register by id: the one of the program, or a table like it."""
    if path is None:
        rows: Sequence[Mapping[str, str]] = published_files.mapped(FILE)
    else:
        import csv  # noqa: PLC0415

        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return {r["id"]: PublicAddress(**{k: r[k] for k in PublicAddress.__dataclass_fields__}) for r in rows}


def hosts(register: Mapping[str, PublicAddress]) -> frozenset[str]:
    """Return the hosts that can be opened: those of the register and those that they redirect to."""
    return frozenset({urlsplit(e.address).netloc for e in register.values()} | set(_ALSO))


def named(ids: Sequence[str], register: Mapping[str, PublicAddress]) -> tuple[PublicAddress, ...]:
    """Return entries by id.

    Raises:
        PortalError: an id is not in the register.
    """
    wrong = [i for i in ids if i not in register]
    if wrong:
        raise PortalError(
            [
                Problem(
                    i, code="fetch", message="This is not in the register.", fix=did_you_mean(i, register)
                )
                for i in wrong
            ]
        )
    return tuple(register[i] for i in ids)


def fetch(
    entry: PublicAddress,
    values: Mapping[str, str],
    cache: Path,
    register: Mapping[str, PublicAddress],
    limits: Limits | None = None,
) -> Fetched:
    """Fetch what an entry is about, and unpack or pick the files for an import.

    Raises:
        PortalError: a value or file is missing, or the download failed.
    """
    allowed = hosts(register)

    def get(address: str, name: str = "") -> Download:
        return downloads.fetch(address, cache, allowed, limits, name)

    month = values.get("month", "")
    if month and not _MONTH.fullmatch(month):
        raise PortalError(
            [
                Problem(
                    "--month",
                    code="fetch",
                    message=f"“{month}” is not a month.",
                    fix="Write it like 2026-03.",
                )
            ]
        )
    address = entry.filled(values)
    if entry.kind == "package":
        return _of_package(entry, address, cache, get)
    if entry.kind == "editions":
        newest = publishers.newest_edition(Publisher(address, entry.id, cache, get))
        return Fetched(entry, newest, (cache / newest.file,))
    if entry.kind == "service":
        name = f"{entry.id}-{values['area']}"
        publisher = Publisher(address, name, cache, get)
        rows = publishers.rows_of_district(publisher, entry.pick, values["area"])
        return Fetched(entry, rows, (cache / rows.file,))
    suffix = {"archive": ".zip", "index": ".json"}.get(entry.kind) or _suffix(address)
    words = [
        entry.id,
        values.get("area", "") if "{area}" in entry.address else "",
        values.get("force", "") if "{force}" in entry.address else "",
        month if entry.per else "",
    ]
    name = "-".join(w for w in words if w) + suffix
    if entry.format == "stop-and-search" and entry.kind == "file":
        name = f"{month}-{values.get('force', '')}-stop-and-search.json"
    found = get(address, name)
    files = _unpacked(entry, cache / found.file, values) if entry.kind == "archive" else (cache / found.file,)
    return Fetched(entry, found, files)


def _suffix(address: str) -> str:
    """Return how the file of an address is named; importers know outlines by the ending of their name."""
    return ".geojson" if "f=geojson" in urlsplit(address).query else ".csv"


def _of_package(entry: PublicAddress, address: str, cache: Path, get: Fetch) -> Fetched:
    """Fetch the newest resource of a data set whose title begins with `pick` or contains it."""
    description = get(address, f"{entry.id}-package.json")
    resources = [*_resources(cache / description.file, address)]
    fitting = [
        r for r in resources if entry.pick.casefold() in f"{r.get('title') or r.get('name') or ''}".casefold()
    ]
    if not fitting:
        titles = sorted(str(r.get("title") or r.get("name") or "") for r in resources)
        message = f"The data set has no file called like “{entry.pick}”. It has: {'; '.join(titles[:12])}."
        raise PortalError(
            [
                Problem(
                    address,
                    code="fetch",
                    message=message,
                    fix="The publisher has renamed it: correct the register.",
                )
            ]
        )
    newest = max(fitting, key=lambda r: str(r.get("last_modified") or r.get("created") or ""))
    url = str(newest.get("url", ""))
    ending = Path(urlsplit(url).path).suffix.lower() or ".csv"
    found = get(url, f"{entry.id}{ending if ending in ('.csv', '.xlsx', '.ods') else '.csv'}")
    return Fetched(entry, found, (cache / found.file,))


def _resources(path: Path, address: str) -> Iterator[Mapping[str, Any]]:
    """Yield the files of a data set: a list under `result.resources` (CKAN), or a table under `resources`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        inner = content.get("result", content)
        found = inner["resources"]
        yield from (r for r in (found.values() if isinstance(found, dict) else found) if isinstance(r, dict))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        message = "The answer is not the description of a data set."
        raise PortalError(
            [Problem(address, code="fetch", message=message, fix="Open the address in a browser.")]
        ) from None


def _unpacked(entry: PublicAddress, path: Path, values: Mapping[str, str]) -> tuple[Path, ...]:
    """Unpack the members of an archive that are about the force, next to the archive.

    Members are named by their last part only, and each is limited in size, whatever the archive says.
    """
    force = values.get("force", "")
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    files: list[Path] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.replace("\\", "/").rsplit("/", 1)[-1]
                if (
                    not name.endswith(entry.pick)
                    or not re.fullmatch(r"[\w.-]+", name)
                    or (force and f"-{force}-" not in name)
                ):
                    continue
                with archive.open(member) as inside:
                    data = inside.read(_LARGEST_MEMBER + 1)
                if len(data) > _LARGEST_MEMBER:
                    message = f"{name} in the archive has more than {_LARGEST_MEMBER / 1e6:,.0f} MB."
                    raise PortalError(
                        [Problem(path.name, code="fetch", message=message, fix="Download it by hand.")]
                    )
                (folder / name).write_bytes(data)
                files.append(folder / name)
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, RuntimeError):
        fix = "Delete it from the cache and fetch it again."
        raise PortalError(
            [Problem(path.name, code="fetch", message="The archive is damaged.", fix=fix)]
        ) from None
    if not files:
        message = f"The archive has no file that ends in {entry.pick}" + (
            f" of the force {force}." if force else "."
        )
        fix = "Check the name of the force as data.police.uk writes it, such as avon-and-somerset. Some forces publish nothing: that is not the same as no crime."
        raise PortalError([Problem(path.name, code="fetch", message=message, fix=fix)])
    return tuple(sorted(files))
