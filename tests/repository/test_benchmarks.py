"""The portals that the benchmarks make to be measured can be built: they pass the check of today's program."""

import sys
from pathlib import Path

import pytest
from portal.site import building
from project import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import portals

WARDS = ROOT.parent / "shared" / "upstream" / "mps_ward" / "ward24_202402-202601.csv"


@pytest.mark.skipif(not WARDS.exists(), reason="the file of London wards is not in ../shared/upstream")
def test_a_larger_portal_passes_the_check(tmp_path: Path) -> None:
    """Two boroughs: the larger ones only have more of the same."""
    root = portals.grown(tmp_path / "larger", 150, WARDS)
    settings, cleared = building.check(root)
    assert len(settings.packages) == len(list((root / "data_packages").iterdir()))
    assert sum(len(figures) for figures in cleared.content.observations.values()) > 1_000
