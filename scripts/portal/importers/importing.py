"""An import from beginning to end: read the files, say what was noticed, withhold, compare, and write."""

import csv
import io
import json
import re
from calendar import month_name
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import pandas as pd

from portal.core import input_files, operating_system, small_counts
from portal.core.model import Content, Observation
from portal.core.periods import MONTHS_OF_YEAR, label, loose_date
from portal.core.problems import Problem, did_you_mean
from portal.core.settings import Settings
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.data.packages import Package, contract, describe_resource
from portal.disclosure import clearing
from portal.disclosure.inference import EarlierRelease
from portal.disclosure.withholding import Withheld
from portal.importers import further_withholding, geography_package
from portal.importers.formats import formats
from portal.importers.further_withholding import WithholdingDemand
from portal.importers.police import (
    csp,
    derive,
    mps_crime,
    mps_dashboard,
    mps_parts,
    public_attitudes,
    stop_and_search,
    street_crime,
    vawg,
)
from portal.importers.police.derive import Origin
from portal.importers.police.mps_checks import many, some
from portal.importers.shared.published_files import Counts, stop
from portal.importers.shared.published_periods import FiguresOfPeriods
from portal.releases.releasing import Project, restored

Reader = Callable[[list[Path], Content, str], Counts | FiguresOfPeriods]


@dataclass(frozen=True)
class Doubt:
    """A reason to ask before an import is written; `key` answers it with the command, as in `--assume key=yes`."""

    key: str
    question: str


# What an import of counts can be asked before it is written, and the only answer that lets it go on.
OTHER_NEIGHBOURHOODS = "other-neighbourhoods"
DOUBTS = ("older-file", "other-quarters", OTHER_NEIGHBOURHOODS, street_crime.UNKNOWN_TYPE, mps_parts.GAP)
YES = "yes"


@dataclass(frozen=True)
class PlannedImport:
    """What an import found, the files that it would write, and what to ask before.

    `figures` is how many figures the files give; None for tables that are not figures.
    """

    report: tuple[str, ...]
    files: Mapping[Path, str]
    doubts: tuple[Doubt, ...] = ()
    figures: int | None = None

    def write(self) -> None:
        """Write every file, each replaced whole; after an error, put all of them back."""
        with restored(self.files):
            for path, text in self.files.items():
                operating_system.write_atomically(path, text.encode())


# The formats of counts, and what reads each.
COUNTS: Mapping[str, Reader] = {
    "mps-ward": lambda paths, content, _: mps_crime.read_wards(paths, content.areas),
    "mps-borough": lambda paths, content, _: mps_crime.read_boroughs(paths, content.areas),
    "mps-dashboard": lambda paths, content, _: mps_dashboard.read(paths, content.areas),
    "stop-and-search": stop_and_search.counts,
    "police-street": street_crime.counts,
    "police-outcomes": street_crime.outcome_counts,
    "csp": csp.read,
    "pas": public_attitudes.read,
    "vawg": vawg.counts,
}
TABLE = "table"  # a spreadsheet of a package's own columns, which `spreadsheet` reads
OF_TABLES = ("package", "resource", "sheet", "replace", "set", "read")  # options that only tables have
FORMATS = (*COUNTS, *geography_package.FORMATS, TABLE)


TOO_SHORT = "The files give no figure. Figures are for 3 months in a row, or for 12 where they could identify people or are split by kind."
# How often to choose at random which figures to withhold. The choice knows the files that are imported, and not all
# figures of other files that the audit knows; of the choices for the wards of Southwark, the audit refuses one in eight.
# As with every choice, what is refused depends only on what is published and on which counts are small.
_DRAWS = 6
Find = Callable[[Content], tuple[Problem, ...]]
_TOTALS_FIRST = (
    "Delete the ward figures of this period from observations.csv, import this file, and then import the ward file again: "
    "it is safe only if the totals are there before the wards."
)
_WHOLE_FILE = (
    "If the file has only some of the boroughs or wards, its totals are too small: import the whole file."
)


@dataclass(frozen=True)
class ImportJob:
    """What is asked for: files of one format, the id of their source, and the last month to use, or nothing."""

    format: str
    paths: tuple[Path, ...]
    source: str
    until: str = ""


