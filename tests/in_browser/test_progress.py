"""The page of every promise says who is late, adds up, and shows a part of the promises to whoever asks for it."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from portal.analysis.progress import STEPS
from portal.charts import svg
from portal.site import building, staging
from selectolax.lexbor import LexborHTMLParser, LexborNode

PROGRESS, PLAN = "plans/progress/", "plans/plan-2016-17/"
DECEMBER_2026 = "1796083200"


# --- what the page says


@pytest.fixture(scope="module")
def html(real_site: Path) -> LexborHTMLParser:
    return LexborHTMLParser((real_site / PROGRESS / "index.html").read_text())


def cells(row: LexborNode) -> list[int]:
    return [int(c.text().replace(",", "")) for c in row.css("td")]


def test_counts_of_the_plans_add_up_with_the_promises_shown(html: LexborHTMLParser) -> None:
    *plans, total = html.css(".tally tbody tr")
    assert [sum(column) for column in zip(*map(cells, plans), strict=True)] == cells(total)
    for row in (*plans, total):
        *steps, everything = cells(row)
        assert sum(steps) == everything
    shown = html.css(".promises [data-status]")
    assert cells(total)[-1] == len(shown)
    assert cells(total)[:-1] == [Counter(r.attributes["data-status"] for r in shown)[s] for s in STEPS]
    for row, part in zip(plans, html.css("section[data-plan]"), strict=True):
        own = Counter(r.attributes["data-status"] for r in part.css("[data-status]"))
        assert cells(row)[:-1] == [own[s] for s in STEPS]
        assert [int(n.text()) for n in part.css(".tallies strong")] == cells(row)[:-1]


def test_every_promise_says_status_due_date_and_last_update_in_short(html: LexborHTMLParser) -> None:
    for row in html.css(".promises [data-status]"):
        words = " ".join(row.text().split())
        assert any(step in words for step in STEPS.values())
        assert re.search(r"(Due [A-Z0-9].*|No due date) · (last update \d.*|no update)$", words)
        assert len(words) < 160


def test_groups_are_open_in_a_current_plan_or_if_a_promise_in_them_is_late(html: LexborHTMLParser) -> None:
    ended = {
        str(row.css("a")[0].attributes["href"]).lstrip("#")
        for row in html.css(".tally tbody tr")
        if row.css_first("small")
    }
    groups = [(g, part) for part in html.css("section[data-plan]") for g in part.css("details.promises")]
    assert {"open" in g.attributes for g, _ in groups} == {True, False}
    for group, part in groups:
        late = [r for r in group.css("[data-status]") if "late" in (r.attributes["data-time"] or "")]
        is_current = part.attributes["data-plan"] not in ended
        assert ("open" in group.attributes) == (is_current or bool(late))
        summary = group.css_first("summary small")
        assert summary
        count, *steps = map(int, re.findall(r"(\d+) ", summary.text()))
        assert count == len(group.css("[data-status]")) == sum(steps)


def test_a_plan_says_status_due_date_last_update_lead_and_nearest_figure(real_site: Path) -> None:
    rows = LexborHTMLParser((real_site / PLAN / "index.html").read_text()).css(".promises tr[data-status]")
    assert rows
    for row in rows:
        assert len(row.css("td")) == 5
        assert all(c.text(strip=True) for c in row.css("th, td"))


def test_who_leads_what_adds_up(html: LexborHTMLParser) -> None:
    leads = [cells(r) for r in html.css("table:has(#leads) tbody tr")]
    rows = html.css("section[data-plan]")[0].css("[data-status]")
    late = [r for r in rows if "late" in (r.attributes["data-time"] or "")]
    quiet = [r for r in rows if "quiet" in (r.attributes["data-time"] or "")]
    assert [sum(c) for c in zip(*leads, strict=True)] == [len(rows), len(late), len(quiet)]


def test_the_current_plan_is_first_and_every_plan_is_one_link_away(html: LexborHTMLParser) -> None:
    first = html.css_first("section[data-plan] .years")
    assert first is not None
    assert "Current plan" in first.text()
    links = [a.attributes["href"] for a in html.css(".tally a")]
    assert links == [f"#{p.attributes['data-plan']}" for p in html.css("section[data-plan]")]


# --- who is late


def said(root: Path, day: str, ends: str, due: str = "2020-12", row: str = "") -> str:
    """What the tiny portal's page says about who is late on a day, if its plan ends then and its first action is due then."""
    file = root / "data_packages/plan/datapackage.json"
    file.write_text(file.read_text().replace('"ends": "2020-12"', f'"ends": "{ends}"'))
    actions = root / "data_packages/plan/data/actions.csv"
    actions.write_text(actions.read_text().replace(",2020-12,", f",{due},"))
    statuses = root / "data_packages/plan/data/statuses.csv"
    statuses.write_text(statuses.read_text() + row)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", day)
        settings, released = building.check(root)
        pictures = svg.Pictures(root / svg.LIBRARY)
        made = staging.write_files(
            staging.plan_site(settings, released), pictures, lambda _, content: content
        )
    text = made.files[f"{PROGRESS}index.md"].decode()
    return " ".join(re.sub("<[^>]+>", " ", text[text.index('id="late"') : text.index('id="plans"')]).split())


DONE = "action-1-1,2021-06-30,done,update-1,All bicycles had been marked.,report,Table 1\n"


