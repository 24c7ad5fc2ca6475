"""The portal of another borough, begun with one command and filled with the police's own files."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from portal.charts.area_charts import build_site_charts
from portal.cli import commands, filled_portal, new_portal
from portal.cli.arguments import OK, PROBLEMS
from portal.cli.filled_portal import FilledPortal
from portal.core import settings
from portal.core.problems import PortalError
from portal.importers import importing
from portal.importers.recognition import RecognisedFile
from portal.pages import local_pages
from portal.pages.page import PageContext
from portal.site import build_inputs, building
from project import ROOT, SHARED, make_project

UPSTREAM = SHARED / "upstream"
real = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")
SOUTHWARK = new_portal.NewPortal(
    "Safer Southwark", "E09000028", "Southwark", "Southwark Community Safety Partnership"
)
EXETER = new_portal.NewPortal("Safer Exeter & Co.", "E07000041", "Exeter", "Exeter’s Partnership (draft)")
SOURCES = """\
mps-ward,MPS Ward Level Crime: March 2024 to March 2026,Police ward figures,Metropolitan Police Service,dataset,2026-03,,Open Government Licence v3.0,false,Monthly counts by ward.
mps-borough,MPS Borough Level Crime: March 2023 to February 2025,Police borough figures,Metropolitan Police Service,dataset,2025-02,,Open Government Licence v3.0,false,Monthly counts by borough.
census-2021,Census 2021,Census 2021,Office for National Statistics,dataset,2021-03-21,,Open Government Licence v3.0,true,Residents by ward.
"""
WARDS = UPSTREAM / "mps_ward" / "ward25_202403-202603.csv"
DASHBOARD = "MPS_MonthlyCrimeDashboard_OtherCrimeData_202108-202507_3boroughs.csv"
# What is imported, in the order of the guide.
IMPORTS = (
    ("wards", "mps-ward", WARDS),
    ("populations", "census-2021", UPSTREAM / "population" / "census2021_ward_population.csv", WARDS),
    ("mps-borough", "mps-borough", UPSTREAM / "mps_borough" / "borough24_202303-202502.csv"),
    ("mps-ward", "mps-ward", WARDS),
    ("mps-dashboard", "mps-dashboard", UPSTREAM / "mps_dashboard" / DASHBOARD),
)


def quiet(step: str) -> None:
    pass


def texts(folder: Path) -> dict[str, str]:
    """Every file below a folder that is text, by its name."""
    found = {}
    for path in (p for p in sorted(folder.rglob("*")) if p.is_file()):
        data = path.read_bytes()
        if b"\0" not in data[:8000] and path.name != "plotly-basic.min.js":
            found[path.relative_to(folder).as_posix()] = data.decode(errors="replace")
    return found


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new portal, as it was written; not to be changed."""
    folder = tmp_path_factory.mktemp("begun") / "southwark"
    new_portal.begin(SOUTHWARK, folder)
    return folder


@pytest.fixture
def southwark(begun: Path, tmp_path: Path) -> Path:
    """A copy of a new portal that a test may change, with the cache of drawings that all tests share."""
    without = shutil.ignore_patterns("build")  # a check may have left one
    root = Path(shutil.copytree(begun, tmp_path / "southwark", ignore=without))
    shared = make_project(tmp_path / "tiny")
    (root / "build").mkdir()
    (root / "build" / "cache").symlink_to((shared / "build" / "cache").resolve())
    return root


@pytest.mark.parametrize("asked", [SOUTHWARK, EXETER], ids=lambda a: a.place)
def test_a_new_portal_passes_every_rule_and_names_nobody_else(
    asked: new_portal.NewPortal, tmp_path: Path
) -> None:
    new_portal.begin(asked, tmp_path / "new")
    whole = building.project(tmp_path / "new")
    assert whole.settings.site.partnership == asked.partnership
    assert not any(whole.content.observations.values())
    assert {s.state for s in (*whole.content.services, *whole.content.routes)} == {"check-first"}
    assert not [w for w in whole.warnings if w.code != "contact"]
    for name, told in texts(tmp_path / "new").items():
        assert "lewisham" not in told.lower(), name
        assert not re.search(r"\$\{?[a-z]+\}", told) or name.endswith(".js"), name
    other = "Southwark" if asked is EXETER else "Exeter"
    assert not [n for n, told in texts(tmp_path / "new").items() if other in told]


