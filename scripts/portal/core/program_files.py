"""Find the files that decide how pages look: templates, theme, assets and the settings of mkdocs.

A portal can have its own of each. Where it has none, those that come with the program are used.
"""

from pathlib import Path

TEMPLATES, THEME, ASSETS, MKDOCS = "site_src/templates", "site_src/theme", "site_src/assets", "mkdocs.yml"
LOOK = (TEMPLATES, THEME, ASSETS, MKDOCS)
_HERE = Path(__file__).parents[1]


def home() -> Path:
    """Return the folder of the files that all portals share: in the installed program, or the checkout that it runs from."""
    packed = _HERE / "shared"
    return packed if packed.is_dir() else _HERE.parents[1]


def find(root: Path, name: str) -> Path:
    """Return a file or folder of `LOOK` for the portal in `root`: its own, or else the program's."""
    in_project = root / name
    return in_project if in_project.exists() or in_project.is_symlink() else home() / name
