"""Confidence and trust by borough, from the Public Attitude Survey of the Mayor's Office for Policing And Crime."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from portal.core.model import Area, Content
from portal.core.problems import Problem, did_you_mean
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.importers.shared import loose_tables, published_files
from portal.importers.shared.published_files import Finding, stop
from portal.importers.shared.published_periods import FigureOfPeriod, FiguresOfPeriods
from portal.importers.shared.repeated_faults import gathered

MEASURES = "police/public_attitudes.measures.csv"
_NEEDED = {"date", "borough", "measure", "proportion", "mps"}
_SURVEY = "PAS"
_ISO, _WRITTEN = re.compile(r"(20\d\d)-(\d\d)-(\d\d)"), re.compile(r"(\d{1,2})/(\d{1,2})/(20\d\d)")


def is_header(row: Sequence[str]) -> bool:
    """Return True for the plain headings of the survey's table by borough."""
    return set(row) >= _NEEDED


def read(paths: Sequence[Path], content: Content, borough: str) -> FiguresOfPeriods:
    """Return the percentage who agree with each statement, in 12 months to the end of each quarter, by borough.

    Series: `good-job`, `trust`, `fair` and others. The police force has the figure for London. A borough is joined on
    its name, whatever its capitals. Numbers may have decimal commas, and dates days before months.

    Raises:
        PortalError: missing columns, unknown measures, invalid dates or shares, two values for one figure, no borough.
    """
    names = {_plain(a.name): a for a in content.areas.values() if a.kind == AreaKind.BOROUGH}
    force = next((a for a in content.areas.values() if a.kind == AreaKind.POLICE_FORCE), None)
    figures: dict[tuple[str, str, date], FigureOfPeriod] = {}
    findings: list[Finding] = []
    for path in paths:
        table = loose_tables.read(path, is_header, "the Public Attitude Survey by borough")
        rows = [
            (n, r) for n, r in table.records() if r["borough"] and r.get("survey", _SURVEY) in (_SURVEY, "")
        ]
        stop(_problems(path.name, rows, names))
        found = [f for n, r in rows for f in _of_row(n, r, names, force)]
        stop(_contradictions(path.name, found))
        if not found:
            message = "The file has no row of a borough that this portal knows."
            fix = "Download the file again and use it as it was published."
            stop([Problem(path.name, 2, code="file", message=message, fix=fix)])
        figures |= {(f.series, f.area, f.end): f for f in found}
        findings += _findings(path.name, rows, found, names)
    return FiguresOfPeriods(tuple(f for _, f in sorted(figures.items())), tuple(findings))


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("city of", "").replace("&", "and").split())


def _measures() -> dict[str, str]:
    return {_statement(r["theirs"]): r["series"] for r in published_files.mapped(MEASURES)}


def _statement(words: str) -> str:
    """Return the name of a measure as names are compared: small letters, without quotation marks."""
    return " ".join(words.replace('"', "").replace("“", "").replace("”", "").casefold().split())


def _day(cell: str) -> date | None:
    """Return a date written as 2023-12-31, or with the day first as 31/12/2023."""
    iso, written = _ISO.match(cell), _WRITTEN.fullmatch(cell)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        return date(int(written[3]), int(written[2]), int(written[1])) if written else None
    except ValueError:
        return None


def _percent(cell: str) -> Decimal | None:
    """Return a share such as 0.47000000000000003 or 0,47 in per cent, to one decimal; None if it is not a share."""
    try:
        share = Decimal(cell.replace(",", "."))
    except InvalidOperation:
        return None
    if not share.is_finite() or not 0 <= share <= 1:
        return None
    percent = (100 * share).quantize(Decimal("0.1"))
    return percent.quantize(Decimal(1)) if percent == percent.to_integral_value() else percent


def _is_end_of_month(cell: str) -> bool:
    day = _day(cell)
    return day is not None and (day + timedelta(days=1)).day == 1


def _is_share(cell: str) -> bool:
    return _percent(cell) is not None


def _same(problem: Problem) -> Problem:
    return problem


