"""Read the settings of a portal from `site_src/portal.toml`."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.core import field_types, input_files, periods, text
from portal.core.problems import PortalError, Problem, did_you_mean, nearest

FILE = "site_src/portal.toml"
_TOPIC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # as the column topic of a table
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


# Pages about these subjects get a quick exit button, unless the settings list others.
EXIT_WORDS = ("domestic abuse", "domestic violence", "violence against women", "VAWG", "FGM", "female genital mutilation", "forced marriage", "sexual", "rape")  # fmt: skip


@dataclass(frozen=True)
class SiteSettings:
    """The name of the site, its area and what its pages can link to.

    `language` is the code of the language of the menus, buttons and labels. `links` are addresses on other hosts, besides
    those in packages. `headlines` are the indicators on the home page. `contact` is the email address for questions about
    the site.
    """

    name: str
    partnership: str
    place: str
    area: str
    description: str
    exit_to: str
    address: str = ""
    gaps: tuple[str, ...] = ()
    sensitive_words: tuple[str, ...] = ()
    exit_words: tuple[str, ...] = EXIT_WORDS
    links: tuple[str, ...] = ()
    security_contact: str = ""
    security_expires: str = ""
    time_zone: str = "UTC"
    headlines: tuple[str, ...] = ()
    language: str = "en"
    contact: str = ""


@dataclass(frozen=True)
class SmallCountSettings:
    """The smallest counts that may be published. A package can only be stricter.

    `smallest_area` is the least number of residents of a neighbourhood, as which a part of a ward can have figures.
    """

    ward_minimum: int
    borough_minimum: int
    smallest_area: int = 5_000


@dataclass(frozen=True)
class Settings:
    """The settings file.

    `topics` maps ids to names, in page order; `languages` maps codes to the languages' own names;
    `redirects` maps old addresses to new ones; `targets` maps names to where the site is published; `public` is the folder of the public packages, if not the project.
    """

    root: Path
    site: SiteSettings
    disclosure: SmallCountSettings
    packages: tuple[str, ...]
    topics: Mapping[str, str]
    banner: str = ""
    languages: Mapping[str, str] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    public: Path | None = None

    @property
    def packages_folder(self) -> Path:
        """Return the folder of the data packages: in the project, or the copy that holds only what is public."""
        return (self.public or self.root) / "data_packages"

    @property
    def source_folder(self) -> Path:
        """Return the folder of hand-written pages, templates and assets."""
        return self.root / "site_src"

    @property
    def build_folder(self) -> Path:
        """Return the folder for everything that is generated."""
        return self.root / "build"


def load(root: Path) -> Settings:
    """Read the settings of the project in `root`.

    Raises:
        PortalError: every problem: file missing, not TOML, a setting unknown, missing or of the wrong type.
    """
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        raise PortalError(
            [_problem("", "The settings file is missing.", "Run portal in the project's folder.")]
        )
    try:
        raw = input_files.parse_toml(input_files.read(path, root))
    except input_files.UnreadableError as fault:
        raise PortalError([Problem(FILE, fault.row, "", "settings", fault.message, fault.fix)]) from None
    problems: list[Problem] = []
    top = {k: v for k, v in raw.items() if k not in ("site", "disclosure")}
    parts = {
        "site": _read_section(SiteSettings, "site", raw.get("site", {}), problems),
        "disclosure": _read_section(SmallCountSettings, "disclosure", raw.get("disclosure", {}), problems),
        **_read_section(Settings, "", top, problems, computed=("root", "site", "disclosure", "public")),
    }
    problems += (*_address_problems(parts["site"]), *_name_problems(parts), *_blank_problems(parts))
    if problems:
        raise PortalError(problems)
    return Settings(
        root=root,
        **{
            **parts,
            "site": SiteSettings(**parts["site"]),
            "disclosure": SmallCountSettings(**parts["disclosure"]),
        },
    )


def _address_problems(site: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield addresses that a page cannot link to, unknown time zones and languages, and a date that security.txt cannot have."""
    addresses = [(key, str(site[key])) for key in ("address", "exit_to") if site.get(key)]
    for key, value in (*addresses, *(("links", link) for link in site.get("links", ()))):
        if value.strip() and not text.is_address(value):  # a blank one is reported as such
            yield _problem(f"site.{key}", f"{key} is {repr(value)[:80]}.", text.address_advice(value))
    address = str(site.get("address", ""))
    if text.is_address(address) and any(mark in address for mark in "?#"):
        fix = "Write the address of the front page, without what follows a question mark or a #."
        yield _problem("site.address", f"address is {repr(site['address'])[:80]}.", fix)
    if not _is_time_zone(zone := str(site.get("time_zone", "UTC"))):
        fix = "Write one such as Europe/London."
        yield _problem("site.time_zone", f"The time zone {repr(zone)[:80]} is not known.", fix)
    language = site.get("language", "en")
    if not _LANGUAGE.fullmatch(str(language)):
        fix = "Write the code of a language, such as en, cy or pt-BR."
        yield _problem("site.language", f"language is {repr(language)[:80]}.", fix)
    if (contact := str(site.get("contact", ""))) and not text.is_email(contact):
        yield _problem(
            "site.contact",
            f"contact is {repr(contact)[:80]}.",
            "Write one email address, such as safety@example.org, or leave it out.",
        )
    expires = str(site.get("security_expires", ""))
    if field_types.is_date(expires) and not periods.is_plausible_year(int(expires[:4])):
        fix = "Write the date until which the contact is valid, within a year, such as 2027-03-31."
        yield _problem("site.security_expires", f"The day is {expires}.", fix)


