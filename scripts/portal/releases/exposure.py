"""Find what still gives away a withdrawn figure: sums from which it follows, and text that states it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from portal.core import periods
from portal.core.model import Content, Observation
from portal.core.problems import PortalError
from portal.core.small_counts import is_guarded
from portal.core.text import TEXT_FILES, visible_text
from portal.core.vocabulary import Status
from portal.disclosure import clearing, inference
from portal.disclosure.inference import EarlierRelease
from portal.releases import comparison
from portal.releases.archives import Contents
from portal.releases.comparison import Figure
from portal.releases.mentions import mentions
from portal.releases.redaction import Redaction
from portal.releases.releasing import Project

_TRIED = 40  # the most other figures to try when looking for one that must be withdrawn too
_ON_PAGES = (".md", ".toml")
# Tables to skip when looking for numbers in text.
_PLAIN = ("observations", "boundaries", "surroundings", "postcodes", "populations", "overlaps", "imports")


def in_words(content: Content, figure: Figure) -> str:
    """Name a figure without its number: `Thefts, Exampleton, 12 months to June 2020`."""
    indicator, area, part, start, end = figure
    known = content.indicators.get(indicator)
    place = content.areas[area].name if area in content.areas else area
    days = (date.fromisoformat(d) if d else None for d in (start, end))
    period = periods.label(known.period_type if known else "rolling-months", *days)
    return ", ".join(filter(None, (known.title if known else indicator, place, part, period)))


def consequences(project: Project, out: Redaction) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Return the figures whose number still follows from what stays, and others to withdraw to prevent that.

    The second tuple is empty if nothing follows, or if no small set of others is enough.
    """
    content, gone = _after(project.content, out), set(out.marks)
    earlier = project.earlier
    revealed = _revealed(project, content, earlier, gone)
    others: list[Figure] = []
    left = revealed
    while left:
        best = None
        for k in _candidates(content, left, gone | set(others)):
            tried = _revealed(project, _without(content, [*others, k]), earlier, {*gone, *others, k})
            if best is None or len(tried) < len(best[1]):
                best = (k, tried)
            if not tried:
                break
        if best is None or (len(best[1]) >= len(left) and len(others) >= 2):
            return revealed, ()
        others.append(best[0])
        left = best[1]
    return revealed, tuple(others)


def _kept(past: EarlierRelease, gone: Collection[Figure]) -> EarlierRelease:
    """Return an earlier release without the withdrawn figures."""
    return replace(past, observations=tuple(o for o in past.observations if _figure_of(o) not in gone))


def _figure_of(o: Observation) -> Figure:
    return (
        o.indicator,
        o.area,
        o.part,
        *(d.isoformat() if d else "" for d in (o.period_start, o.period_end)),
    )  # type: ignore[return-value]


def _after(content: Content, out: Redaction) -> Content:
    """Return the content without the figures, treating small counts of their indicators as protected."""
    indicators = {
        i.id: replace(i, protected=True) if i.id in out.numbers else i for i in content.indicators.values()
    }
    return _without(replace(content, indicators=indicators), out.marks)


def _without(content: Content, figures: Collection[Figure]) -> Content:
    used, gone = {k[0] for k in figures}, set(figures)
    observations = {
        i: tuple(
            replace(o, value=None, status=Status.WITHHELD) if _figure_of(o) in gone else o for o in figures_of
        )
        if i in used
        else figures_of
        for i, figures_of in content.observations.items()
    }
    return replace(content, observations=observations)


def _revealed(
    project: Project, content: Content, earlier: Sequence[EarlierRelease], gone: Collection[Figure]
) -> tuple[Figure, ...]:
    """Return the withdrawn figures that have only one possible number.

    For guarded indicators, return those whose possible numbers are too close together.
    """
    try:
        past = [_kept(p, gone) for p in earlier]
        memory = clearing.remembered_audits(project.settings)
        inferred = inference.infer(content, project.settings.disclosure, past, memory)
    except PortalError:  # the figures contradict each other, so nothing exact follows from them
        return ()
    known = {i.published.key: i for i in inferred.intervals}
    leaks = {leak.interval.published.key for leak in inferred.leaks}
    careful = {i.id for i in project.content.indicators.values() if is_guarded(i)}

    def narrow(o: Observation) -> bool:
        i = known.get(o.key)
        return i is not None and (o.key in leaks if o.indicator in careful else i.greatest - i.least < 1)

    figures = (o for figures_of in content.observations.values() for o in figures_of if narrow(o))
    return tuple(k for o in figures if (k := _figure_of(o)) in gone)


