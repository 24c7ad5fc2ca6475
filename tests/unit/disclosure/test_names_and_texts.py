"""Sensitive subjects are recognised by any of their names, and no text says what is withheld."""

import json
import shutil
from pathlib import Path

import pytest
from portal.checks import sensitive_subjects, written_numbers
from portal.checks.valid_rows import ValidRows
from portal.core.settings import load
from portal.data import packages
from portal.site import building
from test_disclosure_cases import FIGURES, B, N, Row, S, W, add, figure, indicator, problems, tried, wards

plain = {"sensitive": "false"}
hidden = [figure("h", N, "c"), figure("h", S, "47"), figure("h", W, "50")]
harm = indicator("h", title="Harm recorded", short_title="Harm")


@pytest.mark.parametrize("titles", [
    "Rapes; Sexual assaults; Indecent exposure; Exposure and voyeurism; Spiking; Sex offences; Cyberflashing; Sextortion; Intimate images shared; Grooming",
    "Domestic incidents; People abused domestically and domestic violence; DA crimes; MARAC cases; Coercion and control; Controlling and coercive behaviour; Ex-partner violence; Elder abuse; Family violence; Women in refuges; Femicide; Non-fatal strangulation",
    "Violence by a current or former partner; Spousal assault; Assaults by partners; Violence in the home; Violence in relationships; Marital violence; Violence against wives; Intra-familial violence; Murders of women by men",
    "Hatecrime; Prejudice-motivated offences; Bias-motivated offences; Acts of indecency; Groping; Neglected children; Misper reports; Self-poisoning",
    "D.V. incidents; Incidents of D.V; F.G.M.; Doméstic violence; Dome\u0301stic violence; Ｄｏｍｅｓｔｉｃ ｖｉｏｌｅｎｃｅ; ＤＶ; DomesticAbuse; Domes\u00adtic abuse; Domestic\u200b abuse; Trais domestíg",
    "Kidnap; Kidnappings; Child abduction; False imprisonment; Harassment; Stalkers charged; Cyberstalking; Malicious communications",
    "Modern-day slavery; Human trafficking; People trafficked; NRM referrals; National Referral Mechanism; Forced labour; Debt bondage; Cuckooing; Exploitation of children; Child criminal exploitation; Children exploited by gangs",
    "FGM; Female genital cutting; Forced marriages; Child marriage; So-called honour killings; “Honour” crimes; Breast ironing; Virginity testing; Child abuse linked to faith or belief",
    "Homophobic crime; Anti-Semitic incidents; Anti-Muslim incidents; Racist incidents; Racially or religiously aggravated offences; Faith crime; Disablist hate; Crimes against disabled people; LGBT+ victims",
    "Missing children; Missing persons; Children missing from care; People who went missing; Child protection plans; Looked-after children; Child neglect; Child sexual abuse; Safeguarding referrals; Infanticide; Channel referrals",
    "Suicides; Self-harm; Overdoses; Drug deaths; Drug-related deaths; Deaths from drug misuse; Drug poisoning deaths; Section 136; Mental health detentions; People sectioned; Detained under the Mental Health Act; Places of safety: s136",
    "Crimes against women; Offences against children; Domestic-flagged offences; Violence with injury – domestic; Non-molestation orders; Children looked after; Crime motivated by hostility; Battered women; Wife beating",
    "People who took their own lives; Attacks on mosques; Gay victims; Trans victims; Adult safeguarding; Paedophile offences; Molestation; Familial harm; Bullying of disabled children; Mate crime; Child victims; Victims under 18; Assault on a child; Refuges; Baby deaths; Male victims of abuse; Abuse",
    "Trais domestig; Drais yn y cartref; Cam-drin plant; Gam-drin domestig; Trais yn erbyn menywod; Rheolaeth drwy orfodaeth; Trais rhywiol; Treisio; Herwgipio; Aflonyddu; Stelcio; Puteindra",
    "Caethwasiaeth fodern; Gaethwasiaeth; Masnachu pobl; Camfanteisio’n rhywiol ar blant; Ecsbloetio plant; Priodasau dan orfod; Priodas orfodol; Trais ar sail anrhydedd; Anffurfio organau cenhedlu benywod",
    "Troseddau casineb; Troseddau hiliol; Homoffobia; Thrawsffobia; Gwrthsemitiaeth; Plant ar goll; Phlant ar goll; Esgeulustod; Hunanladdiad; Hunan-niweidio; Marwolaethau cyffuriau; Marwolaethau sy’n gysylltiedig â chyffuriau; Ddeddf Iechyd Meddwl",
])  # fmt: skip
def test_a_subject_is_sensitive_by_any_of_its_names(titles: str) -> None:
    assert [t for t in titles.split("; ") if not sensitive_subjects.sensitive_word(t)] == []


