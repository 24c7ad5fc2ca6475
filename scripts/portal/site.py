"""Builds the site beside the one in place, has it verified, and has it put in place."""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from portal import (
    assembly,
    bundles,
    cards,
    chromium,
    disclosure,
    disk,
    doubts,
    forks,
    headers,
    packages,
    periods,
    pictures,
    publish,
    releases,
    render,
    renderers,
    rules,
    search,
    sheets,
    tables,
    tree,
    verify,
)
from portal.checked import Checked
from portal.config import Settings, load
from portal.model import Content
from portal.pages import all_pages
from portal.pictures import Pictures
from portal.problems import PortalError, Problem
from portal.releases import Project, PutBack
from portal.render import Laid, Run

Tell = Callable[[str], None]
# What a site is made from, below the project's folder, and the program where it stands elsewhere.
PROGRAM = Path(__file__).parent
INPUTS = ("data_packages", "site_src", "scripts/portal", "mkdocs.yml", str(pictures.LIBRARY))


def project(root: Path) -> Project:
    """Read everything, check it against the rules and look for what is doubtful.

    Raises `PortalError` with every problem.
    """
    settings = load(root)
    found, problems = packages.read_all(root, settings.packages)
    with forks.aside(lambda: doubts.look(Checked(found, settings), periods.today())) as looked:
        problems += rules.check(found, settings) + headers.check(settings) + search.synonyms(root)[1]
        if problems:
            raise PortalError(sorted(problems))
        assembled = assembly.assemble(found)
        doubtful = looked()
    whole = Project(settings, found, assembled, tuple(d for d in doubtful if d.name))
    if faults := [*(d for d in doubtful if not d.name), *releases.check(whole)]:
        raise PortalError(sorted(faults))
    return whole


def warnings(whole: Project, alone: Iterable[str] = ()) -> tuple[Problem, ...]:
    """Every warning that nobody has accepted, also of pages that nothing links to."""
    accepted = whole.content.accepted
    doubtful = disclosure.doubtful(whole.content, whole.settings.disclosure, releases.earlier(whole))
    found = (*whole.warnings, *map(doubts.unlinked, alone), *doubtful)
    file = whole.told(whole.home / "data" / "accepted.csv") if accepted else ""
    return doubts.unaccepted(found, accepted, file)


def read(root: Path) -> tuple[Settings, Content]:
    """The settings and content of a project, as `project` does."""
    whole = project(root)
    return whole.settings, whole.content


def check(root: Path) -> tuple[Settings, disclosure.Release]:
    """Read everything, and let it through disclosure control; raise `PortalError` with every problem."""
    whole = project(root)
    return whole.settings, allowed(whole)


def allowed(whole: Project) -> disclosure.Release:
    """What may be published, given all that earlier releases published."""
    with _allowing(whole) as released:
        return released


def _allowing(whole: Project) -> AbstractContextManager[disclosure.Release]:
    """The same, with its audit still at work; it is done at the end of the block."""
    settings = whole.settings
    earlier = releases.earlier(whole)
    return disclosure.releasing(whole.content, settings.disclosure, settings.site.area, earlier)


@dataclass(frozen=True)
class Built:
    """The folder of a site, whether it was built just now, and warnings that nobody has accepted."""

    folder: Path
    new: bool
    warnings: tuple[Problem, ...] = ()


def build(
    root: Path, tell: Tell, fresh: bool = False, lifted: bool = False, renderer: str = renderers.USUAL
) -> Built:
    """Build the site of the project in `root`.

    Nothing is done where nothing has changed since the site in place, unless `fresh`. A release under embargo is kept
    in `build/waiting`, unless `lifted`. Raises `PortalError`; the site in place stays as it is then.
    """
    live = root / "build" / "site"
    renderers.check(renderer)
    with disk.guarded(root), publish.alone(root):
        mark = fingerprint(root, renderer)
        if (
            not fresh
            and live.is_symlink()
            and live.is_dir()
            and live.resolve().name.partition(".")[0] == mark
        ):
            return Built(live, False)
        made = root / "build" / "work"
        try:
            with renderers.RENDERERS[renderer].ready(root, fresh) as run:
                whole, alone = _make(root, made, tell, run)
            found = (*warnings(whole, alone), *releases.unreleased(whole))
            if not lifted and releases.under_embargo(whole):
                publish.hold(made, live, mark)
                return Built(live.with_name(publish.WAITING), True, found)
            publish.drop(live)
            publish.put(made, live, mark)
        finally:
            disk.clear(made)
        headers.for_nginx(live, root / "build" / "hosting")
        return Built(live, True, found)


