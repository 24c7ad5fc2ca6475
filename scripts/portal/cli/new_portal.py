"""Create the portal of another partnership: a folder that can be checked and built, with a guide to filling it in.

The files of the new portal are templates in `starter/`, with placeholders such as `${place}`. Files that all portals
share are copied from this installation, so that there is only one original.
"""

import csv
import io
import json
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from portal.core import operating_system, periods, program_files, text
from portal.core.problems import PortalError, Problem
from portal.data.packages import contract, describe_resource
from portal.pages import search
from portal.site import build_inputs, building

_HERE = Path(__file__).parents[1]
_STARTER = _HERE / "cli" / "starter"
_PACKAGES = "packages.json"
# Files and folders that all portals share.
SHARED = (
    *program_files.LOOK, "site_src/languages/messages.pot", "package.json", "package-lock.json", ".npmrc",
    "data_packages/recorded-crime/data/indicators.csv", "data_packages/recorded-crime/data/imports.csv",
    "data_packages/recorded-crime/data/breaks.csv", "data_packages/recorded-crime/data/dispersion.csv",
    "data_packages/police-dashboard/data/indicators.csv", "data_packages/police-dashboard/data/imports.csv",
    "data_packages/police-dashboard/data/breaks.csv", "data_packages/police-dashboard/data/dispersion.csv",
    "data_packages/anti-social-behaviour/data/indicators.csv", "data_packages/anti-social-behaviour/data/imports.csv",
    "data_packages/public-attitudes/data/indicators.csv", "data_packages/public-attitudes/data/imports.csv",
    "data_packages/duties/data/duties.csv",
)  # fmt: skip
_AREA = re.compile(r"[A-Z][0-9]{8}")
# Text without any character that has a meaning in a table, in settings or in Markdown.
_WORDS = re.compile(r"[^\W_][\w’'(),.& -]*")
# Boroughs of London, and the one that is not policed by the Metropolitan Police.
_LONDON, _CITY = re.compile(r"E09[0-9]{6}"), "E09000001"
_REGION, _FORCE = "E12000007", "E23000001"
# Sources that only the packages of the Metropolitan Police name: the first cells of their rows.
_OF_THE_MET = ("mps-", "mayor-", "hmic-", "home-office-")
# Steps of the guide that differ between London and elsewhere, and are no files of a portal.
_STEPS = {True: "steps-london.md", False: "steps-elsewhere.md"}


@dataclass(frozen=True)
class NewPortal:
    """The name of a portal, the code and name of its borough, and the partnership that publishes it."""

    name: str
    area: str
    place: str
    partnership: str

    @property
    def of_the_met(self) -> bool:
        """Return True if the Metropolitan Police publish figures for this place."""
        return bool(_LONDON.fullmatch(self.area)) and self.area != _CITY


def partnership_of(place: str) -> str:
    """Return the usual name of the partnership of a place."""
    return f"{place} Community Safety Partnership"


def this_month() -> str:
    """Return the present month, such as 2026-11."""
    return f"{periods.today():%Y-%m}"