def test_other_words_are_not_sensitive() -> None:
    titles = (
        "Domestic burglary; Searches by sex; Rapid response; People who hated nothing; Grapes; Data by day; Racing; Drug trafficking; Trafficking of drugs; Anti-social behaviour; "
        "Violence against the person; Road deaths; Children killed on roads; Missing data; Schools with a Mental Health Support Team; Section 60 searches; Safeguarding training; "
        "Violence against partner agencies; Assaults on police by drivers; Women killed on roads; Violence in the night-time economy; Burglary in the home; Neglected gardens; Biased coins; N.B. thefts; "
        "Pedestrian refuges; Exposure to air pollution; Drug abuse; Cruelty to animals; Neglected land; Children cautioned; Race Equality Scheme; Prevent burglary; Murders; "
        "Trais yn erbyn y person; Troseddau treisiol; Camddefnyddio cyffuriau; Cam-drin cyffuriau; Aflonyddwch cyhoeddus; Marwolaethau ar y ffyrdd; Iechyd meddwl; Plant a phobl ifanc"
    )
    assert [w for t in titles.split("; ") if (w := sensitive_subjects.sensitive_word(t))] == []


@pytest.mark.parametrize(("column", "text"), [("title", "Kidnap, by ward"), ("short_title", "Missing children"), ("unit_label", "people trafficked"), ("definition", "The number of people who were detained under section 136.")])  # fmt: skip
def test_the_subject_can_be_in_each_text_that_says_what_is_counted(
    tiny: Path, column: str, text: str
) -> None:
    found = tried(tiny, [indicator("a", **plain | {column: text})], [figure("a", B, "3")])
    assert any("is a sensitive subject" in p for p in found), found


def test_all_figures_of_a_sensitive_topic_are_guarded(tiny: Path) -> None:
    settings = tiny / "site_src/portal.toml"
    settings.write_text(settings.read_text() + 'harm = "Kidnap and slavery"\n')
    found = tried(tiny, [indicator("a", **plain, topic="harm")], [figure("a", B, "3")])
    assert any("“kidnap” is a sensitive subject" in p for p in found), found


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
    ("page", "lines"),
    [
        ("# Harm\n\n## By ward\n\n| Ward | Number |\n|---|---|\n| North & Quay | 7 |", [5]),
        ("# North & Quay\n\n## Harm\n\nSeven in 2019.", [5]),
        ("# News\n\nHarm has fallen in North & Quay.\n\nIt was 7 in 2019.", [5]),
        ("# News\n\nHarm has fallen in North &amp; Quay: &#55;", [3]),
        ("# News\n\n**Ha**rm in _North_ & **Quay**: 7", [3]),
        ("# News\n\nHarm in North & Quay: <span title='7'>low</span>", [3]),
        ("# News\n\nHarm in North & Quay: <!-- 7 -->low", [3]),
        ("# Harm\n\nNorth & Quay was quiet.\n\n# Events\n\nCome at 7.", []),
        ("# News\n\nHarm has fallen in North & Quay.\n\nIn South it was 47.", []),
    ],
)  # fmt: skip
def test_a_page_does_not_say_the_number_however_it_is_set(tiny: Path, page: str, lines: list[int]) -> None:
    (tiny / "site_src/pages/more.md").write_text(f"{page}\n")
    assert not tried(tiny, [harm], hidden)
    told = [w for w in building.warnings(building.project(tiny)) if w.code == "number"]
    assert [w.row for w in told] == lines


@pytest.mark.parametrize("file", ["theme/more.html", "templates/more.md.jinja", "synonyms.toml"])
def test_no_other_file_of_the_site_says_the_number(tiny: Path, file: str) -> None:
    with (tiny / "site_src" / file).open("a") as opened:
        opened.write("\n# Harm in North & Quay: 7\n")
    assert not tried(tiny, [harm], hidden)
    assert len(warned(tiny)) == 1


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
        ("Harm in North & Quay, 1 to 31 March 2019, 12 months to July 2019", ""), ("In South there were 47 cases of harm.", ""),
        ("Harm in North & Quay: this was the seventh.", "seventh"), ("The 7th time that harm was recorded in North & Quay.", "7th"), ("Harm, North & Quay: IIIII II", "IIIII"),
        ("Harm in North & Quay: ||||| ||", "|||||"), ("Harm in North & Quay: ●●● ●●●●", "●●● ●●●●"), ("The second victim of harm in North & Quay.", "second victim"),
        ("Harm in North & Quay since the 7th of March. The second half was quiet.", ""),
        ("Harm in North & Quay: a score.", "a score"), ("Harm in North & Quay: a hundred.", "a hundred"), ("Harm in North & Quay: x7.", "x7"),
        ("Harm in North & Quay, in the 40s.", "40s"), ("Nobody in North & Quay reported harm.", "Nobody"), ("Harm in North & Quay: both cases ended.", "both cases"),
        ("Half of all harm was in North & Quay.", "Half of all"), ("Harm in North & Quay fell. Officers took 40 reports.", "40"),
        ("Harm in North & Quay fell. It was quiet. Officers took 40 reports of theft.", ""), ("Harm in North & Quay fell. In West Field it was 50.", ""),
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(tiny: Path, text: str, number: str) -> None:
    assert not tried(tiny, [harm | {"caveat": text}], hidden)
    assert [f"says “{number}”" in m for m in warned(tiny)] == [True] * bool(number)


