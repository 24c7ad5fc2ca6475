"""The site is safe to open: its policy is strict, bites, and lets every page do its work; nothing stays behind."""

import base64
import hashlib
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from browser import Tabs, served
from playwright.sync_api import Error, Page, Route
from portal.charts import svg
from portal.core import settings as config
from portal.core.problems import PortalError
from portal.pages.page import EMBEDS
from portal.site import building, headers, parsed_pages
from portal.site.preview import PreviewHandler
from portal.site.verification import verify
from project import ROOT
from selectolax.lexbor import LexborHTMLParser
from test_browser import CHARTS, ELSEWHERE, PAGES

SENSITIVE = PAGES["action"]
WATCH = """window.violations = [];
addEventListener("securitypolicyviolation", e => violations.push(e.effectiveDirective));"""
# Everything that was reported up to now, once the page has had its turn to report.
REPORTED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(window.violations))))"
# What was reported, as soon as it is all that is wanted; a policy that does not bite is given ten seconds.
UNTIL = """wanted => new Promise(done => {
  const told = () => done([...new Set(violations)].sort());
  const look = () => wanted.every(w => violations.includes(w)) && told();
  addEventListener("securitypolicyviolation", () => setTimeout(look));
  setTimeout(told, 10000);
  look();
})"""


@pytest.fixture
def page(tab: Tabs) -> Page:
    return tab(1280, script=WATCH)


@pytest.fixture(scope="module")
def rules(real_site: Path) -> tuple[headers.HeaderRule, ...]:
    return headers.parse((real_site / headers.FILE).read_text())


def files(folder: Path) -> list[str]:
    """The address of every file of a site."""
    names = (p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file())
    return ["/" + n.removesuffix("index.html") for n in names if n != headers.FILE]


def policy_of(folder: Path) -> headers.Directives:
    """Return the policy of a built site."""
    pages = parsed_pages.parse_all(folder).values()
    return headers.policy(folder, [code for page in pages for code in page.inline])


def parts(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split("; "))}


def made(folder: Path, content: dict[str, str]) -> Path:
    """A site of a few files."""
    for name, text in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_policy_of_the_real_site_is_strict(rules: tuple[headers.HeaderRule, ...]) -> None:
    policy = headers.of(rules, "/")[headers.POLICY]
    policy, whole = policy.split(", ")
    assert whole == f"{policy}; frame-ancestors 'none'", (
        "right where a host joins two values, and where it takes the last"
    )
    found = parts(policy)
    for none in ("default-src", "object-src", "base-uri", "form-action"):
        assert found.pop(none) == ["'none'"]
    assert found.pop("script-src") == ["'self'", "'wasm-unsafe-eval'"], (
        "the search computes; nothing is inline"
    )
    assert set(found) == {"style-src", "img-src", "font-src", "connect-src"}
    assert all(sources == ["'self'"] for sources in found.values())


def test_inline_code_is_allowed_by_its_digest_alone(tmp_path: Path) -> None:
    script, style = "go('é');\n", "p { color: red }"
    page = f"<script>{script}</script><script src=a.js></script><noscript><style>{style}</style></noscript>"
    folder = made(
        tmp_path,
        {"a.html": f"<head>{page}</head>", "b.html": f"<head><script>{script}</script></head>"},
    )
    found = parts(headers.as_line(policy_of(folder)))
    for directive, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert found[directive] == ["'self'", f"'sha256-{digest}'"]


@pytest.mark.parametrize(
    ("file", "directive", "source"),
    [
        ("pagefind/wasm.en", "script-src", "'wasm-unsafe-eval'"),
        ("pagefind/pagefind-worker.js", "worker-src", "'self'"),
        ("assets/fonts/face.woff2", "font-src", "'self'"),
    ],
)
def test_what_the_site_does_not_need_is_not_allowed(
    tmp_path: Path, file: str, directive: str, source: str
) -> None:
    without = headers.as_line(policy_of(made(tmp_path, {"index.html": "<p>x</p>"})))
    assert source not in parts(without).get(directive, [])
    assert source in parts(headers.as_line(policy_of(made(tmp_path, {file: ""}))))[directive]


