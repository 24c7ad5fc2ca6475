"""The site on a real web server, and the files that have others build and publish it."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from gzip import decompress
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree
from urllib.parse import quote

import pytest
import yaml
from browser import ARGUMENTS
from playwright.sync_api import Browser
from portal.cli import commands as cli
from portal.site import headers, publishing
from portal.site.chromium import find_browser as program_of_chromium
from project import ROOT
from served import wait_for

sys.path.insert(0, str(ROOT / "scripts"))
from need_programs import program

TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".csv": "text/csv; charset=utf-8", ".json": "application/json; charset=utf-8", ".xml": "application/xml; charset=utf-8",
    ".svg": "image/svg+xml", ".pdf": "application/pdf", ".wasm": "application/wasm", ".txt": "text/plain; charset=utf-8",
    ".png": "image/png", ".pagefind": "application/octet-stream", ".gz": "application/octet-stream",
    ".jsonld": "application/ld+json; charset=utf-8", ".ttl": "text/turtle; charset=utf-8", ".zip": "application/zip", ".woff2": "font/woff2",
}  # fmt: skip


# --- nginx


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """An nginx that serves the link `live`."""

    port: int
    live: Path

    def ask(self, path: str, method: str = "GET", **more: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers=more)
        answer = connection.getresponse()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():  # as a browser reads them: one header given twice is one list
            found[name] = f"{found[name]}, {value}" if name in found else value
        told = Answer(answer.status, found, answer.read())
        connection.close()
        return told


def settings_of(folder: Path, live: Path, hosting: Path, port: int) -> Path:
    """The whole settings of an nginx that any user may start; the server in them is ours but for two lines."""
    (folder / "portal").mkdir()
    (folder / "portal" / headers.NGINX).write_text((hosting / headers.NGINX).read_text())
    ours = (hosting / headers.SERVER).read_text()
    for line, here in (
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("root /srv/portal/site;", f"root {live};"),
    ):
        assert ours.count(line) == 1
        ours = ours.replace(line, here)
    (folder / "server.conf").write_text(ours)
    kept = "".join(
        f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    whole = f"{user} daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {kept} include server.conf; }}\n"
    (folder / "nginx.conf").write_text(whole)
    return folder / "nginx.conf"


def test_nginx_has_nothing_to_say_about_our_files(tiny_site: Path, tmp_path: Path) -> None:
    """Also where they are included into the settings that Debian comes with."""
    hosting = tiny_site / "build" / "hosting"
    settings = settings_of(tmp_path, tiny_site / "build" / "site", hosting, 8080)
    (tmp_path / "mime.types").write_text("types { text/html html htm; text/css css; application/zip zip; }")
    usual = f"include {tmp_path}/mime.types; default_type text/plain; gzip on; charset koi8-r; include server.conf;"
    settings.write_text(settings.read_text().replace("include server.conf;", usual))
    found = program("nginx")
    assert found, "scripts/need_programs.py says how to install it"
    command = [found, "-t", "-q", "-p", str(tmp_path), "-e", "stderr", "-c", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@contextmanager
def nginx(folder: Path, live: Path, hosting: Path) -> Iterator[Server]:
    """Start an nginx on a free port, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = program("nginx")
    assert found, "scripts/need_programs.py says how to install it"
    settings = settings_of(folder, live, hosting, port)
    command = [found, "-p", str(folder), "-e", "stderr", "-c", str(settings)]
    with (folder / "said").open("w") as said, subprocess.Popen(command, stderr=said) as child:
        try:
            wait_for(child, port, folder / "said")
            yield Server(port, live)
        finally:
            child.terminate()
            child.wait(10)


