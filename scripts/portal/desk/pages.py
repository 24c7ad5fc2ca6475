"""All pages of the desk."""

from portal.desk import bring_in_pages, home_pages
from portal.desk.app import DeskApp
from portal.desk.context import Desk


def add_all(app: DeskApp, desk: Desk) -> None:
    """Add every page."""
    home_pages.add(app, desk)
    bring_in_pages.add(app, desk)


def warm(desk: Desk) -> None:
    """Begin to find out where the quarter stands while the browser opens."""
    home_pages.look(desk)
