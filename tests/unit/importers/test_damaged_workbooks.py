"""A workbook that is damaged is refused in words, or gives the right figure: never another one, and never a fault."""

import random
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from project import make_project, run, tree_of

TABLE = "data_packages/figures/data/observations.csv"
SHEET = "xl/worksheets/sheet1.xml"
ROW = ["calls", "E09999999", date(2020, 6, 1), date(2020, 6, 30), None, 23, None, "report", "Table 1"]
RIGHT = "calls,E09999999,2020-06-01,2020-06-30,,23,,report,Table 1"


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook with one new figure."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "observations"
    sheet.append(
        ["indicator", "area", "period_start", "period_end", "type", "value", "status", "source", "locator"]
    )
    sheet.append(ROW)
    book.save(tmp_path / "new.xlsx")
    return tmp_path / "new.xlsx"


def cut(share: float) -> Callable[[Path], None]:
    """Damage that leaves only the beginning of a file."""

    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    return damage


def flipped(seed: int) -> Callable[[Path], None]:
    """Damage to twelve bits."""

    def damage(path: Path) -> None:
        data, rng = bytearray(path.read_bytes()), random.Random(seed)
        for _ in range(12):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)

    return damage


def changed(part: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Other bytes in one part of a workbook; the part is left out if `old` is empty."""

    def damage(path: Path) -> None:
        with zipfile.ZipFile(path) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new) if old else b""
        with zipfile.ZipFile(path, "w") as packed:
            for name, data in parts.items():
                if old or name != part:
                    packed.writestr(name, data)

    return damage


DAMAGE: dict[str, Callable[[Path], None]] = {
    **{f"cut at {share}": cut(share) for share in (0, 0.1, 0.5, 0.9, 0.99)},
    **{f"flipped {seed}": flipped(seed) for seed in range(6)},
    **{
        f"without {part}": changed(part, b"", b"")
        for part in (
            "xl/workbook.xml",
            "xl/_rels/workbook.xml.rels",
            "xl/styles.xml",
            "[Content_Types].xml",
            SHEET,
        )
    },
    "row far down": changed(SHEET, b'<row r="2"', b'<row r="99999999"'),
    "no such cell": changed(SHEET, b'r="A2"', b'r="??"'),
    "no such style": changed(SHEET, b's="1"', b's="999"'),
    "words in a number": changed(SHEET, b"<v>23<", b"<v>abc<"),
    "infinity": changed(SHEET, b"<v>23<", b"<v>1E999<"),
    "no number": changed(SHEET, b"<v>23<", b"<v>NaN<"),
    "last binary digit": changed(SHEET, b"<v>23<", b"<v>23.000000000000004<"),
    "error": changed(SHEET, b't="n"><v>23<', b't="e"><v>#N/A<'),
    "boolean": changed(SHEET, b't="n"><v>23<', b't="b"><v>1<'),
    "date out of range": changed(SHEET, b"<v>43983<", b"<v>99999999999<"),
    "dates of old Macs": changed("xl/workbook.xml", b"<workbookPr/>", b'<workbookPr date1904="1"/>'),
    "another encoding": changed(
        SHEET, b"<worksheet ", b'<?xml version="1.0" encoding="klingon"?><worksheet '
    ),
    "entities": changed(SHEET, b"<worksheet ", b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet '),
    "wrong size": changed(SHEET, b'ref="A1:I2"', b'ref="A1:XFD1048576"'),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal; each test puts its table back."""
    return make_project(tmp_path_factory.mktemp("damaged") / "tiny")


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_workbook_is_refused_or_gives_the_right_figure(
    project: Path, workbook: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    DAMAGE[case](workbook)
    before = tree_of(project / "data_packages")
    table = (project / TABLE).read_text()
    arguments = (
        "import",
        "table",
        str(workbook),
        "--package",
        "figures",
        "--resource",
        "observations",
        "--yes",
    )
    code = run(project, *arguments)
    said = capsys.readouterr().err
    new = [line for line in (project / TABLE).read_text().splitlines() if line not in table.splitlines()]
    (project / TABLE).write_text(table)
    assert tree_of(project / "data_packages") == before
    assert "Traceback" not in said
    if code == 1:
        assert "  Found: " in said
        assert "  To do: " in said
        assert new == []
    else:
        assert code == 0
        moved = RIGHT.replace("2020-06-01", "2024-06-02").replace("2020-06-30", "2024-07-01")
        assert new == [moved if case == "dates of old Macs" else RIGHT]