@pytest.fixture(scope="module")
def server(tiny_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The tiny portal's site behind nginx, with files beside it that are not for the public."""
    folder = tmp_path_factory.mktemp("nginx")
    site = folder / "sites" / "one"
    copytree(tiny_site / "build" / "site", site)
    for name in (
        ".lock",
        ".git/config",
        "about/.htpasswd",
        ".well-known/security.txt",
        "assets/x.wasm",
        "empty/x.csv",
    ):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text("x,y\n" * 500)
    live = folder / "live"
    live.symlink_to("sites/one")
    with nginx(folder, live, tiny_site / "build" / "hosting") as started:
        yield started


def addresses(site: Path) -> list[str]:
    """Of every file for the public."""
    names = (p.relative_to(site).as_posix() for p in sorted(site.rglob("*")) if p.is_file())
    return [f"/{n}" for n in names if n != headers.FILE and not n.startswith((".lock", ".git", "about/.ht"))]


def test_nginx_serves_every_file_with_the_headers_that_the_site_asks_for(
    server: Server, record_property: Callable[[str, object], None]
) -> None:
    rules = headers.parse((server.live / headers.FILE).read_text())
    paths = addresses(server.live)
    assert len(paths) > 200
    for path in paths:
        for asked in {path, path.removesuffix("index.html")}:
            answer = server.ask(quote(asked))
            assert answer.status == 200, asked
            assert answer.body == Path(f"{server.live}{path}").read_bytes(), asked
            wanted = headers.of(rules, asked)
            assert wanted.items() <= answer.headers.items(), asked
            assert (headers.CACHE in answer.headers) == (headers.CACHE in wanted), asked
            assert all(wanted.get(n, v) == v for n, v in answer.headers.items()), asked
    record_property("counted answers of nginx compared with _headers", len(paths))


def test_every_kind_of_file_has_its_type(server: Server) -> None:
    found = {Path(a).suffix: a for a in addresses(server.live)}
    assert {".csv", ".json", ".svg", ".xml", ".wasm", ".pdf", ".html", ".js", ".css", ".txt"} <= found.keys()
    told = {ending: server.ask(path).headers["Content-Type"] for ending, path in found.items()}
    assert told == {e: TYPES.get(e, "application/octet-stream") for e in found}


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/here", "/assets/", "/empty/", "/figures/nothing.csv", "/.lock", "/.git/config", "/about/.htpasswd", "/_headers",
        "/.git", "/.well-known/", "/.well-known", "/%2egit/config", "/index.html/x", "/about/index.html~",
    ],
)  # fmt: skip
def test_what_is_not_for_the_public_is_the_sites_own_page_of_not_found(server: Server, path: str) -> None:
    answer = server.ask(path)
    if answer.status == 301:
        answer = server.ask(answer.headers["Location"])
    assert answer.status == 404
    assert answer.body == (server.live / "404.html").read_bytes()
    rules = headers.parse((server.live / headers.FILE).read_text())
    assert headers.of(rules, "/404.html").items() <= answer.headers.items()
    assert answer.headers["Content-Type"] == TYPES[".html"]