def test_every_page_carries_the_policy_of_the_header(
    real_site: Path, rules: tuple[headers.HeaderRule, ...]
) -> None:
    wanted = parts(dict(rules[0].headers)[headers.POLICY])
    assert "frame-ancestors" not in wanted, "a <meta> cannot say this"
    pages = list(real_site.rglob("*.html"))
    assert len(pages) > 300
    for path in pages:
        head = LexborHTMLParser(path.read_text()).css("head > *")
        found = [n for n in head if n.attributes.get("http-equiv") == headers.POLICY]
        assert [parts(n.attributes["content"] or "") for n in found] == [wanted], path
        first = next(i for i, n in enumerate(head) if n.tag in ("link", "script", "style"))
        assert head.index(found[0]) < first, "what stands before the policy is not held to it"


def test_two_builds_say_the_same(tiny_site: Path, tiny: Path) -> None:
    building.build(tiny, lambda step: None)
    for file in (f"site/{headers.FILE}", f"hosting/{headers.NGINX}", "site/index.html"):
        assert (tiny / "build" / file).read_bytes() == (tiny_site / "build" / file).read_bytes()


def test_the_file_of_headers_can_be_read_back_and_hosts_take_it(
    real_site: Path, rules: tuple[headers.HeaderRule, ...]
) -> None:
    text = (real_site / headers.FILE).read_text()
    assert headers.written(rules) == text
    assert headers.rules(real_site, policy_of(real_site)) == rules
    assert len(rules) <= 100, "Cloudflare Pages takes no more"
    assert max(map(len, text.splitlines())) <= 2000
    for path in (*files(real_site), "/nothing/here"):
        names = [name for rule in rules if rule.fits(path) for name, _ in rule.headers]
        twice = {name for name in names if names.count(name) > 1}
        assert twice <= {headers.POLICY}, f"hosts join headers that are given twice: {path}"
        assert {headers.POLICY, "Referrer-Policy", "X-Content-Type-Options"} <= set(names)


def test_only_embeds_may_be_framed_by_others(tiny_site: Path) -> None:
    folder = tiny_site / "build/site"
    rules = headers.parse((folder / headers.FILE).read_text())
    embeds = set()
    for path in files(folder):
        found = headers.of(rules, path)
        alone = "frame-ancestors 'none'" in re.split("[;,] ", found[headers.POLICY])
        assert alone == (found.get("X-Frame-Options") == "DENY"), path
        if not alone and not path.startswith("/.well-known/"):
            embeds.add(path.split("/")[1])
    assert embeds == {EMBEDS.strip("/").split("/")[0]}


def test_what_was_read_is_not_kept_and_what_all_pages_share_is(
    real_site: Path, rules: tuple[headers.HeaderRule, ...]
) -> None:
    kept = {p for p in files(real_site) if "no-store" not in headers.of(rules, p).get(headers.CACHE, "")}
    shared = {p for p in kept if p.startswith(("/assets/", "/pagefind/"))}
    assert "/assets/css/portal.css" in shared
    assert "/assets/js/plotly-basic.min.js" in shared
    assert kept - shared <= {"/sitemap.xml", "/sitemap.xml.gz", "/robots.txt", f"/{headers.CONTACT}"}
    told = [p for p in files(real_site) if re.search(r"\.csv$|/chart-|chart\.json|fragment/|index/|/$", p)]
    assert len(told) > 600
    assert not kept & set(told), "these say which page, figure or word it was"


def test_nginx_says_the_same_as_the_file_of_headers(tiny_site: Path) -> None:
    rules = headers.parse((tiny_site / "build/site" / headers.FILE).read_text())
    snippet = (tiny_site / "build/hosting" / headers.NGINX).read_text()
    assert not list((tiny_site / "build/site").rglob(headers.NGINX)), "it is not for the public"
    always = dict(re.findall(r'^add_header (\S+) "(.*)" always;$', snippet, re.MULTILINE))
    assert always == dict(rules[0].headers)
    for name in (headers.CACHE, "X-Frame-Options", "Cross-Origin-Resource-Policy", headers.POLICY):
        variable = f"$portal_{name.lower().replace('-', '_')}"
        line = rf'^if \(\$uri (=|~) "(.*)"\) \{{ set {re.escape(variable)} "(.*)"; \}}$'
        when = re.findall(line, snippet, re.MULTILINE)
        for path in files(tiny_site / "build/site"):
            fits = [v for how, what, v in when if (path == what if how == "=" else re.match(what, path))]
            assert fits == [v for rule in rules[1:] if rule.fits(path) for n, v in rule.headers if n == name]
        assert f"add_header {name} {variable} always;\n" in snippet


def test_a_page_without_a_place_for_the_policy_stops_the_build(tiny: Path) -> None:
    theme = tiny / "site_src" / "theme" / "main.html"
    theme.write_text(theme.read_text().replace(headers.PLACE, ""))
    with pytest.raises(PortalError, match="no place for the security policy"):
        building.build(tiny, lambda step: None)


