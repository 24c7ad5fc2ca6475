"""The whole generated tree of the tiny portal is as agreed: Markdown, chart JSON, CSV and navigation."""

import re
import shutil
from pathlib import Path

import pytest
from portal.charts import svg
from portal.opendata import bundles
from portal.site import building, rendering, staging
from project import ROOT, tree_of

GOLDEN = ROOT / "tests" / "golden"
# Pages say how long nothing has been heard of a promise.
FIRST_OF_DECEMBER_2026 = "1796083200"

_SIZE = re.compile(rb'("bytes":|dcat:byteSize "|"dcat:byteSize":\[\{"@value":")\d+')


@pytest.fixture(scope="module")
def grown(tiny_site: Path) -> dict[str, bytes]:
    """The tree of one day without what other tests look after: assets, pictures, zip files and workbooks."""
    pictures = svg.Pictures(tiny_site / svg.LIBRARY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", FIRST_OF_DECEMBER_2026)
        settings, released = building.check(tiny_site)
        made = staging.write_files(
            staging.plan_site(settings, released), pictures, lambda _, content: content
        )
    apart = ("assets/", "open-data/packages/", bundles.CATALOGUE)
    files = {
        name: content
        for name, content in made.files.items()
        if not name.startswith(apart) and not name.endswith((".ods", ".xlsx", ".svg"))
    }
    # How small a workbook can be packed depends on the machine's zlib.
    for name in ("api/index.json", "open-data/dcat.jsonld", "open-data/dcat.ttl"):
        files[name] = _SIZE.sub(rb"\g<1>0", files[name])
    return files | {"mkdocs.yml": rendering.mkdocs_settings(settings, made, "work").encode()}


def test_the_generated_tree_is_the_golden_one(
    grown: dict[str, bytes], request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--update-golden"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name, content in grown.items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_bytes(content)
    golden = tree_of(GOLDEN)
    assert sorted(grown) == sorted(golden)
    for name in golden:
        assert grown[name].decode() == golden[name].decode(), name


def test_the_golden_tree_shows_every_status_and_the_break() -> None:
    abuse = (GOLDEN / "figures/figure-1/index.md").read_text()
    assert "withheld" in abuse
    bikes = (GOLDEN / "figures/bikes/index.md").read_text()
    assert "not available" in bikes
    assert "New way of recording" in bikes
    assert '"connectgaps":false' in (GOLDEN / "figures/calls/chart.json").read_text()
    assert "&#91;p&#93;" in (GOLDEN / "figures/thefts/index.md").read_text()