def _candidates(content: Content, revealed: Collection[Figure], gone: Collection[Figure]) -> list[Figure]:
    """Return published figures that may give a number away, the most likely first."""
    totals = {content.indicators[k[0]].part_of or k[0] for k in revealed if k[0] in content.indicators}
    ranked = [
        (_distance(k, revealed), k)
        for i in content.indicators.values() if (i.part_of or i.id) in totals
        for o in content.observations.get(i.id, ()) if o.value is not None and (k := _figure_of(o)) not in gone
    ]  # fmt: skip
    return [k for _, k in sorted(ranked)[:_TRIED]]


def _distance(figure: Figure, revealed: Iterable[Figure]) -> tuple[int, int]:
    """Return in how many ways a figure differs from the nearest revealed one; totals come after parts."""
    return min(sum(a != b for a, b in zip(figure, k, strict=True)) for k in revealed), not figure[2]


def look(project: Project, out: Redaction, now: Contents, past: Mapping[str, Contents]) -> Iterator[str]:
    """Yield each place whose text or figures can contain a withdrawn number, for a person to check.

    `past` is what each release published, by its name.
    """
    content = project.content
    names = {
        i: [w.lower() for w in (content.indicators[i].title, content.indicators[i].short_title)] if i in content.indicators else []
        for i in out.numbers
    }  # fmt: skip

    def about(words: str, also: Collection[str] = ()) -> bool:
        return any(
            mentions(words, {v for v in values if i in also or comparison.is_long(v) or any(n in words.lower() for n in names[i])}, places=False)
            for i, values in out.numbers.items()
        )  # fmt: skip

    less = out.contents(now)
    for table in less.tables:
        if table.name in _PLAIN:
            continue
        for number, row in enumerate(table.rows, 2):
            if any(about(cell or "", row.values()) for name, cell in row.items() if name not in table.key):
                yield f"{table.package}, table {table.name}, row {number}"
    for k, values in out.values.items():
        for o in (o for figures in content.observations.values() for o in figures if o.indicator != k[0]):
            same = _figure_of(o)
            if o.value in values and (same[1], same[4]) == (k[1], k[4]) and same not in out.marks:
                yield f"{in_words(content, same)}: the same number"
    yield from _under_former_names(project, out, now, past)
    for e in content.releases:
        if about(e.note):
            yield f"the note of the release {e.name}"
    folder = project.settings.source_folder
    for path in sorted(folder.rglob("*")):
        suffix, is_asset = path.suffix.lower(), path.is_relative_to(folder / "assets")
        if (suffix in _ON_PAGES or (is_asset and suffix in TEXT_FILES)) and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if about(visible_text(text) if is_asset else text):
                yield project.file_name(path)


def _under_former_names(
    project: Project, out: Redaction, now: Contents, past: Mapping[str, Contents]
) -> Iterator[str]:
    """Yield figures of releases with a withdrawn number that only an id, area, part or period tells from the withdrawn one.

    Those that today's tables have as well are other figures.
    """
    today, names = comparison.keyed(now), {e.name: project.names[e.id] for e in project.content.releases}
    for release, contents in past.items():
        for then, row in comparison.keyed(contents).items():
            k = names[release].figure(then)
            if row["value"] and k not in today and k not in out.marks:
                value = Decimal(row["value"])
                if any(
                    value in values and _differences(k, other) == 1 for other, values in out.values.items()
                ):
                    yield f"{in_words(project.content, k)}, in the release {release}: the same number, perhaps under a former name; if so, withdraw it too"


def _differences(one: Figure, other: Figure) -> int:
    """Return how many of indicator, area, part and period differ."""
    return sum(a != b for a, b in zip((*one[:3], one[3:]), (*other[:3], other[3:]), strict=True))
