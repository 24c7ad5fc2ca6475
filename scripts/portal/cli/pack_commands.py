"""Run the command `pack`: the packs for a meeting, as PDF files ready to hand out."""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

from portal.cli.arguments import OK
from portal.cli.progress_line import ProgressLine
from portal.core.problems import PortalError, Problem, did_you_mean

WHOLE = "whole"  # the name of the pack of the whole area


def _pack(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    """Build the site, and copy the packs that were asked for into a folder."""
    from portal.site import building, pdf_sheets  # noqa: PLC0415

    packs = dict(_packs(building.build(root, progress).folder.resolve()))
    progress.end()
    if not packs:
        fix = "Install Chromium, then run the command again. The web pages of the packs are in build/site/wards."
        raise PortalError([Problem("build/site", code="pack", message="There are no packs as PDF.", fix=fix)])
    unknown = [name for name in options.wards if name not in packs]
    if unknown:
        raise PortalError(
            Problem(
                name, code="pack", message="There is no pack of this name.", fix=did_you_mean(name, packs)
            )
            for name in unknown
        )
    folder = options.folder or root / "build" / "packs"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = options.wards or list(packs)
    for name in chosen:
        for sheet in (pdf_sheets.PACK, pdf_sheets.PACK_LARGE):
            shutil.copyfile(packs[name] / sheet, folder / sheet.replace("pack", f"pack-{name}", 1))
    print(f"{len(chosen)} {'pack' if len(chosen) == 1 else 'packs'}, each also in large print: {folder}")
    return OK


def _packs(site: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the folder of each pack that was printed: the whole area first, then wards from A to Z."""
    from portal.site.pdf_sheets import PACK  # noqa: PLC0415

    for folder in (site / "wards" / "pack", *sorted((site / "wards").glob("*/pack"))):
        if (folder / PACK).is_file():
            yield (WHOLE if folder.parent.name == "wards" else folder.parent.name), folder


COMMANDS = {"pack": _pack}
