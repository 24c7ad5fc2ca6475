"""Builds the site beside the one in place, has it verified, and has it put in place."""

import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from importlib import metadata
from pathlib import Path

from portal.charts import chromium, svg
from portal.charts.area_charts import SiteCharts, build_site_charts
from portal.charts.svg import Pictures
from portal.checks import plausibility, rules
from portal.checks.valid_rows import ValidRows
from portal.core import operating_system, periods, processes
from portal.core.input_files import of_mkdocs
from portal.core.input_files import problems as faulty_files
from portal.core.model import Content
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings, load
from portal.data import assembly, packages, tables
from portal.disclosure import clearing
from portal.opendata import bundles
from portal.pages import redirects, search
from portal.pages.all_pages import PageInputs, all_pages
from portal.pages.page import PRIVATE
from portal.releases import archives, embargo, releasing
from portal.releases.releasing import Project
from portal.releases.rollback import Rollback
from portal.releases.withdrawal import PlannedWithdrawal
from portal.site import (
    headers,
    pdf_sheets,
    publishing,
    renderers,
    rendering,
    social_images,
    staging,
    verification,
)
from portal.site.rendering import Run, StagedSite

Tell = Callable[[str], None]
# What a site is made from, below the project's folder, and the program where it stands elsewhere.
PROGRAM = Path(__file__).parents[1]
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d")
INPUTS = ("data_packages", "site_src", "scripts/portal", "mkdocs.yml", str(svg.LIBRARY))


def project(root: Path) -> Project:
    """Read everything, check it against the rules and look for what is doubtful.

    Raises `PortalError` with every problem.
    """
    return _project(load(root))


def _project(settings: Settings) -> Project:
    root = settings.root
    found, problems = packages.read_all(settings.packages_folder.parent, settings.packages)
    with processes.run_in_child(
        lambda: plausibility.look(ValidRows(found, settings), periods.today())
    ) as looked:
        problems += rules.check(found, settings) + headers.check(settings) + search.read_synonyms(root)[1]
        problems += tuple(redirects.check(settings))
        problems += (*faulty_files(root, "site_src"), *of_mkdocs(root), *_unwritten(settings))
        if problems:
            raise PortalError(sorted(problems))
        assembled = assembly.assemble(found)
        doubtful = looked()
    whole = Project(settings, found, assembled, tuple(d for d in doubtful if d.name))
    if faults := [*(d for d in doubtful if not d.name), *releasing.check(whole)]:
        raise PortalError(sorted(faults))
    return whole


def public(whole: Project, files: Mapping[str, bytes] | None = None) -> Project:
    """What is public of a project while a release waits, or would be with these `files`: read and checked like the rest.

    The packages are put into `build/public`. Raises `PortalError` with every problem.
    """
    files = embargo.view(whole) if files is None else files
    folder = whole.settings.build_folder / embargo.FOLDER
    operating_system.clear(folder)
    for name, data in files.items():
        path = folder / "data_packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    try:
        found = _project(replace(whole.settings, public=folder, packages=embargo.listed(whole, files)))
        allowed(found)
    except PortalError as error:
        raise PortalError(replace(p, file=f"(public) {p.file}") for p in error.problems) from None
    return found


def draft(whole: Project, asked: releasing.ReleaseRequest) -> releasing.DraftRelease:
    """A release of everything, or where another one waits and this does not, of what was changed since that.

    Raises `PortalError` with everything that stands against it.
    """
    today = periods.today()
    if asked.embargo or not embargo.waiting(whole):
        return releasing.draft(whole, asked, addresses(whole), today)
    found = embargo.urgent(whole)
    seen = public(whole, embargo.view(whole, found.contents))
    made = releasing.draft(seen, asked, addresses(seen), today)
    return replace(made, files=embargo.before_waiting(whole, found, made))


def release(root: Path, made: releasing.DraftRelease) -> None:
    """Write a release, and read everything once more; where that fails, all is as it was.

    Raises `PortalError`.
    """
    with releasing.restored(made.files):
        made.write()
        project(root)


def withdraw(root: Path, plan: PlannedWithdrawal) -> None:
    """Take figures back; where what is left does not pass every check, all is as it was.

    Raises `PortalError`.
    """
    with operating_system.guarded(root), publishing.alone(root), releasing.restored(plan.files):
        releasing.write(plan.files)
        allowed(project(root))
    publishing.purge(root / "build" / "site")


