"""Sensitive subjects are recognised by any of their names, and no text says what is withheld."""

import json
import shutil
from pathlib import Path

import pytest
from portal.checks import sensitive_subjects
from portal.site import building
from test_disclosure_cases import FIGURES, B, N, W, add, figure, indicator, problems, tried, wards

plain = {"sensitive": "false"}
hidden = [figure("h", N, "c"), figure("h", W, "50")]
harm = indicator("h", title="Harm recorded", short_title="Harm")


@pytest.mark.parametrize("title", [
    "Rapes", "Sexual assaults", "Domestic incidents", "People abused domestically and domestic violence", "Homophobic crime", "Anti-Semitic incidents",
    "Racist incidents", "Stalkers charged", "People trafficked", "DA crimes", "Intimate images shared", "Grooming", "Racially or religiously aggravated offences",
    "Trais domestig", "Troseddau casineb", "Indecent exposure", "Spiking", "Modern-day slavery", "So-called honour killings", "Sex offences", "Child sexual abuse",
    "Exploitation of children", "Coercion and control", "Suicides", "Anti-Muslim incidents", "Non-fatal strangulation", "MARAC cases", "Cuckooing",
])  # fmt: skip
def test_a_subject_is_sensitive_by_any_of_its_names(title: str) -> None:
    assert sensitive_subjects.sensitive_word(title)


@pytest.mark.parametrize(
    "title",
    ["Domestic burglary", "Searches by sex", "Rapid response", "People who hated nothing", "Grapes", "Data by day", "Racing", "Drug trafficking", "Trafficking of drugs", "Anti-social behaviour"],
)  # fmt: skip
def test_other_words_are_not_sensitive(title: str) -> None:
    assert not sensitive_subjects.sensitive_word(title)


def test_a_part_of_a_guarded_total_is_guarded_too(tiny: Path) -> None:
    indicators = [indicator("h"), indicator("mid", part_of="h"), indicator("a", part_of="mid", **plain)]
    found = tried(tiny, indicators, [figure("h", B, "30"), figure("a", B, "3")])
    assert any("This is part of mid, whose small counts are protected" in p for p in found), found


def test_a_breakdown_with_a_sensitive_part_is_guarded(tiny: Path) -> None:
    rows = [figure("a", B, "3", type="Rape"), figure("a", B, "30", type="Theft")]
    found = tried(tiny, [indicator("a", breakdown="type", **plain)], rows, FIGURES)
    assert any("“rape” is a sensitive subject" in p for p in found), found


@pytest.mark.parametrize(
    ("definition", "is_told"),
    [
        ("Counts offences that officers flagged as domestic abuse.", True), ("People whom the team helped after a rape.", True),
        ("Violence with injury. Domestic abuse is counted elsewhere, not here.", True), ("Violence, but not domestic abuse.", False),
        ("All public order offences, including hate crime.", False), ("Offences of theft.", False),
    ],
)  # fmt: skip
def test_a_definition_that_mentions_a_sensitive_subject_is_a_warning(
    tiny: Path, definition: str, is_told: bool
) -> None:
    """Only where small counts are published, and no other source has published them openly."""
    for value, source, expected in (
        ("3", "returns", is_told),
        ("30", "returns", False),
        ("3", "report", False),
    ):
        root = Path(shutil.copytree(tiny, tiny.parent / f"{value}-{source}", symlinks=True))
        told = indicator("a", definition=definition, **plain)
        assert not tried(root, [told], [figure("a", B, value) | {"source": source}])
        assert ["mention"] * expected == [
            w.code for w in building.warnings(building.project(root)) if w.code == "mention"
        ]


