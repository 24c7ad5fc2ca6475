"""What the pages of the desk share: times as readers in the place of the site know them."""

from pathlib import Path

import pytest
from portal.desk import context
from portal.desk.safety import Door
from project import make_project


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/London", "1 August 2026, 00:05"),
        ("UTC", "31 July 2026, 23:05"),
        # The desk opens even if the settings cannot be read.
        ("Europe/Londn", "31 July 2026, 23:05"),
    ],
)
def test_a_time_is_said_in_the_time_zone_of_the_site(tmp_path: Path, zone: str, words: str) -> None:
    root = make_project(tmp_path / "project")
    settings = root / "site_src" / "portal.toml"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("time_zone")]
    settings.write_text("\n".join(kept).replace("[site]", f'[site]\ntime_zone = "{zone}"'))
    assert context.make(root, Door(8000)).moment("2026-07-31T23:05:00Z") == words
