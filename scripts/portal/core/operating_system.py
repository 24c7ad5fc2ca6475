"""Turn operating-system errors into problems: no space, no permission, too little memory, too many open files."""

import errno
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from portal.core import file_system
from portal.core.problems import Fault, PortalError, Problem

resource: Any
try:
    import resource
except ImportError:  # Windows has no limits to ask for
    resource = None

_NO_SPACE = Fault(
    "There is no space left on the disk.",
    "Free some space, then try again. You can delete the folders cache, pages and tests in build.",
)
_NO_PERMISSION = Fault(
    "You do not have permission to read or write this file or folder.",
    "Change its permissions, or ask the person who looks after this computer to do so, then try again.",
)
_FILE_IN_THE_WAY = Fault("A file is where a folder should be.", "Move the file away, then try again.")
_TOO_MANY_FILES = Fault("Too many files are open.", "Close other programs, then try again.")
_NO_MEMORY = Fault(
    "There is not enough memory.",
    "Close other programs, or raise the limit on memory if there is one (ulimit -v), then try again.",
)
# With less than this, libraries cannot be loaded, and they do not report it: OpenBLAS exits or retries for ever.
_LEAST_MEMORY = 512 * 2**20
_NO_THREAD = "can't start new thread"
_NOT_LOADED = re.compile("failed to map segment|cannot allocate memory", re.IGNORECASE)
_BY_ERROR_NUMBER: Mapping[int, Fault] = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: _TOO_MANY_FILES,
    errno.ENOMEM: _NO_MEMORY,
    errno.EAGAIN: _NO_MEMORY,
    errno.EROFS: Fault("The disk can be read, but not written to.", "Move the project to a disk that can be written to."),
    errno.EFBIG: Fault("The file is larger than is allowed here.", "Raise the limit for the size of files, then try again."),
    errno.ENAMETOOLONG: Fault("The name is too long for the disk.", "Give the page or file a shorter name."),
    errno.EIO: Fault("The disk is not responding properly.", "Have the disk checked, and keep a copy of the project elsewhere."),
    errno.ENOENT: Fault("The file or folder is not there.", "Put it back. If nobody removed it, try again."),
    errno.EISDIR: Fault("A folder is where a file should be.", "Move the folder away, then try again."),
    errno.ELOOP: Fault("A link points back to itself.", "Remove the link, then try again."),
    errno.EEXIST: _FILE_IN_THE_WAY,
    errno.ENOTDIR: _FILE_IN_THE_WAY,
}  # fmt: skip
# How Python and Rust programs print an error number.
_ERROR_NUMBER = re.compile(r"(?:\[Errno |\(os error )(\d+)[])](?:[^:'\n]*: '([^'\n]*)')?")


def problem(error: OSError, root: Path) -> Problem:
    """Return the problem for an error, with the file or folder that it names; `build` if it names none."""
    unknown = f"The computer says: {error.strerror or error}."
    fault = _BY_ERROR_NUMBER.get(
        error.errno or 0,
        (unknown, "Try again. If it happens again, show this to the person who looks after the computer."),
    )
    return Problem(_place(error, root), 0, "", "disk", *fault)  # fmt: skip


def _place(error: OSError, root: Path) -> str:
    name = error.filename2 or error.filename  # the target, if a file was being moved
    if not isinstance(name, str | bytes | os.PathLike):
        return "build"
    path = Path(os.fsdecode(name))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def error_in_output(text: str) -> OSError | None:
    """Return the error that another program printed before it ended, or None."""
    matches = list(_ERROR_NUMBER.finditer(text))
    if not matches and ("MemoryError" in text or _NO_THREAD in text or _NOT_LOADED.search(text)):
        return OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    return OSError(int(matches[-1][1]), os.strerror(int(matches[-1][1])), matches[-1][2]) if matches else None


def keep_own_permissions() -> None:
    """Make sure that this program can read what it writes, whatever the umask; others keep the permissions of the umask."""
    os.umask(os.umask(0o077) & 0o077)


def require_memory() -> None:
    """Check that this process can have the memory that every command needs; systems without limits pass.

    Raises:
        PortalError: a limit on memory is too low.
    """
    if resource is None:
        return
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY and limit < _LEAST_MEMORY:
            message = f"This program may use {limit // 2**20} MB of memory here; it needs at least {_LEAST_MEMORY // 2**20} MB."
            raise PortalError([Problem("memory", code="memory", message=message, fix=_NO_MEMORY[1])])


def memory_problem(error: BaseException | None) -> Problem | None:
    """Return a problem if an error, or its cause, says that memory or processes ran out; else None."""
    while error:
        cannot_load = isinstance(error, ImportError) and _NOT_LOADED.search(str(error))
        if isinstance(error, MemoryError) or cannot_load or _NO_THREAD in str(error):
            return Problem("memory", 0, "", "memory", *_NO_MEMORY)
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def errors_as_problems(root: Path) -> Iterator[None]:
    """Turn every operating-system error in the block into a `PortalError`."""
    try:
        yield
    except BrokenPipeError:  # not the disk: the reader of our output has gone
        raise
    except OSError as error:
        raise PortalError([problem(error, root)]) from error


def delete_folder(folder: Path) -> None:
    """Delete a folder, as far as possible; what is left does no harm."""
    import shutil  # noqa: PLC0415 - slow to import; would delay `portal --help`

    with suppress(OSError):
        shutil.rmtree(folder, ignore_errors=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: at any moment, even after a power cut, it has the old or the new content."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another process may be writing it too
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a file in a cache, after making it if it is missing.

    The name of the file must be a digest of everything that the content depends on.
    """
    if path.is_file():
        return path.read_bytes()
    content = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return content


def remove_links(folder: Path) -> None:
    """Remove the symbolic links in a folder, so that nothing is read or written through them."""
    for path in [p for p in folder.rglob("*") if file_system.is_link(p)]:
        path.unlink()
