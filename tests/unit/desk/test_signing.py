"""A signed list is valid for one list of changes only, and needs two people."""

import pytest
from portal.core.problems import PortalError
from portal.releases import signing
from portal.releases.signing import Signature, SignedList

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
