"""Compare two releases: figures, words and pages.

The comparison uses the published tables and does not depend on how pages are built from them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from portal.core import field_types, periods
from portal.core.model import ReasonForChange, ReleaseChange
from portal.core.vocabulary import ChangeKind, Status
from portal.releases.archives import ArchivedTable, Contents
from portal.releases.mentions import mentions

Row = Mapping[str, str]
Figure = tuple[str, str, str, str, str]  # indicator, area, part, first day, last day
Numbers = Mapping[str, Collection[Decimal]]  # by indicator
_PLAIN = ("indicator", "area", "period_start", "period_end", "value", "status", "source", "locator")
# Columns about where a figure comes from and how reliable it is.
AROUND = ("status", "source", "locator")
WITHHELD = Status.WITHHELD
# Report more changed rows of one table than this as one change.
MANY = 40
_LONG = 3  # digits


def compare(old: Contents, new: Contents, whole: bool = False) -> tuple[ReleaseChange, ...]:
    """Return every change from `old` to `new`: figures, then words, then pages.

    With `whole`, a new or removed row is given with all its cells and many rows of one table are listed one by one, for a
    person who signs them; without, they are named and counted, as a release records them.

    Each figure that is new, revised, withdrawn or rolled is one change; so is each changed cell of text. The number of a
    removed figure is never repeated, nor is text that states it.
    """
    changed = tuple(figures(old, new))
    gone = _numbers_gone(old, changed)
    return (*changed, *_around(old, new, gone), *_words(old, new, whole, gone), *_pages(old, new))


def condensed(
    changes: Iterable[ReleaseChange], kinds: Collection[str] = ("new",)
) -> tuple[ReleaseChange, ...]:
    """Merge the changes of an indicator that are of the same kind, for each of `kinds`.

    A merged change covers the earliest first day to the latest last day. Withheld figures are merged separately.
    """
    alone: list[ReleaseChange] = []
    alike: dict[tuple[str, str, bool], list[ReleaseChange]] = defaultdict(list)
    for change in changes:
        if change.kind in kinds:
            alike[change.kind, change.indicator, change.new_status == WITHHELD].append(change)
        else:
            alone.append(change)
    return (*(_together(group) for group in alike.values()), *alone)


def _together(group: list[ReleaseChange]) -> ReleaseChange:
    if len(group) == 1:
        return group[0]
    starts = [c.period_start for c in group if c.period_start]
    ends = [c.period_end for c in group if c.period_end]
    status = WITHHELD if group[0].new_status == WITHHELD else ""
    plain = _change(
        group[0].kind, indicator=group[0].indicator, new_status=status, count=sum(c.count for c in group)
    )
    return replace(plain, period_start=min(starts, default=None), period_end=max(ends, default=None))


def explained(
    changes: Iterable[ReleaseChange], reasons: Iterable[ReasonForChange], default: str = ""
) -> tuple[ReleaseChange, ...]:
    """Return the changes; revised and withdrawn figures get the most specific reason that fits, or else the default."""
    known = sorted(reasons, key=_closeness, reverse=True)
    return tuple(
        replace(c, reason=next((r.reason for r in known if fits(r, c)), default)) if needs_reason(c) else c
        for c in changes
    )


def needs_reason(change: ReleaseChange) -> bool:
    """Return True if a change must not be published without a reason."""
    return change.kind in ("revised", "withdrawn")


def fits(reason: ReasonForChange, change: ReleaseChange) -> bool:
    """Return True if a reason applies to a change."""
    wanted = (reason.indicator, reason.area, reason.period_end)
    actual = (change.indicator, change.area, change.period_end)
    return needs_reason(change) and all(not a or a == b for a, b in zip(wanted, actual, strict=True))


def _closeness(reason: ReasonForChange) -> int:
    return sum(map(bool, (reason.indicator, reason.area, reason.period_end)))


def _change(kind: str, **fields: object) -> ReleaseChange:
    blank = ReleaseChange(
        "", 0, ChangeKind(kind), "", "", "", None, None, "", "", Status.PLAIN, "", Status.PLAIN, 1, ""
    )
    return replace(blank, **fields)  # type: ignore[arg-type]


# --- figures


def observations(contents: Contents) -> Iterator[tuple[Row, str]]:
    """Yield each published figure as a row of text, with its part of the breakdown ("" is all parts together)."""
    for table in contents.tables:
        if _holds_figures(table) and table.rows:
            split = [k for k in table.rows[0] if k not in _PLAIN]
            for row in table.rows:
                yield row, next((row[k] for k in split if row[k]), "")


def rows_of_figures(contents: Contents) -> Iterator[tuple[str, int, Row]]:
    """Yield each row of figures with the path of its table and its number there."""
    for table in filter(_holds_figures, contents.tables):
        resources = contents.descriptor(table.package)["resources"]
        path = next(r["path"] for r in resources if r["name"] == table.name)
        yield from ((f"{table.package}/{path}", n, row) for n, row in enumerate(table.rows, 2))


def keyed(contents: Contents) -> dict[Figure, Row]:
    """Return the row of each figure by the key of the figure, whatever package it is in."""
    return {
        (r["indicator"], r["area"], part, r["period_start"], r["period_end"]): r
        for r, part in observations(contents)
    }


def of_row(row: Row) -> Figure:
    """Return the key of the figure in a row of observations."""
    part = next((v for k, v in row.items() if k not in _PLAIN and v), "")
    return row["indicator"], row["area"], part, row["period_start"], row["period_end"]


def _holds_figures(table: ArchivedTable) -> bool:
    return table.name == "observations"


def figures(old: Contents, new: Contents) -> Iterator[ReleaseChange]:
    """Yield every figure that is new, revised, withdrawn or rolled."""
    before, after = keyed(old), keyed(new)
    rolled = _rolled(before, after, _kinds(old) | _kinds(new))
    for key in (*after, *(k for k in before if k not in after)):
        was, now = before.get(key, {}), after.get(key, {})
        kind = "rolled" if key in rolled else _kind(was, now)
        if kind:
            indicator, area, part, start, end = key
            yield _change(
                kind,
                indicator=indicator,
                area=area,
                part=part,
                period_start=field_types.date_or_none(start),
                period_end=field_types.date_or_none(end),
                old=was.get("value", "") if now.get("value") else "",
                old_status=was.get("status", ""),
                new=now.get("value", ""),
                new_status=now.get("status", ""),
            )


def _rolled(
    before: Mapping[Figure, Row], after: Mapping[Figure, Row], kinds: Mapping[str, str]
) -> set[Figure]:
    """Return the figures that were replaced by overlapping later months of the same series, as many as before.

    Overlapping quarters of a series are never published side by side, nor overlapping years of figures that could point
    to a person, because their difference would be a figure for fewer months. So new periods replace the old ones, which
    is not a withdrawal: twelve months roll on, or quarters end in other months than before. It is not a roll if areas of
    the same kind still have the old period, or if the newer one was published before.
    """
    fresh: dict[Figure, list[tuple[str, str]]] = defaultdict(list)
    for key in after.keys() - before.keys():
        fresh[(*key[:3], "", "")].append(key[3:])
    current = {(key[0], kinds.get(key[1], ""), *key[3:]) for key in after}
    return {
        key
        for key in before.keys() - after.keys()
        if (months := _months(*key[3:]))
        and (key[0], kinds.get(key[1], ""), *key[3:]) not in current
        and any(_months(*n) == months and key[3] < n[0] <= key[4] for n in fresh.get((*key[:3], "", ""), ()))
    }


def _months(start: str, end: str) -> int:
    return periods.months_between(field_types.date_or_none(start), field_types.date_or_none(end)) or 0


def _kinds(contents: Contents) -> dict[str, str]:
    """Return the kind of each area."""
    rows = (row for table in contents.tables if table.name == "areas" for row in table.rows)
    return {row.get("code", ""): row.get("kind", "") for row in rows}


def careful_indicators(contents: Contents) -> set[str]:
    """Return the ids of indicators whose small counts are withheld; any value but empty, false or 0 counts as yes."""
    return {
        row.get("id", "")
        for table in contents.tables if table.name == "indicators"
        for row in table.rows
        if any(row.get(column, "").lower() not in ("", "false", "0") for column in ("sensitive", "protected"))
    }  # fmt: skip


def _kind(was: Row, now: Row) -> str:
    """Return what happened to a figure: "new", "revised" or "withdrawn"; "" if its number is the same (12 equals 12.0)."""
    if now.get("value"):
        if not was.get("value"):
            return "new"
        return (
            "revised"
            if field_types.read_number(was["value"]) != field_types.read_number(now["value"])
            else ""
        )
    if was.get("value"):
        return "withdrawn"
    return "new" if now and not was else "withdrawn" if was and not now else ""


def _numbers_gone(old: Contents, changed: Iterable[ReleaseChange]) -> Numbers:
    """Return the numbers of figures that were withdrawn, by indicator."""
    before, numbers = keyed(old), defaultdict[str, set[Decimal]](set)
    for c in (c for c in changed if c.kind == "withdrawn"):
        if value := before[of_change(c)]["value"]:
            numbers[c.indicator].add(Decimal(value))
    return numbers


def of_change(change: ReleaseChange) -> Figure:
    """Return the key of the figure that a change is about."""
    days = (d.isoformat() if d else "" for d in (change.period_start, change.period_end))
    return change.indicator, change.area, change.part, *days  # type: ignore[return-value]


def _without_numbers(change: ReleaseChange, about: Collection[str], gone: Numbers) -> ReleaseChange:
    """Return a change of text without it if it states a number in `gone`; `about` can contain ids of indicators.

    In text about other indicators, only numbers with three digits or more count.
    """
    for indicator, numbers in gone.items():
        own = numbers if indicator in about else {n for n in numbers if is_long(n)}
        if any(mentions(words, own, places=False) for words in (change.old, change.new)):
            return replace(change, old="", new="")
    return change


def is_long(number: Decimal) -> bool:
    """Return True if a number has so many digits that it is unlikely to be in a text by chance."""
    return len(f"{abs(number):f}".replace(".", "")) >= _LONG


def _around(old: Contents, new: Contents, gone: Numbers) -> Iterator[ReleaseChange]:
    """Yield one change for each indicator and column in which figures with unchanged numbers differ."""
    before, after = keyed(old), keyed(new)
    changed_cells: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for key in before.keys() & after.keys():
        if not _kind(before[key], after[key]):
            for column in AROUND:
                pair = before[key][column], after[key][column]
                if pair[0] != pair[1]:
                    changed_cells[key[0], column].append(pair)
    for (indicator, column), pairs in sorted(changed_cells.items()):
        same = pairs[0] if len(set(pairs)) == 1 else ("", "")
        place = f"observations, column {column}"
        told = _change("words", indicator=indicator, place=place, old=same[0], new=same[1], count=len(pairs))
        yield _without_numbers(told, (indicator,), gone)


# --- words and pages


def _words(old: Contents, new: Contents, whole: bool, gone: Numbers) -> Iterator[ReleaseChange]:
    """Yield every changed cell, new row and removed row of the tables without figures."""
    before = {(t.package, t.name): t for t in old.tables if not _holds_figures(t)}
    after = {(t.package, t.name): t for t in new.tables if not _holds_figures(t)}
    for where in (*after, *(w for w in before if w not in after)):
        changes = list(_cells(f"{where[0]}/{where[1]}", before.get(where), after.get(where), whole))
        if (len(changes) > MANY or where not in before) and not (whole and before):
            yield from _in_short(f"{where[0]}/{where[1]}", (c for c, _ in changes))
        else:
            yield from (_without_numbers(c, about, gone) for c, about in changes)


def _cells(
    name: str, old: ArchivedTable | None, new: ArchivedTable | None, whole: bool
) -> Iterator[tuple[ReleaseChange, Collection[str]]]:
    """Yield each change of a table with the cells of its row."""
    said = _all_cells if whole else _said
    key = next(t.key for t in (new, old) if t)
    before = {tuple(r.get(k, "") for k in key): r for r in (old.rows if old else ())}
    after = {tuple(r.get(k, "") for k in key): r for r in (new.rows if new else ())}
    for row_key in (*after, *(k for k in before if k not in after)):
        place = f"{name}, {' '.join(filter(None, row_key))}"
        was, now = before.get(row_key), after.get(row_key)
        if was is None:
            yield _change("words", place=place, new=said(now or {}, key)), {*(now or {}).values()}
        elif now is None:
            yield _change("words", place=place, old=said(was, key)), {*was.values()}
        else:
            for column in dict.fromkeys((*now, *was)):
                if was.get(column, "") != now.get(column, ""):
                    where = f"{place}, column {column}"
                    pair = was.get(column, ""), now.get(column, "")
                    yield (
                        _change("words", place=where, old=pair[0], new=pair[1]),
                        {*was.values(), *now.values()},
                    )


def _said(row: Row, key: tuple[str, ...]) -> str:
    """Return text that identifies a row to a reader: its name, or else all its cells."""
    for column in ("title", "name", "heading", "term"):
        if row.get(column):
            return row[column]
    return "; ".join(v for k, v in row.items() if v and k not in key) or " ".join(row.values())


def _all_cells(row: Row, key: tuple[str, ...]) -> str:
    """Return everything that a row says."""
    return "; ".join(f"{k.replace('_', ' ')}: {v}" for k, v in row.items() if v and k not in key) or " ".join(
        row.values()
    )


def _in_short(name: str, changes: Iterable[ReleaseChange]) -> Iterator[ReleaseChange]:
    """Yield how many rows of a table were changed, added and removed, without naming them."""

    def sort(change: ReleaseChange) -> str:
        return "changed" if change.old and change.new else "new" if change.new else "taken out"

    for kind, count in Counter(map(sort, changes)).items():
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
