"""Read a calendar file with a library that did not write it."""

from typing import Any

from icalendar import Calendar


def read_events(data: bytes) -> list[Any]:
    """Return the events of a calendar, each a mapping from the names of RFC 5545 to values."""
    calendar: Any = Calendar.from_ical(data)
    return list(calendar.walk("VEVENT"))
