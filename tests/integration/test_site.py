"""The site in place is whole at every moment, and building it is repeatable."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from html import unescape
from pathlib import Path

import pytest
from portal.core import program_files
from portal.core.problems import PortalError
from portal.site import building, chromium, preview, publishing, search_index
from project import make_project, tree_of


def quiet(step: str) -> None:
    pass


def portal(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal", "--project", str(root), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def change(root: Path) -> None:
    path = root / "data_packages" / "plan" / "data" / "updates.csv"
    path.write_text(path.read_text().replace("A new worker", "Another worker"))


@pytest.mark.thorough
def test_two_processes_with_two_hash_seeds_make_the_same_bytes(tmp_path: Path) -> None:
    trees = []
    for seed in ("1", "2"):
        root = make_project(tmp_path / seed / "tiny")
        (root / "build" / "cache").unlink()  # each draws and prints everything itself
        assert portal(root, "build", PYTHONHASHSEED=seed).returncode == 0
        trees.append((tree_of(root / "build" / "pages"), tree_of(root / "build" / "site")))
    assert trees[0] == trees[1]


def test_nothing_changed_means_nothing_built(tiny: Path) -> None:
    first = building.build(tiny, quiet)
    folder = first.folder
    assert first.new
    before = folder.readlink()
    assert building.build(tiny, quiet) == building.FinishedBuild(folder, False)
    assert folder.readlink() == before
    change(tiny)
    assert building.build(tiny, quiet).new
    assert "Another worker" in (folder / "plans/plan-2020/priority-2/index.html").read_text()


def test_pagefind_is_asked_for_its_version_until_it_runs_and_then_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pagefind.py"
    monkeypatch.setattr(search_index, "COMMAND", (sys.executable, str(program)))
    assert search_index.version() == ""
    program.write_text("print('pagefind 1.0')")
    assert search_index.version() == "pagefind 1.0"
    program.unlink()
    assert search_index.version() == "pagefind 1.0"


def test_a_portal_without_a_look_of_its_own_has_that_of_the_program(tiny_site: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path / "plain")
    for name in program_files.LOOK:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert building.build(root, lambda step: None).new
    assert not building.build(root, lambda step: None).new
    pages = {p.relative_to(root / "build" / "site") for p in (root / "build" / "site").rglob("*.html")}
    assert len(pages) > 80
    for page in pages:
        assert (root / "build" / "site" / page).read_bytes() == (
            tiny_site / "build" / "site" / page
        ).read_bytes()


def test_the_live_folder_is_never_rendered_into(built: Path) -> None:
    folder = built / "build" / "site"
    old = folder.resolve()
    before = tree_of(old)
    change(built)
    building.build(built, quiet)
    assert folder.resolve() != old
    assert tree_of(old) == before


@pytest.mark.thorough
def test_killed_at_any_moment_the_site_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    """Builds are killed after each line that tells of a step, and after ever longer spans within the steps."""
    root = make_project(tmp_path / "tiny")
    other = make_project(tmp_path / "other")
    change(other)
    building.build(root, quiet)
    building.build(other, quiet)
    old, new = tree_of(root / "build" / "site"), tree_of(other / "build" / "site")
    assert old != new
    change(root)
    seen = set()
    for wait in [0.05 * n for n in range(1, 60, 7)]:
        child = subprocess.Popen(
            [sys.executable, "-m", "portal", "--project", str(root), "build", "--fresh"],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            child.wait(wait)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        now = tree_of(root / "build" / "site")
        assert now in (old, new)
        seen.add(now == new)
    assert portal(root, "build", "--fresh").returncode == 0
    assert tree_of(root / "build" / "site") == new


def test_a_second_build_at_the_same_time_is_refused(tiny: Path) -> None:
    with publishing.alone(tiny), pytest.raises(PortalError, match="Another build") as caught:
        building.build(tiny, quiet)
    assert caught.value.problems[0].code == "busy"


def test_a_folder_in_the_way_is_put_aside_and_not_lost(tiny: Path) -> None:
    (tiny / "build" / "site").mkdir(parents=True)
    (tiny / "build" / "site" / "mine.txt").write_text("mine")
    building.build(tiny, quiet)
    kept = [p for p in (tiny / "build").iterdir() if p.name.startswith("site.before")]
    assert (kept[0] / "mine.txt").read_text() == "mine"
    assert (tiny / "build" / "site" / "index.html").is_file()


def test_so_many_sites_are_kept_and_no_more(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert publishing.KEPT == 3
    monkeypatch.setattr(publishing, "KEPT", 2)
    kept = [(building.build(built, quiet, fresh=True).folder.resolve()) for _ in range(2)]
    assert set((built / "build" / "sites").iterdir()) == set(kept)


def test_without_chromium_charts_are_drawn_and_nothing_is_printed(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "find_browser", lambda: None)
    said: list[str] = []
    folder = building.build(tiny, said.append).folder
    assert any("No Chromium here" in words for words in said)
    page = (folder / "figures" / "thefts" / "index.html").read_text()
    assert "<picture>" in page
    assert (folder / "figures" / "thefts" / "chart-wide.svg").read_text().startswith("<svg ")
    assert not [p for name in ("*.pdf", "card.png", "chart.png") for p in folder.rglob(name)]
    assert "chart.png" not in page


FAULTS = {
    "[away](https://other.example/)": "leads to another host",
    "[nowhere](../nowhere/)": "leads nowhere",
    "[no place](../plans/#nothing)": "not on that page",
    "<script>alert(1)</script>": "inline script",
    '<p onclick="x()">x</p>': "active attribute onclick",
    '<img src="../assets/images/icon.svg">': "no alternative text",
    '<img src="https://other.example/x.png" alt="x">': "from another host",
    "<iframe src='x'></iframe>": "<iframe>",
    "# A second heading": "2 main headings",
    '<i id="a"></i><i id="a"></i>': "appears twice",
}


def test_all_faults_of_the_built_html_are_told_and_stop_the_build(built: Path) -> None:
    before = (built / "build" / "site").readlink()
    page = "\n\n".join(("# About", *FAULTS))
    (built / "site_src" / "pages" / "about" / "index.md").write_text(f"{page}\n")
    with pytest.raises(PortalError) as caught:
        building.build(built, quiet)
    for finding in FAULTS.values():
        assert [p.message for p in caught.value.problems if finding in p.message], finding
    assert {p.file for p in caught.value.problems} == {"(built) about/index.html"}
    assert (built / "build" / "site").readlink() == before


def test_a_build_changes_nothing_that_the_preview_watches(tiny: Path) -> None:
    before = preview.look(tiny)
    building.build(tiny, quiet)
    assert preview.look(tiny) == before
    change(tiny)
    assert preview.look(tiny) != before


def test_the_preview_builds_again_when_a_table_page_template_or_asset_changes(built: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "portal", "--project", str(built), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # One that was started in the background passes on that it does not listen to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs yet
    )
    lines: list[str] = []
    ready = threading.Condition()

    def read() -> None:
        assert child.stdout
        for line in child.stdout:
            with ready:
                lines.append(line)
                ready.notify_all()

    threading.Thread(target=read, daemon=True).start()
    live = built / "build" / "site"
    try:
        with ready:
            assert ready.wait_for(lambda: lines, timeout=60)
        assert "http://127.0.0.1:" in lines[0]
        for edit in (
            lambda: change(built),
            lambda: (built / "site_src/assets/css/portal.css").write_text(""),
            lambda: (built / "site_src/pages/about/index.md").write_text("# About\n\nA new page.\n"),
            lambda: (built / "site_src/templates/help.md.jinja").write_text("# A new template\n"),
        ):
            before = preview.look(built)
            edit()
            assert preview.look(built) != before

        def all_there() -> bool:
            return (
                "Another worker" in (live / "plans/plan-2020/priority-2/index.html").read_text()
                and (live / "assets/css/portal.css").read_text() == ""
                and "A new page" in (live / "about/index.html").read_text()
                and "A new template" in (live / "help/index.html").read_text()
            )

        with ready:
            assert ready.wait_for(all_there, timeout=60)
    finally:
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130  # it may be in the middle of a build


def test_the_real_site_has_every_kind_of_page(real_site: Path) -> None:
    for page in (
        "", "plans/", "plans/plan-2016-17/", "plans/plan-2016-17/priority-3/", "plans/strategy-2021-26/priority-5/action-5-7/",
        "figures/", "figures/knife-crime/", "figures/disagree/", "report/", "report/choose/", "report/police-101/", "help/",
        "about/", "about/sources/", "about/words/", "about/accessibility/",
    ):  # fmt: skip
        assert (real_site / page / "index.html").is_file(), page
    assert "24.7%" in unescape((real_site / "figures/disagree/index.html").read_text())
    assert "not adopted" in (real_site / "index.html").read_text()