@pytest.mark.parametrize(
    ("figures", "is_told"),
    [
        (wards("h", "- - 50 30 127"), True),
        (wards("h", "- - 50 30 -"), True),
        (wards("h", "- - - - 127"), True),
        (wards("h", "37 40 50 30 157"), False),
        ([*wards("h", "37 40 50 30 157"), figure("h", B, "160", 2018)], False),
    ],
)
def test_a_text_does_not_say_a_figure_whose_row_is_left_out(
    tiny: Path, figures: list[Row], is_told: bool
) -> None:
    tried(tiny, [harm], figures)
    (tiny / "site_src/pages/more.md").write_text("# More\n\nHarm in North & Quay: 7 offences in 2019.\n")
    settings = load(tiny)
    read = ValidRows(packages.read_all(tiny, settings.packages)[0], settings)
    assert bool(list(written_numbers.find_warnings(read))) is is_told


UPDATE = {"id": "update-9", "priority": "priority-1", "action": "action-1-1", "date": "2020-06-30", "kind": "report", "source": "report", "locator": "Paragraph 4"}  # fmt: skip
TARGET = {"id": "t", "baseline": "2018", "unit": "count", "target_value": "5", "due": "2019-12", "source": "returns", "locator": "P"}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        ("plan/data/updates.csv", UPDATE | {"title": "Harm in North & Quay", "text": "It was busy. Officers took 40 reports."}, ["text"]),
        ("plan/data/updates.csv", UPDATE | {"title": "Harm in North & Quay", "text": "Officers in North & Quay took 40 reports."}, ["text"]),
        ("plan/data/updates.csv", UPDATE | {"title": "Harm in North & Quay", "text": "In West Field there were 50."}, []),
        ("plan/data/updates.csv", UPDATE | {"title": "Harm", "text": "Officers took 40 reports."}, []),
        ("figures/data/targets.csv", TARGET | {"title": "Harm in North & Quay", "baseline_value": "9", "result_value": "7"}, ["baseline_value", "result_value"]),
        ("figures/data/targets.csv", TARGET | {"title": "Harm in West Field", "baseline_value": "9", "result_value": "7"}, []),
    ],
)  # fmt: skip
def test_a_cell_does_not_say_the_number_of_what_another_cell_of_its_row_names(
    tiny: Path, table: str, row: Row, told: list[str]
) -> None:
    add(tiny, f"data_packages/{table}", [row])
    assert not tried(tiny, [harm], hidden)
    warnings = [w for w in building.warnings(building.project(tiny)) if w.code == "number"]
    assert [w.field for w in warnings] == told


@pytest.mark.parametrize("column", ["definition", "caveat", "period_note"])
@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("The smallest ward had 7 in 2019.", True),
        ("Seven were in the north.", True),
        ("It covers 9% of 352 records, and each counts once. One case can be 2.5 miles away.", False),
    ],
)
def test_an_indicator_does_not_say_a_small_number_of_itself(
    tiny: Path, column: str, text: str, is_told: bool
) -> None:
    assert not tried(tiny, [harm | {column: text}], hidden)
    assert ["about it says" in m for m in warned(tiny)] == [True] * is_told


@pytest.mark.parametrize(
    ("locator", "is_told"),
    [("7 + 40 + 50 + 15", True), ("Next to North & Quay (7)", True), ("Sheet 2, row 14", False)],
)
@pytest.mark.parametrize(("area", "year"), [(B, 2019), (W, 2019), (B, 2018)])
def test_the_locator_of_another_figure_does_not_say_the_number(
    tiny: Path, locator: str, is_told: bool, area: str, year: int
) -> None:
    """In another period only if it names the place."""
    rows = [*wards("h", "c c 50 15 105"), figure("h", B, "130", 2018)]
    rows = [r | {"locator": locator} if (r["area"], r["period_end"][:4]) == (area, str(year)) else r for r in rows]  # fmt: skip
    assert not tried(tiny, [harm], rows)
    assert bool(warned(tiny)) is (is_told and (year == 2019 or "North" in locator))


@pytest.mark.parametrize(
    ("of", "locator", "is_told"),
    [
        ("h", "Table 9, where 2019 is 7", True), ("o", "Table 9; harm: 7", True), ("o", "Table 9; 7 calls", False),
        ("h", "sheet S, cell B2, note 3", False),
    ],
)  # fmt: skip
def test_the_locator_of_another_year_or_indicator_of_the_ward_does_not_say_the_number(
    tiny: Path, of: str, locator: str, is_told: bool
) -> None:
    rows = [*wards("h", "c c 50 15 105"), figure(of, N, "20", 2018) | {"locator": locator}]
    assert not tried(tiny, [harm, indicator("o", title="Orders", short_title="Orders", **plain)], rows)
    assert bool(warned(tiny)) is is_told


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
