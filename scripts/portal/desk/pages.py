"""All pages of the desk."""

from portal.desk import (
    bring_in_pages,
    check_pages,
    entry_pages,
    fetch_pages,
    home_pages,
    mapping_pages,
    publish_pages,
    quote_pages,
    see_pages,
    sign_pages,
    table_pages,
    urgent_pages,
)
from portal.desk.app import DeskApp
from portal.desk.context import Desk


def add_all(app: DeskApp, desk: Desk) -> None:
    """Add every page."""
    home_pages.add(app, desk)
    bring_in_pages.add(app, desk)
    mapping_pages.add(app, desk)
    fetch_pages.add(app, desk)
    check_pages.add(app, desk)
    entry_pages.add(app, desk)
    entry_pages.add_results(app, desk)
    see_pages.add(app, desk)
    sign_pages.add(app, desk)
    publish_pages.add(app, desk)
    table_pages.add(app, desk)
    urgent_pages.add(app, desk)
    urgent_pages.add_results(app, desk)
    quote_pages.add(app, desk)


def warm(desk: Desk) -> None:
    """Begin to work out the state of the quarter while the browser opens."""
    home_pages.look(desk, 0)
