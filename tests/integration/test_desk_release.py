"""From a checked update to a public site by the desk, and the same by commands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from portal.site import publishing
from project import edit, make_project, run, tree_of
from served_desk import Answer, Visitor, enter, made_with_target, served
from test_fetch import Server, _wards, own_register, ranges
from workbook_files import OBSERVATIONS

FIGURE = "bikes,E09999999,2018-07-01,2019-06-30,,61,,report,Table 1"
REVISED = "bikes,E09999999,2018-07-01,2019-06-30,,62,r,report,Table 1"


def page(visitor: Visitor, path: str) -> Answer:
    """A page with its result."""
    return visitor.read(visitor.get(path))


def send(visitor: Visitor, on: str, to: str, **form: str) -> Answer:
    """Send a form of a page, with the version that the page shows."""
    return visitor.read(visitor.post(to, {"version": page(visitor, on).version, **form}))


def other(visitor: Visitor, name: str) -> Visitor:
    """A second person at a browser of their own."""
    body = visitor.post("/another").body
    return enter(body[body.index("http://127.") :].partition("<")[0], name)


def data(root: Path) -> dict[str, bytes]:
    """The packages."""
    return tree_of(root / "data_packages")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made_with_target(tmp_path)


@pytest.fixture
def publisher() -> Iterator[Server]:
    one = Server()
    yield one
    one.stop()


def test_an_update_goes_from_check_to_a_public_site_and_back(root: Path, tmp_path: Path) -> None:
    with served(root) as at:
        ada = enter(at)
        grace = other(ada, "Grace Signs")
        # Nothing can be released before it is signed, and not by one person alone.
        refused = send(ada, "/check", "/publish/release", name="2027 Q1")
        assert "Nobody has signed" in refused.body
        assert "I, Ada Prepares, have prepared this" in page(ada, "/sign").body
        send(ada, "/sign", "/sign/prepared")
        assert "sign this" not in page(ada, "/sign").body
        assert ada.post("/sign/signed", {"version": page(ada, "/sign").version, "read": "yes"}).status == 422
        assert grace.post("/sign/signed", {"version": page(grace, "/sign").version}).status == 422
        assert "Signed" in send(grace, "/sign", "/sign/signed", read="yes").body
        done = send(ada, "/publish", "/publish/release", name="2027 Q1", note="The first.")
        assert "2027 Q1 is made, and the site is built." in done.body
        assert (root / "signed/2027-q1.json").exists()
        assert publishing.intact(root / "build/site") == ()
        # Publish.
        digest = re.search(r'name="digest" value="([0-9a-f]+)"', done.body)
        assert digest
        assert ada.post("/publish/target/website", {"digest": "0" * 64}).status == 409
        assert (
            "every file is there" in ada.read(ada.post("/publish/target/website", {"digest": digest[1]})).body
        )
        assert publishing.digest(tmp_path / "www/site") == publishing.digest(root / "build/site")
        # A revised figure: it needs a reason, which the check asks for.
        edit(root, FIGURE, REVISED)
        body = page(ada, "/check").body
        assert 'name="reason|bikes|E09999999|2019-06-30"' in body
        assert "cannot be signed" in page(ada, "/sign").body
        send(
            ada, "/check", "/check/reasons", **{"reason|bikes|E09999999|2019-06-30": "One was recorded late."}
        )
        reasons = (root / "data_packages/releases/data/reasons.csv").read_text()
        assert reasons.endswith("bikes,E09999999,2019-06-30,One was recorded late.,\n")
        # A signature is for one list of changes only.
        send(ada, "/sign", "/sign/prepared")
        code = re.search(r'class="code">([0-9A-F-]+)<', page(ada, "/sign").body)
        assert code
        assert code[1] in page(ada, "/see/changes/page.html").body
        edit(
            root,
            "One was recorded late.",
            "Two were recorded late.",
            "data_packages/releases/data/reasons.csv",
        )
        assert "must be prepared and signed again" in page(ada, "/sign").body
        send(ada, "/sign", "/sign/prepared")
        code = re.search(r'class="code">([0-9A-F-]+)<', page(ada, "/sign").body)
        assert code
        send(ada, "/sign", "/sign/signed", signer="Grace Signs", code=code[1].lower())
        assert "2027 Q2 is made" in send(ada, "/publish", "/publish/release", name="2027 Q2").body
        digest = re.search(r'name="digest" value="([0-9a-f]+)"', page(ada, "/publish").body)
        assert digest
        first = publishing.digest(tmp_path / "www/site")
        ada.read(ada.post("/publish/target/website", {"digest": digest[1]}))
        assert publishing.digest(tmp_path / "www/site") != first
        ada.read(ada.post("/publish/back", {"target": "website"}))
        assert publishing.digest(tmp_path / "www/site") == first
        # What is released cannot be undone.
        assert ada.post("/changes/1/undo", {"version": page(ada, "/changes").version or "x"}).status in (
            409,
            422,
        )


@pytest.mark.thorough
def test_the_desk_releases_what_the_commands_release(root: Path, tmp_path: Path) -> None:
    by_command = make_project(tmp_path / "command")
    assert run(by_command, "release", "2027 Q1", "--yes") == 0
    edit(by_command, FIGURE, REVISED)
    with (by_command / "data_packages/releases/data/reasons.csv").open("a") as file:
        file.write("bikes,E09999999,2019-06-30,One was recorded late.,\n")
    with served(root) as at:
        ada = enter(at)
        grace = other(ada, "Grace Signs")
        for name in ("2027 Q1", "2027 Q2"):
            send(ada, "/sign", "/sign/prepared")
            send(grace, "/sign", "/sign/signed", read="yes")
            if name == "2027 Q2":  # the same list, signed at the desk, is what the command asks for
                signed = root / "build/desk/signed.json"
                assert run(by_command, "release", name, "--signed", str(signed), "--yes") == 0
            send(ada, "/publish", "/publish/release", name=name)
            if name == "2027 Q1":
                edit(root, FIGURE, REVISED)
                send(
                    ada,
                    "/check",
                    "/check/reasons",
                    **{"reason|bikes|E09999999|2019-06-30": "One was recorded late."},
                )
    assert data(root) == data(by_command)


def test_the_command_refuses_a_list_of_other_changes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(root) as at:
        ada = enter(at)
        send(ada, "/sign", "/sign/prepared")
        send(other(ada, "Grace Signs"), "/sign", "/sign/signed", read="yes")
    signed = root / "build/desk/signed.json"
    edit(root, FIGURE, REVISED)
    assert run(root, "release", "2027 Q1", "--signed", str(signed), "--yes") == 1
    assert "has changed since this list was signed" in capsys.readouterr().err
    assert run(root, "release", "2027 Q1", "--signed", str(root / "none.json"), "--yes") == 1


def test_a_warning_is_accepted_with_a_reason(root: Path) -> None:
    with served(root) as at:
        ada = enter(at)
        body = page(ada, "/check").body
        assert "<p>Bicycle thefts, Exampleton, Year to June 2018</p>" in body
        name = re.search(r'name="accept\|(target:[^"]+)"', body)
        assert name
        assert (
            name[1]
            not in send(
                ada, "/check", "/check/reasons", **{f"accept|{name[1]}": "No document gives one."}
            ).body
        )
        rows = (root / "data_packages/releases/data/accepted.csv").read_text().splitlines()
        assert re.fullmatch(
            rf"{re.escape(name[1])},No document gives one\.,\d{{4}}-\d\d-\d\d,Exampleton Partnership",
            rows[-1],
        )
        # A reason with a formula is a problem of its own and is kept in the form.
        body = page(ada, "/check").body
        second = re.search(r'name="accept\|([^"]+)"', body)
        assert second
        answer = send(ada, "/check", "/check/reasons", **{f"accept|{second[1]}": "<script>alert(1)</script>"})
        assert "<script>alert" not in answer.body


def test_a_problem_leads_to_the_cell_and_is_fixed_there(root: Path) -> None:
    edit(root, FIGURE, FIGURE.replace("report", "reprot"))
    with served(root) as at:
        ada = enter(at)
        body = page(ada, "/check").body
        link = re.search(r'href="(/tables/figures/observations/6)#field-source"', body)
        assert link
        form = page(ada, link[1])
        assert 'id="field-source"' in form.body
        assert '<option value="r">r: revised since it was first published</option>' in form.body
        fields = dict(zip(OBSERVATIONS, FIGURE.split(","), strict=True))
        before = (root / "data_packages/figures/data/observations.csv").read_bytes()
        wrong = send(
            ada, link[1], link[1], **{f"field-{k}": v for k, v in {**fields, "value": "many"}.items()}
        )
        assert "Nothing was written" in wrong.body
        assert 'value="many"' in wrong.body
        assert (root / "data_packages/figures/data/observations.csv").read_bytes() == before
        send(ada, link[1], link[1], **{f"field-{k}": v for k, v in fields.items()})
        assert (root / "data_packages/figures/data/observations.csv").read_bytes() == before.replace(
            b"reprot", b"report"
        )
        assert "No mistakes" in page(ada, "/check").body


def test_the_site_as_it_will_be_is_shown_with_what_differs(root: Path) -> None:
    assert run(root, "build") == 0
    public = publishing.digest(root / "build/site")
    with served(root) as at:
        ada = enter(at)
        row = page(ada, "/tables/services/services/2")
        texts = dict(re.findall(r'id="(field-\w+)" name="field-\w+"[^>]* value="([^"]*)"', row.body))
        phone = texts["field-phone"]
        edit(root, phone, "0300 123 4567", "data_packages/services/data/services.csv")
        seen = ada.read(ada.post("/see"))
        assert "Changed pages" in seen.body
        assert publishing.digest(root / "build/site") == public
        address = re.search(r'href="/see/page/(help/[^"]*)"', seen.body)
        assert address
        marked = ada.get(f"/preview/{address[1]}?marks").body
        assert re.search(
            r'class="[^"]*desk-differs[^"]*"[^>]*>(?:(?!</(?:li|p|dd|td)>).)*0300 123 4567', marked, re.DOTALL
        )
        assert phone in ada.get(f"/public/{address[1]}").body
        for path in ("/preview/../app.py", "/preview/%2e%2e/%2e%2e/data_packages", "/public/_headers/../.."):
            assert ada.get(path).status in (404, 308), path
        assert Visitor(at).get("/preview/").status == 403


def test_what_the_desk_fetches_is_what_the_command_fetches(tmp_path: Path, publisher: Server) -> None:
    by_clicks, by_command = make_project(tmp_path / "fetch-clicks"), make_project(tmp_path / "fetch-command")
    own = own_register(tmp_path / "register.csv", publisher, format="postcodes", what="Postcodes of a test")
    body = "pcds,wd25cd\n" + "".join(
        f"EX1 {n}AA,{code}\n" for n, code in enumerate(sorted(_wards(by_clicks)), 1)
    )
    publisher.answers = [ranges('"v1"', body.encode())]
    assert run(by_command, "fetch", "--register", str(own), "one", "--import", "--yes") == 0
    before = data(by_clicks)
    with served(by_clicks, "--register", str(own)) as at:
        ada = enter(at)
        assert "Postcodes of a test" in page(ada, "/fetch").body
        draft = ada.read(ada.post("/fetch", {"id": "one", "month": "", "force": ""}))
        assert "Postcodes and their wards" in draft.body
        assert data(by_clicks) == before
        id_ = draft.body.partition('action="/bring-in/')[2][:16]
        assert ada.post(f"/bring-in/{id_}/write", {"version": draft.version}).to == "/changes"
        assert data(by_clicks) == data(by_command) != before
        publisher.stop()
        failed = ada.read(ada.post("/fetch", {"id": "one"}))
        assert "It could not be fetched" in failed.body
        assert ada.post("/fetch", {"id": "guess"}).status == 422


def test_a_report_on_an_action_and_a_source_are_what_the_commands_write(tmp_path: Path) -> None:
    by_clicks, by_command = make_project(tmp_path / "entry-clicks"), make_project(tmp_path / "entry-command")
    cells = {"title": "A new report", "short_title": "New report", "publisher": "The council", "kind": "document", "note": "Made up.", "published": "2020-09", "open_publication": "false", "licence": "All rights reserved"}  # fmt: skip
    values = [f"{k}={v}" for k, v in cells.items()]
    assert run(by_command, "add", "source", *values, "--yes") == 0
    before = data(by_clicks)
    with served(by_clicks) as at:
        ada = enter(at)
        new = "/tables/sources/sources/new"
        assert "Leave it empty, and the desk fills it in." in page(ada, new).body
        lacking = send(ada, new, new, **{f"field-{k}": v for k, v in cells.items() if k != "publisher"})
        assert "Nothing was written" in lacking.body
        assert 'value="A new report"' in lacking.body
        assert data(by_clicks) == before
        send(ada, new, new, **{f"field-{k}": v for k, v in cells.items()})
        assert data(by_clicks) == data(by_command)
        action = re.search(r'href="(/progress/plan/[^"]+)"', page(ada, "/progress").body)
        assert action
        form = page(ada, action[1]).body
        report = {"status": "under-way", "date": "2020-10", "title": "Work began", "text": "Work on it began.", "reason": "The report says so.", "source": "report", "locator": "Page 3"}  # fmt: skip
        assert all(f'id="field-{name}"' in form for name in report)
        done = send(ada, action[1], action[1], **{f"field-{k}": v for k, v in report.items()})
        assert "Reported on" in done.body
        changes = page(ada, "/changes")
        assert "Work began" in (by_clicks / "data_packages/plan/data/updates.csv").read_text()
        assert "under-way" in (by_clicks / "data_packages/plan/data/statuses.csv").read_text()
        for number in (2, 1):
            assert (
                ada.post(
                    f"/changes/{number}/undo", {"version": page(ada, "/changes").version or changes.version}
                ).status
                == 302
            )
    assert data(by_clicks) == before
