"""Run `portal publish`: compare the site with its targets, publish it there, or go back. And check a signed list."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from portal.core import settings as config
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.desk import embargo_work
from portal.releases import releasing, signing
from portal.releases.releasing import DraftRelease, Project
from portal.releases.signing import SignedList
from portal.site import building, targets
from portal.site.target import PublishingTarget

Tell = Callable[[str], None]


def run(root: Path, options: argparse.Namespace, tell: Tell) -> Iterator[str]:
    """Do what the options ask for; yield a line about each target.

    Raises:
        PortalError: there is no such target, or the site or its copy is not complete.
    """
    site = root / "build" / "site"
    for target in _chosen(targets.read(config.load(root).targets), options.target):
        if options.back:
            yield f"{target.name}: the previous site is restored. SHA-256 of its list of files: {targets.back(target, site)}"
        elif options.dry_run:
            run_ = targets.compare(site, target)
            yield f"{target.name}: {len(run_.added)} files would be added, {len(run_.changed)} changed, {len(run_.removed)} removed."
        else:
            yield f"{target.name}: published and checked. SHA-256 of its list of files: {targets.publish(site, target, tell)}"


def _chosen(known: Sequence[PublishingTarget], name: str) -> Sequence[PublishingTarget]:
    if not known:
        message = "The settings name no target."
        fix = 'Add one under [targets], such as website = "folder:/srv/portal".'
        raise PortalError([Problem(SETTINGS_FILE, field="targets", code="target", message=message, fix=fix)])
    if name and name not in {t.name for t in known}:
        message = f"There is no target “{name}”."
        fix = did_you_mean(name, [t.name for t in known])
        raise PortalError([Problem("TARGET", code="target", message=message, fix=fix)])
    return [t for t in known if name in ("", t.name)]


def require_signature(project: Project, path: Path | None) -> SignedList | None:
    """Return the signed list of a file, which must be of what a release would contain now; None asks for no signature.

    Raises:
        PortalError: it cannot be read, nobody signed it, or something has changed since.
    """
    if path is None:
        return None
    try:
        raw = path.read_bytes()
    except OSError:
        message = "There is no such file, or it cannot be read."
        raise PortalError(
            [Problem(path.name, code="signed", message=message, fix="Check its name.")]
        ) from None
    signed = signing.read(path.name, raw)
    changes = releasing.changes(project, building.addresses(project))
    if faults := list(signing.problems(path.name, signed, signing.digest(changes, project))):
        raise PortalError(faults)
    return signed


def with_signed_list(root: Path, draft: DraftRelease, signed: SignedList) -> DraftRelease:
    """Return a release that also writes down who signed it, as the desk does."""
    return replace(draft, files={**embargo_work.record(root, draft.release.id, signed), **draft.files})
