"""Publish to a server by rsync and SFTP over a real SSH connection: dry run, progress, check by digest, and back."""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.opendata import bundles
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


NUMBER = "7131"


def with_figure(folder: Path, cells: str) -> Path:
    """A finished site whose open data have one figure."""
    packed = folder / bundles.FOLDER / "packages" / "figures.zip"
    packed.parent.mkdir(parents=True)
    described = {
        "name": "observations",
        "path": "data/observations.csv",
        "schema": {"primaryKey": ["indicator"]},
    }
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        file.writestr("datapackage.json", json.dumps({"resources": [described]}))
        header = "indicator,area,period_start,period_end,value,status"
        file.writestr("data/observations.csv", f"{header}\nbikes,E1,2020-01-01,2020-12-31,{cells}\n")
    return site(folder, index=cells)


def holds_number(folder: Path) -> bool:
    """Whether the number is in any file."""
    return any(NUMBER.encode() in p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.fixture(params=["rsync", "sftp"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> PublishingTarget:
    """A folder of a server."""
    return PublishingTarget("website", request.param, f"website.test:{tmp_path}/www")


def use(server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs find the `ssh` and the `sftp` that know the server."""
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
    with pytest.raises(PortalError, match=f"{target.kind} failed"):
        targets.publish(second, target, steps.append)
    assert f"{target.kind} failed" in str(targets.look(second, target).problem)
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


@pytest.mark.parametrize("target", ["sftp"], indirect=True)
def test_what_an_attempt_left_is_replaced_and_only_two_sites_stay(
    tmp_path: Path, target: PublishingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = [site(tmp_path / name, index=name) for name in ("one", "two", "three")]
    www = tmp_path / "www"
    names = [f"site.{publishing.digest(s)[:16]}" for s in sites]

    def damaging(step: str) -> None:
        if step.startswith("Checking"):  # everything has been sent, and is compared next
            (www / names[1] / "index.html").write_text("tw0")
            (www / names[1] / "extra [1]*").mkdir()
            (www / names[1] / "extra [1]*" / "page.html").write_text("not ours")

    with serving_ssh(tmp_path / "ssh") as server:
        use(server, monkeypatch)
        targets.publish(sites[0], target, print)
        with pytest.raises(PortalError, match="not as they were built"):
            targets.publish(sites[1], target, damaging)
        assert (www / "site" / "index.html").read_text() == "one"
        for built in sites[1:]:
            targets.publish(built, target, print)
            assert publishing.intact((www / "site").resolve()) == ()
        assert {p.name for p in www.iterdir()} == {"site", "before", *names[1:]}
        assert (www / "before" / "index.html").read_text() == "two"
        # Someone has written to the public site: what is there is compared again, and put right.
        (www / "site" / "index.html").write_text("changed")
        targets.publish(sites[2], target, print)
        assert (www / "site" / "index.html").read_text() == "three"


@pytest.mark.parametrize("target", ["sftp"], indirect=True)
def test_no_site_with_a_hidden_figure_stays_on_the_server(
    tmp_path: Path, target: PublishingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = with_figure(tmp_path / "a", f"{NUMBER},")
    second = with_figure(tmp_path / "b", ",c")
    with serving_ssh(tmp_path / "ssh") as server:
        use(server, monkeypatch)
        targets.publish(first, target, print)
        assert holds_number(tmp_path / "www")
        steps: list[str] = []
        targets.publish(second, target, steps.append)
        assert steps[-1].startswith("Deleting the previous site in website")
        assert not holds_number(tmp_path / "www")
        plan = targets.compare(second, target)
        assert (plan.is_same, plan.can_go_back) == (True, False)
        with pytest.raises(PortalError, match="keeps no previous site"):
            targets.back(target, second)


def test_each_failure_of_a_connection_says_what_to_do(
    tmp_path: Path, target: PublishingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = site(tmp_path / "a", index="one")

    def problem(of: PublishingTarget) -> str:
        return str(targets.look(built, of).problem)

    with serving_ssh(tmp_path / "ssh") as server:
        use(server, monkeypatch)
        assert "Check the name of the server" in problem(replace(target, place="nobody.invalid:/srv"))
        assert problem(target) == "None"
        known = tmp_path / "ssh" / "known"
        other = (tmp_path / "ssh" / "own.pub").read_text().split()[:2]
        known.write_text(f"{known.read_text().split()[0]} {' '.join(other)}\n")
        assert "ask the administrator" in problem(target)
        known.unlink()
        (tmp_path / "www").write_text("a file where the folder should be")
        with pytest.raises(PortalError, match=f"{target.kind} failed"):
            targets.publish(built, target, print)
    assert "Check that the server is running" in problem(target)
