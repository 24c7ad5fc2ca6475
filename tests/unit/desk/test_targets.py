"""Publishing to a folder, a zip, a server by rsync and a git branch: all or nothing, checked, and back."""

import subprocess
import zipfile
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.site import publishing, targets
from portal.site.target import PublishingTarget


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
    target = PublishingTarget("website", "folder", str(tmp_path / "www"))
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
    assert targets.back(target, second) == publishing.digest(first)
    assert (live / "index.html").read_text() == "one"
    assert targets.back(target, second) == publishing.digest(second)


def test_a_copy_that_is_not_complete_never_becomes_public(tmp_path: Path) -> None:
    first, second = site(tmp_path / "a", index="one"), site(tmp_path / "b", index="two")
    target = PublishingTarget("website", "folder", str(tmp_path / "www"))
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
    target = PublishingTarget("website", "folder", str(tmp_path / "www"))
    first = site(tmp_path / "a", index="one")
    targets.publish(first, target, nothing)
    with pytest.raises(PortalError, match="keeps no previous site"):
        targets.back(target, first)


def test_a_zip_has_the_whole_site(tmp_path: Path) -> None:
    first = site(tmp_path / "a", index="one")
    target = PublishingTarget("copy", "zip", str(tmp_path / "out" / "site.zip"))
    targets.publish(first, target, nothing)
    with zipfile.ZipFile(target.path) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert publishing.intact(tmp_path / "unpacked") == ()
    assert targets.compare(first, target).is_same


@pytest.mark.parametrize(
    "words",
    [
        "ftp:/srv",
        "folder:www",
        "/srv/www",
        "folder:",
        "rsync:www",
        "rsync:-e:/srv",
        "rsync:",
        "sftp:/srv/www",
        "sftp:-b:/srv",
        "sftp:server:www",
        'sftp:server:/srv/"www',
        "git:origin",
        "git:#x",
        "git:--upload-pack=x#y",
        "git:a#-b",
    ],
)
def test_a_wrong_target_is_a_problem(words: str) -> None:
    with pytest.raises(PortalError):
        targets.read({"website": words})


def away(kind: str, folder: Path) -> PublishingTarget:
    """A target of a kind that an external program reaches, here on this computer."""
    if kind == "rsync":
        return PublishingTarget("website", kind, str(folder / "www"))
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "repository")], check=True)
    return PublishingTarget("website", kind, f"{folder / 'repository'}#website")