@pytest.mark.parametrize(
    ("html", "finding"),
    [
        ('<p style="color: red">x</p>', "style attribute"),
        ("<style>p { color: red }</style>", "inline style sheet"),
    ],
)
def test_styles_that_browsers_would_not_obey_are_faults(tmp_path: Path, html: str, finding: str) -> None:
    folder = made(tmp_path, {"index.html": f"<title>x</title><h1>x</h1>{html}"})
    assert [finding in p.message for p in verify(folder, frozenset())] == [True]


# --- security.txt


def test_without_a_contact_there_is_no_security_txt(real_site: Path, tiny_site: Path) -> None:
    assert not (tiny_site / "build/site" / headers.CONTACT).exists()
    contact = tomllib.loads((ROOT / config.FILE).read_text())["site"].get("security_contact")
    assert (real_site / headers.CONTACT).exists() == bool(contact)


def test_security_txt_says_whom_to_tell_until_when_and_where_it_stands(tiny: Path) -> None:
    settings = tiny / config.FILE
    told = 'address = "https://safe.example/"\nsecurity_contact = "mailto:a@safe.example"\nsecurity_expires = "2027-03-31"\n'
    settings.write_text(settings.read_text().replace("[site]\n", f"[site]\n{told}"))
    folder = building.build(tiny, lambda step: None).folder
    assert (folder / ".well-known" / "security.txt").read_text() == (
        "Contact: mailto:a@safe.example\nExpires: 2027-03-31T00:00:00Z\nPreferred-Languages: en\n"
        "Canonical: https://safe.example/.well-known/security.txt\n"
    )


@pytest.mark.parametrize(
    ("contact", "expires", "wrong"),
    [
        ("a@safe.example", "2027-03-31", ["site.security_contact"]),
        ("mailto:a@safe.example\nContact: x", "2027-03-31", ["site.security_contact"]),
        ("https://safe.example/tell", "next year", ["site.security_expires"]),
        ("http://safe.example", "2027-02-30", ["site.security_contact", "site.security_expires"]),
        ("", "2027-03-31", ["site.security_contact"]),
        ("tel:+44-20-7946-0000", "2027-03-31", []),
        ("", "", []),
    ],
)
def test_what_is_wrong_with_the_contact_is_said(contact: str, expires: str, wrong: list[str]) -> None:
    settings = config.load(ROOT)
    changed = replace(settings.site, security_contact=contact, security_expires=expires)
    found = headers.check(replace(settings, site=changed))
    assert [p.field for p in found] == wrong
    assert all(p.message and p.fix for p in found)


# --- in a browser, with the real headers


@pytest.mark.parametrize("name", CHARTS)
def test_charts_answer_under_the_policy(page: Page, address: str, name: str) -> None:
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.goto(address + PAGES[name])
    chart = page.locator("figure.chart").first
    chart.dispatch_event("pointerenter")
    drawing = chart.locator(".main-svg").first
    page.wait_for_selector("figure.chart[data-state=drawn]")
    assert drawing.evaluate("s => getComputedStyle(s).position") == "absolute", (
        "the library's style sheet is ours"
    )
    for shape in chart.locator(".drag, .nsewdrag").all()[:3]:
        shape.hover(force=True)
    assert page.evaluate(REPORTED) == []
    assert said == []


def test_chart_texts_have_no_markup_that_becomes_a_style_attribute(real_site: Path) -> None:
    drawn = list(real_site.rglob("chart.json"))
    assert len(drawn) > 40
    assert {tag for p in drawn for tag in re.findall(r"</?(\w+)", p.read_text())} <= {"br", "extra"}


def test_our_style_sheet_for_charts_says_what_the_library_would(page: Page, address: str) -> None:
    page.goto("about:blank")
    page.add_script_tag(path=ROOT / "node_modules/plotly.js-basic-dist-min/plotly-basic.min.js")
    library = page.evaluate(
        "[...document.getElementById('plotly.js-style-global').sheet.cssRules].map(r => r.cssText)"
    )
    page.add_style_tag(path=ROOT / "site_src/assets/css/plotly.css")
    ours = page.evaluate("[...[...document.styleSheets].at(-1).cssRules].map(r => r.cssText)")
    assert set(ours) <= set(library)
    left = [r for r in library if r not in ours]
    unused = r"modebar|data-title|dialog|notifier|ease-bg|resize|cursor-(move|grab)| a\b| input"
    assert [r for r in left if not re.search(unused, r.partition("{")[0])] == []