def warned(root: Path) -> list[str]:
    return [w.message for w in building.warnings(building.project(root)) if w.code == "number"]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("figures/data/breaks.csv", {"indicator": "h", "date": "2018-01-01", "title": "T", "explanation": "{}", "source": "report", "locator": "P"}),
        ("figures/data/targets.csv", {"id": "t", "indicator": "h", "title": "T", "baseline": "2018", "unit": "count", "target_value": "90", "due": "2019-12", "why": "{}", "source": "returns", "locator": "P"}),
        ("sources/data/disagreements.csv", {"id": "d", "title": "T", "statement": "{}", "indicator": "h", "source": "report", "locator": "P", "other_source": "report", "other_locator": "P"}),
        ("plan/data/connections.csv", {"priority": "priority-2", "indicator": "h", "reason": "{}"}),
        ("threads/data/entries.csv", {"thread": "subject-1", "indicator": "h", "note": "{}"}),
        ("releases/data/calendar.csv", {"release": "Next", "promised": "2030-01-31", "indicators": "calls;h", "note": "{}"}),
        ("releases/data/accepted.csv", {"warning": "jump:h", "reason": "{}", "accepted_on": "2025-01-01", "accepted_by": "Team"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["North & Quay had 7.", f"In {N} it was saith."])
def test_a_row_about_the_indicator_need_only_name_the_place(
    tiny: Path, table: str, row: dict[str, str], text: str
) -> None:
    add(tiny, f"data_packages/{table}", [{k: v.format(text) for k, v in row.items()}])
    assert not tried(tiny, [harm], hidden)
    assert len(warned(tiny)) == 1


def test_a_row_about_the_figure_need_name_nothing(tiny: Path) -> None:
    """Only about another period, the number can be another figure's."""
    row = {"indicator": "h", "area": N, "reason": "It is ⑦ now."}
    rows = [row | {"period_end": end} for end in ("2019-12-31", "2018-12-31")]
    add(tiny, "data_packages/releases/data/reasons.csv", rows)
    assert not tried(tiny, [harm], [*hidden, figure("h", N, "20", 2018)])
    assert len(warned(tiny)) == 1


def test_a_heading_names_the_subject_of_what_stands_below(tiny: Path) -> None:
    page = tiny / "site_src/pages/more.md"
    page.write_text("# Harm\n\nBy ward:\n\n| ward | number |\n|---|---|\n| North & Quay | 7 |\n")
    picture = tiny / "site_src/assets/map.svg"
    picture.write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'><text>Harm in North &amp; Quay: 7</text></svg>\n"
    )
    assert not tried(tiny, [harm], hidden)
    assert len(warned(tiny)) == 2


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("sources/data/disagreements.csv", {"id": "d", "title": "T", "statement": "{}", "indicator": "h", "source": "report", "locator": "P", "other_source": "report", "other_locator": "P"}),
        ("plan/data/milestones.csv", {"id": "m", "action": "action-1-1", "title": "{}", "due": "2020-03", "source": "report", "locator": "P"}),
        ("plan/data/connections.csv", {"priority": "priority-2", "indicator": "calls", "reason": "{}"}),
        ("glossary/data/terms.csv", {"term": "hurt", "meaning": "{}", "spelled_out": "false", "explain": "false", "source": "report", "locator": "P"}),
    ],
)  # fmt: skip
def test_no_column_of_any_table_says_the_number(tiny: Path, table: str, row: dict[str, str]) -> None:
    add(
        tiny, f"data_packages/{table}", [{k: v.format("Harm in North & Quay was 7.") for k, v in row.items()}]
    )
    assert not tried(tiny, [harm], hidden)
    assert len(warned(tiny)) == 1


def test_no_page_setting_or_descriptor_says_the_number(tiny: Path) -> None:
    assert not tried(tiny, [harm], hidden)
    (tiny / "site_src/pages/more.md").write_text("# More\n\nHarm in North & Quay\nwas 7 in 2019.\n")
    settings = tiny / "site_src/portal.toml"
    settings.write_text(settings.read_text().replace("A test.", "Seven: harm in North and Quay."))
    descriptor = tiny / "data_packages/recorded/datapackage.json"
    content = json.loads(descriptor.read_text())
    content["description"] = "Harm in North & Quay: 7."
    descriptor.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    assert not problems(tiny)
    assert len(warned(tiny)) == 3


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("In North and Quay the harm recorded was seven.", "seven"), ("Harm in North & Quay was between 6 and 8.", "6"), ("North & Quay. Harm: 6 to 8.", "6"),
        ("There were half a dozen cases of harm in North & Quay.", "half a dozen"), ("Harm happened twice in North & Quay.", "twice"), ("Harm, North & Quay: VII", "VII"),
        ("No harm in North & Quay.", "no harm"), ("Harm in North & Quay was under 4.", "4"), ("Harm in North & Quay: see Table IV, page 3 to 5, aged 10 to 17, under 25.", ""),
        ("Harm in North & Quay, 1 to 31 March 2019, 12 months to July 2019", ""), ("In South there were 7 cases of harm.", ""),
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(tiny: Path, text: str, number: str) -> None:
    assert not tried(tiny, [harm | {"caveat": text}], hidden)
    assert [f"says “{number}”" in m for m in warned(tiny)] == [True] * bool(number)


def test_the_change_of_a_target_does_not_tell_a_withheld_count(tiny: Path) -> None:
    target = {"id": "t", "indicator": "h", "title": "Cut it", "baseline": "2018", "baseline_value": "20", "unit": "percent-change", "target_value": "-10", "due": "2019-12", "result_value": "-80", "source": "returns", "locator": "P"}  # fmt: skip
    add(tiny, f"{FIGURES}targets.csv", [target])
    found = tried(tiny, [harm], [figure("h", B, "20", 2018), figure("h", B, "c")])
    assert any("The result is a change to or from the withheld count of h" in p for p in found), found


def test_a_claim_does_not_tell_a_total_that_has_no_figure(tiny: Path) -> None:
    claim = {"id": "c", "indicator": "h", "kind": "total", "area": B, "period_start": "2019-01-01", "period_end": "2019-12-31", "stated": "112", "decimals": "0", "statement": "It was so.", "source": "returns", "locator": "P"}  # fmt: skip
    add(tiny, f"{FIGURES}claims.csv", [claim])
    found = tried(tiny, [harm], wards("h", "c 40 50 15 -"))
    assert any("work out the withheld count of h" in p for p in found), found
