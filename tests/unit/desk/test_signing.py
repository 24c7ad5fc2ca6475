"""A signed list is valid for one list of changes only, and needs two people."""

import csv
import io
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.desk import seeing
from portal.desk.known_state import StateReader
from portal.releases import signing
from portal.releases.signing import Signature, SignedList
from project import make_project, run

ADA, GRACE = Signature("Ada", "2027-01-12T10:04:00Z"), Signature("Grace", "2027-01-12T11:00:00Z")
DIGEST = "0f" * 32


def test_a_list_that_two_people_signed_stands_for_its_changes() -> None:
    signed = SignedList(DIGEST, "1 new figure", ADA, GRACE)
    assert signing.read("signed.json", signing.as_json(signed).encode()) == signed
    assert list(signing.problems("signed.json", signed, DIGEST)) == []


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        (SignedList(DIGEST, "", ADA), "Nobody has signed"),
        (SignedList(DIGEST, "", ADA, Signature("ada", GRACE.at)), "prepared this list and signed it"),
        (SignedList("00" * 32, "", ADA, GRACE), "has changed since"),
    ],
)
def test_a_list_that_does_not_stand_for_them_says_why(signed: SignedList, words: str) -> None:
    assert words in next(signing.problems("signed.json", signed, DIGEST)).message


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"digest": 1, "counted": "", "prepared": 2, "signed": null}', b"\xff"]
)
def test_another_file_is_a_problem(raw: bytes) -> None:
    with pytest.raises(PortalError, match="not a signed list"):
        signing.read("signed.json", raw)


def test_the_code_is_read_however_it_is_typed() -> None:
    code = signing.code(DIGEST)
    assert code == "0F0F-0F0F-0F0F"
    assert all(signing.is_code(words, DIGEST) for words in (code, code.lower(), " 0f0f 0f0f 0f0f "))
    assert not any(signing.is_code(words, DIGEST) for words in ("", "0F0F", "0F0F-0F0F-0F00", f"{code}0"))


def test_a_text_that_changes_after_the_signature_needs_a_new_one(tmp_path: Path) -> None:
    """The list of changes names a new row by its title, but what was signed is all of its text."""
    root = make_project(tmp_path / "project")
    assert run(root, "release", "2027 Q1", "--yes") == 0
    table = root / "data_packages/sources/data/sources.csv"
    header, *rows = table.read_text().splitlines()
    new = next(csv.DictReader([header, rows[0]])) | {
        "id": "fresh",
        "title": "A fresh report",
        "note": "Short.",
    }
    first, said = signed_as(root, table, [header, *rows], new)
    second, _ = signed_as(root, table, [header, *rows], {**new, "note": "Other words."})
    assert first != second
    # The person who signs reads every cell of the row, to its end.
    long = "A long note. " * 40 + "Its end."
    _, said = signed_as(root, table, [header, *rows], {**new, "note": long})
    assert long in said


def signed_as(root: Path, table: Path, lines: list[str], new: dict[str, str]) -> tuple[str, str]:
    """The digest and the text of the list of changes when the table has one more row."""
    out = io.StringIO()
    csv.DictWriter(out, list(new), lineterminator="\n").writerow(new)
    table.write_text("\n".join(lines) + "\n" + out.getvalue())
    found = seeing.changes(StateReader(root), lambda step: None)
    return found.digest, found.text