def test_chart_pictures_keep_to_the_policy_on_their_own(page: Page, address: str, real_site: Path) -> None:
    pictures = list(real_site.rglob("*.svg"))
    assert len(pictures) > 40
    assert not [p for p in pictures if re.search(r"\sstyle=|<style", p.read_text())]
    picture = min(p for p in pictures if p.name == "chart-wide.svg")
    page.goto(address + picture.relative_to(real_site).as_posix())
    assert page.evaluate(REPORTED) == []
    assert page.evaluate("getComputedStyle(document.querySelector('text')).fontFamily").startswith("Arial")


def test_a_drawing_looks_the_same_without_style_attributes(page: Page) -> None:
    styled = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="90" style=""><rect x="9" y="9" width="70" height="50" fill="red" '
        'style="fill: rgb(18, 67, 109); fill-opacity: 0.5; stroke: #F46A25; stroke-width: 3px; stroke-dasharray: 9px, 3px;"/>'
        '<text x="99" y="40" style="font-family: &quot;Open Sans&quot;, Arial; font-size: 18px; font-weight: bold; white-space: pre;">a  b</text></svg>'
    )
    plain = svg.styles_to_attributes(styled)
    assert "style=" not in plain
    assert plain.count("fill=") == 1
    shots = []
    for drawing in (styled, plain):
        page.goto("about:blank")
        page.set_content(drawing)
        shots.append(page.screenshot())
    assert shots[0] == shots[1]
    assert svg.styles_to_attributes(plain) == plain


INJECTED = """<script>window.ran = "inline"</script><p id=it onclick="window.ran = 'handler'" style="color: rgb(1, 2, 3)">x</p>
<img id=spy src="https://spy.example/x.png" onerror="window.ran = 'error'"><script src="https://spy.example/x.js"></script>
<iframe src="https://spy.example/"></iframe><base href="https://spy.example/"><object data="https://spy.example/"></object>
<link rel=stylesheet href="https://spy.example/x.css"><form id=form action="https://spy.example/"></form>"""


@pytest.mark.parametrize("spoken", ["header", "meta"])
def test_the_policy_bites(page: Page, address: str, spoken: str) -> None:
    """Each of the two ways in which a page has the policy is enough by itself."""
    asked: list[str] = []

    def foreign(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body="window.ran = 'foreign'")

    def answer(route: Route) -> None:
        real = route.fetch()
        html = real.text().replace("</article>", f"{INJECTED}</article>", 1)
        told = dict(real.headers)
        if spoken == "meta":
            del told["content-security-policy"]
        else:
            html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
        route.fulfill(body=html, headers=told, status=200)

    page.route(ELSEWHERE, foreign)
    page.route(address + SENSITIVE, answer)
    page.goto(address + SENSITIVE)
    page.locator("#it").click()
    blocked = [
        "script-src-elem",
        "script-src-attr",
        "style-src-attr",
        "style-src-elem",
        "img-src",
        "frame-src",
        "object-src",
        "base-uri",
    ]
    assert page.evaluate(UNTIL, blocked) == sorted(blocked)
    assert page.evaluate("window.ran") is None
    assert page.locator("#it").evaluate("p => getComputedStyle(p).color") != "rgb(1, 2, 3)"
    assert page.locator("#spy").evaluate("i => i.naturalWidth") == 0
    page.evaluate("document.getElementById('form').submit()")
    assert "form-action" in page.evaluate(UNTIL, ["form-action"])
    assert asked == [], "no other host was asked"
    assert page.url == address + SENSITIVE


def test_not_even_our_own_script_can_make_code_from_text(page: Page, address: str) -> None:
    page.route(
        "**/portal.js",
        lambda r: r.fulfill(
            body="try { eval('1') } catch (e) { window.refused = e.name }", content_type="text/javascript"
        ),
    )
    page.goto(address)
    assert page.evaluate("window.refused") == "EvalError"


def test_no_other_site_can_frame_a_page(page: Page, address: str, tmp_path: Path) -> None:
    made(tmp_path, {"index.html": f'<iframe src="{address}help/"></iframe>'})
    with served(tmp_path) as other:
        page.goto(other)
        frame = page.frames[1]
        assert frame.evaluate("document.body?.innerText ?? ''").count("Get help") == 0
        assert "127.0.0.1" not in frame.url or frame.evaluate("document.querySelector('h1') === null")


