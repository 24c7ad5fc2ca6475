"""Look at a spreadsheet file before anything parses it: what kind it is, and whether it is of a sensible size.

A spreadsheet is a zip of XML. A few kilobytes of either can ask for gigabytes of memory, so that sizes, ratios,
names and declarations are judged here, on the bytes.
"""

import codecs
import io
import re
import zipfile
from pathlib import Path

from portal.core import input_files
from portal.core.problems import Fault, PortalError, Problem

_MEGABYTE = 1024 * 1024
LARGEST_FILE = 10 * _MEGABYTE
LARGEST_INSIDE = 40 * _MEGABYTE
LARGEST_MEMBER = 25 * _MEGABYTE
LARGEST_RATIO = 400  # above a megabyte; deflate ends at about 1,030
MOST_MEMBERS = 1_000
# What is read of every file. Other parts of a workbook are judged when they are read, and most never are.
_READ_FIRST = {
    "[Content_Types].xml",
    "content.xml",
    "styles.xml",
    "meta.xml",
    "settings.xml",
    "META-INF/manifest.xml",
}
MOST_MARKS = 1_800_000  # of < and =: each becomes an element or attribute in memory
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']*)["']""")
# OpenDocument in one file (.fods), and the XML of Excel 2003.
_FLAT = (b"urn:oasis:names:tc:opendocument:xmlns:office:1.0", b"urn:schemas-microsoft-com:office:spreadsheet")
_AGAIN = "Open it in a spreadsheet program and save it again as .xlsx."


def opened(path: Path) -> tuple[str, bytes]:
    """Return the kind of the file, `xlsx`, `ods` or `csv`, and its bytes; raise `PortalError` where it is none or unsafe."""
    if path.exists() and (fault := input_files.file_fault(path)):
        raise wrong(path.name, *fault)
    try:
        if path.stat().st_size > LARGEST_FILE:
            size = f"{LARGEST_FILE // _MEGABYTE} MB"
            raise wrong(
                path.name, f"The file is larger than {size}.", "Save the sheet that you need as a file."
            )
        raw = path.read_bytes()
    except OSError:
        raise wrong(
            path.name, "The file is not there or cannot be read.", "Look at its name and folder."
        ) from None
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path, raw), raw
    fault = _no_spreadsheet(raw)
    if fault:
        raise wrong(path.name, *fault)
    return "csv", raw


def wrong(file: str, message: str, fix: str) -> PortalError:
    """Return the one problem that keeps a file from being read."""
    return PortalError([Problem(file, code="file", message=message, fix=fix)])


def _no_spreadsheet(raw: bytes) -> Fault | None:
    """Return why bytes that are no zip can be no CSV either."""
    start = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if raw.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in raw:
        return Fault("The file is locked with a password.", "Save a copy without the password.")
    if raw.startswith(_OLE):
        return Fault("The file has the format of old versions of Excel (.xls).", _AGAIN)
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<body")):
        return Fault("The file is a web page, although its name may end in .xls.", _AGAIN)
    if start.startswith((b"<?xml", b"<")) and any(mark in raw[:4096] for mark in _FLAT):
        return Fault("The file is a spreadsheet that was saved as one XML document.", _AGAIN)
    if start.startswith((b"<?xml", b"<")):
        return Fault("The file is XML and not a spreadsheet.", _AGAIN)
    if raw.startswith(b"\x1f\x8b"):
        return Fault("The file is compressed, as Gnumeric saves its workbooks.", _AGAIN)
    if start.startswith(b"%pdf"):
        return Fault("The file is a PDF.", "Ask for the spreadsheet that it was made from.")
    return None


def _zipped(path: Path, raw: bytes) -> str:
    """Return the kind of a zip whose members are all of a sensible size; its bytes are looked at, never unpacked to disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            fault = _unsafe(members)
            if fault:
                raise wrong(path.name, *fault)
            kind = _kind(path, archive)
            for name in _READ_FIRST & set(archive.namelist()):
                part(path.name, archive, name)
    except PortalError:
        raise
    except Exception:  # whatever the library stumbles over, the file is what is broken
        raise wrong(path.name, "The file is damaged: it cannot be unpacked.", _AGAIN) from None
    return kind


def _unsafe(members: list[zipfile.ZipInfo]) -> tuple[str, str] | None:
    names = [m.filename for m in members]
    if len(members) > MOST_MEMBERS:
        return f"The file has {len(members):,} parts inside, more than any spreadsheet needs.", _AGAIN
    if any(n.startswith("/") or "\\" in n or ":" in n or ".." in n.split("/") for n in names):
        return "The file has parts that point outside of it.", _AGAIN
    if len(set(names)) < len(names):
        return "The file has two parts of the same name.", _AGAIN
    if any(m.flag_bits & 1 for m in members):
        return "The file is locked with a password.", "Save a copy without the password."
    large = [m for m in members if m.file_size > _MEGABYTE]
    if (
        sum(m.file_size for m in members) > LARGEST_INSIDE
        or any(m.file_size > LARGEST_MEMBER for m in large)
        or any(m.file_size > LARGEST_RATIO * max(m.compress_size, 1) for m in large)
    ):
        fix = "Copy the cells that you need into a new file and save that."
        size = f"{LARGEST_INSIDE // _MEGABYTE} MB, or one sheet of it larger than {LARGEST_MEMBER // _MEGABYTE} MB"
        return f"Unpacked, the file would be larger than {size}.", fix
    return None


def _kind(path: Path, archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise wrong(path.name, "The file is a binary workbook (.xlsb).", _AGAIN)
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise wrong(path.name, "The file is locked with a password.", "Save a copy without the password.")
    if "content.xml" in names:
        mimetype = archive.read("mimetype") if "mimetype" in names else b""
        if b"opendocument.spreadsheet" in mimetype:
            return "ods"
        raise wrong(
            path.name, "The file is a document but not a spreadsheet.", "Save its table as .ods or .xlsx."
        )
    if "[Content_Types].xml" in names and any(n.lower().startswith("xl/") for n in names):
        return "xlsx"
    if any(n.startswith(("Index/", "Index.zip")) for n in names):
        fix = "Open it in Numbers, choose File, Export To, Excel, and import that file."
        raise wrong(path.name, "The file is an Apple Numbers document.", fix)
    raise wrong(
        path.name, "The file is a zip archive and not a spreadsheet.", "Unpack it, and import what is inside."
    )


def part(file: str, archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one part of a zip as UTF-8; raise `PortalError` where it would be unsafe to parse.

    That is XML that declares entities, hides what it declares, or becomes very many elements. A part in UTF-16, as
    some programs write it, is turned into UTF-8 first, so that nothing in it can hide.
    """
    content = archive.read(name).removeprefix(codecs.BOM_UTF8)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = _DECLARATION.sub("", content.decode("utf-16")).encode()
    declared = _ENCODING.match(content[:400])
    encoding = declared[1].lower() if declared else b"utf-8"
    if encoding not in (b"utf-8", b"us-ascii", b"ascii") or b"\0" in content:
        raise wrong(file, f"Its part {name} is not saved as UTF-8.", _AGAIN)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise wrong(file, f"Its part {name} has declarations that no spreadsheet needs.", _AGAIN)
    if content.count(b"<") + content.count(b"=") > MOST_MARKS:
        fix = "Copy the cells that you need into a new file and save that."
        raise wrong(file, "The file has more cells than can be read, which is about 400,000.", fix)
    return content