def _unwritten(settings: Settings) -> tuple[Problem, ...]:
    """What is wrong with the hand-written pages."""
    try:
        staging.written(settings)
    except PortalError as error:
        return error.problems
    return ()


def warnings(whole: Project, alone: Iterable[str] = ()) -> tuple[Problem, ...]:
    """Every warning that nobody has accepted, also of pages that nothing links to."""
    accepted = whole.content.accepted
    doubtful = clearing.doubtful(whole.content, whole.settings.disclosure, releasing.earlier(whole))
    found = (*whole.warnings, *map(plausibility.unlinked, alone), *doubtful)
    file = whole.told(whole.home / "data" / "accepted.csv") if accepted else ""
    return plausibility.unaccepted(found, accepted, file)


def read(root: Path) -> tuple[Settings, Content]:
    """The settings and content of a project, as `project` does."""
    whole = project(root)
    return whole.settings, whole.content


def check(root: Path) -> tuple[Settings, clearing.ClearedContent]:
    """Read everything, and let it through disclosure control; raise `PortalError` with every problem."""
    whole = project(root)
    return whole.settings, allowed(whole)


def allowed(whole: Project) -> clearing.ClearedContent:
    """What may be published, given all that earlier releases published."""
    with _allowing(whole) as released:
        return released


def _advised(whole: Project, problem: Problem) -> Problem:
    """A problem of disclosure with what to do where a release has published the figure."""
    indicator = problem.file.removeprefix("observations of ").partition(":")[0]
    released = any(c.indicator == indicator for c in whole.content.changes)
    if problem.code != "disclosure" or not released:
        return problem
    more = f"A release has published figures of {indicator}. Emptying a cell leaves its number in that release: portal withdraw {indicator} takes it out of all of them."
    return replace(problem, fix=f"{problem.fix} {more}")


@contextmanager
def _allowing(whole: Project) -> Iterator[clearing.ClearedContent]:
    """The same, with its audit still at work; it is done at the end of the block."""
    settings = whole.settings
    try:
        earlier = releasing.earlier(whole)
        with clearing.releasing(whole.content, settings.disclosure, settings.site.area, earlier) as released:
            yield released
    except PortalError as error:
        raise PortalError(_advised(whole, p) for p in error.problems) from None


@dataclass(frozen=True)
class FinishedBuild:
    """The folder of a site, whether it was built just now, and warnings that nobody has accepted."""

    folder: Path
    new: bool
    warnings: tuple[Problem, ...] = ()
    waiting: tuple[str, ...] = ()  # names of releases
    until: datetime | None = None


def build(
    root: Path, tell: Tell, fresh: bool = False, lifted: bool = False, renderer: str = renderers.USUAL
) -> FinishedBuild:
    """Build the site of the project in `root`.

    Nothing is done where nothing has changed since the site in place, unless `fresh`. While a release is under
    embargo, the site is that of the newest release which is not, and the one with the embargoed figures is kept in
    `build/waiting`; `lifted` puts that in place. Raises `PortalError`; the site in place stays as it is then.
    """
    live = root / "build" / "site"
    renderers.check(renderer)
    with operating_system.guarded(root), publishing.alone(root):
        mark = fingerprint(root, renderer)
        works = _Works(root, tell, fresh, renderer)
        if not _may_wait(root):
            return works.same(live) if not fresh and publishing.shows(live, mark) else works.put(live, mark)
        tell("Looking whether a release waits")
        whole = project(root)
        if not embargo.waiting(whole):
            same = not fresh and publishing.shows(live, mark)
            return works.same(live) if same else works.put(live, mark, whole)
        if lifted:
            return works.put(live, mark, whole, embargo.until(whole))
        return works.hold(live, mark, whole)