def plan(job: ImportJob, content: Content, packages: Iterable[Package], settings: Settings) -> PlannedImport:
    """Read the files and say what importing them would do; nothing is written.

    Raises `PortalError` with everything that is wrong with the job or its files.
    """
    packages = tuple(packages)
    by_name = {p.name: p for p in packages}
    home = _home(job.format, by_name, content)
    stop([*_problems(job, home, content), *input_files.command_line_problems(job.paths)])
    folder = settings.packages_folder / home[0] / "data"
    if job.format in geography_package.FORMATS:
        return _of_geography(job, folder, content, packages, settings)
    rows = tuple(r for r in content.imports[home[0]] if r.format == job.format)
    counts = COUNTS[job.format](list(job.paths), content, settings.site.area)
    past = Project(settings, packages, content).earlier
    indicators = {r.indicator for r in rows}
    last = job.until or _last_month(counts)
    before = tuple(o for i in sorted(indicators) for o in content.observations.get(i, ()))
    origin = Origin(rows, job.source, job.until, formats()[job.format].is_revised)

    def choose(demand: WithholdingDemand) -> Withheld:
        asked = replace(origin, withheld=demand.withheld, left_out=demand.left_out)
        return derive.figures(counts, asked, content, settings, past)

    def after_import(fresh: tuple[Observation, ...]) -> tuple[Observation, ...]:
        return derive.within_windows(derive.merged(before, fresh), rows)

    def quick(changed: Content) -> tuple[Problem, ...]:
        return clearing.quick_problems(changed, settings.disclosure, past)

    def thorough(changed: Content) -> tuple[Problem, ...]:
        memory = clearing.remembered_audits(settings)
        return clearing.problems(changed, settings.disclosure, past, memory, indicators)

    def audit(find: Find, fresh: tuple[Observation, ...]) -> frozenset[Problem]:
        return _given_away(find, content, indicators, after_import(fresh))

    audits = (partial(audit, quick), partial(audit, thorough))
    drafts = derive.true_figures(counts, origin, content, settings.site.area)
    protected = further_withholding.protect(drafts, content, choose, audits, _DRAWS)
    withheld = protected.result
    stop(_advised(protected.problems, content, withheld.observations))
    after = after_import(withheld.observations)
    naming = Naming(content)
    fresh = len(withheld.observations)
    short = () if fresh else (TOO_SHORT,)
    report = (
        *dict.fromkeys(map(str, counts.findings)),
        *compared(before, after, withheld, naming),
        *_further(protected.demand, naming),
        *short,
    )
    unsure = (Doubt(f.code, f.message) for f in counts.findings if f.code in DOUBTS)
    doubts = (*unsure, *_doubts(before, withheld.observations, last, naming))
    table = {folder / "observations.csv": _csv(by_name[home[0]], indicators, after)}
    return PlannedImport(report, table, doubts, fresh)


def _of_geography(
    job: ImportJob, folder: Path, content: Content, packages: Sequence[Package], settings: Settings
) -> PlannedImport:
    """Return the plan of an import into the geography package, whose tables are in `folder`."""
    read = geography_package.FORMATS[job.format]
    is_dividing = job.format == geography_package.NEIGHBOURHOODS
    past = Project(settings, tuple(packages), content).earlier if is_dividing else ()
    more = {"past": past} if is_dividing else {}
    report, tables = read(list(job.paths), content, settings, job.source, **more)
    files = {folder / f"{name}.csv": frame_csv(table) for name, table in tables.items()}
    files |= _descriptor(folder.parent, tables.keys())
    gone = _redivided(content, set(tables["areas"]["code"])) if is_dividing else ()
    if not gone:
        return PlannedImport(report, files)
    codes = {o.area for o in gone}
    for package in packages:
        observations = package.tables.get("observations")
        rows = [row for _, row in observations.records] if observations else []
        if observations and any(row["area"] in codes for row in rows):
            path = settings.packages_folder / package.name / "data" / "observations.csv"
            kept = [row for row in rows if row["area"] not in codes]
            files[path] = _rows_csv(observations.schema.names, kept)
    return PlannedImport(report, files, (_dividing_doubt(gone, past, Naming(content)),))


