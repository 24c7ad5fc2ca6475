"""A site with figures that are hidden by now is not kept anywhere in a target."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.opendata import bundles
from portal.releases import releasing
from portal.site import publishing, targets
from portal.site.target import PublishingTarget
from test_targets import away, nothing

NUMBER = "7131"
HEADER = "indicator,area,period_start,period_end,value,status\n"
DESCRIBED = {"resources": [{"name": "observations", "path": "data/observations.csv", "schema": {"primaryKey": ["indicator"]}}]}  # fmt: skip


def site(folder: Path, cells: str, withdrawn: str = "") -> Path:
    """A finished site whose open data have one figure, and maybe a list of figures taken back."""
    packed = folder / bundles.FOLDER / "packages" / "figures.zip"
    packed.parent.mkdir(parents=True)
    row = f"bikes,E1,2020-01-01,2020-12-31,{cells}\n"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        file.writestr("datapackage.json", json.dumps(DESCRIBED))
        file.writestr("data/observations.csv", HEADER + row)
    (folder / "index.html").write_text(cells)
    if withdrawn:
        path = folder / releasing.WITHDRAWN
        path.parent.mkdir(parents=True)
        path.write_text(withdrawn)
    publishing.seal(folder)
    return folder


def found(target: PublishingTarget, folder: Path) -> bool:
    """Whether the number is in any file, or any commit that the branch leads to."""
    if target.kind == "git":
        repository, _, branch = target.place.rpartition("#")
        log = subprocess.run(["git", "-C", repository, "log", "-p", "--binary", "--text", branch], capture_output=True, check=True)  # fmt: skip
        return NUMBER.encode() in log.stdout
    return any(NUMBER.encode() in p.read_bytes() for p in folder.rglob("*") if p.is_file())


def made(kind: str, folder: Path) -> PublishingTarget:
    """A target of a kind."""
    return PublishingTarget("website", kind, str(folder / "www")) if kind == "folder" else away(kind, folder)


@pytest.mark.parametrize("kind", ["folder", "rsync", "git"])
@pytest.mark.parametrize(
    ("cells", "withdrawn"),
    [(",c", ""), (",", f"{HEADER}bikes,E1,2020-01-01,2020-12-31,,\n")],
    ids=["withheld", "withdrawn"],
)
def test_the_site_before_is_deleted_if_it_shows_a_figure_that_is_hidden_now(
    tmp_path: Path, kind: str, cells: str, withdrawn: str
) -> None:
    target = made(kind, tmp_path)
    first, second = site(tmp_path / "a", f"{NUMBER},"), site(tmp_path / "b", cells, withdrawn)
    targets.publish(first, target, nothing)
    assert found(target, tmp_path / "www")
    steps: list[str] = []
    targets.publish(second, target, steps.append)
    assert steps[-1].startswith("Deleting the previous site in website")
    assert not found(target, tmp_path / "www")
    plan = targets.compare(second, target)
    assert (plan.is_same, plan.can_go_back) == (True, False)
    with pytest.raises(PortalError, match="keeps no previous site"):
        targets.back(target, second)


@pytest.mark.parametrize("kind", ["folder", "rsync", "git"])
def test_a_site_before_without_hidden_figures_stays(tmp_path: Path, kind: str) -> None:
    target = made(kind, tmp_path)
    first, second = site(tmp_path / "a", f"{NUMBER},"), site(tmp_path / "b", "8,")
    targets.publish(first, target, nothing)
    targets.publish(second, target, nothing)
    assert targets.compare(second, target).can_go_back
    assert targets.back(target, second) == publishing.digest(first)
