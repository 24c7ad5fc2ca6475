"""Withdraw figures from the tables, from every archive and from the log of changes.

Without a figure an archive has a different checksum, and so has every later archive, because each names the one before.
Keep no checksum of the original archive: with the rest of the archive, anyone could try numbers until it matched.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path

from portal.core.model import Content, Release, WithdrawnFigure
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.vocabulary import WithdrawalKind
from portal.data import csv_editing
from portal.data.csv_editing import Row
from portal.data.packages import contract, describe_resource
from portal.releases import archives, comparison, releasing
from portal.releases.archives import Archive, Contents
from portal.releases.comparison import Figure
from portal.releases.exposure import consequences, in_words, look
from portal.releases.identities import UNCHANGED, withdrawn_figure
from portal.releases.mentions import mentions
from portal.releases.redaction import KEY, Redaction, of_change
from portal.releases.releasing import Project


@dataclass(frozen=True)
class FigureSelection:
    """Which figures to withdraw: all that match every field that is not empty.

    `period` is the last day, or the first and last day separated by a slash. `part` is None for every part.
    """

    indicator: str
    area: str = ""
    period: str = ""
    part: str | None = None

    def fits(self, figure: Figure) -> bool:
        """Return True if the figure matches."""
        indicator, area, part, start, end = figure
        return (
            indicator == self.indicator
            and self.area in ("", area)
            and self.period in ("", end, f"{start}/{end}")
            and self.part in (None, part)
        )

    @property
    def words(self) -> str:
        """Return the selection as it was typed."""
        return ", ".join(filter(None, (self.indicator, self.area, self.period, self.part)))


@dataclass(frozen=True)
class WithdrawalRequest:
    """Which figures to withdraw and why; a `wrong` figure can be corrected later, any other never returns.

    `others` adds the figures that would otherwise give the withdrawn ones away.
    """

    figures: tuple[FigureSelection, ...]
    reason: str
    wrong: bool = False
    others: bool = False


@dataclass(frozen=True)
class PlannedWithdrawal:
    """What a withdrawal involves: rows for the public list, files to write, and places for a person to check.

    `revealed` are figures whose number still follows from what stays, and `others` what would have to go too.
    """

    withdrawals: tuple[WithdrawnFigure, ...]
    names: tuple[str, ...]
    releases: tuple[str, ...]
    files: Mapping[Path, bytes]
    look: tuple[str, ...]
    revealed: tuple[str, ...] = ()
    others: tuple[Figure, ...] = ()
    other_names: tuple[str, ...] = ()


def plan(project: Project, request: WithdrawalRequest, today: date) -> PlannedWithdrawal:
    """Plan a withdrawal without writing anything.

    Raises:
        PortalError: a figure is unknown, or the reason is missing or gives a number away.
    """
    planned = _plan(project, request, today)
    if request.others and planned.others:
        more = tuple(
            FigureSelection(i, area, f"{start}/{end}", part) for i, area, part, start, end in planned.others
        )
        planned = _plan(project, replace(request, figures=(*request.figures, *more)), today)
    return planned


def wanted_in(file: str, data: bytes) -> tuple[FigureSelection, ...]:
    """Read a list of figures from a CSV file with the columns of the list of withdrawals, or of observations.

    Raises:
        PortalError: there is no column `indicator`, or a row has no indicator.
    """
    selections: list[FigureSelection] = []
    try:
        rows = csv_editing.read_rows(data)
    except UnicodeDecodeError:
        raise PortalError(
            [_wrong(file, "The list is not saved as UTF-8.", "Save it again as CSV UTF-8.")]
        ) from None
    for number, row in enumerate(rows, 2):
        if not (row.get("indicator") or "").strip():
            fix = "Give each figure its indicator; area, period_start, period_end and part as in the table."
            raise PortalError(
                [Problem(file, number, "indicator", "withdraw", "This row names no indicator.", fix)]
            )
        cell = {k: (v or "").strip() for k, v in row.items() if isinstance(k, str) and isinstance(v, str)}
        start, end = cell.get("period_start", ""), cell.get("period_end", "")
        period = f"{start}/{end}" if start and end else end
        selections.append(FigureSelection(cell["indicator"], cell.get("area", ""), period, cell.get("part")))
    if not selections:
        raise PortalError([_wrong(file, "The list names no figures.", "Add a row for each figure.")])
    return tuple(selections)


def _plan(project: Project, request: WithdrawalRequest, today: date) -> PlannedWithdrawal:
    content = project.content
    past = [(e, releasing.opened(project, e)) for e in content.releases]
    now = replace(releasing.contents(project, {}), lists=releasing.lists(project))
    known = _mentions_of_figures(project, now, past)
    forms = _forms(project, now, known)
    named = list(dict.fromkeys(f for k in known for f in forms[k]))
    faults = [*_unknown(request.figures, named), *_no_reason(request.reason)]
    if faults:
        raise PortalError(faults)
    chosen = [k for k in known if any(w.fits(f) for w in request.figures for f in forms[k])]
    values = {k: frozenset(Decimal(m.number) for m in known[k] if m.number) for k in chosen}
    if any(mentions(request.reason, v) for v in values.values()):
        message = "The reason gives the number away, and readers will see the reason."
        raise PortalError([_wrong("--reason", message, "Say why without the number.")])
    out = Redaction({k: _mark(content, k, request.wrong) for k in chosen}, values, project.names)
    listed = {withdrawn_figure(w) for w in content.withdrawals}
    where = {k: _where(k, known[k]) for k in chosen}
    fresh = [(k, listed_as) for k in chosen for listed_as in where[k] if values[k] or listed_as not in listed]
    kind = WithdrawalKind.WRONG if request.wrong else WithdrawalKind.PROTECT
    first = 1 + max((w.number for w in content.withdrawals), default=0)
    new = tuple(
        WithdrawnFigure(n, today, *f[:3], _day(f[3]), _day(f[4]), kind, request.reason, ";".join(where[k][f]))
        for n, (k, f) in enumerate(fresh, first)
    )  # fmt: skip
    reached = [e.name for e, _ in past if any(e.id in w.releases.split(";") for w in new)]
    revealed, others = consequences(project, out) if new else ((), ())
    return PlannedWithdrawal(
        new,
        tuple(dict.fromkeys(in_words(content, k) for k, _ in fresh)),
        tuple(reached),
        dict(_files(project, out, new, now, past)) if new else {},
        tuple(dict.fromkeys(look(project, out, now, {e.name: a.contents for e, a in past}))) if new else (),
        tuple(in_words(content, k) for k in revealed),
        others,
        tuple(in_words(content, k) for k in others),
    )


Past = Sequence[tuple[Release, Archive]]


@dataclass(frozen=True)
class _Mention:
    """A release that has a figure, the key that it has there, and its number; the release is "" for the tables."""

    release: str
    key: Figure
    number: str


def _mentions_of_figures(project: Project, now: Contents, past: Past) -> Mapping[Figure, Sequence[_Mention]]:
    """Return where each figure is, by the key that it has now: in the tables, in releases, then in the log of changes."""
    found: dict[Figure, list[_Mention]] = defaultdict(list)
    shown = [(e.id, project.names[e.id], comparison.keyed(a.contents)) for e, a in past]
    for release, names, rows in (("", UNCHANGED, comparison.keyed(now)), *shown):
        for k, row in rows.items():
            found[names.figure(k)].append(_Mention(release, k, row["value"]))
    own = {release: (names, rows) for release, names, rows in shown}
    before = dict(zip(own, [(UNCHANGED, {}), *own.values()], strict=False))
    for c in (c for c in project.content.changes if c.area and c.release in own):
        k = of_change({f: str(getattr(c, f) or "") for f in KEY})
        for (names, rows), number in ((before[c.release], c.old), (own[c.release], c.new)):
            if k in rows or number:
                found[names.figure(k)].append(_Mention(c.release, k, number))
    return found


def _forms(
    project: Project, now: Contents, known: Mapping[Figure, Sequence[_Mention]]
) -> Mapping[Figure, Set[Figure]]:
    """Return the keys under which each figure can be named: with names of today or of a release.

    A name that something has today means that.
    """
    today = comparison.keyed(now)
    areas, parts = {k[1] for k in today}, {(k[0], k[2]) for k in today}

    def forms(k: Figure, then: Figure) -> Iterator[Figure]:
        ids = (k[0], *({then[0]} - project.content.indicators.keys()))
        codes = (k[1], *({then[1]} - areas))
        own = (k[2], *(p for p in (then[2],) if (k[0], p) not in parts))
        yield from ((*form, *k[3:]) for form in product(ids, codes, own))

    return {k: {f for m in there for f in forms(k, m.key)} for k, there in known.items()}


def _where(figure: Figure, there: Iterable[_Mention]) -> Mapping[Figure, list[str]]:
    """Return the keys of a figure in the tables and in releases, and under each the releases that show its number."""
    where: dict[Figure, dict[str, None]] = {}
    for m in there:
        if not m.release:
            where.setdefault(m.key, {})
        elif m.number and not any(m.release in releases for releases in where.values()):
            where.setdefault(m.key, {})[m.release] = None
    return {k: [*releases] for k, releases in where.items()} or {figure: []}


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None


def _wrong(place: str, message: str, fix: str) -> Problem:
    return Problem(place, code="withdraw", message=message, fix=fix)


def _unknown(wanted: Iterable[FigureSelection], known: Sequence[Figure]) -> Iterator[Problem]:
    """Yield a problem for each selection that matches no figure in the tables or a release."""
    for w in wanted:
        if any(w.fits(k) for k in known):
            continue
        of_indicator = [k for k in known if k[0] == w.indicator]
        if not of_indicator:
            message, fix = (
                f"No figure has the indicator “{w.indicator}”.",
                did_you_mean(w.indicator, {k[0] for k in known}),
            )
        elif w.area and w.area not in {k[1] for k in of_indicator}:
            message, fix = (
                f"{w.indicator} has no figure of the area {w.area}.",
                did_you_mean(w.area, {k[1] for k in of_indicator}),
            )
        elif w.period and w.period not in {p for k in of_indicator for p in (k[4], f"{k[3]}/{k[4]}")}:
            message = f"{w.indicator} has no figure for the period {w.period}."
            fix = f"Write its last day, or both days. {did_you_mean(w.period, {k[4] for k in of_indicator if k[4]})}"
        elif w.part is not None and w.part not in {k[2] for k in of_indicator}:
            message, fix = (
                f"{w.indicator} has no part called “{w.part}”.",
                did_you_mean(w.part, {k[2] for k in of_indicator if k[2]}),
            )
        else:
            message, fix = (
                f"No figure matches all of these: {w.words}.",
                "Leave one of them out, and look at what is listed.",
            )
        yield _wrong("portal withdraw", message, fix)


def _no_reason(reason: str) -> Iterator[Problem]:
    if not reason.strip():
        message = "Taking a figure back needs a reason, which readers will see."
        yield _wrong("--reason", message, 'Write --reason "…", without the number.')


def _mark(content: Content, figure: Figure, wrong: bool) -> str:
    """Return the status to write in place of the number."""
    indicator = content.indicators.get(figure[0])
    careful = indicator is None or indicator.sensitive or indicator.protected
    return "x" if wrong and not careful else comparison.WITHHELD


def _files(
    project: Project,
    out: Redaction,
    new: Sequence[WithdrawnFigure],
    now: Contents,
    past: Past,
) -> Iterator[tuple[Path, bytes]]:
    """Yield each file that changes, the list of releases last."""
    data = project.home / "data"
    less = out.contents(now)
    folder = project.settings.packages_folder
    for name, content in less.files.items():
        if content != now.files[name]:
            yield folder / name, content
    for name, content in less.lists.items():
        if content != now.lists[name]:
            yield data / name, content
    releases: list[Release] = []
    for release, packed in reissued(past, out, new):
        releases.append(release)
        if packed is not None:
            yield releasing.archive_of(project, release.id), packed
    yield data / "changes.csv", out.changes((data / "changes.csv").read_bytes())
    yield data / "reasons.csv", out.reasons((data / "reasons.csv").read_bytes())
    yield from _list(project, new)
    yield data / "releases.csv", releasing.table(Release, releases).encode()


def reissued(
    past: Past, out: Redaction, new: Sequence[WithdrawnFigure]
) -> Iterator[tuple[Release, bytes | None]]:
    """Yield each release with its archive without the figures; None where the archive stays as it is."""
    before = ("", "")
    for release, archive in past:
        contents = out.contents(archive.contents, release.id)
        changes = out.changes(archive.changes.encode()).decode()
        withdrawn_here = tuple(_named(w) for w in new if release.id in w.releases.split(";"))
        about = replace(
            archive.about,
            before=before[0],
            before_sha256=before[1],
            withdrawn=(*archive.about.withdrawn, *withdrawn_here),
        )
        if (about, contents, changes) == (archive.about, archive.contents, archive.changes):
            before = release.id, release.sha256
            yield release, None
            continue
        packed = archives.pack(about, contents, changes)
        again = replace(release, sha256=archives.sha256(packed))
        before = again.id, again.sha256
        yield again, packed


def _named(withdrawal: WithdrawnFigure) -> Mapping[str, str]:
    """Return how an archive names a withdrawn figure: its key and the date, without the number."""
    return {
        "withdrawn_on": withdrawal.withdrawn_on.isoformat(),
        **dict(zip(KEY, withdrawn_figure(withdrawal), strict=True)),
    }


def _list(project: Project, new: Sequence[WithdrawnFigure]) -> Iterator[tuple[Path, bytes]]:
    """Yield the list of withdrawn figures, and the descriptor if it does not name the list yet."""
    path = project.home / "data" / "withdrawals.csv"
    if not path.is_file():
        header = ",".join(f.name for f in fields(WithdrawnFigure)) + "\n"
        path_of = project.home / archives.DESCRIPTOR
        descriptor = json.loads(path_of.read_text("utf-8-sig"))
        if "withdrawals" not in [r.get("name") for r in descriptor["resources"]]:
            descriptor["resources"].append(
                describe_resource("withdrawals", contract(releasing.KIND)["resources"]["withdrawals"])
            )
            yield path_of, (json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n").encode()
        yield path, csv_editing.add_rows(header.encode(), map(_row, new))
        return
    yield path, csv_editing.add_rows(path.read_bytes(), map(_row, new))


def _row(withdrawal: WithdrawnFigure) -> Row:
    cells = ((f.name, getattr(withdrawal, f.name)) for f in fields(WithdrawnFigure))
    return {name: "" if cell is None else str(cell) for name, cell in cells}
