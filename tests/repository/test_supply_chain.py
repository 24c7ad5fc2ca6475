"""What the site is built with is pinned and listed, and nothing is published before the tests have passed."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import sbom

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PIPELINE = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
DIGEST = "@sha256:[0-9a-f]{64}"
Jobs = dict[str, dict[str, Any]]


def jobs(workflow: Path) -> Jobs:
    found: Jobs = yaml.safe_load(workflow.read_text())["jobs"]
    return found


def needed(jobs: Jobs, name: str) -> set[str]:
    """The jobs that must have passed before this one."""
    own = jobs[name].get("needs", [])
    direct = {own} if isinstance(own, str) else {n if isinstance(n, str) else n["job"] for n in own}
    return direct.union(*(needed(jobs, other) for other in direct))


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(workflow).values():
        yield from job.get("steps", ())


# --- workflows

PROPOSES = {"contents": "write", "pull-requests": "write", "actions": "write"}


def test_there_is_a_workflow() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda p: p.name)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(workflow: Path) -> None:
    lines = re.findall(r"^\s*(?:- )?uses: *(.*)$", workflow.read_text(), re.MULTILINE)
    used = [told["uses"] for told in (*steps(workflow), *jobs(workflow).values()) if "uses" in told]
    assert sorted(line.partition(" ")[0] for line in lines) == sorted(used), "each is on a line of its own"
    for line in lines:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    versions = {line.partition("@")[0]: line for line in lines}
    assert set(lines) == set(versions.values()), "one version of each"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda p: p.name)
def test_a_job_may_do_no_more_than_it_must(workflow: Path) -> None:
    told = yaml.safe_load(workflow.read_text())
    assert told["permissions"] == {"contents": "read"}
    for name, job in told["jobs"].items():
        used = [s["uses"].partition("@")[0] for s in job["steps"] if "uses" in s]
        if job.get("permissions") == PROPOSES:
            # It opens a change from a file that another job made, and runs nothing that is in it.
            assert used == ["actions/checkout", "actions/download-artifact"], name
            assert "portal" not in re.sub(r"portal[ -]fetch", "", str([s.get("run") for s in job["steps"]]))
            # GitHub starts no workflow by itself for a change that is opened like this.
            assert "gh workflow run publish.yml --ref" in job["steps"][-1]["run"]
            tests = yaml.safe_load((workflow.parent / "publish.yml").read_text())
            assert "workflow_dispatch" in tests[True]
        elif "permissions" in job:
            assert job["permissions"] == {"pages": "write", "id-token": "write"}
            assert used == ["actions/deploy-pages"], name
    on = told[True]  # YAML 1.1 reads "on" as true
    assert "pull_request_target" not in on
    assert "workflow_run" not in on
    for step in steps(workflow):
        assert "${{" not in step.get("run", ""), "text of others is never put into a command"
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda p: p.name)
def test_nothing_is_published_by_github_before_the_tests_have_passed(workflow: Path) -> None:
    found = jobs(workflow)
    testing = {
        n
        for n, job in found.items()
        if any(s.get("run") in ("make test", "make coverage") for s in job.get("steps", ()))
    }
    publishing = {
        n for n, job in found.items() if job.get("permissions", PROPOSES) != PROPOSES or "environment" in job
    }
    for name in publishing:
        assert needed(found, name) & testing, name
        for other in (name, *needed(found, name)):
            assert not re.search(r"always\(|failure\(|cancelled\(", str(found[other].get("if", ""))), other
    for name in testing:
        assert "if" not in found[name], "they run on every event"
        assert "continue-on-error" not in str(found[name])


# --- the pipeline of GitLab and the container


def test_nothing_is_published_by_gitlab_before_the_tests_have_passed() -> None:
    assert PIPELINE["stages"].index("test") == 0
    found: Jobs = {n: job for n, job in PIPELINE.items() if isinstance(job, dict) and "script" in job}
    testing = {n for n, job in found.items() if "make test" in job["script"]}
    assert {PIPELINE["stages"].index(found[n]["stage"]) for n in testing} == {0}
    for name in found.keys() - testing:
        assert needed(found, name) & testing, name
        for other in needed(found, name):
            assert PIPELINE["stages"].index(found[other]["stage"]) < PIPELINE["stages"].index(
                found[name]["stage"]
            )
    for name in testing:
        assert not found[name].keys() & {"rules", "only", "except", "when", "allow_failure"}, (
            "they always run"
        )


def test_every_image_is_pinned_by_digest() -> None:
    images = re.findall(r"^FROM (\S+)", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    images += [
        told["image"] for told in (PIPELINE, *PIPELINE.values()) if isinstance(told, dict) and "image" in told
    ]
    assert len(images) == 3
    for image in images:
        assert re.fullmatch(rf"[a-z]+:[\w.-]+{DIGEST}", image), image


def test_newer_versions_are_proposed_once_a_week_and_together() -> None:
    told = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    assert told["version"] == 2
    found = {}
    for update in told["updates"]:
        assert update["schedule"]["interval"] == "weekly"
        assert [group["patterns"] for group in update["groups"].values()] == [["*"]]
        found[update["package-ecosystem"]] = update.get("directories", [update.get("directory")])
    assert found.keys() == {"pip", "npm", "github-actions", "docker"}
    folders = {"/"} | {
        f"/{p.parent.name}" for p in ROOT.glob("[!.]*/package.json") if p.parent.name != "build"
    }
    assert set(found["npm"]) == folders


# --- the software bill of materials


@pytest.fixture(scope="module")
def listed() -> dict[str, dict[str, Any]]:
    """Every component by its package URL."""
    text = sbom.sbom(ROOT)
    assert sbom.fault(text) == ""
    return {c["purl"]: c for c in json.loads(text)["components"]}


def test_every_locked_python_package_is_listed_with_all_its_hashes(listed: dict[str, dict[str, Any]]) -> None:
    count = 0
    for lock in ROOT.glob("requirements*.lock"):
        entries = re.split(r"\n(?=\S)", lock.read_text().strip())
        for entry in entries:
            name, version = re.match(r"([\w.-]+)==([\w.+!-]+)", entry).groups()  # type: ignore[union-attr]
            told = listed[f"pkg:pypi/{name.lower()}@{version}"]
            hashes = {h["content"] for h in told["hashes"] if h["alg"] == "SHA-256"}
            assert set(re.findall(r"sha256:(\w+)", entry)) == hashes
            assert hashes
            if lock.name == "requirements.lock":
                assert told["scope"] == "required"
            count += 1
    assert count > 150


def test_every_locked_npm_package_is_listed_with_its_hash(listed: dict[str, dict[str, Any]]) -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    found = {name.removeprefix("node_modules/"): told for name, told in packages.items() if name}
    for name, told in found.items():
        component = listed[f"pkg:npm/{quote(name)}@{told['version']}"]
        digest = base64.b64decode(told["integrity"].removeprefix("sha512-")).hex()
        assert component["hashes"] == [{"alg": "SHA-512", "content": digest}]
        assert component["scope"] == ("excluded" if told.get("dev") else "required")
    assert listed.keys() == {p for p in listed if p.startswith("pkg:pypi/")} | {
        f"pkg:npm/{quote(name)}@{told['version']}" for name, told in found.items()
    }


def test_a_package_of_a_scope_keeps_it(tmp_path: Path) -> None:
    for lock in sbom.PYTHON_LOCKS:
        (tmp_path / lock).write_text("")
    digest = base64.b64encode(bytes(64)).decode()
    path = "node_modules/a/node_modules/@scope/b"
    (tmp_path / sbom.NPM_LOCK).write_text(
        json.dumps({"packages": {"": {}, path: {"version": "1.0.0", "integrity": f"sha512-{digest}"}}})
    )
    assert [str(c.purl) for c in sbom.components(tmp_path)] == ["pkg:npm/%40scope/b@1.0.0"]


def test_the_same_locks_give_the_same_list_and_others_another() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r}); import sbom; print(sbom.sbom(sbom.ROOT), end='')"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == sbom.sbom(ROOT)


def test_what_is_not_valid_is_found() -> None:
    told = json.loads(sbom.sbom(ROOT))
    told["components"][0]["hashes"][0]["content"] = "not a digest"
    assert sbom.fault(json.dumps(told))


# --- what is written about it


def test_how_to_report_is_written_down() -> None:
    told = (ROOT / "SECURITY.md").read_text()
    for part in ("Report a vulnerability", "Supported versions", "in scope", "security.txt", "make sbom"):
        assert part in told
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", told), "an address belongs into the settings of a site"
