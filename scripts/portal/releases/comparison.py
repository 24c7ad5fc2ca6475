"""What changed between two releases: figures, words and pages.

Works on what was published, table by table, and knows nothing of how pages are made of it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from portal.core import field_types, periods
from portal.core.model import ReasonForChange, ReleaseChange
from portal.core.vocabulary import ChangeKind, Status
from portal.releases.archives import ArchivedTable, Contents

Row = Mapping[str, str]
Figure = tuple[str, str, str, str, str]  # indicator, area, part, first day, last day
_PLAIN = ("indicator", "area", "period_start", "period_end", "value", "status", "source", "locator")
# What says where a figure comes from, or how sure it is.
_AROUND = ("status", "source", "locator")
WITHHELD = Status.WITHHELD
# More changed rows of one table are told as one change.
MANY = 40


def compare(old: Contents, new: Contents) -> tuple[ReleaseChange, ...]:
    """Every change from one to the other: figures, then words, then pages.

    A figure that is new, revised, withdrawn or rolled is a change of its own; so is each changed cell of words. The
    number of a figure that was taken away is not repeated where its row is gone, where it is now withheld, or where
    small counts of its indicator are withheld.
    """
    return (*figures(old, new), *_around(old, new), *_words(old, new), *_pages(old, new))


def condensed(
    changes: Iterable[ReleaseChange], kinds: Collection[str] = ("new",)
) -> tuple[ReleaseChange, ...]:
    """Gather the figures of an indicator that changed in one of these ways into one change each.

    It goes from the earliest first day to the last one. Figures that are withheld are gathered apart.
    """
    found: list[ReleaseChange] = []
    alike: dict[tuple[str, str, bool], list[ReleaseChange]] = defaultdict(list)
    for change in changes:
        if change.kind in kinds:
            alike[change.kind, change.indicator, change.new_status == WITHHELD].append(change)
        else:
            found.append(change)
    return (*(_together(own) for own in alike.values()), *found)


def _together(own: list[ReleaseChange]) -> ReleaseChange:
    if len(own) == 1:
        return own[0]
    starts = [c.period_start for c in own if c.period_start]
    ends = [c.period_end for c in own if c.period_end]
    status = WITHHELD if own[0].new_status == WITHHELD else ""
    plain = _change(
        own[0].kind, indicator=own[0].indicator, new_status=status, count=sum(c.count for c in own)
    )
    return replace(plain, period_start=min(starts, default=None), period_end=max(ends, default=None))


def explained(
    changes: Iterable[ReleaseChange], reasons: Iterable[ReasonForChange], default: str = ""
) -> tuple[ReleaseChange, ...]:
    """The changes, each figure that was revised or withdrawn with the closest reason that fits it, or the default."""
    known = sorted(reasons, key=_closeness, reverse=True)
    return tuple(
        replace(c, reason=next((r.reason for r in known if fits(r, c)), default)) if needs_reason(c) else c
        for c in changes
    )


def needs_reason(change: ReleaseChange) -> bool:
    """Whether a change may only be published with a reason."""
    return change.kind in ("revised", "withdrawn")


def fits(reason: ReasonForChange, change: ReleaseChange) -> bool:
    """Whether a reason counts for a change."""
    told = (reason.indicator, reason.area, reason.period_end)
    own = (change.indicator, change.area, change.period_end)
    return needs_reason(change) and all(not a or a == b for a, b in zip(told, own, strict=True))


def _closeness(reason: ReasonForChange) -> int:
    return sum(map(bool, (reason.indicator, reason.area, reason.period_end)))


def _change(kind: str, **told: object) -> ReleaseChange:
    blank = ReleaseChange(
        "", 0, ChangeKind(kind), "", "", "", None, None, "", "", Status.PLAIN, "", Status.PLAIN, 1, ""
    )
    return replace(blank, **told)  # type: ignore[arg-type]


# --- figures


def observations(contents: Contents) -> Iterator[tuple[Row, str]]:
    """Each figure that was published, as a row of text, and its part of the breakdown; empty for all together."""
    for table in contents.tables:
        if _holds_figures(table) and table.rows:
            split = [k for k in table.rows[0] if k not in _PLAIN]
            for row in table.rows:
                yield row, next((row[k] for k in split if row[k]), "")


def keyed(contents: Contents) -> dict[Figure, Row]:
    """Each figure by what tells it from others, whatever package it is in."""
    return {
        (r["indicator"], r["area"], part, r["period_start"], r["period_end"]): r
        for r, part in observations(contents)
    }


def of_row(row: Row) -> Figure:
    """What tells the figure in a row of observations from others."""
    part = next((v for k, v in row.items() if k not in _PLAIN and v), "")
    return row["indicator"], row["area"], part, row["period_start"], row["period_end"]


def _holds_figures(table: ArchivedTable) -> bool:
    return table.name == "observations"


def figures(old: Contents, new: Contents) -> Iterator[ReleaseChange]:
    """Every figure that is new, revised, withdrawn or rolled."""
    before, after = keyed(old), keyed(new)
    careful, rolled = _careful(old) | _careful(new), _rolled(before, after, _kinds(old) | _kinds(new))
    for key in (*after, *(k for k in before if k not in after)):
        was, now = before.get(key, {}), after.get(key, {})
        kind = "rolled" if key in rolled else _kind(was, now)
        if kind:
            gone = not now or (kind == "withdrawn" and key[0] in careful)
            hidden = gone or now.get("status") == WITHHELD
            indicator, area, part, start, end = key
            yield _change(
                kind,
                indicator=indicator,
                area=area,
                part=part,
                period_start=field_types.date_or_none(start),
                period_end=field_types.date_or_none(end),
                old="" if hidden else was.get("value", ""),
                old_status=was.get("status", ""),
                new=now.get("value", ""),
                new_status=now.get("status", ""),
            )


def _rolled(
    before: Mapping[Figure, Row], after: Mapping[Figure, Row], kinds: Mapping[str, str]
) -> set[Figure]:
    """Return the figures of 12 months that made way for later 12 months of the same thing.

    Where figures could point to a person, 12 months that overlap are never published side by side: their difference
    would be a figure of few months. So a new window pushes the old one out, and nobody took that back. It is no roll
    where areas of the same kind still have the old window, or where the newer one was published before.
    """
    fresh: dict[Figure, list[tuple[str, str]]] = defaultdict(list)
    for key in after.keys() - before.keys():
        fresh[(*key[:3], "", "")].append(key[3:])
    current = {(key[0], kinds.get(key[1], ""), *key[3:]) for key in after}
    return {
        key
        for key in before.keys() - after.keys()
        if _is_year(*key[3:])
        and (key[0], kinds.get(key[1], ""), *key[3:]) not in current
        and any(_is_year(*n) and key[3] < n[0] <= key[4] for n in fresh.get((*key[:3], "", ""), ()))
    }


def _is_year(start: str, end: str) -> bool:
    return periods.months_between(field_types.date_or_none(start), field_types.date_or_none(end)) == 12


def _kinds(contents: Contents) -> dict[str, str]:
    """Return the kind of each area."""
    rows = (row for table in contents.tables if table.name == "areas" for row in table.rows)
    return {row.get("code", ""): row.get("kind", "") for row in rows}


def _careful(contents: Contents) -> set[str]:
    """The indicators whose small counts are withheld; one that does not clearly say no is one of them."""
    return {
        row.get("id", "")
        for table in contents.tables if table.name == "indicators"
        for row in table.rows
        if any(row.get(column, "").lower() not in ("", "false", "0") for column in ("sensitive", "protected"))
    }  # fmt: skip


def _kind(was: Row, now: Row) -> str:
    """What became of a figure; nothing where its number is the same."""
    if now.get("value"):
        if not was.get("value"):
            return "new"
        return "revised" if field_types.number(was["value"]) != field_types.number(now["value"]) else ""
    if was.get("value"):
        return "withdrawn"
    return "new" if now and not was else "withdrawn" if was and not now else ""


def _around(old: Contents, new: Contents) -> Iterator[ReleaseChange]:
    """Figures whose number is as before, but not what is said of it: one change for each indicator and column."""
    before, after = keyed(old), keyed(new)
    told: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for key in before.keys() & after.keys():
        if not _kind(before[key], after[key]):
            for column in _AROUND:
                pair = before[key][column], after[key][column]
                if pair[0] != pair[1]:
                    told[key[0], column].append(pair)
    for (indicator, column), pairs in sorted(told.items()):
        same = pairs[0] if len(set(pairs)) == 1 else ("", "")
        yield _change(
            "words",
            indicator=indicator,
            place=f"observations, column {column}",
            old=same[0],
            new=same[1],
            count=len(pairs),
        )


# --- words and pages


def _words(old: Contents, new: Contents) -> Iterator[ReleaseChange]:
    """Every changed cell, new row and row taken out, of the tables that hold no figures."""
    before = {(t.package, t.name): t for t in old.tables if not _holds_figures(t)}
    after = {(t.package, t.name): t for t in new.tables if not _holds_figures(t)}
    for where in (*after, *(w for w in before if w not in after)):
        found = list(_cells(f"{where[0]}/{where[1]}", before.get(where), after.get(where)))
        if len(found) > MANY or where not in before:
            yield from _in_short(f"{where[0]}/{where[1]}", found)
        else:
            yield from found


def _cells(name: str, old: ArchivedTable | None, new: ArchivedTable | None) -> Iterator[ReleaseChange]:
    key = next(t.key for t in (new, old) if t)
    before = {tuple(r.get(k, "") for k in key): r for r in (old.rows if old else ())}
    after = {tuple(r.get(k, "") for k in key): r for r in (new.rows if new else ())}
    for own in (*after, *(k for k in before if k not in after)):
        place = f"{name}, {' '.join(filter(None, own))}"
        was, now = before.get(own), after.get(own)
        if was is None:
            yield _change("words", place=place, new=_said(now or {}, key))
        elif now is None:
            yield _change("words", place=place, old=_said(was, key))
        else:
            for column in dict.fromkeys((*now, *was)):
                if was.get(column, "") != now.get(column, ""):
                    where = f"{place}, column {column}"
                    yield _change("words", place=where, old=was.get(column, ""), new=now.get(column, ""))


def _said(row: Row, key: tuple[str, ...]) -> str:
    """What tells a reader which row this was: its name, or else everything in it."""
    for column in ("title", "name", "heading", "term"):
        if row.get(column):
            return row[column]
    return "; ".join(v for k, v in row.items() if v and k not in key) or " ".join(row.values())


def _in_short(name: str, found: list[ReleaseChange]) -> Iterator[ReleaseChange]:
    """How many rows of a table changed, came and went, without naming them."""

    def sort(change: ReleaseChange) -> str:
        return "changed" if change.old and change.new else "new" if change.new else "taken out"

    for kind, count in Counter(map(sort, found)).items():
        yield _change("words", place=f"{name}, {kind}", count=count)


def _pages(old: Contents, new: Contents) -> Iterator[ReleaseChange]:
    if not old.pages and new.pages:
        yield _change("page-new", place="", count=len(new.pages))
        return
    for path, label in new.pages.items():
        if path not in old.pages:
            yield _change("page-new", place=path, new=label)
    for path, label in old.pages.items():
        if path not in new.pages:
            yield _change("page-gone", place=path, old=label)
