"""Write the files that mkdocs reads: Markdown, chart JSON, pictures, downloads and navigation."""

import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import jinja2
from markupsafe import Markup

from portal.charts.area_charts import SiteCharts, build_site_charts
from portal.charts.charts import DrawingError
from portal.charts.mark import draw_mark
from portal.charts.svg import Pictures, chart_files, in_both_schemes, styles_to_attributes
from portal.core import periods, processes, program_files, text
from portal.core.model import ReleaseChange, Source, WithdrawnFigure
from portal.core.problems import PortalError
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.opendata import metadata, records
from portal.pages import explore_page, glossary_terms, messages, open_data_files, redirects, search, templates
from portal.pages.all_pages import PageInputs, all_pages
from portal.pages.figure_views import FigurePage
from portal.pages.following import calendar_file, feed_files, followed
from portal.pages.local_pages import postcodes_json
from portal.pages.meeting_pages import calendar_files, meetings_by_page
from portal.pages.messages import ENGLISH, RIGHT_TO_LEFT, Messages
from portal.pages.open_data_files import OpenDataFiles
from portal.pages.open_data_pages import CitePage, OpenDataPage, packages
from portal.pages.open_data_workbooks import workbooks_and_catalogues
from portal.pages.pack_pages import PackPage
from portal.pages.page import ABOUT, EMBEDS, HELP, REPORT, Page
from portal.pages.plan_views import FigureView, Link
from portal.pages.release_pages import RELEASES, CorrectionsPage, ReleasePage, ReleasesPage
from portal.pages.translations import read_translations
from portal.pages.views import BriefingPage, GlossaryPage, RecordedPage, SearchPage, WardPage, WardsPage
from portal.releases import archives, history, releasing
from portal.releases.feed import atom
from portal.site import fonts, pdf_sheets, social_images, template_functions, written_pages
from portal.site.social_images import Card
from portal.site.template_functions import LIBRARY

# The template of every page, which includes the one for its content.
ENTRY = "page.md.jinja"
# The mark of the partnership, beside its name at the top of every page.
MARK = "assets/images/mark.svg"
EMBED = "embed.html.jinja"
MOVED = "moved.html.jinja"
_AS_IT_IS = "surrogateescape"  # keep bytes that are not UTF-8


Kept = TypeVar("Kept")
# Take the path and content of a file, store it, and return what to remember about it.
Keep = Callable[[str, bytes], Kept]


@dataclass(frozen=True)
class Tree(Generic[Kept]):
    """The input of mkdocs: what `Keep` returned for each file, by its path below `pages/`, and the navigation.

    `newest` is the date of the newest source.
    """

    files: Mapping[str, Kept]
    navigation: tuple[Any, ...]
    newest: str
    sheets: Mapping[str, str] = field(default_factory=dict)  # the page of each PDF, by the path of the PDF
    cards: Mapping[str, Card] = field(default_factory=dict)  # preview pictures by path
    messages: Messages = ENGLISH  # the texts of the theme


@dataclass(frozen=True, kw_only=True)
class PlannedSite:
    """Everything from which the files of a site are written: pages, charts, figures, and what each release published.

    `messages` are the texts of the frame in the language of the site.
    """

    settings: Settings
    cleared: ClearedContent
    open_data: OpenDataFiles
    charts: SiteCharts
    pages: tuple[Page, ...]
    messages: Messages = ENGLISH


def read_open_data(settings: Settings, cleared: ClearedContent) -> OpenDataFiles:
    """Read what earlier releases published; return that and the figures of today as open data files need them.

    Raises:
        PortalError: an archive is missing or damaged.
    """
    past = history.read(settings, cleared.content)
    figures = records.current_records(cleared.content, past)
    pages = frozenset(i.slug for i in cleared.content.indicators.values() if i.topic in settings.topics)
    return OpenDataFiles(settings, cleared, past, pages, tuple(packages(settings)), figures)