def test_the_way_out_works_and_back_shows_nothing_that_was_kept(page: Page, address: str) -> None:
    page.route(
        ELSEWHERE, lambda route: route.fulfill(body="<title>Weather</title>", content_type="text/html")
    )
    page.goto(address + PAGES["priority"])
    page.goto(address + PAGES["help"])
    page.goto(address + SENSITIVE)
    page.locator("#exit").click()
    page.wait_for_url(ELSEWHERE)
    assert page.evaluate("document.referrer") == ""
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        page.go_back()


def test_a_missing_page_is_held_to_the_policy_too(page: Page, address: str) -> None:
    answer = page.goto(address + "nothing/here/")
    assert answer
    assert answer.status == 404
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_preview_keeps_nothing_and_does_not_insist_on_https(page: Page, real_site: Path) -> None:
    with served(real_site, PreviewHandler) as at:
        for path in ("help/", "assets/css/portal.css"):
            answer = page.goto(at + path)
            assert answer
            assert answer.headers["cache-control"] == "no-store"
            assert "strict-transport-security" not in answer.headers
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["content-security-policy"].endswith("; frame-ancestors 'none'")


# --- what others can see afterwards


def given_away(text: str, words: list[str]) -> list[str]:
    plain = re.sub("[^a-z]+", " ", unquote(text).lower())
    return [w for w in words if re.search(rf"\b{re.escape(w.lower())}", plain)]


def test_nothing_outside_of_a_page_that_helps_says_what_was_read(real_site: Path) -> None:
    words = [*config.load(ROOT).site.sensitive_words, "abuse", "hate", "vawg", "police", "crime"]
    private = [p for p in real_site.rglob("*.html") if is_private(p, real_site)]
    for path in real_site.rglob("*.html"):
        links = [urljoin(f"/{path.relative_to(real_site)}", n.attributes["href"] or "") for n in LexborHTMLParser(path.read_text()).css("a[href]")]  # fmt: skip
        told = [urldefrag(n).fragment for n in links if n.startswith(("/help/", "/report/"))]
        assert not [f for f in told if given_away(f, words)], path
    for path in private:
        tree = LexborHTMLParser(path.read_text())
        names = ("og:title", "twitter:title")
        seen = [*(n.text() for n in tree.css("title"))]
        seen += [n.attributes["content"] or "" for n in tree.css("meta[property]") if n.attributes["property"] in names]  # fmt: skip
        assert not tree.css('script[type="application/ld+json"]')
        assert not [s for s in seen if given_away(s, words)], path
    assert len(private) > 15


def is_private(path: Path, site: Path) -> bool:
    """Whether a page helps to report or to get help."""
    return path.relative_to(site).parts[0] in ("help", "report")


@pytest.mark.parametrize(
    ("name", "title", "more", "finding"),
    [
        ("help/page.html", "About hate crime", "", "The title"),
        ("help/hate-crime.html", "x", "", "The address"),
        (
            "help/page.html",
            "x",
            '<meta name="description" content="On hate crime">',
            "The description description",
        ),
        (
            "help/page.html",
            "x",
            '<meta property="og:title" content="Hate crimes">',
            "The description og:title",
        ),
    ],
)
def test_a_page_that_gives_away_what_was_read_is_a_fault(
    tmp_path: Path, name: str, title: str, more: str, finding: str
) -> None:
    body = '<h1>Hate crime</h1><a id="exit" href="https://other.example/">Leave</a>'
    made(tmp_path, {name: f"<head><title>{title}</title>{more}</head>{body}"})
    exits = frozenset({"https://other.example/"})
    assert [p.message for p in verify(tmp_path, exits, ("hate crime",), private=("help/",))] == [
        f"{finding} gives away what was read."
    ]
    assert verify(tmp_path, exits, ("rape",), private=("help/",)) == ()
    assert verify(tmp_path, exits, ("hate crime",), private=("report/",)) == ()


def test_a_link_whose_address_gives_away_what_was_read_is_a_fault(tmp_path: Path) -> None:
    made(
        tmp_path,
        {
            "help/page.html": '<title>x</title><h1 id="hate-crime">x</h1><a href="#hate-crime">y</a>',
            "plan.html": '<title>y</title><h1 id="hate-crime">y</h1><a href="#hate-crime">y</a><a href="help/page.html#hate-crime">z</a>',
        },
    )
    found = verify(tmp_path, frozenset(), ("hate crime",), private=("help/",))
    assert [(p.file, p.message) for p in found] == [
        ("(built) help/page.html", "The link #hate-crime gives away what was read."),
        ("(built) plan.html", "The link help/page.html#hate-crime gives away what was read."),
    ]
