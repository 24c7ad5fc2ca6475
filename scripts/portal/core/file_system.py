"""Lock, link and flush files in the way that each operating system offers.

Linux and macOS have `fcntl`, symbolic links and `fsync` for folders. Windows has `msvcrt` and directory junctions: there,
symbolic links need a permission that most people do not have.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

fcntl: Any
msvcrt: Any
_winapi: Any
try:
    import fcntl
except ImportError:
    fcntl = None
try:
    import msvcrt
except ImportError:
    msvcrt = None
try:
    import _winapi
except ImportError:
    _winapi = None

_MOUNT_POINT = 0xA0000003  # the reparse tag of a junction; `stat` has it only on Windows
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)  # what each system says of a file that is locked


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold a lock on a file, which is made if necessary. The system drops the lock if this process dies.

    Raises: `BlockingIOError` if another process holds the lock.
    """
    with path.open("a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in _BUSY:
                raise BlockingIOError(error.errno, os.strerror(error.errno), str(path)) from None
            raise
        try:
            yield
        finally:
            if fcntl is None and msvcrt is not None:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)


def _lock(file: IO[bytes]) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)


def is_link(path: Path) -> bool:
    """Return True if a path is a symbolic link or a junction, whether or not its target exists."""
    if path.is_symlink():
        return True
    try:
        return getattr(path.lstat(), "st_reparse_tag", 0) == _MOUNT_POINT
    except OSError:
        return False


def replace_link(link: Path, folder: Path) -> None:
    """Make `link` a link to a folder, in place of the link that is there.

    With symbolic links this is one rename: there is never a moment without a link. A junction has an absolute target, and
    Windows cannot rename over it, so the old one is removed a moment before.
    """
    new = link.with_name(f"{link.name}.new")
    if is_link(new) or new.exists():
        new.unlink()
    if _winapi is None:
        new.symlink_to(os.path.relpath(folder.resolve(), link.parent.resolve()))
        new.replace(link)
        return
    _winapi.CreateJunction(str(folder.resolve()), str(new))
    if is_link(link):
        link.unlink()
    new.rename(link)


def flush_all() -> None:
    """Ask the system to write everything to the disk at once, where it has such a call."""
    if hasattr(os, "sync"):
        os.sync()


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk. Windows has no such call for folders.

    Raises: `OSError` if the disk reports an error.
    """
    if msvcrt is not None and path.is_dir():
        return
    # Windows flushes only what is open for writing.
    handle = os.open(path, os.O_RDWR if msvcrt is not None else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def print_as_utf8() -> None:
    """Write UTF-8 to the standard streams: the encoding of a Windows console does not have every character of a name."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            reconfigure(encoding="utf-8", errors="replace")