def _make(root: Path, made: Path, tell: Tell, run: Run) -> tuple[Project, tuple[str, ...]]:
    """Make the site in the folder `made`, verified and with its manifest; `run` makes its HTML.

    Returns what it was made from, and the pages that nothing links to.
    """
    tell("Checking the data packages")
    whole = project(root)
    settings = whole.settings
    searchable = bool(search.version())
    with _allowing(whole) as released:
        drawn = _pictures(settings, released, tell)
        tell("Writing the pages")
        keep = partial(render.write, settings)
        # Aside, so that all that the pages need in memory is given back.
        with forks.aside(lambda: tree.grow(settings, released, drawn, keep, searchable)) as growing:
            grown = growing()
    laid = render.lay(settings, grown, made)
    tell(f"Making {len(laid.pages)} pages into HTML")
    run(settings, laid, made)
    if not settings.site.address:  # a list of addresses with none in it is not a valid one
        for name in ("sitemap.xml", "sitemap.xml.gz"):
            (made / name).unlink(missing_ok=True)
    tell(
        "Making the index of the search"
        if searchable
        else "Pagefind does not run here, so the site has no search"
    )
    with forks.aside(lambda: publish.forget(root / "build" / "site", coming=1)) as forgotten:
        if searchable:
            search.index(made)
        forgotten()
    problems = headers.write(made, settings)
    if laid.sheets:
        tell(f"Printing {len(laid.sheets)} sheets and {len(laid.cards)} preview pictures")
    coming = (*(f"{page}{name}" for page, name in laid.sheets.items()), *laid.cards, bundles.WHOLE)
    with forks.aside(lambda: _finish(made, laid, settings.build_folder / "cache")) as finished:
        tell("Verifying every page")
        built = verify.listed(made, verify.read(made), *coming)
        allow = exits(settings, released.content)
        problems += verify.verify(built, allow, settings.site.sensitive_words, settings.site.address)
        alone = verify.unlinked(built) if not problems else ()
        finished()
    if problems:
        raise PortalError(problems)
    publish.seal(made)
    return whole, alone


def addresses(whole: Project) -> dict[str, str]:
    """The name of each page of the site by its address."""
    settings = whole.settings
    same = search.synonyms(settings.root)[0]
    return {p.path: p.label for p in all_pages(settings, allowed(whole), tree.written(settings), same)}


def roll_back(root: Path, plan: PutBack) -> str:
    """Put the data of an earlier release back and record that as a new release; return its name.

    Raises `PortalError`; the packages are as they were then.
    """
    before = {path: path.read_bytes() for path in plan.files if path.is_file()}
    releases.write(plan.files)
    try:
        whole = project(root)
        releases.draft(whole, plan.asked, addresses(whole), periods.today()).write()
    except BaseException:
        releases.write(before)
        raise
    return plan.asked.name


def exits(settings: Settings, content: Content) -> frozenset[str]:
    """The addresses on other hosts that the site may link to."""
    urls = [c.url for things in (content.routes, content.services, content.sources.values()) for c in things]
    return frozenset(filter(None, (settings.site.exit_to, *settings.site.links, *urls)))


def fingerprint(root: Path, renderer: str = renderers.USUAL) -> str:
    """A digest of everything that the site is made from, and of the tools that make it."""
    digest = hashlib.sha256()
    for name in ("markdown", "jinja2", "pandas", "frictionless"):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    digest.update("\n".join(renderers.versions(renderer)).encode())
    digest.update(f"{sys.version_info[:2]} {chromium.browser()} {search.version()}\n".encode())
    for path in inputs(root):
        look = path.stat()
        below = path.relative_to(root if path.is_relative_to(root) else PROGRAM.parent)
        digest.update(f"{below.as_posix()} {look.st_size}\n".encode())
        if look.st_size > tables.LARGEST:  # no table of this size is accepted, and nothing else has it
            digest.update(str(look.st_mtime_ns).encode())
            continue
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def inputs(root: Path) -> Iterator[Path]:
    """Every file that the site is made from, in a fixed order."""
    own = () if (root / "scripts" / "portal").exists() else (PROGRAM,)
    for path in (*(root / name for name in INPUTS), *own):
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (p for p in found if p.is_file() and "__pycache__" not in p.parts)


def _pictures(settings: Settings, released: disclosure.Release, tell: Tell) -> Pictures:
    library = settings.root / pictures.LIBRARY
    if not library.exists():
        raise PortalError(
            [
                Problem(
                    "node_modules",
                    code="library",
                    message="The chart library is not there.",
                    fix="Run `make site`, which fetches it.",
                )
            ]
        )
    figures = tree.figures_to_draw(released)
    tell(
        f"Drawing {len(figures)} charts"
        if chromium.browser()
        else "No Chromium here, so the reader's browser will draw the charts"
    )
    drawn = pictures.draw(figures, library, settings.build_folder / "cache")
    if drawn.prints and (left := sum(drawn.of(f) is None for f in figures)):
        raise PortalError([_by_chromium(f"Chromium could not draw {left} of {len(figures)} charts.")])
    return drawn


def _finish(made: Path, laid: Laid, cache: Path) -> None:
    """Print sheets of paper as PDF, and pictures for those who share a page, where this machine can; then pack the whole."""
    failed = [*sheets.print_all(made, laid.sheets, cache), *cards.draw_all(made, laid.cards, cache)]
    if failed:
        names = ", ".join(failed[:3])
        message = f"Chromium could not print {len(failed)} sheets or pictures: {names}."
        raise PortalError([_by_chromium(message)])
    bundles.whole(made)


def _by_chromium(message: str) -> Problem:
    fix = "See whether the disk is full and build once more. If it stays so, update Chromium, or take it away: readers' browsers then draw and print."
    return Problem("build", code="print", message=message, fix=fix)