def _redivided(content: Content, codes: set[str]) -> tuple[Observation, ...]:
    """Return the published figures of neighbourhoods that are not among the `codes` of areas any more."""
    return tuple(
        o
        for own in content.observations.values()
        for o in own
        if content.areas[o.area].kind == AreaKind.NEIGHBOURHOOD and o.area not in codes
    )


def _dividing_doubt(gone: Sequence[Observation], past: Sequence[EarlierRelease], naming: "Naming") -> Doubt:
    """Return the question whether to take out the figures of neighbourhoods that would be others now."""
    areas = [naming.content.areas[code].name for code in sorted({o.area for o in gone})]
    question = (
        f"{many(len(areas), 'neighbourhood')} with figures would have other borders: {some(areas, 4)}. Their "
        f"{many(len(gone), 'figure')} ({naming.indicators(gone)}) would be taken out of the tables. To count them for the new "
        "neighbourhoods, import the files of the police again (police-street)."
    )
    names = [e.name for e in past if e.parts]
    if names:
        question += (
            f" The figures also stay in {listed(names)}: where two ways to divide a ward give away a small part of it, the next "
            "import is refused, and names the `portal withdraw` commands that take the old figures back."
        )
    return Doubt(OTHER_NEIGHBOURHOODS, question)


def _further(demand: WithholdingDemand, naming: "Naming") -> Iterator[str]:
    """Yield what was withheld or left out by ward because the audit refused the first choices."""
    for keys, done in (
        (demand.withheld, "withheld as well, since figures of other files would give some away"),
        (demand.left_out, "left out, since figures of other files would give some away whatever we withhold"),
    ):
        periods = Counter((k.indicator, k.start, k.end) for k in keys)
        for (indicator, start, end), number in sorted(periods.items(), key=str):
            known = naming.content.indicators[indicator]
            when = label(known.period_type, start, end)
            yield f"{known.short_title}, {when}: {many(number, 'figure')} by ward {done}."


def _last_month(counts: Counts | FiguresOfPeriods) -> str:
    """Return the last month of files; empty if they have no figure."""
    if isinstance(counts, FiguresOfPeriods):
        return max((f"{f.end:%Y-%m}" for f in counts.figures), default="")
    return str(counts.frame["month"].max())


@dataclass(frozen=True)
class Naming:
    """Names figures in words: what is counted, where and when."""

    content: Content

    def figure(self, o: Observation) -> str:
        """Return the name of a figure."""
        indicator = self.content.indicators[o.indicator]
        when = label(indicator.period_type, o.period_start, o.period_end)
        return ", ".join(filter(None, (indicator.short_title, o.part, self.content.areas[o.area].name, when)))

    def indicators(self, figures: Iterable[Observation]) -> str:
        """Return the titles of the indicators of some figures."""
        return some(
            [self.content.indicators[i].short_title for i in dict.fromkeys(o.indicator for o in figures)]
        )


def _doubts(
    before: Sequence[Observation], fresh: Sequence[Observation], last: str, naming: Naming
) -> Iterator[Doubt]:
    """Yield a question where a file is older than what is published, and where its quarters are others."""
    old = {o.key: o for o in before}
    kinds = {naming.content.areas[o.area].kind for o in fresh}
    ours = {o.indicator for o in fresh}
    rivals = [o for o in before if o.indicator in ours and naming.content.areas[o.area].kind in kinds]
    newest = max((f"{o.period_end:%Y-%m}" for o in rivals if o.period_end), default="")
    revised = [o for o in fresh if o.key in old and _differs(old[o.key], o)]
    if last < newest and revised:
        yield Doubt(
            "older-file",
            f"The files end in {loose_date(last)}, but figures to {loose_date(newest)} are published. They are likely to be older "
            f"than what is published, and would change {many(len(revised), 'figure')} back to what they were, for example "
            f"{naming.figure(revised[0])}, from {old[revised[0].key].value} to {revised[0].value}.",
        )
    gone = [o for o in derive.overlapped(before, fresh) if o.months != MONTHS_OF_YEAR]
    if gone:
        ends = sorted({f"{o.period_end:%m}" for o in fresh if o.months == gone[0].months and o.period_end})
        months = listed([month_name[int(e)] for e in ends])
        yield Doubt(
            "other-quarters",
            f"The quarters of these files end in {months}. {many(len(gone), 'published quarter')} that overlap with them would be "
            f"taken out ({naming.indicators(gone)}). Quarters before and after them stay, so a line can get a gap: import the "
            "file with the history too. To keep the quarters that are published, add --until with a month in which one of them ends.",
        )