def folder_of(name: str) -> str:
    """Return the default name of a portal's folder."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "portal"


def begin(portal: NewPortal, folder: Path) -> None:
    """Write a new portal into `folder`, which must be empty or not exist.

    Raises: `PortalError` with all problems; nothing is written then.
    """
    faults = tuple(_faults(portal, folder))
    if faults:
        raise PortalError(faults)
    part = folder.with_name(f".{folder.name}.part")
    operating_system.delete_folder(part)
    try:
        _share(part, portal)
        _fill(part, portal)
        _describe(part, portal)
        _synonyms(part)
        if folder.exists():  # empty; Windows does not replace a folder
            folder.rmdir()
        part.rename(folder)
    finally:
        operating_system.delete_folder(part)


def _faults(portal: NewPortal, folder: Path) -> Iterator[Problem]:
    def wrong(place: str, message: str, fix: str) -> Problem:
        return Problem(place, code="new", message=message, fix=fix)

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        yield wrong(str(folder), "This folder is not empty.", "Choose another folder with --folder.")
    if not _AREA.fullmatch(portal.area):
        yield wrong("--area", f"“{portal.area}” is not the code of an area.", "Use a code such as E09000028.")
    for place in ("name", "place", "partnership"):
        if not _WORDS.fullmatch(value := getattr(portal, place)):
            fix = "Use only letters, digits, spaces and ’ ( ) , . & - and start with a letter or digit."
            yield wrong(
                "NAME" if place == "name" else f"--{place}",
                f"“{value}” contains characters that a name cannot have.",
                fix,
            )


def _share(root: Path, portal: NewPortal) -> None:
    """Copy the files that all portals share, and the chart library and fonts if they are installed."""
    kept = _packages(portal)
    for name in (*SHARED, *map(str, build_inputs.INSTALLED)):
        source, target = program_files.home() / name, root / name
        wanted = not name.startswith("data_packages/") or name.split("/")[1] in kept
        if wanted and source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)


def _packages(portal: NewPortal) -> Mapping[str, Any]:
    """Return the packages of a new portal: those of the Metropolitan Police only where it publishes figures.

    A package of `packages.json` with `london` is for London if that is true, and for elsewhere if it is false.
    """
    packages_listed = json.loads((_STARTER / _PACKAGES).read_text(encoding="utf-8"))
    return {
        name: p
        for name, p in packages_listed.items()
        if p.get("london", portal.of_the_met) == portal.of_the_met
    }


def _words(portal: NewPortal) -> dict[str, str]:
    """Return the text for each placeholder of the starter."""
    checkout = "" if (_HERE / "shared").is_dir() else str(_HERE.parents[1])
    words = {
        "name": portal.name,
        "partnership": portal.partnership,
        "place": portal.place,
        "area": portal.area,
        "rest": f"X{portal.area[1:]}",
        "region": _REGION if _LONDON.fullmatch(portal.area) else "",
        "packages": "\n".join(f'  "{name}",' for name in _packages(portal)),
        "whole": text.word_for_area(portal.area),
        "today": periods.day(periods.today()),
        "year": str(periods.today().year),
        "checkout": checkout,
    }
    steps = (_STARTER / _STEPS[portal.of_the_met]).read_text(encoding="utf-8")
    return words | {"steps": Template(steps).substitute(words).strip(), "topics": _topics(portal)}


def _topics(portal: NewPortal) -> str:
    """Return the topics of the figures as lines of the settings."""
    topics = {"recorded": "What the police record now", "yearly": "Year by year", "stops": "Stop and search"}
    if portal.of_the_met:
        topics["attitudes"] = "What people think of the police"
    topics["examples"] = "Examples, to be taken out"
    return "\n".join(f'{key} = "{words}"' for key, words in topics.items())


def _fill(root: Path, portal: NewPortal) -> None:
    """Write the files of the starter with their placeholders filled in."""
    words = _words(portal)
    kept = _packages(portal)
    for source in sorted(
        p for p in _STARTER.rglob("*") if p.is_file() and p.name not in (_PACKAGES, *_STEPS.values())
    ):
        name = source.relative_to(_STARTER)
        if name.parts[0] == "data_packages" and name.parts[1] not in kept:
            continue
        target = root / (".gitignore" if name.name == "gitignore" else name)
        target.parent.mkdir(parents=True, exist_ok=True)
        filled = Template(source.read_text(encoding="utf-8")).safe_substitute(words)  # make has its own $(…)
        target.write_text(filled, encoding="utf-8", newline="\n")
    areas = root / "data_packages" / "geography" / "data" / "areas.csv"
    rows = areas.read_text(encoding="utf-8").splitlines(keepends=True)
    away: tuple[str, ...] = (_FORCE, words["rest"]) if words["region"] else (_REGION, _FORCE, words["rest"])
    away = () if portal.of_the_met else away
    areas.write_text("".join(r for r in rows if not r.startswith(away)), encoding="utf-8", newline="\n")
    if not portal.of_the_met:
        sources = root / "data_packages" / "sources" / "data" / "sources.csv"
        rows = sources.read_text(encoding="utf-8").splitlines(keepends=True)
        kept_rows = "".join(r for r in rows if not r.startswith(_OF_THE_MET))
        sources.write_text(kept_rows, encoding="utf-8", newline="\n")


def _describe(root: Path, portal: NewPortal) -> None:
    """Write the descriptor of each package, and a header for each table that has no file yet."""
    words = _words(portal)
    for name, package in _packages(portal).items():
        custom = {k: _said(v, words) for k, v in package["portal"].items()}
        splits = custom.get("breakdowns", {})
        spec = contract(custom["kind"])["resources"]
        tables = [describe_resource(t, spec[t], splits) for t in package["tables"]]
        descriptor = {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "name": name,
            "title": package["title"],
            "portal": custom,
            "resources": tables,
        }
        folder = root / "data_packages" / name
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "datapackage.json").write_text(
            json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
        )
        for table in tables:
            path = folder / table["path"]
            if not path.exists():
                path.write_text(
                    _header(f["name"] for f in table["schema"]["fields"]), encoding="utf-8", newline="\n"
                )


def _said(value: Any, words: Mapping[str, str]) -> Any:
    return Template(value).substitute(words) if isinstance(value, str) else value


def _header(names: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(names)
    return out.getvalue()


def _synonyms(root: Path) -> None:
    """Write the synonyms of the search, without pages that this portal does not have."""
    synonyms = tomllib.loads((program_files.home() / search.FILE).read_text(encoding="utf-8"))
    pages = building.addresses(building.project(root))
    lists = [
        {"words": one["words"], "first": [p for p in one.get("first", ()) if p in pages]}
        for one in synonyms["same"]
    ]
    lines = [
        "# Words with the same or a similar meaning. A search for one of them also finds pages with the others.",
        "# first = addresses of pages to show before all others.",
        f"ignored = {_listed(synonyms['ignored'])}",
        *(f"\n[[same]]\nwords = {_listed(o['words'])}\nfirst = {_listed(o['first'])}" for o in lists),
    ]
    (root / search.FILE).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _listed(words: Iterable[str]) -> str:
    """Return a list of strings in a form that is valid TOML and JSON."""
    return json.dumps(list(words), ensure_ascii=False)
