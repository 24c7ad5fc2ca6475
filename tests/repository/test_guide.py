"""Somebody who follows the guide to the letter succeeds, and sees what its pictures show."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import guide


@pytest.fixture
def checkout(real_site: Path, tmp_path: Path) -> Path:
    """This repository as somebody has it who has built the site: its files, what is set up for them, and the site."""
    root = tmp_path / "portal"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    names = [n.decode() for n in listed.stdout.split(b"\0") if n and not n.startswith(b"tests/")]
    for name in (n for n in names if (ROOT / n).is_file()):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in (".venv", "node_modules"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(real_site, root / "build/sites" / real_site.name)
    (root / "build/site").symlink_to(Path("sites") / real_site.name)
    (root / "build/cache").symlink_to(ROOT / "build/cache")
    return root


@pytest.mark.thorough
def test_the_guide_can_be_followed_to_the_letter(
    checkout: Path, record_property: Callable[[str, object], None]
) -> None:
    seen: dict[str, str] = {}

    def look(follower: guide.Follower, picture: str, what: str, shown: str) -> None:
        assert (guide.GUIDE.parent / picture).is_file()
        assert not shown or (follower.folder / shown).is_file()
        seen[Path(picture).stem] = (follower.folder / shown).read_text() if what == "page" else follower.said

    steps = list(guide.follow(checkout, look))
    folder = steps[-1].folder
    assert folder.name == "practice"
    assert "sheet observations, cell A2" in seen["mistake"]
    assert "1 added, 1 changed, 0 removed" in seen["preview"]
    assert "238 is followed by 2,280, a larger jump" in seen["warning"]
    assert "No reason is given yet." in seen["diff"]
    assert "Why: Two offences were recorded late." in seen["release"]
    assert "Serious youth violence up to July 2017." in seen["whats-new"].replace("&#46;", ".")
    for name in ("figures/serious-youth-violence/index.html", "releases/index.html"):
        now = (folder / "build/site" / name).read_bytes()
        assert now == (checkout / "build/site" / name).read_bytes()  # rolled back
    assert (checkout / "data_packages/figures-2016/data/observations.csv").read_bytes() == (
        ROOT / "data_packages/figures-2016/data/observations.csv"
    ).read_bytes()
    record_property("counted steps of the guide followed to the letter", len(steps))


def test_every_command_in_the_docs_exists() -> None:
    import re  # noqa: PLC0415

    from portal.cli import commands  # noqa: PLC0415

    pages = (*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
    for file in (path.relative_to(ROOT) for path in pages):
        for name in re.findall(r"`(?:\.venv/bin/)?portal ([a-z]+)", (ROOT / file).read_text()):
            assert name in commands.COMMANDS, (file, name)
