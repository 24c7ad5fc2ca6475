"""Every figure has a permanent address, and the open data files agree with the pages."""

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import feedparser
import pandas as pd
import pikepdf
import pytest
import rdflib
import validators
from browser import served
from portal.core.problems import PortalError
from portal.core.settings import load
from portal.opendata import bundles, metadata, records
from portal.opendata.metadata import DateLiteral, Iri
from portal.site import building, headers
from portal.site.parsed_pages import parse_all
from portal.site.verification import DATA, verify
from project import ROOT, is_thorough, make_project, set_site, tree_of
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, SDO
from selectolax.lexbor import LexborHTMLParser
from test_releases import edit, release, revise
from validators import ADDRESS, at, described, figures, told

THEFTS = "figures/thefts/cite/index.html"
OLDER, NEWER = (
    "E09999999-2018-07-01-2019-06-30",
    "E09999999-2019-07-01-2020-06-30",
)


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny portal with a public address after two releases; the second revised, withdrew and withheld figures."""
    root = make_project(tmp_path_factory.mktemp("revised") / "tiny")
    set_site(root, address=ADDRESS)
    release(root, "2020 Q2")
    revise(root)
    edit(root, "thefts,E09999999,2018-07-01,2019-06-30,,120,", "thefts,E09999999,2018-07-01,2019-06-30,,,c")
    release(root, "2020 Q3", reason="Two were found.")
    building.build(root, lambda step: None)
    return root


@pytest.fixture(params=["tiny", "revised", "real"])
def folder(request: pytest.FixtureRequest) -> Path:
    """Return each of the sites: without a release, with two releases, and the real one."""
    if request.param == "real":
        return Path(request.getfixturevalue("real_site"))
    return (
        Path(request.getfixturevalue(f"{request.param}{'_site' * (request.param == 'tiny')}")) / "build/site"
    )


def number(cell: str) -> float | None:
    return float(Decimal(cell)) if cell else None


# --- the same everywhere


@pytest.mark.parametrize("check", validators.VALIDATORS, ids=lambda v: v.__name__)
def test_independent_validators_find_no_problem(
    folder: Path, check: Callable[[Path], validators.Verdict]
) -> None:
    if check is validators.openapi and folder.is_relative_to(ROOT) and not is_thorough():
        verdict = validators.openapi(folder, every=20)  # the figures of all indicators have one form
    else:
        verdict = check(folder)
    assert verdict.faults == ()
    assert re.search("[1-9]", verdict.count) or check is validators.feed


HARM: Mapping[str, tuple[str, str, str]] = {
    "openapi": ("figures/thefts/figures.json", '"value":161', '"value":"many"'),
    "linked_data": ("figures/thefts/index.html", '"spatialCoverage"', '"whereabouts"'),
    "catalogue": ("open-data/dcat.ttl", "dct:publisher", "dct:printer"),
    "tables": ("figures/thefts/thefts.csv", ",161,", ",many,"),
    "feed": ("releases/feed.xml", "</title>", "</titel>"),
}


@pytest.mark.parametrize("name", HARM)
def test_validators_find_a_fault(revised: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree((revised / "build/site").resolve(), tmp_path / "site")
    file, old, new = HARM[name]
    text = (copy / file).read_text().replace("163", "161")
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    assert getattr(validators, name)(copy).faults


def test_the_validator_of_sheets_finds_a_fault(revised: Path, tmp_path: Path) -> None:
    copy = shutil.copytree((revised / "build/site").resolve(), tmp_path / "site")
    path = next(copy.rglob("*.pdf"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        del pdf.pages[0].Tabs
        pdf.pages[0].contents_add(b"BT ET 0 0 9 9 re f")
        pdf.save()
    assert any("painting" in fault for fault in validators.accessible_pdf(copy).faults)


def test_the_api_description_has_exactly_the_existing_addresses(folder: Path) -> None:
    paths = told(folder / "api/openapi.json")["paths"]
    patterns = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(p))) for p in paths]
    files = [f"/{p.relative_to(folder).as_posix()}" for p in folder.rglob("*") if p.is_file()]
    data = [
        f for f in files
        if f.startswith(("/api/", "/open-data/")) or (re.match(r"/(figures|releases)/[^/]+/", f) and re.search(r"\.(csv|ods|xlsx|zip)$|/figures\.json$|metadata\.json$", f))
    ]  # fmt: skip
    own = {"/api/openapi.json", "/open-data/areas/csv-metadata.json"}
    assert {f for f in data if not any(p.fullmatch(f) for p in patterns)} <= own
    assert [p.pattern for p in patterns if not any(p.fullmatch(f) for f in files)] == []


def test_table_json_and_page_carry_the_same_numbers(folder: Path) -> None:
    for path, file in figures(folder):
        table = (folder / path).with_name(f"{Path(path).parent.name}.csv") if path.endswith("figures.json") else (folder / path).with_suffix(".csv")  # fmt: skip
        with table.open() as rows:
            cells = [
                (r["area_code"], r["period"], r["period_start"], number(r["value"]), r["unit"], r["status"], r["source"], r["locator"])
                for r in csv.DictReader(rows)
            ]  # fmt: skip
        assert cells == [
            (f["area"], f["period"]["label"], f["period"]["start"] or "", f["value"], f["unit"],
             f["status"]["mark"] if f["status"] else "", f["source"]["title"], f["source"]["locator"])
            for f in file["figures"]
        ]  # fmt: skip
        assert all(f["value"] is not None or f["status"]["meaning"] for f in file["figures"])


def test_every_link_leads_to_a_file_and_every_figure_to_its_anchor(folder: Path) -> None:
    @cache
    def ids(page: Path) -> dict[str, str]:
        rows = LexborHTMLParser(page.read_text()).css("tr[id]")
        return {r.attributes["id"] or "": r.css("td")[0].text() for r in rows}

    for path, file in figures(folder):
        assert at(folder, path, file["self"]) == folder / path
        assert at(folder, path, file["page"]).is_file()
        now = not path.startswith("releases/")
        for f in file["figures"]:
            if f["cite"] is None:
                # A release that has not been followed by another yet: the figure was taken out, and no page names it.
                assert not now, path
                continue
            shown = ids(at(folder, path, f["cite"]))[f["cite"].partition("#")[2]]
            if now and f["value"] is not None:
                digits = re.sub(r"\[.*?\]|[,+%£ ]", "", shown).replace("−", "-")
                assert float(digits) == f["value"], (path, f)
    (server,) = told(folder / "api/openapi.json")["servers"]
    assert urljoin(f"{ADDRESS}api/openapi.json", f"{server['url']}/") == ADDRESS
    links = re.findall(r'":"([^" ]+/[^" ]*)"', (folder / "api/index.json").read_text())
    assert len(links) > 60
    kinds = told(folder / "api/index.json")["media_types"].values()
    assert [n for n in links if n not in kinds and not at(folder, "api/index.json", n).exists()] == []


def test_catalogues_give_the_size_and_media_type_of_each_workbook(folder: Path) -> None:
    index = told(folder / "api/index.json")
    books = [one[kind] for name in ("indicators", "areas", "packages") for one in index[name] for kind in ("ods", "xlsx")]  # fmt: skip
    assert all(at(folder, "api/index.json", b["address"]).stat().st_size == b["bytes"] for b in books)
    files = {*folder.glob("figures/*/*.ods"), *folder.glob("figures/*/*.xlsx"), *folder.glob("open-data/**/*.ods"), *folder.glob("open-data/**/*.xlsx")}  # fmt: skip
    assert {at(folder, "api/index.json", b["address"]) for b in books} == files
    graph = rdflib.Graph().parse(folder / "open-data/dcat.ttl", publicID=f"{ADDRESS}open-data/dcat.ttl")
    sizes = {
        at(folder, "open-data/dcat.ttl", str(graph.value(d, rdflib.DCAT.downloadURL))): int(str(size))
        for d, size in graph.subject_objects(rdflib.DCAT.byteSize)
    }
    areas = {p for p in files if p.parent.name == "areas"}
    assert sizes == {p: p.stat().st_size for p in files - areas}


def test_no_address_says_what_it_is_about(folder: Path) -> None:
    words = load(ROOT).site.sensitive_words
    telling = re.compile("|".join(rf"\b{re.escape(w)}" for w in words), re.IGNORECASE)
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*")]
    named = [i for p in folder.glob("figures/*/cite/index.html") for i in re.findall(r' id="([^"]+)"', unescape(p.read_text()))]  # fmt: skip
    assert [n for n in (*names, *named) if telling.search(re.sub("[-_/.]", " ", n))] == []


# --- releases


def row(page: Path, name: str) -> str:
    found = LexborHTMLParser(page.read_text()).css_first(f'tr[id="{name}"]')
    assert found is not None
    return " ".join(found.text(separator=" ").split())


def test_a_figure_can_be_cited_in_one_line(tiny_site: Path, revised: Path) -> None:
    before = row(tiny_site / "build/site" / THEFTS, NEWER)
    assert "Not in a release yet" in before
    assert (
        "Exampleton Partnership, Exampleton & Safe. Thefts, Exampleton, 12 months to June 2020: 161 offences "
        "(provisional, may still change). Not yet in a release. From: Annual report & plan, Table 1. "
        f"/figures/thefts/cite/#{NEWER}"
    ) in before
    after = row(revised / "build/site" / THEFTS, NEWER)
    assert "163 offences. Release 2020 Q3," in after
    assert f"{ADDRESS}figures/thefts/cite/#{NEWER}" in after


def test_earlier_versions_of_a_figure_are_shown_with_their_reason(revised: Path) -> None:
    told_now = row(revised / "build/site" / THEFTS, NEWER)
    assert "2020 Q2, changed in 2020 Q3" in told_now
    assert "from 161 [p] to 163. Why: Two were found." in told_now
    calls = row(
        revised / "build/site/figures/calls/cite/index.html",
        "E09999999-2020-04-01-2020-04-30",
    )
    assert "no longer published" in calls
    assert "it was 15" not in calls
    file = told(revised / "build/site/figures/thefts/figures.json")
    assert file["release"]["id"] == "2020-q3"
    assert {"first": "2020-q2", "changed": "2020-q3"} in [f["releases"] for f in file["figures"]]


def test_figures_can_be_downloaded_as_a_release_published_them(revised: Path) -> None:
    folder = revised / "build/site/releases"
    values = {
        name: [f["value"] for f in told(folder / name / "thefts.json")["figures"]]
        for name in ("2020-q2", "2020-q3")
    }
    assert values == {"2020-q2": [None, 161], "2020-q3": [None, 163]}


def test_a_figure_withheld_now_is_in_no_file_of_an_earlier_release(revised: Path) -> None:
    folder = revised / "build/site"
    for name in ("2020-q2", "2020-q3"):
        old = told(folder / f"releases/{name}/thefts.json")["figures"][0]
        assert (old["value"], old["status"]["mark"]) == (None, "c")
        with (folder / f"releases/{name}/thefts.csv").open() as file:
            assert next(r["value"] for r in csv.DictReader(file)) == ""
    assert "120" not in row(folder / THEFTS, OLDER).partition("https")[0]


def test_a_withdrawn_release_has_no_files(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    release(root, "2020 Q2")
    file = root / "data_packages/releases/data/releases.csv"
    file.write_text(re.sub(r",\n\Z", ",It showed too much.\n", file.read_text()))
    building.build(root, lambda step: None)
    assert {p.name for p in (root / "build/site/releases/2020-q2").iterdir()} == {"index.html", "changes.csv"}
    index = told(root / "build/site/api/index.json")["releases"]
    assert [(r["archive"], r["figures"]) for r in index] == [(None, [])]


def test_a_figure_that_is_no_longer_published_keeps_its_anchor(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    release(root, "2020 Q2")
    edit(root, "calls,E09999999,2020-05-01,2020-05-31,,0,,report,Table 1\n", "")
    release(root, "2020 Q3", reason="It was a guess.")
    building.build(root, lambda step: None)
    gone = row(root / "build/site/figures/calls/cite/index.html", "E09999999-2020-05-01-2020-05-31")
    assert "Withdrawn" in gone
    assert "It was a guess." in gone


# --- packages and the whole


def test_the_catalogue_has_the_checksum_of_every_package(folder: Path) -> None:
    listed = told(folder / bundles.CATALOGUE)["resources"]
    assert len(listed) > 8
    for one in listed:
        data = (folder / bundles.FOLDER / one["path"]).read_bytes()
        assert (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}") == (one["bytes"], one["hash"])


def test_the_indicators_with_a_page_are_those_with_a_file(folder: Path) -> None:
    pages = {path.parent.parent.name for path in (folder / "figures").glob("*/cite/index.html")}
    assert pages == {path.parent.name for path in (folder / "figures").glob("*/figures.json")}
    assert len(pages) > 8


def test_the_whole_site_is_in_one_file(folder: Path) -> None:
    with zipfile.ZipFile(folder / bundles.WHOLE) as packed:
        held = {n: packed.read(n) for n in packed.namelist()}
    left_out = {bundles.WHOLE, "manifest.json"}
    assert held == {n: data for n, data in tree_of(folder).items() if n not in left_out}


def test_two_builds_pack_the_same(tiny_site: Path, tiny: Path) -> None:
    building.build(tiny, lambda step: None)
    for name in (bundles.WHOLE, bundles.CATALOGUE, bundles.package_path("figures")):
        assert (tiny / "build/site" / name).read_bytes() == (tiny_site / "build/site" / name).read_bytes()


# --- the examples


def example(folder: Path, name: str, address: str) -> str:
    page = LexborHTMLParser((folder / "about/open-data/index.html").read_text())
    code = page.css_first(f"pre#{name}")
    assert code is not None
    text = code.text()
    assert text.count("https://") == 1
    return re.sub(r'"https://[^"]+"', json.dumps(address), text)


def wanted(folder: Path, address: str) -> list[list[str]]:
    """Return what the examples print: the rows of one area."""
    code = example(folder, "python", address)
    slug, area = re.search(r"figures/([^/]+)/", code), re.search(r'== "(\w+)"', code)
    assert slug
    assert area
    with (folder / f"figures/{slug[1]}/{slug[1]}.csv").open() as file:
        return [[r["period"], r["value"]] for r in csv.DictReader(file) if r["area_code"] == area[1]]


def assert_prints(printed: str, rows: list[list[str]]) -> None:
    lines = [line for line in printed.splitlines()[1:] if line.strip()]
    assert len(lines) == len(rows) > 0
    for line, (period, value) in zip(lines, rows, strict=True):
        assert period in line
        assert not value or re.search(rf"\b{value}(\.0)?\b", line)


def test_the_example_in_python_runs(folder: Path) -> None:
    with served(folder) as address:
        code = example(folder, "python", address)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert_prints(done.stdout, wanted(folder, address))


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not on this machine")
def test_the_example_in_r_runs(folder: Path, tmp_path: Path) -> None:
    with served(folder) as address:
        script = tmp_path / "example.R"
        script.write_text(example(folder, "r", address))
        done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=True)
        assert_prints(done.stdout, wanted(folder, address))


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not on this machine")
def test_a_spreadsheet_reads_the_table(folder: Path, tmp_path: Path) -> None:
    page = LexborHTMLParser((folder / "about/open-data/index.html").read_text())
    links = [a.attributes["href"] or "" for a in page.css("article ol a")]
    table = at(folder, "about/open-data/", next(n for n in links if n.endswith(".csv")))
    filters = "csv:Text - txt - csv (StarCalc):44,34,76,1"  # comma, quotes, UTF-8
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", f"--infilter={filters[4:]}",
         "--convert-to", "xlsx", "--outdir", str(tmp_path), str(table)],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    read = pd.read_excel(tmp_path / f"{table.stem}.xlsx")
    assert read["value"].tolist() == pytest.approx(pd.read_csv(table)["value"].tolist(), nan_ok=True)
    assert read["area_code"].tolist() == pd.read_csv(table)["area_code"].tolist()


# --- machines


def test_search_engines_can_read_every_indicator(folder: Path) -> None:
    for one in told(folder / "api/index.json")["indicators"]:
        page = at(folder, "api/index.json", one["page"])
        graph = described(page)
        assert graph is not None
        (dataset,) = graph.subjects(RDF.type, SDO.Dataset)
        for needed in (SDO.name, SDO.description, SDO.creator, SDO.variableMeasured, SDO.isBasedOn, SDO.url):
            assert list(graph.objects(dataset, needed)), (page, needed)
        assert str(graph.value(dataset, SDO.name)) == one["title"]
        for file in graph.objects(dataset, SDO.distribution):
            link = str(graph.value(file, SDO.contentUrl))
            kind = str(graph.value(file, SDO.encodingFormat))
            assert link.rpartition(".")[2] in kind


BAD = {
    "code": "<script>alert(1)</script>",
    "a module": '<script type="module">alert(1)</script>',
    "another type of data": '<script type="application/json">{}</script>',
    "no object": f'<script type="{DATA}">[]</script>',
    "no JSON": f'<script type="{DATA}">alert(1)</script>',
    "with more": f'<script type="{DATA}" async>{{}}</script>',
    "with markup": f'<script type="{DATA}">{{"a": "<b>"}}</script>',
}


@pytest.mark.parametrize("bad", BAD)
def test_no_script_is_accepted_as_data(tmp_path: Path, bad: str) -> None:
    page = "<!doctype html><html><head><title>x</title>{}</head><body><h1>x</h1>{}</body></html>"
    good = f'<script type="{DATA}">{{"a": "b"}}</script>'
    for head, body, right in ((good, "", True), ("", good, False), (BAD[bad], "", False)):
        (tmp_path / "index.html").write_text(page.format(head, body))
        assert ("inline script" not in " ".join(p.message for p in verify(tmp_path, frozenset()))) == right


def test_the_policy_does_not_treat_data_as_code(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f'<script type="{DATA}">{{}}</script>')
    assert "sha256" not in headers.as_line(headers.policy(tmp_path, parse_all(tmp_path)["index.html"].inline))


def test_embedded_json_cannot_end_its_element() -> None:
    made = metadata.to_script_json({"name": "</script><!-- & <b>"})
    assert not re.search("[<>&]", made)
    assert json.loads(made) == {"name": "</script><!-- & <b>"}


def test_turtle_and_json_preserve_every_character() -> None:
    words = 'a "quoted" \\ line\nand\tmore é 😀'
    triples: list[metadata.Triple] = [("x", "dct:title", words), ("x", "dct:modified", DateLiteral("2020-01-31")), ("x", "a", Iri("dcat:Dataset"))]  # fmt: skip
    turtle = rdflib.Graph().parse(data=metadata.to_turtle(triples), format="turtle", publicID=ADDRESS)
    linked = rdflib.Graph().parse(data=metadata.to_json_ld(triples), format="json-ld", base=ADDRESS)
    assert isomorphic(turtle, linked)
    assert str(turtle.value(None, rdflib.DCTERMS.title, any=True) or next(turtle.objects(None, rdflib.DCTERMS.title))) == words  # fmt: skip


def test_the_feed_can_be_followed(revised: Path) -> None:
    read = feedparser.parse((revised / "build/site/releases/feed.xml").read_bytes())
    assert not read.bozo, read.get("bozo_exception")
    assert [e.title for e in read.entries] == ["2020 Q3", "2020 Q2"]
    assert all(e.link.startswith(ADDRESS) and e.id.startswith("urn:uuid:") and e.updated_parsed for e in read.entries)  # fmt: skip


def test_a_site_with_an_address_lists_its_pages(tiny_site: Path, revised: Path) -> None:
    assert not list((tiny_site / "build/site").glob("sitemap*")), "a list without addresses is of no use"
    folder = revised / "build/site"
    listed = set(re.findall("<loc>(.*?)</loc>", (folder / "sitemap.xml").read_text()))
    pages = {p.parent.relative_to(folder).as_posix() for p in folder.rglob("index.html")}
    alone = {p for p in pages if p.partition("/")[0] != "embed"}  # which ask not to be listed
    assert listed == {f"{ADDRESS}{p}/".replace("/./", "/") for p in alone}


def test_programs_on_other_sites_can_read_the_files(folder: Path) -> None:
    rules = headers.parse((folder / headers.FILE).read_text())
    allowed = "Access-Control-Allow-Origin"
    for path in ("/api/index.json", "/open-data/dcat.ttl", "/figures/x/figures.json", "/releases/x/y.csv"):
        assert headers.of(rules, path)[allowed] == "*"
    for path in ("/", "/help/", "/search/words.json"):
        assert allowed not in headers.of(rules, path)


def test_the_anchor_of_a_figure_stays_when_others_are_added() -> None:
    assert records.anchor("E09999999", "", "2020-01-01", "2020-12-31") == "E09999999-2020-01-01-2020-12-31"
    assert records.anchor("E09999999", "Race", "", "") == "E09999999-p73134ce1-undated"


def test_a_missing_archive_is_reported(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    release(root, "2020 Q2")
    (root / "data_packages/releases/archives/2020-q2.zip").unlink()
    with pytest.raises(PortalError, match="is not there"):
        building.build(root, lambda step: None)
