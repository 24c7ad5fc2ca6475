"""Publishing to a folder or a zip: all or nothing, checked, and back."""

import zipfile
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.site import publishing, targets
from portal.site.targets import Target


def site(folder: Path, **pages: str) -> Path:
    """A finished site with these pages."""
    folder.mkdir(parents=True)
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    publishing.seal(folder)
    return folder


def nothing(step: str) -> None:
    """Say nothing."""


def test_a_folder_gets_the_site_by_one_link_and_goes_back(tmp_path: Path) -> None:
    first = site(tmp_path / "a", index="one", gone="old")
    second = site(tmp_path / "b", index="two", fresh="new")
    target = Target("website", "folder", tmp_path / "www")
    plan = targets.compare(first, target)
    assert (len(plan.added), plan.now, plan.can_go_back) == (2, "", False)
    digest = targets.publish(first, target, nothing)
    assert digest == publishing.digest(first)
    assert targets.compare(first, target).is_same
    plan = targets.compare(second, target)
    assert (plan.added, plan.changed, plan.removed) == (("fresh.html",), ("index.html",), ("gone.html",))
    targets.publish(second, target, nothing)
    live = tmp_path / "www" / "site"
    assert live.is_symlink()
    assert (live / "index.html").read_text() == "two"
    assert not (live / "gone.html").exists()
    assert targets.back(target) == publishing.digest(first)
    assert (live / "index.html").read_text() == "one"
    assert targets.back(target) == publishing.digest(second)


def test_a_copy_that_is_not_complete_never_becomes_public(tmp_path: Path) -> None:
    first, second = site(tmp_path / "a", index="one"), site(tmp_path / "b", index="two")
    target = Target("website", "folder", tmp_path / "www")
    targets.publish(first, target, nothing)
    damaged = tmp_path / "www" / f"site.{publishing.digest(second)[:16]}"
    damaged.mkdir()
    (damaged / "index.html").write_text("tw")
    with pytest.raises(PortalError):
        targets.publish(second, target, nothing)
    assert (tmp_path / "www/site/index.html").read_text() == "one"
    (second / "index.html").write_text("changed after it was built")
    with pytest.raises(PortalError, match="not as it was built"):
        targets.publish(second, target, nothing)


def test_going_back_needs_a_site_before(tmp_path: Path) -> None:
    target = Target("website", "folder", tmp_path / "www")
    targets.publish(site(tmp_path / "a", index="one"), target, nothing)
    with pytest.raises(PortalError, match="keeps no site before"):
        targets.back(target)


def test_a_zip_has_the_whole_site(tmp_path: Path) -> None:
    first = site(tmp_path / "a", index="one")
    target = Target("copy", "zip", tmp_path / "out" / "site.zip")
    targets.publish(first, target, nothing)
    with zipfile.ZipFile(target.path) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert publishing.intact(tmp_path / "unpacked") == ()
    assert targets.compare(first, target).is_same


@pytest.mark.parametrize("words", ["ftp:/srv", "folder:www", "/srv/www", "folder:"])
def test_a_wrong_target_is_a_problem(words: str) -> None:
    with pytest.raises(PortalError):
        targets.read({"website": words})