def plan_site(
    settings: Settings, cleared: ClearedContent, open_data: OpenDataFiles | None = None
) -> PlannedSite:
    """Build the view of every page; `open_data` is what `read_open_data` returned, if it was called.

    Raises:
        PortalError: an archive is damaged, or a hand-written page, translation or redirect is wrong.
    """
    open_data = open_data or read_open_data(settings, cleared)
    charts = build_site_charts(cleared)
    words, written = search.read_synonyms(settings.root)[0], written_pages.read(settings)
    inputs = PageInputs(
        written=written, words=words, figures=open_data.now, history=open_data.history, charts=charts
    )
    texts = messages.read_messages(settings.root, settings.site.language)
    pages = tuple(_in_language(texts, p) for p in all_pages(settings, cleared, inputs))
    pages += read_translations(settings.root, pages, settings.languages)
    return PlannedSite(
        settings=settings, cleared=cleared, open_data=open_data, charts=charts, pages=pages, messages=texts,
    )  # fmt: skip


def _in_language(texts: Messages, page: Page) -> Page:
    """Return a page with its names in the language of the site; names that come from the data stay as they are."""
    if not texts.texts:
        return page
    trail = tuple(Link(texts.plain(label), path) for label, path in page.trail)
    content = page.content
    if isinstance(content, SearchPage):
        content = replace(content, labels={p: texts.plain(label) for p, label in content.labels.items()})
    label, title = texts.plain(page.label), texts.plain(page.title)
    return replace(page, label=label, title=title, trail=trail, content=content)


def write_open_data(open_data: OpenDataFiles, keep: Keep[Kept]) -> Mapping[str, Kept]:
    """Pass each open data file that does not belong to a single page to `keep`; return what that returned, by path.

    `write_files` makes the workbooks and the catalogues.
    """
    return {name: keep(name, content) for name, content in open_data_files.files(open_data)}


def write_files(
    site: PlannedSite,
    pictures: Pictures,
    keep: Keep[Kept],
    searchable: bool = True,
    written: Mapping[str, Kept] | None = None,
) -> Tree[Kept]:
    """Render every page and pass each file to `keep`, which can run in a worker process and returns what to remember.

    If the site is not `searchable`, its search page says so. `written` is what `write_open_data` returned, if that ran
    already.

    Raises:
        PortalError: a template is wrong.
    """
    settings, pages, open_data = site.settings, site.pages, site.open_data
    environment = template_functions.environment(settings, site.cleared, pictures, site.messages)
    printed = _sheets(pages) if pictures.prints else {}
    environment.globals |= {"paths": frozenset(p.path for p in pages), "searchable": searchable}
    environment.globals["large_print"] = {
        p for path, p in printed.items() if path.endswith(f"/{pdf_sheets.LARGE}")
    }
    environment.globals["translations"] = _by_original(pages, settings.languages)
    environment.globals["right_to_left"] = RIGHT_TO_LEFT
    environment.globals["meetings"] = meetings_by_page(site.cleared)
    environment.globals["feeds"] = followed(site.cleared).keys()
    environment.globals["whole"] = text.word_for_area(settings.site.area)
    open_data.of_indicator  # noqa: B018 - computed here, because each worker process would compute it again
    works = _PageTools(environment, open_data, pictures, keep)
    jobs: list[Callable[[], _RenderedFiles[Kept]]] = [
        partial(_kept, works, partial(workbooks_and_catalogues, open_data)),
        *(partial(_render_page, works, p) for p in pages),
    ]
    if written is None:
        jobs.append(lambda: _RenderedFiles(write_open_data(open_data, keep)))
    parts = processes.run_all(jobs)
    parts.append(_RenderedFiles(written or {}))
    taken = {name for part in parts for name in part.files}
    parts.append(_kept(works, lambda: _moved(environment, settings, pages, taken)))
    parts.append(_kept(works, lambda: _assets(site, pictures)))
    parts.append(_kept(works, lambda: calendar_files(site.cleared, settings.site)))
    parts.append(_kept(works, lambda: feed_files(site.cleared, settings.site)))
    parts.append(_kept(works, lambda: calendar_file(site.cleared.content, settings.site)))
    newest = max((s.published for s in site.cleared.content.sources.values()), default="2000")
    files = {name: kept for part in parts for name, kept in part.files.items()}
    pictured = {name: card for part in parts for name, card in part.cards.items()}
    return Tree(
        dict(sorted(files.items())), _navigation(pages, site.messages), newest, printed,
        dict(sorted(pictured.items())), site.messages,
    )  # fmt: skip