def unanswered(plan: PlannedImport, assumed: Iterable[str]) -> tuple[Doubt, ...]:
    """Return the doubts that `assumed` (such as `older-file=yes`) does not answer.

    Raises:
        PortalError: one of them answers no question.
    """
    given = set(assumed)
    known = {f"{key}={YES}" for key in DOUBTS}
    wrong = sorted(given - known)
    stop(
        Problem("--assume", code="assume", message=f"“{w}” answers no question.", fix=did_you_mean(w, known))
        for w in wrong
    )
    return tuple(d for d in plan.doubts if f"{d.key}={YES}" not in given)


def misused(options: Mapping[str, object]) -> str:
    """Return which option the format of an import needs or does not take, in the words of a command; empty if all is well."""
    table = options["format"] == TABLE
    needed, others = ("package", ("source", "until")) if table else ("source", OF_TABLES)
    if not options[needed]:
        return f"the following arguments are required: --{needed}"
    extra = [f"--{name}" for name in others if options.get(name)]
    return f"{', '.join(extra)} does not go with the format {options['format']}" if extra else ""


def _given_away(
    find: Find, content: Content, indicators: set[str], after: tuple[Observation, ...]
) -> frozenset[Problem]:
    """Return a problem for each withheld figure that the new figures, with all that is published and the past, give away.

    `find` looks for the problems of content. What was wrong with other indicators before is passed over: no import of
    these can fix it.
    """
    by_indicator = {i: tuple(o for o in after if o.indicator == i) for i in indicators}
    problems = find(replace(content, observations={**content.observations, **by_indicator}))
    if not problems:
        return frozenset()
    places = tuple(f"observations of {i}:" for i in indicators)
    before = find(content)
    return frozenset(p for p in problems if p.file.startswith(places) or p not in before)


def _advised(
    problems: Iterable[Problem], content: Content, imported: Iterable[Observation]
) -> Iterator[Problem]:
    """Yield problems of an import, with the advice to import totals first if it brings totals.

    Which wards are withheld is chosen from the totals that are published by then. Totals that arrive later can undo
    that choice.
    """
    totals = any(content.areas[o.area].kind not in small_counts.WARD_KINDS for o in imported)
    for p in problems:
        if p.code == "contradiction":
            yield replace(p, fix=f"{p.fix} {_WHOLE_FILE}")
        else:
            yield replace(p, fix=_TOTALS_FIRST) if totals else p


def _home(format_: str, packages: Mapping[str, Package], content: Content) -> list[str]:
    """Return the packages that a format goes into; there should be one."""
    if format_ in geography_package.FORMATS:
        return [p.name for p in packages.values() if p.kind == "geography"]
    return [name for name, rows in content.imports.items() if any(r.format == format_ for r in rows)]


def _problems(job: ImportJob, home: list[str], content: Content) -> Iterator[Problem]:
    if job.format not in FORMATS:
        message = f"The format “{job.format}” is not known."
        yield Problem("FORMAT", code="format", message=message, fix=did_you_mean(job.format, FORMATS))
    elif not home:
        message = f"No package says which indicators the format {job.format} goes into."
        fix = "Add a table “imports” to the package of the indicators."
        yield Problem("data_packages", code="imports", message=message, fix=fix)
    elif len(home) > 1:
        message = f"Several packages take the format {job.format}: {', '.join(home)}."
        yield Problem("data_packages", code="imports", message=message, fix="Leave it in one of them.")
    if job.source not in content.sources:
        message = f"The source “{job.source}” is not among the sources."
        fix = f"{did_you_mean(job.source, content.sources)} Or add a row to the table of sources first."
        yield Problem("--source", code="source", message=message, fix=fix)
    if job.until and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", job.until):
        message = f"“{job.until}” is not a month."
        yield Problem("--until", code="until", message=message, fix="Write it like 2025-02.")