def shown(target: PublishingTarget, name: str) -> str | None:
    """The text of a page that readers of a target get, None if there is none."""
    if target.kind == "rsync":
        path = target.path / "site" / f"{name}.html"
        return path.read_text() if path.is_file() else None
    repository, _, branch = target.place.rpartition("#")
    done = subprocess.run(
        ["git", "-C", repository, "show", f"{branch}:{name}.html"],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode else done.stdout


@pytest.mark.parametrize("kind", ["rsync", "git"])
def test_a_server_and_a_branch_get_the_site_at_once_and_go_back(tmp_path: Path, kind: str) -> None:
    first = site(tmp_path / "a", index="one", gone="old\r\nwindows")
    second = site(tmp_path / "b", index="two", fresh="new")
    third = site(tmp_path / "c", index="three")
    target = away(kind, tmp_path)
    plan = targets.compare(first, target)
    assert (len(plan.added), plan.now, plan.can_go_back) == (2, "", False)
    assert targets.publish(first, target, nothing) == publishing.digest(first)
    plan = targets.compare(first, target)
    assert (plan.is_same, plan.now, plan.can_go_back) == (True, publishing.digest(first), False)
    with pytest.raises(PortalError, match="keeps no previous site"):
        targets.back(target, first)
    targets.publish(first, target, nothing)
    plan = targets.compare(second, target)
    assert (plan.added, plan.changed, plan.removed) == (("fresh.html",), ("index.html",), ("gone.html",))
    targets.publish(second, target, nothing)
    assert (shown(target, "index"), shown(target, "gone"), shown(target, "fresh")) == ("two", None, "new")
    assert targets.back(target, second) == publishing.digest(first)
    assert (shown(target, "index"), shown(target, "fresh")) == ("one", None)
    assert targets.back(target, second) == publishing.digest(second)
    targets.publish(third, target, nothing)
    assert shown(target, "index") == "three"
    # What is older than the previous site is kept nowhere.
    if kind == "rsync":
        assert len([p for p in target.path.iterdir() if p.is_dir() and not p.is_symlink()]) == 2
    else:
        repository, _, branch = target.place.rpartition("#")
        log = subprocess.run(["git", "-C", repository, "log", "--format=%s", branch], capture_output=True, text=True, check=True)  # fmt: skip
        assert log.stdout.splitlines() == ["The site", "The previous site"]


def test_a_file_that_arrives_damaged_does_not_become_public_by_rsync(tmp_path: Path) -> None:
    first, second = site(tmp_path / "a", index="one"), site(tmp_path / "b", index="two")
    target = away("rsync", tmp_path)
    targets.publish(first, target, nothing)
    there = target.path / f"site.{publishing.digest(second)[:16]}"

    def damaging(step: str) -> None:
        if step.startswith("Checking"):  # everything has been sent, and is compared next
            (there / "index.html").write_text("tw0")

    with pytest.raises(PortalError, match="not as they were built"):
        targets.publish(second, target, damaging)
    assert shown(target, "index") == "one"


def test_a_branch_with_something_else_is_left_alone(tmp_path: Path) -> None:
    target = away("git", tmp_path)
    work, repository = tmp_path / "work", target.place.rpartition("#")[0]
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", "init", "--quiet", "-b", "website", str(work)], check=True)
    (work / "program.py").write_text("print()")
    for command in (("add", "."), (*who, "commit", "--quiet", "-m", "Mine"), ("push", "--quiet", repository, "website")):  # fmt: skip
        subprocess.run(["git", "-C", str(work), *command], check=True)
    with pytest.raises(PortalError, match="not a site"):
        targets.publish(site(tmp_path / "a", index="one"), target, nothing)
    log = subprocess.run(["git", "-C", repository, "log", "--format=%s", "website"], capture_output=True, text=True, check=True)  # fmt: skip
    assert log.stdout == "Mine\n"


def test_a_remote_can_be_named(tmp_path: Path) -> None:
    target = away("git", tmp_path)
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "project")], check=True)
    add = ["git", "-C", str(tmp_path / "project"), "remote", "add", "origin", target.place.rpartition("#")[0]]
    subprocess.run(add, check=True)
    first = site(tmp_path / "project" / "build" / "site", index="one")
    targets.publish(first, PublishingTarget("website", "git", "origin#website"), nothing)
    assert shown(target, "index") == "one"
    with pytest.raises(PortalError, match="no remote"):
        targets.compare(first, PublishingTarget("website", "git", "upstream#website"))


@pytest.mark.parametrize("kind", ["rsync", "git"])
def test_a_program_that_is_missing_is_a_problem_in_words(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, target = site(tmp_path / "a", index="one"), away(kind, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PortalError, match=f"{kind} is not installed"):
        targets.publish(first, target, nothing)
    seen = targets.look(first, target)
    assert seen.problem
    assert not seen.is_same


def test_a_server_that_does_not_answer_is_a_problem_in_words(tmp_path: Path) -> None:
    first = site(tmp_path / "a", index="one")
    with pytest.raises(PortalError, match="git failed"):
        targets.compare(first, PublishingTarget("website", "git", f"{tmp_path}/nowhere#website"))
    with pytest.raises(PortalError, match="rsync failed"):
        targets.publish(first, PublishingTarget("website", "rsync", f"{tmp_path}/no/where"), nothing)
