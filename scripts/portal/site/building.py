"""Build a site beside the current one, verify it, and put it in place."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from portal.charts import svg
from portal.charts.area_charts import blank_charts
from portal.charts.svg import Pictures
from portal.checks import plausibility, rules
from portal.checks.valid_rows import ValidRows
from portal.core import file_system, operating_system, periods, processes
from portal.core.input_files import folder_problems as faulty_files
from portal.core.input_files import mkdocs_problems
from portal.core.model import Content
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings, load
from portal.data import assembly, packages
from portal.disclosure import clearing
from portal.opendata import bundles
from portal.pages import messages, redirects, search
from portal.pages.all_pages import PageInputs, all_pages
from portal.pages.page import PRIVATE
from portal.releases import archives, embargo, releasing
from portal.releases.releasing import Project
from portal.releases.rollback import Rollback
from portal.releases.withdrawal import PlannedWithdrawal
from portal.site import (
    build_inputs,
    chromium,
    headers,
    parsed_pages,
    passed_checks,
    pdf_sheets,
    publishing,
    renderers,
    rendering,
    search_index,
    social_images,
    staging,
    verification,
    written_pages,
)
from portal.site.parsed_pages import ParsedPage
from portal.site.rendering import StagedSite

Tell = Callable[[str], None]
# Pages, which get their policy after the search index is built, and the words of the search.
_CHANGING = (".html", f"{search.SEARCH}{search.WORDS}")
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d")


def project(root: Path) -> Project:
    """Read a project, check it against the rules and look for implausible data.

    Raises:
        PortalError: with every problem.
    """
    return project_of(load(root))


def project_of(settings: Settings) -> Project:
    """Read and check a project like `project`, with settings that can name another folder of packages.

    The rules and the search for implausible data are left out for files that passed them before, today and under this
    program; `passed_checks` remembers the warnings.
    """
    root, mark = settings.root, passed_checks.mark(settings)
    known = passed_checks.warnings(settings, mark)
    packages_read, problems = packages.read_all(settings.packages_folder.parent, settings.packages)
    problems += headers.check(settings) + search.read_synonyms(root)[1]
    problems += rules.check(packages_read, settings) if known is None else ()
    problems += tuple(redirects.check(settings))
    problems += (*faulty_files(root, "site_src"), *_mkdocs_faults(settings), *_unwritten(settings))
    problems += messages.check(root, settings.site.language)
    if problems:
        raise PortalError(sorted(problems))
    assembled = assembly.assemble(packages_read)
    if known is not None:
        return Project(settings, packages_read, assembled, known, mark)
    warnings = plausibility.find_warnings(ValidRows(packages_read, settings), periods.today())
    whole = Project(settings, packages_read, assembled, tuple(w for w in warnings if w.name), mark)
    if faults := [*(w for w in warnings if not w.name), *releasing.check(whole)]:
        raise PortalError(sorted(faults))
    passed_checks.remember(settings, mark, whole.warnings)
    return whole


def public_project(whole: Project, files: Mapping[str, bytes] | None = None) -> Project:
    """Return the public part of a project while a release is under embargo, read and checked like any project.

    `files` are the packages by path; None means those that are public now. They are written to `build/public`.

    Raises:
        PortalError: with every problem.
    """
    files = embargo.view(whole) if files is None else files
    folder = whole.settings.build_folder / embargo.FOLDER
    operating_system.delete_folder(folder)
    for name, data in files.items():
        path = folder / "data_packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    try:
        settings = replace(whole.settings, public=folder, packages=embargo.listed(whole, files))
        public_project = project_of(settings)
        allowed(public_project)
    except PortalError as error:
        raise PortalError(replace(p, file=f"(public) {p.file}") for p in error.problems) from None
    return public_project


def draft(whole: Project, request: releasing.ReleaseRequest) -> releasing.DraftRelease:
    """Return a release of everything; if another release is waiting and this one is urgent, of the changes since then.

    Raises:
        PortalError: with every reason why the release cannot be made.
    """
    today = periods.today()
    if request.embargo or not embargo.waiting(whole):
        return releasing.draft(whole, request, addresses(whole), today)
    urgent_change = embargo.urgent(whole)
    seen = public_project(whole, embargo.view(whole, urgent_change.contents))
    drafted = releasing.draft(seen, request, addresses(seen), today)
    return replace(drafted, files=embargo.before_waiting(whole, urgent_change, drafted))


def release(root: Path, draft_release: releasing.DraftRelease) -> None:
    """Write a release, then read the whole project again; restore all files if that fails.

    Raises:
        PortalError: the project with the release has problems.
    """
    with releasing.restored(draft_release.files):
        draft_release.write()
        project(root)


def withdraw(root: Path, plan: PlannedWithdrawal) -> None:
    """Withdraw figures; restore all files if the rest does not pass every check.

    Raises:
        PortalError: the project without the figures has problems.
    """
    with operating_system.errors_as_problems(root), publishing.alone(root), releasing.restored(plan.files):
        releasing.write(plan.files)
        allowed(project(root))
    publishing.purge(root / "build" / "site")


def _mkdocs_faults(settings: Settings) -> tuple[Problem, ...]:
    """Return every problem of mkdocs.yml; mkdocs only sees a file that is safe to read."""
    return tuple(mkdocs_problems(settings.root)) or tuple(rendering.check(settings))


def _unwritten(settings: Settings) -> tuple[Problem, ...]:
    """Return every problem of the hand-written pages."""
    try:
        written_pages.read(settings)
    except PortalError as error:
        return error.problems
    return ()


def warnings(whole: Project, alone: Iterable[str] = ()) -> tuple[Problem, ...]:
    """Return every warning that is not accepted; `alone` are the addresses of pages to which no page links."""
    accepted, mark = whole.content.accepted, f"{whole.mark} small counts" if whole.mark else ""
    of_small_counts = passed_checks.warnings(whole.settings, mark)
    if of_small_counts is None:
        of_small_counts = clearing.find_warnings(whole.content, whole.settings.disclosure, whole.earlier)
        passed_checks.remember(whole.settings, mark, of_small_counts)
    warnings = (*whole.warnings, *map(plausibility.unlinked_page, alone), *of_small_counts)
    file = whole.file_name(whole.home / "data" / "accepted.csv") if accepted else ""
    return plausibility.unaccepted(warnings, accepted, file)


def read(root: Path) -> tuple[Settings, Content]:
    """Return the settings and content of a project; raise `PortalError` as `project` does."""
    whole = project(root)
    return whole.settings, whole.content


def check(root: Path) -> tuple[Settings, clearing.ClearedContent]:
    """Read a project and apply disclosure control; return its settings and what can be published.

    Raises:
        PortalError: with every problem.
    """
    whole = project(root)
    return whole.settings, allowed(whole)


def allowed(whole: Project) -> clearing.ClearedContent:
    """Return what can be published, given everything that earlier releases published."""
    settings, mark = whole.settings, f"{whole.mark} cleared" if whole.mark else ""
    if passed_checks.warnings(settings, mark) is not None:
        return clearing.ClearedContent(whole.content, settings.site.area)
    try:
        earlier = whole.earlier
        memory = clearing.remembered_audits(settings)
        cleared = clearing.clear(whole.content, settings.disclosure, settings.site.area, earlier, memory)
        passed_checks.remember(settings, mark, ())
        return cleared
    except PortalError as error:
        raise PortalError(_advised(whole, p) for p in error.problems) from None


def _advised(whole: Project, problem: Problem) -> Problem:
    """Return a problem; if it is about disclosure and the indicator was released, add how to withdraw the figure."""
    indicator = problem.file.removeprefix("observations of ").partition(":")[0]
    released = any(c.indicator == indicator for c in whole.content.changes)
    if problem.code != "disclosure" or not released:
        return problem
    more = f"A release has published figures of {indicator}. Emptying a cell leaves its number in that release: portal withdraw {indicator} takes it out of all of them."
    return replace(problem, fix=f"{problem.fix} {more}")


@dataclass(frozen=True)
class FinishedBuild:
    """The folder of a site, whether it is new, and warnings that nobody has accepted.

    `waiting` are the names of releases under embargo; `until` is when the embargo ends, or None.
    """

    folder: Path
    new: bool
    warnings: tuple[Problem, ...] = ()
    waiting: tuple[str, ...] = ()
    until: datetime | None = None


def build(
    root: Path, tell: Tell, fresh: bool = False, lifted: bool = False, renderer: str = renderers.USUAL
) -> FinishedBuild:
    """Build the site of the project in `root`.

    Do nothing if no input has changed since the last build, unless `fresh`. While a release is under embargo, build the
    site of the newest public release, and keep the one with the embargoed figures in `build/waiting`; `lifted` puts
    that one in place instead.

    Raises:
        PortalError: the site cannot be built; the current site stays in place.
    """
    live = root / "build" / "site"
    renderers.check(renderer)
    with operating_system.errors_as_problems(root), publishing.alone(root):
        mark = build_inputs.fingerprint(root, renderer)
        works = _Works(root, tell, fresh, renderer)
        if not _may_wait(root):
            return works.same(live) if not fresh and publishing.shows(live, mark) else works.put(live, mark)
        tell("Checking whether a release is under embargo")
        whole = project(root)
        if not embargo.waiting(whole):
            same = not fresh and publishing.shows(live, mark)
            return works.same(live) if same else works.put(live, mark, whole)
        if lifted:
            return works.put(live, mark, whole, embargo.until(whole))
        return works.hold(live, mark, whole)


def _may_wait(root: Path) -> bool:
    """Return True if a list of releases contains a time later than two days ago, so that there can be an embargo."""
    recent = (periods.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    lists = (root / "data_packages").glob("*/data/releases.csv")
    return any(time.decode() >= recent for path in lists for time in _TIME.findall(path.read_bytes()))


@dataclass(frozen=True)
class _Works:
    """Build sites and put them in place."""

    root: Path
    tell: Tell
    fresh: bool
    renderer: str

    def same(self, live: Path) -> FinishedBuild:
        """Keep the current site, and write settings for nginx that could not be written before."""
        headers.for_nginx(live, self.root / "build" / "hosting")
        return FinishedBuild(live, False)

    def put(
        self, live: Path, mark: str, whole: Project | None = None, early: datetime | None = None
    ) -> FinishedBuild:
        """Build the site of the project and put it in place; `early` is the end of its embargo, if that was lifted."""
        work = self.root / "build" / "work"
        try:
            whole, warnings_found = self._make(work, whole, live)
            publishing.drop(live)
            publishing.put(work, live, mark, early)
        finally:
            operating_system.delete_folder(work)
        headers.for_nginx(live, self.root / "build" / "hosting")
        return FinishedBuild(live, True, warnings_found, until=early)

    def hold(self, live: Path, mark: str, whole: Project) -> FinishedBuild:
        """Put the public site in place, and keep the one under embargo in `build/waiting`."""
        work, new = self.root / "build" / "work", False
        link = live.with_name(publishing.WAITING)
        try:
            if embargo.public_releases(whole):
                seen = public_project(whole)
                public_mark = build_inputs.fingerprint(
                    self.root, self.renderer, seen.settings.packages_folder
                )
                if self.fresh or not publishing.shows(live, public_mark):
                    self._make(work, seen, live)
                    publishing.put(work, live, public_mark)
                    headers.for_nginx(live, self.root / "build" / "hosting")
                    new = True
            warnings_found = (*warnings(whole), *releasing.unreleased(whole))
            if self.fresh or not publishing.shows(link, mark):
                _, warnings_found = self._make(work, whole)
                publishing.hold(work, live, mark)
        finally:
            operating_system.delete_folder(work)
        names = tuple(e.name for e in embargo.waiting(whole))
        return FinishedBuild(live, new, warnings_found, names, embargo.until(whole))

    def _make(
        self, folder: Path, whole: Project | None, live: Path | None = None
    ) -> tuple[Project, tuple[Problem, ...]]:
        """Build a site in `folder`, and make room for it beside the `live` one, if it will take its place.

        Return the project and the warnings.
        """
        self.tell("Checking the data packages")
        whole = whole or project(self.root)
        cleared = allowed(whole)
        searchable = bool(search_index.version())
        staged = self._stage(whole, cleared, folder, searchable)
        pages = self._render(whole.settings, staged, folder)
        packed = self._search(staged, folder, pages, searchable)
        self.tell("Verifying every page")
        problems = headers.write(folder, whole.settings, pages, {c for p in pages.values() for c in p.inline})
        with processes.beside(partial(_packed, folder, pages.keys(), not packed)) as packed_pages:
            alone = _verified(whole, staged, folder, pages, problems)
            if staged.sheets:
                self.tell(f"Printing {len(staged.sheets)} sheets and {len(staged.cards)} preview pictures")
                _print(staged, folder, whole.settings.build_folder / "cache")
            packed = {**packed, **packed_pages()}
        with ThreadPoolExecutor(2) as beside:  # so that little is left to do when the site is put in place
            beside.submit(file_system.flush_all)
            if live:
                beside.submit(publishing.make_room, live)
            bundles.zip_site(folder, packed)
            publishing.seal(folder, packed)
        return whole, (*warnings(whole, alone), *releasing.unreleased(whole))

    def _stage(
        self, whole: Project, cleared: clearing.ClearedContent, folder: Path, searchable: bool
    ) -> StagedSite:
        """Write what the renderer reads: Markdown, charts, downloads and navigation."""
        settings = whole.settings
        keep = partial(rendering.write, settings)
        operating_system.remove_links(settings.build_folder / "pages")
        pictures = _pictures(settings, self.tell)
        open_data = staging.read_open_data(settings, cleared)
        with processes.beside(partial(staging.write_open_data, open_data, keep)) as written:
            site = staging.plan_site(settings, cleared, open_data)
            self.tell("Writing the pages")
            files = written()
        tree = staging.write_files(site, pictures, keep, searchable, files)
        return rendering.stage(settings, tree, folder)

    def _render(self, settings: Settings, staged: StagedSite, folder: Path) -> Mapping[str, ParsedPage]:
        """Render the HTML in `folder`; return the parsed pages by name."""
        self.tell(f"Making {len(staged.pages)} pages into HTML")
        renderers.RENDERERS[self.renderer].render(settings, staged, folder)
        if not settings.site.address:  # a sitemap without addresses is not valid
            for name in ("sitemap.xml", "sitemap.xml.gz"):
                (folder / name).unlink(missing_ok=True)
        return parsed_pages.parse_all(folder)

    def _search(
        self, staged: StagedSite, folder: Path, pages: Mapping[str, ParsedPage], searchable: bool
    ) -> publishing.Entries:
        """Build the search index in `folder`; meanwhile pack the files that do not change any more, and describe them."""
        if not searchable:
            self.tell("Pagefind does not run here, so the site has no search")
            return {}
        self.tell("Building the search index")
        fixed = frozenset(n for n in staged.sizes if not n.endswith(_CHANGING) and (folder / n).is_file())
        with ThreadPoolExecutor(1) as beside:  # Pagefind is a process of its own
            packing = beside.submit(_packed, folder, fixed)
            search_index.build_index(folder, {name: page.text for name, page in pages.items() if page.text})
            return packing.result()


def _packed(folder: Path, names: Collection[str], is_new: bool = True) -> publishing.Entries:
    """Pack files of a site into its zip file, which is a new one if `is_new`, and return their entries in the manifest."""
    bundles.pack(folder, names, is_new=is_new)
    return publishing.described(folder, names)


def _verified(
    whole: Project,
    staged: StagedSite,
    folder: Path,
    pages: Mapping[str, ParsedPage],
    problems: tuple[Problem, ...],
) -> tuple[str, ...]:
    """Verify a built site; return the addresses to which no page links. `problems` are what is wrong with its headers.

    Raises:
        PortalError: with every fault of the site.
    """
    settings, site = whole.settings, whole.settings.site
    later = (*staged.sheets, *staged.cards, bundles.WHOLE)
    built = verification.listed(folder, {name: page.facts for name, page in pages.items()}, *later)
    allow = exits(settings, whole.content)
    problems += verification.verify(built, allow, site.sensitive_words, site.address, PRIVATE)
    if problems:
        raise PortalError(problems)
    return verification.unlinked(built)


def addresses(whole: Project, cleared: clearing.ClearedContent | None = None) -> dict[str, str]:
    """Return the name of each page of the site by its address; `cleared` is what `allowed` returned, if it was asked."""
    settings, cleared = whole.settings, cleared or allowed(whole)
    words = search.read_synonyms(settings.root)[0]
    pages = PageInputs(written=written_pages.read(settings), words=words, charts=blank_charts(cleared))
    return {p.path: p.label for p in all_pages(settings, cleared, pages)}


def roll_back(root: Path, plan: Rollback) -> str:
    """Restore the data of an earlier release and record that as a new release; return its name.

    The name is "" if the rollback only drops waiting releases, so that nothing public changes. Archives of dropped
    releases are moved to `build/given-up`.

    Raises:
        PortalError: the restored project has problems; all files are as they were before.
    """
    with releasing.restored(_written_by(root, plan)):
        for archive in plan.archives_given_up:
            aside = root / "build" / "given-up" / archive.name
            aside.parent.mkdir(exist_ok=True)
            archive.replace(aside)
        releasing.write(plan.files)
        whole = project(root)
        name = ""
        if not plan.given_up or releasing.changes(whole, addresses(whole)):
            releasing.draft(whole, plan.request, addresses(whole), periods.today()).write()
            name = plan.request.name
    return name


def _written_by(root: Path, plan: Rollback) -> Iterator[Path]:
    """Yield every file that a rollback can write or move: the files of the packages and the records of releases."""
    yield from plan.files
    yield from plan.archives_given_up
    for home in {p.parent.parent for p in (root / "data_packages").glob("*/data/releases.csv")}:
        yield from (home / "data" / f"{name}.csv" for name in ("releases", "changes", "reasons"))
        yield home / archives.FOLDER / f"{plan.request.id}.zip"


def exits(settings: Settings, content: Content) -> frozenset[str]:
    """Return the addresses on other hosts to which the site can link."""
    return frozenset(filter(None, (settings.site.exit_to, *settings.site.links, *content.urls)))


def _pictures(settings: Settings, tell: Tell) -> Pictures:
    library = settings.root / svg.LIBRARY
    if not all((settings.root / path).exists() for path in build_inputs.INSTALLED):
        raise PortalError(
            [
                Problem(
                    "node_modules",
                    code="library",
                    message="The chart library or the fonts are missing.",
                    fix="Run `make site`, which installs them.",
                )
            ]
        )
    prints = chromium.find_browser() is not None
    if not prints:
        tell("No Chromium here, so nothing will be printed, and there will be no preview pictures")
    return Pictures(library, prints)


def _print(staged: StagedSite, folder: Path, cache: Path) -> None:
    """Print PDF sheets, and preview pictures for links that people share."""
    failed = [
        *pdf_sheets.print_all(folder, staged.sheets, cache),
        *social_images.draw_all(folder, staged.cards, cache),
    ]
    if failed:
        names = ", ".join(failed[:3])
        message = f"Chromium could not print {len(failed)} sheets or pictures: {names}."
        fix = "Check that the disk is not full and that nothing limits memory (ulimit -v), then build again. If it still fails, update Chromium, or remove it: the site is then built without sheets and preview pictures."
        raise PortalError([Problem("build", code="print", message=message, fix=fix)])