def _may_wait(root: Path) -> bool:
    """Whether a list of releases names a time that is not long past, so that all must be read to see what is public."""
    recent = (periods.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    lists = (root / "data_packages").glob("*/data/releases.csv")
    return any(found.decode() >= recent for path in lists for found in _TIME.findall(path.read_bytes()))


@dataclass(frozen=True)
class _Works:
    """Makes sites and puts them in place."""

    root: Path
    tell: Tell
    fresh: bool
    renderer: str

    def same(self, live: Path) -> FinishedBuild:
        """Leave the site in place as it is; settings for nginx that could not be written before are written now."""
        headers.for_nginx(live, self.root / "build" / "hosting")
        return FinishedBuild(live, False)

    def put(
        self, live: Path, mark: str, whole: Project | None = None, early: datetime | None = None
    ) -> FinishedBuild:
        """Make the site of the project and put it in place, though it may only be public from `early` on."""
        made = self.root / "build" / "work"
        try:
            whole, found = self._make(made, whole)
            publishing.drop(live)
            publishing.put(made, live, mark, early)
        finally:
            operating_system.clear(made)
        headers.for_nginx(live, self.root / "build" / "hosting")
        return FinishedBuild(live, True, found, until=early)

    def hold(self, live: Path, mark: str, whole: Project) -> FinishedBuild:
        """Put the site of what is public in place, and beside it the one that waits."""
        made, new = self.root / "build" / "work", False
        link = live.with_name(publishing.WAITING)
        try:
            if embargo.public(whole):
                seen = public(whole)
                own = fingerprint(self.root, self.renderer, seen.settings.packages_folder)
                if self.fresh or not publishing.shows(live, own):
                    self._make(made, seen)
                    publishing.put(made, live, own)
                    headers.for_nginx(live, self.root / "build" / "hosting")
                    new = True
            found = (*warnings(whole), *releasing.unreleased(whole))
            if self.fresh or not publishing.shows(link, mark):
                _, found = self._make(made, whole, coming=0)
                publishing.hold(made, live, mark)
        finally:
            operating_system.clear(made)
        names = tuple(e.name for e in embargo.waiting(whole))
        return FinishedBuild(live, new, found, names, embargo.until(whole))

    def _make(
        self, made: Path, whole: Project | None, coming: int = 1
    ) -> tuple[Project, tuple[Problem, ...]]:
        """Make a site in the folder `made`; return what it was made from, and warnings. So many sites are `coming`."""
        with renderers.RENDERERS[self.renderer].ready(self.root, self.fresh) as run:
            whole, alone = self._made(made, whole, run, coming)
        return whole, (*warnings(whole, alone), *releasing.unreleased(whole))

    def _made(
        self, made: Path, whole: Project | None, run: Run, coming: int
    ) -> tuple[Project, tuple[str, ...]]:
        """Make the site in the folder `made`, verified and with its manifest; `run` makes its HTML.

        Returns what it was made from, and the pages that nothing links to.
        """
        root, tell = self.root, self.tell
        tell("Checking the data packages")
        whole = whole or project(root)
        settings = whole.settings
        searchable = bool(search.version())
        with _allowing(whole) as released:
            charts = build_site_charts(released)
            drawn = _pictures(settings, charts, tell)
            tell("Writing the pages")
            operating_system.remove_links(settings.build_folder / "pages")
            keep = partial(rendering.write, settings)
            # Aside, so that all that the pages need in memory is given back.
            with processes.run_in_child(
                lambda: staging.grow(settings, released, drawn, keep, searchable)
            ) as growing:
                grown = growing()
        laid = rendering.stage(settings, grown, made)
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
        with processes.run_in_child(lambda: publishing.forget(root / "build" / "site", coming)) as forgotten:
            if searchable:
                search.build_index(made)
            forgotten()
        problems = headers.write(made, settings)
        if laid.sheets:
            tell(f"Printing {len(laid.sheets)} sheets and {len(laid.cards)} preview pictures")
        printed = (*(f"{page}{name}" for page, name in laid.sheets.items()), *laid.cards, bundles.WHOLE)
        with processes.run_in_child(lambda: _finish(made, laid, settings.build_folder / "cache")) as finished:
            tell("Verifying every page")
            built = verification.listed(made, verification.read(made), *printed)
            allow = exits(settings, released.content)
            problems += verification.verify(
                built, allow, settings.site.sensitive_words, settings.site.address, PRIVATE
            )
            alone = verification.unlinked(built) if not problems else ()
            finished()
        if problems:
            raise PortalError(problems)
        publishing.seal(made)
        return whole, alone


def addresses(whole: Project) -> dict[str, str]:
    """The name of each page of the site by its address."""
    settings = whole.settings
    page_inputs = PageInputs(written=staging.written(settings), words=search.read_synonyms(settings.root)[0])
    return {p.path: p.label for p in all_pages(settings, allowed(whole), page_inputs)}


def roll_back(root: Path, plan: Rollback) -> str:
    """Put the data of an earlier release back and record that as a new release; return its name.

    Where only releases that waited were given up, nothing changes in public, and the name is empty. Their archives are
    moved to `build/given-up`. Raises `PortalError`; the packages are as they were then.
    """
    with releasing.restored(_written_by(root, plan)):
        releasing.write(plan.files)
        whole = project(root)
        name = ""
        if not plan.given_up or releasing.changes(whole, addresses(whole)):
            releasing.draft(whole, plan.asked, addresses(whole), periods.today()).write()
            name = plan.asked.name
    aside = root / "build" / "given-up"
    for embargoed in plan.given_up:
        aside.mkdir(exist_ok=True)
        releasing.archive_of(whole, embargoed.id).replace(aside / f"{embargoed.id}.zip")
    return name


def _written_by(root: Path, plan: Rollback) -> Iterator[Path]:
    """Every file that a rollback may write: the packages' and the record of releases."""
    yield from plan.files
    for home in {p.parent.parent for p in (root / "data_packages").glob("*/data/releases.csv")}:
        yield from (home / "data" / f"{name}.csv" for name in ("releases", "changes", "reasons"))
        yield home / archives.FOLDER / f"{plan.asked.id}.zip"


def exits(settings: Settings, content: Content) -> frozenset[str]:
    """The addresses on other hosts that the site may link to."""
    urls = [c.url for things in (content.routes, content.services, content.sources.values()) for c in things]
    return frozenset(filter(None, (settings.site.exit_to, *settings.site.links, *urls)))


def fingerprint(root: Path, renderer: str = renderers.USUAL, folder: Path | None = None) -> str:
    """A digest of everything that the site is made from, and of the tools that make it; packages may be in a `folder`.

    The day is among it: pages say how long nothing has been heard of a promise, and whether it is late.
    """
    digest = hashlib.sha256(f"{periods.today()}\n".encode())
    for name in ("markdown", "jinja2", "pandas", "frictionless"):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    digest.update("\n".join(renderers.versions(renderer)).encode())
    digest.update(f"{sys.version_info[:2]} {chromium.find_browser()} {search.version()}\n".encode())
    for path in inputs(root, folder):
        look = path.stat()
        bases = (*((folder.parent,) if folder else ()), root, PROGRAM.parent)
        below = path.relative_to(next(b for b in bases if path.is_relative_to(b)))
        digest.update(f"{below.as_posix()} {look.st_size}\n".encode())
        if look.st_size > tables.LARGEST:  # no table of this size is accepted, and nothing else has it
            digest.update(str(look.st_mtime_ns).encode())
            continue
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def inputs(root: Path, folder: Path | None = None) -> Iterator[Path]:
    """Every file that the site is made from, in a fixed order; packages may be in a `folder` elsewhere."""
    own = () if (root / "scripts" / "portal").exists() else (PROGRAM,)
    for path in (folder or root / INPUTS[0], *(root / name for name in INPUTS[1:]), *own):
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (p for p in found if p.is_file() and "__pycache__" not in p.parts)


def _pictures(settings: Settings, charts: SiteCharts, tell: Tell) -> Pictures:
    library = settings.root / svg.LIBRARY
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
    figures = list(charts.figures())
    tell(
        f"Drawing {len(figures)} charts"
        if chromium.find_browser()
        else "No Chromium here, so the reader's browser will draw the charts"
    )
    drawn = svg.draw_pictures(figures, library, settings.build_folder / "cache")
    if drawn.prints and (left := sum(drawn.of(f) is None for f in figures)):
        raise PortalError([_by_chromium(f"Chromium could not draw {left} of {len(figures)} charts.")])
    return replace(drawn, charts=charts)


def _finish(made: Path, laid: StagedSite, cache: Path) -> None:
    """Print sheets of paper as PDF, and pictures for those who share a page, where this machine can; then pack the whole."""
    failed = [
        *pdf_sheets.print_all(made, laid.sheets, cache),
        *social_images.draw_all(made, laid.cards, cache),
    ]
    if failed:
        names = ", ".join(failed[:3])
        message = f"Chromium could not print {len(failed)} sheets or pictures: {names}."
        raise PortalError([_by_chromium(message)])
    bundles.zip_site(made)


def _by_chromium(message: str) -> Problem:
    fix = "Check that the disk is not full and that nothing limits memory (ulimit -v), then build again. If it still fails, update Chromium, or remove it: readers' browsers then draw and print."
    return Problem("build", code="print", message=message, fix=fix)
