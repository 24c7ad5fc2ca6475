"""A split of one part of a breakdown gives that part away where the part itself is withheld."""

from dataclasses import replace

from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import Status
from portal.disclosure import clearing
from portal.disclosure.clearing import ClearedContent
from portal.disclosure.withholding import Withheld
from portal.importers.police import derive

WHOLE, SPLIT = "stops-by-ethnicity", "stops-not-stated-by-officer"


def without(content: Content, *parts: str) -> Content:
    """The content with some parts of the searches by ethnic group withheld."""
    figures = tuple(
        replace(o, value=None, status=Status.WITHHELD) if o.part in parts else o
        for o in content.observations[WHOLE]
    )
    return replace(content, observations={**content.observations, WHOLE: figures})


def only(content: Content) -> Content:
    """The content with no other figures, so that the audit is quick."""
    return replace(content, observations={i: content.observations[i] for i in (WHOLE, SPLIT)})


def problems(content: Content) -> set[str]:
    return {
        p.file for p in clearing.problems(content, SmallCountSettings(10, 5)) if "gives it away" in p.message
    }


def test_what_officers_recorded_is_a_problem_where_the_number_not_stated_is_withheld(
    real: ClearedContent,
) -> None:
    content = only(real.content)
    assert problems(content) == set()
    assert problems(without(content, "Mixed", "Other")) == set()
    told = problems(without(content, "Mixed", "Not stated"))
    assert len(told) == len([o for o in content.observations[SPLIT] if o.value is not None])
    assert all(name.startswith(f"observations of {SPLIT}:") for name in told)


def test_an_import_leaves_out_a_split_of_a_withheld_part(real: ClearedContent) -> None:
    def kept(content: Content) -> set[str]:
        figures: tuple[Observation, ...] = (*content.observations[WHOLE], *content.observations[SPLIT])
        given = derive._without_splits(Withheld(figures, 0, 0, 0), (), content)
        return {o.indicator for o in given.observations}

    assert kept(only(real.content)) == {WHOLE, SPLIT}
    assert kept(without(only(real.content), "Not stated", "Mixed")) == {WHOLE}
