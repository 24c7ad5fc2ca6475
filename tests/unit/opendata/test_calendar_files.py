"""Calendar files, read back by a library that did not write them."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from calendars import read_events as read
from hypothesis import given
from hypothesis import strategies as st
from portal.opendata.calendar_files import Event, write_calendar

DAY = date(2021, 6, 3)


def event(title: str = "Meeting", place: str = "", words: str = "", **more: object) -> Event:
    """Return an event on one day."""
    about: dict[str, Any] = {"id": "one", "starts": DAY, "ends": None, "changed": date(2021, 1, 1), **more}
    return Event(title=title, place=place, words=words, **about)


def test_a_time_is_the_same_moment_in_summer_and_winter() -> None:
    london = ZoneInfo("Europe/London")
    evening = [datetime(2021, month, 3, 18, 30, tzinfo=london) for month in (6, 12)]
    events = (event(id=str(at), starts=at, ends=at.replace(hour=20, minute=0)) for at in evening)
    found = read(write_calendar("us", "Meetings", events))
    assert [e["DTSTART"].dt.astimezone(UTC).hour for e in found] == [17, 18]
    assert [(e["DTEND"].dt - e["DTSTART"].dt).total_seconds() for e in found] == [5400, 5400]


def test_a_day_without_a_time_lasts_the_whole_day() -> None:
    (found,) = read(write_calendar("us", "Meetings", [event()]))
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (DAY, date(2021, 6, 4))


def test_a_cancelled_event_keeps_its_identity() -> None:
    before, after = (
        read(write_calendar("us", "Meetings", [event(is_cancelled=c, title=str(c))]))[0]
        for c in (False, True)
    )
    assert before["UID"] == after["UID"]
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert before["UID"] != read(write_calendar("others", "Meetings", [event()]))[0]["UID"]


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)


@given(TEXT, TEXT, TEXT)
def test_any_text_comes_back_and_no_line_is_too_long(title: str, place: str, words: str) -> None:
    data = write_calendar(title, place, [event(title, place, f"{words}\n{title}")])
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    (found,) = read(data)
    assert str(found["SUMMARY"]) == title
    assert str(found.get("LOCATION", "")) == place
    assert str(found["DESCRIPTION"]).split("\n", 1) == [words, title]