def _is_time_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _name_problems(parts: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield names of packages and languages that cannot be names of folders, and an empty list of packages."""
    if "packages" in parts and not parts["packages"]:
        fix = 'List the folders in data_packages, such as packages = ["sources", "geography"].'
        yield _problem("packages", "The list of packages is empty.", fix)
    for key in ("packages", "languages"):
        known: dict[str, str] = {}
        for name in parts.get(key, ()):
            if not field_types.is_storable(name):
                yield _problem(
                    key,
                    f"{repr(name)[:80]} cannot be the name of a folder on every computer.",
                    "Use letters, numbers and hyphens, and no name that Windows reserves, such as con or aux.",
                )
            elif (other := known.setdefault(name.casefold(), name)) != name:
                message = f"{name} differs from {other} only by capital letters, and Windows keeps just one of them."
                yield _problem(key, message, "Give one of them another name.")
        if len(set(parts.get(key, ()))) < len(parts.get(key, ())):
            yield _problem(key, f"A name appears twice under {key}.", "Keep one of the two.")


def _blank_problems(parts: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield names and words without a letter, and topics that pages and tables cannot refer to.

    A blank word would match every text, so every page would count as being about a sensitive subject.
    """
    required = [f.name for f in fields(SiteSettings) if f.default is MISSING]
    given = {f"site.{k}": v for k, v in parts["site"].items() if k in required or isinstance(v, tuple)}
    # Redirects are left out: one can lead to the home page, whose address is empty.
    given |= {k: parts.get(k, {}) for k in ("topics", "languages")}
    for key, value in given.items():
        texts = (
            value.values() if isinstance(value, Mapping) else (value,) if isinstance(value, str) else value
        )
        if not all(t.strip() for t in texts) and isinstance(value, str):
            yield _problem(key, "The text is empty.", "Write the text.")
        elif not all(t.strip() for t in texts):
            yield _problem(key, "An entry is empty.", "Write the text, or remove the entry.")
    for topic in parts.get("topics", {}):
        if not _TOPIC.fullmatch(topic):
            fix = "Use lower-case letters, numbers and hyphens, such as violent-crime."
            yield _problem("topics", f"{repr(topic)[:80]} cannot be the id of a topic.", fix)


def _shown(value: object) -> str:
    """Return the start of a value as the file has it."""
    shown = (
        str(value) if isinstance(value, date | time) else json.dumps(value, ensure_ascii=False, default=str)
    )
    return shown[:80]


def _problem(field: str, message: str, fix: str) -> Problem:
    return Problem(FILE, field=field, code="settings", message=message, fix=fix)


# A field's type, its type in TOML, and how to write it.
_KINDS: Mapping[Any, tuple[type, str]] = {
    str: (str, "text between quotation marks"),
    int: (int, "a whole number"),
    tuple[str, ...]: (list, 'a list of texts: ["…", "…"]'),
    Mapping[str, str]: (dict, "a table of names and texts"),
}


def _read_section(
    kind: type, name: str, raw: object, problems: list[Problem], computed: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return one table of the file, checked against the fields of `kind`; lists become tuples."""
    if not isinstance(raw, dict):
        problems.append(_problem(name, f"{name} is not a table.", f"Write [{name}] and its settings below."))
        return {}
    known = {f.name: f for f in fields(kind) if f.name not in computed}
    prefix = f"{name}." if name else ""
    unknown = sorted(raw.keys() - known.keys())
    for key in unknown:
        problems.append(_problem(prefix + key, f"Unknown setting {key}.", did_you_mean(key, known)))
    misspelt = {nearest(key, known) for key in unknown}  # reported as unknown, so not as missing too
    values: dict[str, Any] = {}
    for key, field_ in known.items():
        type_, how_to_write = _KINDS[field_.type]
        if key not in raw:
            is_needed = field_.default is MISSING and field_.default_factory is MISSING
            if is_needed and key not in misspelt:
                problems.append(
                    _problem(prefix + key, f"The setting {key} is missing.", f"Write {key} = {how_to_write}.")
                )
            continue
        value = raw[key]
        texts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else []
        if (
            not isinstance(value, type_)
            or isinstance(value, bool)
            or not all(isinstance(v, str) for v in texts)
        ):
            problems.append(_problem(prefix + key, f"{key} is {_shown(value)}.", f"Write {how_to_write}."))
            continue
        values[key] = tuple(value) if isinstance(value, list) else value
    return values
