"""Write calendar files (iCalendar, RFC 5545) that phones and mail programs can subscribe to.

We use no library: events have no recurrence and no reminders, and times are in UTC, so no file needs a time zone. The
libraries for calendars bring a time zone database and a parser that a build does not need.
"""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # control characters, but not the end of a line
_WIDEST = 75  # bytes in a line; RFC 5545 says that longer lines should be folded


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of a calendar.

    `id` never changes, so that programs recognise an event that was moved. `starts` is a day, or a moment with a time
    zone; `ends` is the moment when it ends, or None. `changed` is the day on which we last learned something about it.
    """

    id: str
    title: str
    starts: date | datetime
    ends: datetime | None
    changed: date
    place: str = ""
    words: str = ""
    address: str = ""
    is_cancelled: bool = False


def write_calendar(owner: str, name: str, events: Iterable[Event]) -> bytes:
    """Return a calendar file; `owner` makes the ids of its events different from those of other portals."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(owner)}//portal//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        *(line for event in events for line in _event_lines(owner, event)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line)).encode()


def _event_lines(owner: str, event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid.uuid5(uuid.NAMESPACE_URL, f'{owner} {event.id}')}"
    yield f"DTSTAMP:{event.changed:%Y%m%d}T000000Z"
    if isinstance(event.starts, datetime):
        yield f"DTSTART:{_moment(event.starts)}"
        if event.ends:
            yield f"DTEND:{_moment(event.ends)}"
    else:
        yield f"DTSTART;VALUE=DATE:{event.starts:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.starts + timedelta(days=1):%Y%m%d}"
        yield "TRANSP:TRANSPARENT"
    yield f"SUMMARY:{_text(event.title)}"
    if event.place:
        yield f"LOCATION:{_text(event.place)}"
    if event.words:
        yield f"DESCRIPTION:{_text(event.words)}"
    if event.address:
        yield f"URL:{event.address}"
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """Return text with the escapes of RFC 5545, section 3.3.11."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _CONTROLS.sub(" ", escaped.replace("\r\n", "\n")).replace("\n", "\\n")


def _fold(line: str) -> Iterator[str]:
    """Yield the parts of a line, each of at most 75 bytes; all but the first begin with a space."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > _WIDEST:
            yield part
            part = " "
        part += letter
    yield part