def test_a_folder_leads_to_its_page_on_the_same_host(server: Server) -> None:
    answer = server.ask("/about?x=1")
    assert (answer.status, answer.headers["Location"]) == (301, "/about/?x=1")
    assert headers.POLICY in answer.headers


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/about/..%2f..%2f..%2fetc/passwd"]
)
def test_nothing_outside_of_the_site_is_served(server: Server, path: str) -> None:
    assert server.ask(path).status in (400, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent(server: Server, method: str) -> None:
    assert server.ask("/", method).status == 405


def test_what_can_be_compressed_is(server: Server) -> None:
    plain = (server.live / "index.html").read_bytes()
    answer = server.ask("/", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert decompress(answer.body) == plain
    assert len(answer.body) < len(plain) / 2


def test_the_server_does_not_say_its_version(server: Server) -> None:
    assert server.ask("/").headers["Server"] == "nginx"


def test_a_new_site_is_served_as_soon_as_the_link_leads_to_it(server: Server) -> None:
    before = server.live.readlink()
    other = server.live.parent / "sites" / "two"
    other.mkdir()
    (other / "index.html").write_text("another site")
    fresh = server.live.with_name("fresh")
    try:
        fresh.symlink_to("sites/two")
        fresh.replace(server.live)
        assert server.ask("/").body == b"another site"
    finally:
        fresh.symlink_to(before)
        fresh.replace(server.live)
    assert server.ask("/").body != b"another site"


def test_over_http_without_a_certificate_a_page_keeps_its_style(server: Server, chromium: Browser) -> None:
    """Under a name that is not this computer's own, which browsers trust as they do https."""
    asked: list[str] = []
    rule = f"--host-resolver-rules=MAP plain.example 127.0.0.1:{server.port}"
    own = chromium.browser_type.launch(executable_path=program_of_chromium(), args=[*ARGUMENTS, rule])
    try:
        page = own.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for _ in range(2):  # what the first answer says about https must not matter for the second
            page.goto("http://plain.example/about/")
            assert page.evaluate("isSecureContext") is False
            styled = page.evaluate("[...document.styleSheets].map(s => s.cssRules.length > 0)")
            assert styled
            assert all(styled)
    finally:
        own.close()
    assert asked
    assert all(url.startswith("http://plain.example/") for url in asked)


# --- the files that have others build it

COMMANDS = (ROOT / "docs" / "reference" / "commands.md").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())
PIPELINE = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
CONTAINER = (ROOT / "Containerfile").read_text().replace("\\\n", "")
# What the machine needs before the first command, and what others want to have elsewhere.
AROUND = re.compile(
    r"apt-get (update|install) .*|cp -rL build/site (public|/site)|test -f public/manifest\.json"
)


def commands() -> Iterator[tuple[str, str]]:
    """Every command of the three files, with the file's name."""
    for job in WORKFLOW["jobs"].values():
        yield from (("publish.yml", step["run"]) for step in job["steps"] if "run" in step)
    for job in (j for j in PIPELINE.values() if isinstance(j, dict) and "script" in j):
        yield from ((".gitlab-ci.yml", c) for c in (*job.get("before_script", ()), *job["script"]))
    built = CONTAINER.split("\nFROM ")[1]
    for line in re.findall(r"^RUN (.*)", built, re.MULTILINE):
        yield from (("Containerfile", c.strip()) for c in line.split("&&"))


def test_every_command_is_a_documented_one() -> None:
    found = list(commands())
    assert len(found) > 8
    for file, command in found:
        if AROUND.fullmatch(command):
            continue
        make = re.fullmatch(r"make ([a-z-]+)", command)
        own = re.fullmatch(r"\.venv/bin/portal ([a-z]+) \S+", command)
        assert make or own, (file, command)
        assert not make or (make[1] in TARGETS and command in COMMANDS), command
        assert not own or (own[1] in cli.COMMANDS and f"portal {own[1]}" in COMMANDS), command
    for file in ("publish.yml", ".gitlab-ci.yml", "Containerfile"):
        assert (file, "make site") in found
        assert [c for f, c in found if f == file and "portal verify" in c]
    assert ("publish.yml", "make coverage") in found
    assert (".gitlab-ci.yml", "make test") in found


def test_the_workflow_may_do_no_more_than_it_must() -> None:
    jobs = WORKFLOW["jobs"]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    assert {name for name, job in jobs.items() if "permissions" in job} == {"deploy"}
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert "default_branch" in jobs["deploy"]["if"]
    for name in ("site", "deploy"):
        assert "event_name != 'pull_request'" in jobs[name]["if"], name
    upload = next(s for s in jobs["site"]["steps"] if "upload" in s.get("uses", ""))
    assert upload["with"] == {"path": "build/site", "include-hidden-files": True}


def test_the_pipeline_publishes_the_default_branch_alone() -> None:
    assert [r["if"] for r in PIPELINE["pages"]["rules"]] == ['($CI_PIPELINE_SOURCE == "push" || $CI_PIPELINE_SOURCE == "schedule") && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH']  # fmt: skip
    assert PIPELINE["pages"]["artifacts"]["paths"] == ["public"]
    assert "site" in PIPELINE["pages"]["needs"]


def test_the_container_has_two_stages_and_an_ordinary_user() -> None:
    told = [line.split() for line in CONTAINER.splitlines() if line and line[0] not in "# "]
    assert {words[0] for words in told} <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "CMD"}
    images = [words[1].partition("@")[0] for words in told if words[0] == "FROM"]
    assert images == ["python:3.12-slim", "nginx:stable-alpine"], "no host of a registry"
    assert [words[1] for words in told if words[0] == "USER"] == ["nginx"]
    assert json.loads(CONTAINER.split("\nCMD ")[1]) == ["nginx", "-g", "daemon off;"]
    copied = [words[2] for words in told if words[:2] == ["COPY", "--from=built"]]
    assert copied == [f"/portal/build/hosting/{n}" for n in (headers.NGINX, headers.SERVER)] + ["/site"]
    port = re.search(r"listen (\d+);", headers._SERVER)
    assert port
    assert ["EXPOSE", port[1]] in told
    assert "root /srv/portal/site;" in headers._SERVER
    assert "COPY --from=built /site /srv/portal/site" in CONTAINER


def test_all_that_the_site_is_made_from_goes_into_the_container() -> None:
    from portal.site.build_inputs import INPUTS  # noqa: PLC0415

    left_out = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    needed = {*INPUTS, "Makefile", "README.md", "pyproject.toml", "requirements.lock", "package.json"}
    tops = {Path(n).parts[0] for n in needed} - {"node_modules"}
    assert not tops & set(left_out)
    assert {".git", ".venv", "build", "node_modules"} <= set(left_out)


def test_the_way_to_publish_names_what_there_is() -> None:
    told = (ROOT / "docs" / "how-to" / "publish.md").read_text()
    for name in (headers.FILE, headers.NGINX, headers.SERVER, publishing.MANIFEST, "build/waiting", "Containerfile", ".gitlab-ci.yml"):  # fmt: skip
        assert name in told
    for target in re.findall(r"make ([a-z-]+)", told):
        assert target in TARGETS