def test_outside_london_there_is_nothing_of_its_police(tmp_path: Path) -> None:
    new_portal.begin(EXETER, tmp_path / "new")
    found = building.project(tmp_path / "new")
    assert set(found.content.areas) == {"E07000041"}
    assert {"example", "street-all-crime", "anti-social-behaviour", "yearly-all-crime", "stops"} <= set(
        found.content.indicators
    )
    for name, text in texts(tmp_path / "new").items():
        if not name.startswith(
            ("site_src/theme", "site_src/assets", "site_src/templates", "data_packages/geography/")
        ):
            assert not re.search(r"Metropolitan Police|Mayor of London|\bMPS\b", text), name


def test_a_new_portal_is_built_at_once_and_says_what_is_missing(southwark: Path) -> None:
    live = building.build(southwark, quiet).folder
    home = (live / "index.html").read_text()
    for told in (
        "no figures to compare yet",
        "not published a plan here yet",
        "We have not released anything yet",
        "has not adopted it yet",
    ):
        assert told in home
    assert (
        "No figure has been published" in (live / "figures" / "recorded-robbery" / "index.html").read_text()
    )
    assert "No one has tested this site yet" in (live / "about/accessibility/index.html").read_text()
    assert "has not checked this page yet" in (live / "help" / "index.html").read_text()
    assert not (live / "crime").exists()
    assert not (live / "wards").exists()
    for name, told in texts(live).items():
        assert "lewisham" not in told.lower(), name


