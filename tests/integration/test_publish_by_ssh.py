"""Publish to a server by rsync over a real SSH connection: dry run, progress, check by digest, and back in one step."""

import os
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.site import publishing, targets
from portal.site.target import PublishingTarget
from ssh_server import SshServer, serving_ssh


def site(folder: Path, **pages: str) -> Path:
    """A finished site with these pages, and one folder with a name that a shell could read otherwise."""
    inner = folder / "it's $HOME; a folder"
    inner.mkdir(parents=True)
    (inner / "table.csv").write_text("a,b\n1,2\n")
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    publishing.seal(folder)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> PublishingTarget:
    """A folder of a server."""
    return PublishingTarget("website", "rsync", f"website.test:{tmp_path}/www")


def use(server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs find the `ssh` that knows the server."""
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")


def test_a_site_goes_to_a_server_by_ssh_and_comes_back(
    tmp_path: Path, target: PublishingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = site(tmp_path / "a", index="one", gone="old")
    second = site(tmp_path / "b", index="two", fresh="new")
    live = tmp_path / "www" / "site"
    steps: list[str] = []
    with serving_ssh(tmp_path / "ssh") as server:
        use(server, monkeypatch)
        plan = targets.compare(first, target)
        assert (len(plan.added), plan.changed, plan.removed, plan.now) == (3, (), (), "")
        assert not (tmp_path / "www").exists(), "a dry run writes nothing"
        assert targets.publish(first, target, steps.append) == publishing.digest(first)
        assert steps == ["Copying to website", "Checking what is in website", "Reading back what is public in website"]  # fmt: skip
        assert publishing.intact(live.resolve()) == ()
        plan = targets.compare(second, target)
        assert (plan.added, plan.changed, plan.removed) == (("fresh.html",), ("index.html",), ("gone.html",))
        targets.publish(second, target, steps.append)
        assert publishing.digest(live) == targets.compare(second, target).now == publishing.digest(second)
        assert targets.back(target, second) == publishing.digest(first)
        assert (live / "index.html").read_text() == "one"
        assert not (live / "fresh.html").exists()
        assert publishing.intact(live.resolve()) == ()
    # The server no longer answers.
    with pytest.raises(PortalError, match="rsync failed"):
        targets.publish(second, target, steps.append)
    assert "rsync failed" in str(targets.look(second, target).problem)
    assert (live / "index.html").read_text() == "one"


def test_who_has_no_key_is_told_and_never_asked_for_a_password(
    tmp_path: Path, target: PublishingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_ssh(tmp_path / "ssh") as server:
        use(server, monkeypatch)
        (tmp_path / "ssh" / "own.pub").write_text("")
        problem = str(targets.look(site(tmp_path / "a", index="one"), target).problem)
    assert "Permission denied" in problem
    assert "such as with a key" in problem
    assert not (tmp_path / "www").exists()
