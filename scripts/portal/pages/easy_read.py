"""Make the Easy Read versions of the pages about reporting and getting help.

Every part has a picture and short sentences. The sentences about a contact come from its row in the data, one sentence
a line; those about a need are written here, for every portal. A contact that is not in use has no place here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from portal.core.contacts import Route, Service

_END = re.compile(r"(?<=[.!?]) +(?=\S)")
# For each need on the page about reporting: the tag in the column `suits`, the picture, the heading and the sentences.
WAYS = (
    ("danger-now", "danger", "Are you in danger now?", ("Call 999.", "Say where you are.", "Say what is happening.")),
    ("tell-police", "police", "Do you want to tell the police?", ("You can tell the police what happened.",)),
    ("not-police", "talk", "Do you not want to talk to the police?", ("You can talk to someone else.", "They can pass on what you say, if you want.")),
    ("anonymous", "noname", "Do you not want to say your name?", ("You can say what you know.", "You do not have to say who you are.")),
)  # fmt: skip
# For each topic of the services: the picture, the heading and the sentences.
NEEDS = {
    "emergency": ("danger", "Are you in danger now?", ("Call 999 if you can.", "There is another way if you cannot speak.")),
    "domestic-abuse": ("home", "Does someone hurt you at home?", ("It may be your partner.", "They may say that they will hurt you.", "They may control what you do.", "This is called domestic abuse.")),
    "own-behaviour": ("self", "Do you hurt someone?", ("Are you worried about how you treat someone?", "You can get help to stop.")),
    "hate-crime": ("hate", "Did someone attack you because of who you are?", ("This is called hate crime.", "You can get help.")),
    "crime": ("crime", "Do you know about a crime?", ("You can tell someone.", "You do not have to say your name.")),
    "drugs-and-alcohol": ("drugs", "Do you want help with drugs or alcohol?", ("It can be help for you.", "It can be help for someone you know.")),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EasyContact:
    """Someone to contact: a picture of how, what to know in short sentences, and the details themselves."""

    picture: str
    sentences: tuple[str, ...]
    about: Route | Service


@dataclass(frozen=True, kw_only=True)
class EasyPart:
    """A need: a picture, a heading, short sentences and who to contact."""

    picture: str
    heading: str
    sentences: tuple[str, ...]
    contacts: tuple[EasyContact, ...]


@dataclass(frozen=True, kw_only=True)
class EasyreadPage:
    """The Easy Read version of the page at `of`; `report` is True on the one about reporting."""

    of: str
    report: bool
    parts: tuple[EasyPart, ...]


def easy_report(of: str, routes: Iterable[Route]) -> EasyreadPage:
    """Return the page about reporting. Each way to report is in the first part that fits."""
    offered = [r for r in routes if r.is_offered]
    parts: list[EasyPart] = []
    for tag, picture, heading, sentences in WAYS:
        shown = [r for r in offered if tag in r.suits.split(";")]
        offered = [r for r in offered if r not in shown]
        if shown:
            contacts = tuple(_contact(r) for r in shown)
            parts.append(EasyPart(picture=picture, heading=heading, sentences=sentences, contacts=contacts))
    return EasyreadPage(of=of, report=True, parts=tuple(parts))


def easy_help(of: str, services: Iterable[Service]) -> EasyreadPage:
    """Return the page about getting help. Services whose state is not current are not on it."""
    usable = [s for s in services if s.state not in ("historic", "note")]
    parts = (
        EasyPart(
            picture=picture,
            heading=heading,
            sentences=sentences,
            contacts=tuple(_contact(s) for s in usable if s.topic == topic),
        )
        for topic, (picture, heading, sentences) in NEEDS.items()
    )
    return EasyreadPage(of=of, report=False, parts=tuple(p for p in parts if p.contacts))


def _contact(about: Route | Service) -> EasyContact:
    picture = "phone" if about.phone else "computer" if about.url else "email" if about.email else "talk"
    return EasyContact(picture=picture, sentences=_sentences(about.summary, about.textphone), about=about)


def _sentences(*texts: str) -> tuple[str, ...]:
    """Return texts as sentences, each once."""
    return tuple(dict.fromkeys(sentence for text in texts if text for sentence in _END.split(text)))


def easy_read_cited(page: EasyreadPage) -> frozenset[str]:
    """Return the ids of the sources of a page."""
    return frozenset(c.about.source for p in page.parts for c in p.contacts)