def test_a_change_of_the_program_makes_another_site(southwark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the program does not stand in the portal's own folder."""
    program = [p for p in build_inputs.inputs(southwark) if not p.is_relative_to(southwark)]
    assert build_inputs.PROGRAM / "cli" / "commands.py" in program
    before = build_inputs.fingerprint(southwark)
    marks = {before}
    for code in ("a = 1\n", "a = 2\n"):
        elsewhere = southwark / "build" / f"program-{len(marks)}"
        elsewhere.mkdir(parents=True)
        (elsewhere / "code.py").write_text(code)
        (elsewhere / "words.csv").write_text("word\n")
        monkeypatch.setattr(build_inputs, "PROGRAM", elsewhere)
        marks.add(build_inputs.fingerprint(southwark))
        (elsewhere / "words.csv").write_text("text\n")
        marks.add(build_inputs.fingerprint(southwark))
    assert len(marks) == 5


@pytest.mark.parametrize("place", ["site_src/assets/more.svg", "data_packages/duties/more"])
def test_a_link_makes_another_site_whatever_it_leads_to(southwark: Path, place: str) -> None:
    """The build has to look at it again, because the check refuses some."""
    before = build_inputs.fingerprint(southwark)
    (southwark / place).symlink_to("/nowhere")
    try:
        assert build_inputs.fingerprint(southwark) != before
    finally:
        (southwark / place).unlink()


def test_another_day_makes_another_site_and_the_same_day_does_not(
    southwark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages say how long nothing has been heard of a promise."""
    marks = []
    for moment in ("1796083200", "1796083201", "1796169600"):  # 1 December 2026, twice, and the day after
        monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)
        marks.append(build_inputs.fingerprint(southwark))
    assert marks[0] == marks[1] != marks[2]


@pytest.mark.thorough
@real
def test_the_police_files_of_another_borough_become_its_site(southwark: Path) -> None:
    with (southwark / "data_packages" / "sources" / "data" / "sources.csv").open("a") as out:
        out.write(SOURCES)
    for format_, source, *files in IMPORTS:
        command = [
            "--project",
            str(southwark),
            "import",
            format_,
            *map(str, files),
            "--source",
            source,
            "--yes",
        ]
        assert commands.main(command) == OK, format_
    assert commands.main(["--project", str(southwark), "build"]) == OK
    live = southwark / "build" / "site"
    assert len(list((live / "wards").glob("*/briefing/index.html"))) == 23
    crime = (live / "crime" / "index.html").read_text()
    for told in ("Southwark", "Robbery", "Hate crime", "Metropolitan Police area"):
        assert told in crime
    rye_lane = (live / "wards" / "rye-lane" / "index.html").read_text()
    assert "[c]" in (live / "figures" / "figure-42" / "index.html").read_text()
    assert "Per 1,000 people" in rye_lane
    named = {n for n, told in texts(live).items() if "lewisham" in told.lower()}
    assert named == set()


@real
@pytest.mark.parametrize(
    ("area", "folders", "place", "formats"),
    [
        (
            "E07000008", ("boundaries", "more/street_other_forces", "more/boundaries", "more/lookups", "more/population", "more/ons_crime_tables"),
            "Cambridge", {"wards", "boundaries", "lsoas", "neighbourhoods", "populations", "csp", "police-street", "stop-and-search"},
        ),
        pytest.param(
            "E09000007", ("mps_ward", "mps_borough", "population", "more/mopac_pas", "more/ons_crime_tables"),
            "Camden", {"wards", "populations", "csp", "mps-borough", "mps-ward", "pas"},
            marks=pytest.mark.thorough,
        ),
    ],
)  # fmt: skip
def test_a_folder_of_files_becomes_a_portal_with_one_command(
    area: str,
    folders: tuple[str, ...],
    place: str,
    formats: set[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "files"
    source.mkdir()
    for folder in folders:
        (source / folder.replace("/", "-")).symlink_to(UPSTREAM / folder)
    copied = Path(shutil.copytree(source, tmp_path / "copied", symlinks=False))
    command = [
        "--project",
        str(tmp_path),
        "new",
        "--area",
        area,
        "--from",
        str(copied),
        "--folder",
        str(tmp_path / "new"),
    ]
    assert commands.main(command) == OK
    said = capsys.readouterr().out
    whole = building.project(tmp_path / "new")
    assert whole.settings.site.name == f"Safer {place}"
    used = {s.rsplit("-20", 1)[0] for s in whole.content.sources} & formats
    assert used == formats, said
    wards = [a for a in whole.content.areas.values() if a.kind == "ward"]
    assert len(wards) == {"Cambridge": 14, "Camden": 20}[place]
    assert {w.code for w in wards} <= set(whole.content.populations)
    released = building.allowed(whole)
    if place == "Cambridge":  # one table has the ethnic groups and another the ages
        assert {p.theme for p in whole.content.profiles} == {"ethnic-group", "age-group"}
        assert {s for s in whole.content.sources if s.startswith("populations")} == {"populations-2021"}
        (shown,) = local_pages.stop_totals(PageContext(whole.settings, released, build_site_charts(released)))
        assert shown.figure.months == 12
        assert shown.figure.value == 577  # not the newest quarter, which has 158
        parts = {a.code for a in whole.content.areas.values() if a.kind == "neighbourhood"}
        within = [o for o in whole.content.observations["anti-social-behaviour"] if o.area in parts]
        assert len(parts) == 19
        assert {o.months for o in within} == {12}
        quarters = [
            o.value or 0 for o in whole.content.observations["anti-social-behaviour"] if o.area == area
        ]
        assert len(quarters) == 4
        assert sum(o.value or 0 for o in within) == sum(quarters)
    guide = (tmp_path / "new" / "START.md").read_text()
    assert "What your files gave" in guide
    assert "Still missing" in guide
    assert "no figures" not in " ".join(whole.settings.site.gaps)
    for name, text in texts(tmp_path / "new").items():
        assert "lewisham" not in text.lower() or name.endswith("observations.csv"), name


def test_a_folder_that_names_no_such_area_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "notes.txt").write_text("nothing")
    command = ["--project", str(tmp_path), "new", "--area", "E07000099", "--from", str(tmp_path / "files")]
    assert commands.main(command) == PROBLEMS
    assert "No file in the folder names the area" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["files"]


@real
def test_no_import_fails_by_chance(southwark: Path) -> None:
    """Where small counts are withheld, chance chooses others beside them, and the audit can refuse a choice."""
    with (southwark / "data_packages" / "sources" / "data" / "sources.csv").open("a") as out:
        out.write(SOURCES)
    for format_, source, *files in IMPORTS[:3]:
        command = ["import", format_, *map(str, files), "--source", source, "--yes"]
        assert commands.main(["--project", str(southwark), *command]) == OK, format_
    whole = building.project(southwark)
    job = importing.ImportJob("mps-ward", (WARDS,), "mps-ward")
    plans = [importing.plan(job, whole.content, whole.packages, whole.settings) for _ in range(8)]
    assert all(p.figures and p.files for p in plans)


def test_the_guide_names_only_what_there_is(begun: Path) -> None:
    guide = (begun / "START.md").read_text()
    for command in re.findall(r"^portal (\w+)", guide, re.MULTILINE):
        assert command in commands.COMMANDS
    for format_ in re.findall(r"^portal import (\S+)", guide, re.MULTILINE):
        assert format_ in cli_formats()
    for path in re.findall(r"`((?:data_packages|site_src)/[^`]+)`", guide):
        assert (begun / path).exists(), path
    ignored = (begun / ".gitignore").read_text().split()
    assert ignored == ["build/", "node_modules/", "signed/"]


def cli_formats() -> tuple[str, ...]:
    from portal.importers import importing  # noqa: PLC0415

    return importing.FORMATS


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (new_portal.NewPortal("<b>", "E09000028", "Southwark", "S"), "NAME"),
        (new_portal.NewPortal("Safer", "E0900002", "Southwark", "S"), "--area"),
        (new_portal.NewPortal("Safer", "E09000028", 'South"wark', "S"), "--place"),
        (new_portal.NewPortal("Safer", "E09000028", "Southwark", "a\nb"), "--partnership"),
        (new_portal.NewPortal("Safer", "E09000028", "${place}", "S"), "--place"),
    ],
)
def test_what_cannot_be_a_name_is_a_problem(asked: new_portal.NewPortal, place: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as caught:
        new_portal.begin(asked, tmp_path / "new")
    assert [p.file for p in caught.value.problems] == [place]
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "safer-southwark").mkdir()
    command = ["--project", str(tmp_path), "new", "Safer Southwark", "--area", "E09000028", "--place", "Southwark"]  # fmt: skip
    assert commands.main(command) == OK  # an empty folder is no loss
    before = texts(tmp_path)
    assert commands.main(command) == PROBLEMS
    assert "This folder is not empty" in capsys.readouterr().err
    assert texts(tmp_path) == before
    assert settings.load(tmp_path / "safer-southwark").site.partnership == SOUTHWARK.partnership


def test_the_installed_program_has_all_that_is_copied() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    packed = {*wheel["only-include"], *wheel["force-include"]}
    assert {*new_portal.SHARED, "site_src/synonyms.toml", "scripts/portal"} == packed
    for name in packed:
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize(
    ("header", "row", "place"),
    [
        ("ward code,ward name,district code,district name", "E05000001,Upper,E07000099,Exampleton", "Exampleton"),
        ("district name,district code,ward code,ward name", "Exampleton,E07000099,E05000001,Upper", "Exampleton"),
        ("WD25CD,WD25NM,LAD25CD,LAD25NM", "E05000001,Upper,E07000099,Exampleton", "Exampleton"),
        ("geography,geography code,Total", "Exampleton,E07000099,5", "Exampleton"),
    ],
)  # fmt: skip
def test_a_district_is_named_by_the_column_of_its_own_kind(
    header: str, row: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "file.csv").write_text(f"{header}\n{row}\n")
    assert filled_portal.place_of([RecognisedFile(tmp_path / "file.csv", "wards")], "E07000099") == place


def test_files_about_other_places_are_named() -> None:
    other = RecognisedFile(Path("wards_elsewhere.geojson"), "boundaries")
    filled = FilledPortal(imports=(), unknown=(), missing=(), elsewhere=(other,))
    assert [*filled.lines] == [
        "Files about other places, or about areas with other codes: wards_elsewhere.geojson"
    ]