@dataclass(frozen=True)
class _PageTools(Generic[Kept]):
    """What rendering a page needs, the same for every page."""

    environment: jinja2.Environment
    open_data: OpenDataFiles
    pictures: Pictures
    keep: Keep[Kept]


@dataclass(frozen=True)
class _RenderedFiles(Generic[Kept]):
    """The files and preview pictures of some pages, by path."""

    files: Mapping[str, Kept]
    cards: Mapping[str, Card] = field(default_factory=dict)


def _kept(works: _PageTools[Kept], make: Callable[[], Iterable[tuple[str, bytes]]]) -> _RenderedFiles[Kept]:
    return _RenderedFiles({name: works.keep(name, content) for name, content in make()})


def _assets(site: PlannedSite, pictures: Pictures) -> Iterator[tuple[str, bytes]]:
    assets = program_files.find(site.settings.root, program_files.ASSETS)
    for path in sorted(p for p in assets.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if path.suffix == ".svg":
            content = styles_to_attributes(content.decode(errors=_AS_IT_IS)).encode(errors=_AS_IT_IS)
        if path.suffix == ".js":
            content = site.messages.script(content.decode(errors=_AS_IT_IS)).encode(errors=_AS_IT_IS)
        yield f"assets/{path.relative_to(assets).as_posix()}", content
    yield MARK, draw_mark(site.cleared).encode()
    yield LIBRARY, pictures.library.read_bytes()
    yield from fonts.read(site.settings.root)


def _render_page(works: _PageTools[Kept], page: Page) -> _RenderedFiles[Kept]:
    """Render a page and the files beside it.

    Raises: what drawing a chart raises; `PortalError` for a fault of a template.
    """
    try:
        return _page_files(works, page)
    except DrawingError as fault:
        raise fault.error from None


def _page_files(works: _PageTools[Kept], page: Page) -> _RenderedFiles[Kept]:
    environment, open_data, pictures = works.environment, works.open_data, works.pictures
    settings = open_data.settings
    rendered = _markdown(environment, open_data, page)
    card = _card(settings, page, pictures)
    shared = {f"{page.path}{social_images.NAME}": card} if card else {}
    plain = page.language or isinstance(page.content, CitePage | GlossaryPage)  # citations are not changed
    terms = () if plain else open_data.released.content.terms
    explained = glossary_terms.explain(rendered, terms, _to(page.path, f"{ABOUT}words/"))
    files = {f"{page.path}index.md": explained.encode()}
    files |= {f"{page.path}{name}": data for name, data in _beside(open_data, page.content, pictures).items()}
    if shown := _figures(page.content):
        files |= _embed(environment, open_data, page, shown.view, pictures)
        if poster := _poster(open_data, page, shown.view, pictures):
            shared[f"{EMBEDS}{shown.view.indicator.slug}/{social_images.POSTER}"] = poster
    if isinstance(page.content, explore_page.ExplorePage):
        variables = {"it": page.content, "exit": page.exit, "to": partial(_to, EMBEDS)}
        template = explore_page.EMBED
        files[f"{EMBEDS}index.html"] = _rendered(environment, template, template, variables).encode()
    return _RenderedFiles({name: works.keep(name, data) for name, data in files.items()}, shared)


def _by_original(
    pages: Iterable[Page], languages: Mapping[str, str]
) -> Mapping[str, list[tuple[str, str, str]]]:
    """Return the translations of each page by its path: language code, name of the language, path of the translation."""
    by_page: dict[str, list[tuple[str, str, str]]] = {}
    for page in (p for p in pages if p.language):
        by_page.setdefault(page.of, []).append((page.language, languages[page.language], page.path))
    return by_page


def _sheets(pages: Iterable[Page]) -> Mapping[str, str]:
    """Return the page of each PDF: briefings and packs, and large-print packs and pages about reporting and help."""
    names: dict[str, tuple[str, ...]] = {}
    for p in pages:
        if isinstance(p.content, BriefingPage):
            names[p.path] = (pdf_sheets.BRIEFING,)
        elif isinstance(p.content, PackPage):
            names[p.path] = (pdf_sheets.PACK, pdf_sheets.PACK_LARGE)
        elif p.path.startswith((REPORT, HELP)):
            names[p.path] = (pdf_sheets.LARGE,)
    return {f"{path}{name}": path for path, own in names.items() for name in own}


def _card(settings: Settings, page: Page, pictures: Pictures) -> Card | None:
    """Return the preview picture of a page: its chart, or the name of the site for the home page; None for other pages."""
    if not (pictures.prints and settings.site.address):
        return None
    name = settings.site.name
    if page.path == "":
        return Card(settings.site.partnership, name, settings.site.description)
    content = _figures(page.content)
    if content is None:
        return None
    shown = content.view.chart
    chart = f"{page.path}chart-wide.svg" if pictures.of(shown.wide) else ""
    return Card(name, page.label, shown.finding, chart)


def _figures(content: object) -> FigurePage | None:
    """Return the figures of a page about one indicator; None for other pages."""
    content = content.page if isinstance(content, RecordedPage) else content
    return content if isinstance(content, FigurePage) else None


def _beside(open_data: OpenDataFiles, content: object, pictures: Pictures) -> dict[str, bytes]:
    """Return the files beside a page: its charts, its downloads, and data for its script."""
    if figures := _figures(content):
        drawings = chart_files(figures.view.chart, pictures)
        if isinstance(content, RecordedPage):
            for name, chart in content.parts.drawings.items():
                drawings |= chart_files(chart, pictures, name)
        return drawings
    if isinstance(content, WardPage):
        of_ward = (open_data.now[history.key(o)] for o in content.figures)
        svgs = {f"{v.indicator.slug}-narrow.svg": pictures.of(v.chart.narrow) for v in content.charts}
        among = chart_files(content.among, pictures, "among")
        return {"figures.csv": records.as_csv(of_ward, ""), **in_both_schemes(svgs), **among}
    if isinstance(content, WardsPage) and content.postcodes:
        return {"postcodes.json": postcodes_json(open_data.released, content)}
    if isinstance(content, ReleasePage):
        return _release_files(open_data.settings, content)
    if isinstance(content, CorrectionsPage):
        rows = releasing.table(WithdrawnFigure, content.rows).encode()
        return {releasing.WITHDRAWN.rpartition("/")[2]: rows} if content.rows else {}
    if isinstance(content, ReleasesPage):
        news = ((e, link[1], summary) for e, link, summary in content.releases)
        return {"feed.xml": atom(open_data.settings.site, RELEASES, news)}
    if isinstance(content, explore_page.ExplorePage):
        return {explore_page.OUTLINES: explore_page.outlines_json(content)}
    if isinstance(content, SearchPage):
        return {search.WORDS: search.lookup_json(content.words, content.labels, content.districts)}
    return {}


def _release_files(settings: Settings, page: ReleasePage) -> dict[str, bytes]:
    """Return the changes of a release as CSV, and its archive unless that was withdrawn."""
    changes = {"changes.csv": releasing.table(ReleaseChange, page.log).encode()}
    if page.release.withdrawn:
        return changes
    archive = next(settings.packages_folder.glob(f"*/{archives.FOLDER}/{page.release.id}.zip"))
    return {**changes, "release.zip": archive.read_bytes()}


def _markdown(environment: jinja2.Environment, open_data: OpenDataFiles, page: Page) -> str:
    cited = _cited(open_data, page)
    variables = {
        "page": page,
        "it": page.content,
        "to": partial(_to, page.path),
        "cited": cited,
        "upto": _upto(cited),
    }
    variables |= {"title": page.title, "finding": _finding(page), "dataset": _dataset(open_data, page)}
    return _rendered(environment, ENTRY, page.template, variables)


def _cited(open_data: OpenDataFiles, page: Page) -> list[Source]:
    """Return the sources of a page, the newest first."""
    sources = (open_data.released.content.sources[s] for s in page.cited)
    return sorted(sources, key=lambda s: (s.published, s.id), reverse=True)


def _rendered(
    environment: jinja2.Environment, entry: str, template: str, variables: Mapping[str, object]
) -> str:
    """Return the output of a template; problems name `template` unless another file is at fault."""
    try:
        return templates.join_parts(environment.get_template(entry).generate(variables))
    except DrawingError:
        raise
    except Exception as error:
        problem = templates.problem_of(error, template)
        if problem is None:
            raise
        raise PortalError([problem]) from None


def _embed(
    environment: jinja2.Environment,
    open_data: OpenDataFiles,
    page: Page,
    shown: FigureView,
    pictures: Pictures,
) -> dict[str, bytes]:
    """Return the files of the page that other sites can embed, with its drawings."""
    folder = f"{EMBEDS}{shown.indicator.slug}/"
    releases = open_data.released.content.releases
    variables = {"view": shown, "title": page.title, "exit": page.exit}
    variables |= {
        "cited": _cited(open_data, page),
        "release": releases[-1].name if releases else "",
        "to": None,
    }
    html_ = _rendered(environment, EMBED, EMBED, variables)
    # Without dark copies, because the page around it is another site's.
    files = chart_files(shown.chart, pictures, in_both=False)
    svgs = {n: data for n, data in files.items() if n.startswith("chart-")}
    return {f"{folder}index.html": html_.encode(), **{f"{folder}{n}": data for n, data in svgs.items()}}


def _moved(
    environment: jinja2.Environment, settings: Settings, pages: Iterable[Page], taken: Set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield a page for each old address, which redirects to the new one."""
    for old, title, target in redirects.moved_pages(settings.redirects, pages, taken):
        variables = {"target": target, "title": title, "to": partial(_to, old)}
        yield f"{old}index.html", _rendered(environment, MOVED, MOVED, variables).encode()


def _to(here: str, path: str) -> Markup:
    """Return the relative address of another page or file from the page `here`."""
    return Markup(("../" * here.count("/") + path) or "./")  # noqa: S704 - slugs were checked


def _poster(open_data: OpenDataFiles, page: Page, shown: FigureView, pictures: Pictures) -> Card | None:
    """Return a chart as a picture to reuse, with its title, finding and source; None if it cannot be drawn."""
    if not pictures.prints or pictures.of(shown.chart.wide) is None:
        return None
    source = "; ".join(s.title for s in _cited(open_data, page))
    chart = f"{EMBEDS}{shown.indicator.slug}/chart-wide.svg"
    name = open_data.settings.site.name
    return Card(name, shown.indicator.title, shown.chart.finding, chart, f"Source: {source}.")


def _finding(page: Page) -> str:
    """Return the headline of the chart of a page, for link previews; "" if it has no chart."""
    content = _figures(page.content)
    return content.view.chart.finding if content else ""


def _dataset(open_data: OpenDataFiles, page: Page) -> Markup:
    """Return the schema.org description of the figures of a page as front matter; "" if it has none."""
    site = open_data.settings.site
    content = _figures(page.content)
    if content:
        described = open_data.dataset_of(content.view.indicator)
        description = metadata.schema_org_dataset(site, described, open_data.newest)
    elif isinstance(page.content, OpenDataPage):
        description = metadata.schema_org_catalogue(site, page.path, page.label, open_data.zips)
    else:
        return Markup()
    return Markup(json.dumps(metadata.to_script_json(description), ensure_ascii=False))  # noqa: S704 - has no markup left


def _upto(cited: list[Source]) -> str:
    return periods.loose_date(cited[0].published) if cited else ""


def _navigation(pages: tuple[Page, ...], texts: Messages) -> tuple[Any, ...]:
    """Return the navigation as nested lists for mkdocs; a page with pages below it is the first of its list."""
    parents = {parent for p in pages for _, parent in p.trail}

    def branch(page: Page) -> dict[str, Any]:
        label = html.escape(texts.plain("Home") if page.path == "" else page.label)
        below = [p for p in pages if p.trail and p.trail[-1][1] == page.path]
        file = f"{page.path}index.md"
        return {label: [file, *map(branch, below)]} if page.path in parents else {label: file}

    return tuple(branch(p) for p in pages if not p.trail and not isinstance(p.content, SearchPage))