def _problems(
    file: str, rows: Sequence[tuple[int, Mapping[str, str]]], names: Mapping[str, Area]
) -> Iterator[Problem]:
    measures = _measures()
    fix = "Use the file as it was published."
    for column, is_right, what in (
        ("date", _is_end_of_month, "is not the last day of a month"),
        ("proportion", _is_share, "is not a share between 0 and 1"),
        ("mps", _is_share, "is not a share between 0 and 1"),
    ):
        bad = [(n, r[column]) for n, r in rows if not is_right(r[column])]
        yield from gathered(
            [Problem(file, n, column, "cell", f"“{cell}” {what}.", fix) for n, cell in bad], _same
        )
    strange = [(n, r) for n, r in rows if _statement(r["measure"]) not in measures]
    advice = f"If it is new, add it to scripts/portal/importers/{MEASURES}."
    yield from gathered(
        strange,
        lambda b: Problem(file, b[0], "measure", "label", f"“{b[1]['measure']}” is not known.", advice),
    )
    there = {_plain(r["borough"]) for _, r in rows}
    if rows and not there & names.keys():
        message = f"None of the boroughs of the geography package is among the {len(there)} of this file."
        yield Problem(file, 0, "Borough", "areas", message, did_you_mean(next(iter(names), ""), there))


def _of_row(
    number: int, row: Mapping[str, str], names: Mapping[str, Area], force: Area | None
) -> Iterator[FigureOfPeriod]:
    """Yield the borough's figure of a row, and the one of London."""
    end, series = _day(row["date"]), _measures()[_statement(row["measure"])]
    if end is None:
        return
    next_day = end + timedelta(days=1)
    start = date(next_day.year - 1, next_day.month, 1)
    place = f"12 months to {end:%B %Y}, {row['measure'].strip()}"
    area = names.get(_plain(row["borough"]))
    if area:
        yield FigureOfPeriod(
            series, area.code, start, end, _percent(row["proportion"]), f"{area.name}, {place}"
        )
    if force:
        yield FigureOfPeriod(series, force.code, start, end, _percent(row["mps"]), f"Column MPS, {place}")


def _contradictions(file: str, found: Sequence[FigureOfPeriod]) -> Iterator[Problem]:
    values: dict[tuple[str, str, date], set[Decimal | None]] = defaultdict(set)
    for f in found:
        values[f.series, f.area, f.end].add(f.value)
    several = [(k, v) for k, v in values.items() if len(v) > 1]
    yield from gathered(
        several,
        lambda s: Problem(file, 0, "", "twice", f"{s[0][0]} of {s[0][1]} in the 12 months to {s[0][2]:%B %Y} has {len(s[1])} values.", "Use the file as it was published."),
    )  # fmt: skip


def _findings(
    file: str,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    found: Sequence[FigureOfPeriod],
    names: Mapping[str, Area],
) -> Iterator[Finding]:
    ends = sorted({f.end for f in found})
    boroughs = {_plain(r["borough"]) for _, r in rows}
    words = f"{file}: {len(rows):,} rows, {len(boroughs)} boroughs, {len({f.series for f in found})} measures, 12 months to {ends[0]:%B %Y} up to {ends[-1]:%B %Y}."
    yield Finding("rows", words, {"rows": len(rows), "boroughs": len(boroughs), "quarters": len(ends)})
    spelled: dict[str, set[str]] = defaultdict(set)
    for _, r in rows:
        spelled[_plain(r["borough"])].add(r["borough"])
    several = [listed(sorted(s)) for s in spelled.values() if len(s) > 1]
    if several:
        yield Finding(
            "spellings",
            f"Spellings that were read as one borough: {'; '.join(several)}.",
            {"boroughs": len(several)},
        )
    gone = sorted(a.name for name, a in names.items() if name not in boroughs)
    if gone:
        yield Finding("absent", f"The survey has no figures for {listed(gone)}.", {"boroughs": len(gone)})
    later = {s: min(f.end for f in found if f.series == s) for s in {f.series for f in found}}
    late = sorted(s for s, day in later.items() if day > ends[0])
    for series in late:
        yield Finding(
            "later", f"The measure {series} begins with the 12 months to {later[series]:%B %Y}.", {}
        )