@pytest.mark.parametrize(
    ("day", "ends", "due", "row", "wanted"),
    [
        (DECEMBER_2026, "2030", "2020-12", "", "1 promise is late. Only 1 of the 4 promises in our current plans has a due date, so others could be late without showing it. None of them has had a published update in the last six months. Counted on 1 December 2026."),
        (DECEMBER_2026, "2030", "2027-06", "", "No promise is late. Only 1 of the 4"),
        (DECEMBER_2026, "2030", "", "", "We cannot say: none of the 4 promises in our current plans has a due date."),
        (DECEMBER_2026, "2030", "2020-12", DONE, "No promise is late. Only 1 of the 4 promises in our current plans has a due date, so others could be late without showing it. 3 of 4 have had"),
        (DECEMBER_2026, "2020-12", "2020-12", "", "All our plans have ended, so no promise is late."),
    ],
)  # fmt: skip
def test_the_page_says_at_once_who_is_late(
    tiny: Path, day: str, ends: str, due: str, row: str, wanted: str
) -> None:
    assert f"Who is late? {wanted}" in said(tiny, day, ends, due, row).replace('id="late">', "").strip()


def test_leads_with_late_promises_come_first(tiny: Path) -> None:
    text = said(tiny, DECEMBER_2026, "2030")
    assert re.search(r"Police 1 1 1 .*Not named", text), text


# --- showing some of them


@pytest.fixture
def progress(page: Page, address: str) -> Iterator[Page]:
    """The page in a browser that told us of nothing it refused."""
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text))
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.goto(address + PROGRESS)
    yield page
    assert wrong == []
    assert page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def shown(page: Page) -> int:
    return page.locator(".promises [data-status]:visible").count()


def in_current_plans(page: Page) -> int:
    """Return how many promises are shown before anyone filters: those of the first plan, the only one that goes on."""
    return page.locator("section[data-plan]").first.locator("[data-status]").count()


def announced(page: Page) -> str:
    return page.locator("[role=status]:not(.meaning)").inner_text()


def test_status_plan_and_time_narrow_the_promises_at_once(progress: Page) -> None:
    everything = progress.locator(".promises [data-status]").count()
    assert announced(progress) == f"All {everything} promises."
    assert shown(progress) == in_current_plans(progress)
    found = Counter[str]()
    for step, words in STEPS.items():
        progress.get_by_label("Status", exact=True).select_option(words)
        found[step] = shown(progress)
        if found[step]:
            assert announced(progress) == f"Showing {found[step]} of {everything} promises."
            assert progress.locator(f".promises [data-status]:not([data-status={step}]):visible").count() == 0
        else:
            assert announced(progress) == "No promise fits. Change one of the boxes."
            assert progress.locator("section[data-plan]:visible").count() == 0
    assert found.total() == everything
    progress.get_by_label("Status", exact=True).select_option("Under way")
    progress.get_by_label("Plan", exact=True).select_option(index=1)
    assert progress.locator("section[data-plan]:visible").count() == 1
    assert 0 < shown(progress) < found["under-way"]
    progress.get_by_label("Time").select_option("No update for six months")
    assert (
        shown(progress) == progress.locator("[data-status=under-way][data-time~=quiet]:visible").count() > 0
    )
    progress.get_by_role("button", name="Show all promises").click()
    assert shown(progress) == everything
    assert progress.get_by_label("Status", exact=True).input_value() == ""


def test_a_heading_without_promises_is_hidden_too(progress: Page) -> None:
    progress.get_by_label("Status", exact=True).select_option("Substantially done")
    groups = progress.locator("details.promises:visible").all()
    assert groups
    for group in groups:
        assert group.locator("[data-status]:visible").count() > 0


def test_the_page_is_short_on_a_phone_and_nothing_runs_over(progress: Page) -> None:
    progress.set_viewport_size({"width": 360, "height": 740})
    assert progress.evaluate("document.documentElement.scrollHeight") < 12_000
    progress.get_by_role("button", name="Show all promises").click()
    assert progress.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_filter_opens_what_it_shows_and_clearing_it_by_hand_closes_the_groups_again(progress: Page) -> None:
    status = progress.get_by_label("Status", exact=True)
    status.select_option("Under way")
    assert shown(progress) == progress.locator(".promises [data-status=under-way]").count()
    status.select_option("Any status")
    assert shown(progress) == in_current_plans(progress)


def test_the_keyboard_alone_narrows_the_promises(progress: Page) -> None:
    everything = progress.locator(".promises [data-status]").count()
    progress.get_by_label("Plan", exact=True).focus()
    progress.keyboard.press("Tab")
    assert progress.evaluate("document.activeElement.id") == "by-status"
    progress.keyboard.press("ArrowDown")
    assert 0 < shown(progress) < everything
    progress.keyboard.press("Tab")
    progress.keyboard.press("Tab")
    progress.keyboard.press("Enter")
    assert shown(progress) == everything


def test_a_plan_narrows_its_own_promises(page: Page, address: str) -> None:
    page.goto(address + PLAN)
    everything = shown(page)
    assert page.get_by_label("Plan", exact=True).count() == 0
    page.get_by_label("Status", exact=True).select_option("Substantially done")
    assert announced(page) == f"Showing {shown(page)} of {everything} promises."
    assert 0 < shown(page) < everything


def test_without_script_all_promises_are_there_and_links_lead_to_each_plan(
    chromium: Browser, address: str
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address + PROGRESS)
        assert not page.locator(".narrow").is_visible()
        assert page.locator(".promises [data-status]").count() > 150
        past = page.locator("section[data-plan]").last.locator("details.promises").first
        assert past.locator("[data-status]:visible").count() == 0
        past.locator("summary").click()
        assert past.locator("[data-status]:visible").count() > 0
        page.locator(".tally a").last.click()
        expect(page).to_have_url(re.compile("#plan-2014-15$"))
        expect(page.locator("#plan-2014-15")).to_be_in_viewport()
