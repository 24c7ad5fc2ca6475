"""Publish to a branch of a git repository, such as one that a host of static sites serves.

The branch has two commits: the site and the previous site. Older ones are dropped, so that a figure that was withdrawn
does not stay in the history. A branch with other content is never overwritten.
"""

import hashlib
import json
from pathlib import Path

from portal.core import operating_system
from portal.site import publishing
from portal.site.target import Program, Published, PublishingTarget, Tell

_AS_IT_IS = ("core.autocrlf=false", "core.safecrlf=false", "core.attributesFile=/dev/null", "core.excludesFile=/dev/null", "core.hooksPath=/dev/null", "commit.gpgSign=false", "core.fileMode=false", "gc.auto=0")  # fmt: skip
_WHO = (("GIT_AUTHOR_NAME", "portal"), ("GIT_AUTHOR_EMAIL", "portal@localhost"), ("GIT_COMMITTER_NAME", "portal"), ("GIT_COMMITTER_EMAIL", "portal@localhost"))  # fmt: skip
_QUIET = (("GIT_TERMINAL_PROMPT", "0"), ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20"), ("LC_ALL", "C"))  # fmt: skip
_OPTIONS = tuple(word for setting in _AS_IT_IS for word in ("-c", setting))
_GIT = Program("git", _OPTIONS, (*_QUIET, *_WHO))
_FETCHED = "refs/portal/public"
_NO = (1, 2, 128)


def refusal(place: str) -> tuple[str, str] | None:
    """Return why a place cannot be a target, and what to write instead; None if it can."""
    remote, _, branch = place.rpartition("#")
    if not remote or not branch or place.startswith("-") or branch.startswith("-") or " " in branch:
        return (
            f"“{place}” is not a repository and a branch.",
            "Write it like git:origin#website, or with the address of the repository.",
        )
    return None


def look(target: PublishingTarget, scratch: Path) -> Published:
    """Return what the branch has now.

    Raises:
        PortalError: git is missing, or the repository does not answer.
    """
    commit = _fetch(target, scratch)
    raw = _show(target, scratch, commit) if commit else ""
    try:
        files = json.loads(raw)["files"] if raw else {}
    except (ValueError, LookupError, TypeError):
        files, raw = {}, ""
    older = bool(raw and _git(target, scratch, "rev-parse", "-q", "--verify", f"{commit}^", also=_NO))
    return Published(files, hashlib.sha256(raw.encode()).hexdigest() if raw else "", older)


def put(site: Path, target: PublishingTarget, scratch: Path, tell: Tell) -> None:
    """Push a commit with the site, on top of one with the previous site.

    Raises:
        PortalError: git is missing or failed, the branch has other content, or someone else pushed meanwhile.
    """
    commit = _fetch(target, scratch)
    if commit and not _show(target, scratch, commit):
        branch = target.place.rpartition("#")[2]
        fix = f"Name a branch for the site alone in the settings. Or delete the branch {branch} first, if it is not needed."
        raise target.problem(f"The branch {branch} holds something that is not a site.", fix)
    index = scratch / "index"
    index.unlink(missing_ok=True)
    git = Program("git", _OPTIONS, (*_QUIET, *_WHO, ("GIT_INDEX_FILE", str(index)), ("GIT_DIR", str(_home(scratch))), ("GIT_WORK_TREE", str(site))))  # fmt: skip
    git.run(target, "add", "--all", "--force", ".", at=site)
    tree = (git.run(target, "write-tree", at=site) or "").strip()
    if commit and tree == _tree(target, scratch, commit):
        return
    _push(target, scratch, tree, _tree(target, scratch, commit) if commit else "", commit)


def before(target: PublishingTarget, scratch: Path) -> Path | None:
    """Return a folder with the previous site; None if the branch has none."""
    commit = _fetch(target, scratch)
    if not commit or not _git(target, scratch, "rev-parse", "-q", "--verify", f"{commit}^", also=_NO):
        return None
    folder, index = scratch / "site-before", scratch / "index"
    operating_system.delete_folder(folder)
    folder.mkdir(parents=True)
    index.unlink(missing_ok=True)
    git = Program("git", _OPTIONS, (*_QUIET, ("GIT_INDEX_FILE", str(index)), ("GIT_DIR", str(_home(scratch))), ("GIT_WORK_TREE", str(folder))))  # fmt: skip
    git.run(target, "read-tree", f"{commit}^", at=folder)
    git.run(target, "checkout-index", "--all", "--force", at=folder)
    return folder


def back(target: PublishingTarget, scratch: Path) -> None:
    """Push the two sites in the opposite order."""
    commit = _fetch(target, scratch)
    _push(target, scratch, _tree(target, scratch, f"{commit}^"), _tree(target, scratch, commit), commit)


def forget(target: PublishingTarget, scratch: Path) -> None:
    """Push the public site alone, without the one before in its history."""
    commit = _fetch(target, scratch)
    _push(target, scratch, _tree(target, scratch, commit), "", commit)
    operating_system.delete_folder(_home(scratch))  # it has the earlier commits


def _push(target: PublishingTarget, scratch: Path, tree: str, older: str, seen: str) -> None:
    """Push a commit with a tree on top of one with the older tree, but only if the branch has not changed since it was read."""
    above: tuple[str, ...] = ()
    if older:
        above = ("-p", _git(target, scratch, "commit-tree", older, "-m", "The previous site").strip())
    new = _git(target, scratch, "commit-tree", tree, *above, "-m", "The site").strip()
    branch = f"refs/heads/{target.place.rpartition('#')[2]}"
    lease = f"--force-with-lease={branch}:{seen}"
    _git(target, scratch, "push", "--quiet", lease, _remote(target, scratch), f"{new}:{branch}")


def _fetch(target: PublishingTarget, scratch: Path) -> str:
    """Fetch the branch and return its newest commit; empty if there is no such branch."""
    remote, branch = _remote(target, scratch), f"refs/heads/{target.place.rpartition('#')[2]}"
    if not _git(target, scratch, "ls-remote", remote, branch).strip():
        return ""
    _git(target, scratch, "fetch", "--quiet", "--no-tags", remote, f"+{branch}:{_FETCHED}")
    return _git(target, scratch, "rev-parse", _FETCHED).strip()


def _remote(target: PublishingTarget, scratch: Path) -> str:
    """Return the address of the repository; a plain name is a remote of the project's own repository."""
    remote = target.place.rpartition("#")[0]
    if "/" in remote or ":" in remote or "\\" in remote:
        return remote
    scratch.parent.mkdir(parents=True, exist_ok=True)
    address = _GIT.run(target, "remote", "get-url", remote, at=scratch.parent, also=_NO)
    if not address:
        fix = "Add it with git remote add, or write the address of the repository."
        raise target.problem(f"There is no remote “{remote}” here.", fix)
    return address.strip()


def _show(target: PublishingTarget, scratch: Path, commit: str) -> str:
    return _git(target, scratch, "show", f"{commit}:{publishing.MANIFEST}", also=_NO)


def _tree(target: PublishingTarget, scratch: Path, commit: str) -> str:
    return _git(target, scratch, "rev-parse", f"{commit}^{{tree}}").strip()


def _home(scratch: Path) -> Path:
    return scratch / "repository"


def _git(target: PublishingTarget, scratch: Path, *arguments: str, also: tuple[int, ...] = ()) -> str:
    """Run git in the target's own repository and return its output; empty if it ended with one of the codes in `also`."""
    home = _home(scratch)
    if not home.is_dir():
        scratch.mkdir(parents=True, exist_ok=True)
        _GIT.run(target, "init", "--quiet", "--bare", "--template=", str(home), at=scratch)
    return _GIT.run(target, *arguments, at=home, also=also) or ""