def compared(
    before: tuple[Observation, ...], after: tuple[Observation, ...], withheld: Withheld, naming: Naming
) -> Iterable[str]:
    """Yield what would change: new, unchanged, revised and removed figures, the largest revision, and what is withheld."""
    old, new = {o.key: o for o in before}, {o.key: o for o in after}
    fresh = {o.key for o in withheld.observations}
    shared = old.keys() & fresh
    revised = {k: new[k].value - old[k].value for k in shared if _differs(old[k], new[k])}  # type: ignore[operator]
    yield f"{len(fresh)} figures: {len(fresh - shared)} new, {len(shared) - len(revised)} as before, {len(revised)} revised."
    if revised:
        worst = max(revised, key=lambda k: (abs(revised[k]), k[:2]))
        yield f"The largest revision: {naming.figure(new[worst])}: from {old[worst].value} to {new[worst].value}."
    gone = [o for k, o in old.items() if k not in new]
    for length, words in ((MONTHS_OF_YEAR, "of 12 months"), (0, "of shorter periods")):
        some_gone = [o for o in gone if (o.months == MONTHS_OF_YEAR) == bool(length)]
        if some_gone:
            are = "is" if len(some_gone) == 1 else "are"
            yield f"{many(len(some_gone), 'figure')} {words} {are} taken out, since new ones follow or overlap with them."
    yield from _protected(withheld)
    exposed = [k for k in shared if old[k].value is not None and new[k].value is None]
    if exposed:
        yield f"{len(exposed)} figures that were published before are now withheld. Earlier releases still show them: take them back with portal withdraw."


def _protected(withheld: Withheld) -> Iterator[str]:
    """Yield how many counts could point to people, and how many of them are withheld."""
    if not withheld.cells:
        return
    told = f"{many(withheld.cells, 'count')} could point to people."
    if not withheld.primary and not withheld.secondary:
        yield f"{told} None had to be withheld."
        return
    yield f"{told} Withheld: {withheld.primary} because they are small, {withheld.secondary} more so that these cannot be worked out."


def _differs(old: Observation, new: Observation) -> bool:
    return old.value is not None and new.value is not None and old.value != new.value


def _csv(package: Package, indicators: set[str], figures: tuple[Observation, ...]) -> str:
    """Return the package's figures as CSV: rows of other indicators as they are, those of the import in order."""
    table = package.tables["observations"]
    known = [row for _, row in package.tables["indicators"].records]
    order = {row["id"]: n for n, row in enumerate(known)}
    splits = {row["id"]: row["breakdown"] for row in known}
    kept = [row for _, row in table.records if row["indicator"] not in indicators]
    rows = sorted(
        (_row(o, splits[o.indicator]) for o in figures),
        key=lambda r: (order[r["indicator"]], r["area"], r["period_start"], r["period_end"]),
    )
    return _rows_csv(table.schema.names, [*kept, *rows])


def _rows_csv(names: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _row(o: Observation, breakdown: str) -> dict[str, str]:
    cells = {
        "indicator": o.indicator, "area": o.area, "period_start": str(o.period_start or ""), "period_end": str(o.period_end or ""),
        "value": _plain(o.value), "status": o.status, "source": o.source, "locator": o.locator,
    }  # fmt: skip
    return cells | ({breakdown: o.part} if o.part else {})


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _descriptor(folder: Path, resources: Iterable[str]) -> dict[Path, str]:
    """Return the package's descriptor with the resources that it does not name yet, if there are any."""
    path = folder / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    spec = contract(descriptor["portal"]["kind"])["resources"]
    named = {r["name"] for r in descriptor["resources"]}
    fresh = [describe_resource(name, spec[name]) for name in resources if name not in named]
    descriptor["resources"] += fresh
    return {path: json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"} if fresh else {}


def frame_csv(frame: pd.DataFrame) -> str:
    """Return a table of an importer as CSV."""
    csv_text: str = frame.to_csv(index=False, lineterminator="\n")
    return csv_text
