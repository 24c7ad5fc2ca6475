"""The fonts of the site: where they are in the npm packages, and under which address the site serves them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

_PACKAGES = Path("node_modules/@fontsource")
_FOLDER = "assets/fonts"
# Each file of the site with its file in the packages. The licence (SIL Open Font License) goes with the fonts.
FONTS: Mapping[str, Path] = {
    f"{_FOLDER}/newsreader-600.woff2": _PACKAGES / "newsreader/files/newsreader-latin-600-normal.woff2",
    f"{_FOLDER}/newsreader-LICENSE.txt": _PACKAGES / "newsreader/LICENSE",
    f"{_FOLDER}/source-sans-3-400.woff2": _PACKAGES
    / "source-sans-3/files/source-sans-3-latin-400-normal.woff2",
    f"{_FOLDER}/source-sans-3-600.woff2": _PACKAGES
    / "source-sans-3/files/source-sans-3-latin-600-normal.woff2",
    f"{_FOLDER}/source-sans-3-LICENSE.txt": _PACKAGES / "source-sans-3/LICENSE",
}


def read(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the address and content of each file; `root` is the folder of the project."""
    for address, path in FONTS.items():
        yield address, (root / path).read_bytes()
