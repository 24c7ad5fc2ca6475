"""Who is let in at the desk, and for how long."""

from portal.desk.safety import Door, Request, is_own_form


def request(door: Door, cookie: str = "", **parts: str) -> Request:
    """A request from the desk's own pages."""
    host = f"127.0.0.1:{door.port}"
    return Request(
        **{
            "method": "POST",
            "host": host,
            "origin": f"http://{host}",
            "site": "same-origin",
            "cookie": cookie,
        }
        | parts
    )


def test_an_address_lets_in_one_browser_only() -> None:
    door = Door(5000)
    token = door.token
    cookie = door.enter(token)
    assert cookie
    assert door.session(request(door, cookie)) is not None
    assert door.enter(token) == ""
    assert door.enter(door.token) not in ("", cookie)


def test_an_idle_desk_locks_and_each_request_keeps_it_open() -> None:
    now = [0.0]
    door = Door(5000, 60, lambda: now[0])
    cookie = door.enter(door.token)
    for _ in range(3):
        now[0] += 60
        assert door.session(request(door, cookie)) is not None
    now[0] += 61
    assert door.session(request(door, cookie)) is None
    now[0] -= 61
    assert door.session(request(door, cookie)) is None


def test_requests_from_elsewhere_are_refused() -> None:
    door = Door(5000)
    assert door.refusal(request(door)) == ""
    for parts in (
        {"host": "desk.example.org:5000"},
        {"host": "127.0.0.1:5001"},
        {"host": ""},
        {"origin": ""},
        {"origin": "null"},
        {"origin": "https://example.org"},
        {"origin": "http://127.0.0.1:5001"},
        {"site": "cross-site"},
        {"site": "same-site"},
        {"method": "PUT"},
        {"method": "OPTIONS"},
    ):
        assert door.refusal(request(door, **parts)), parts


def test_a_form_belongs_to_one_session() -> None:
    door = Door(5000)
    first, second = (door.session(request(door, door.enter(door.token))) for _ in range(2))
    assert first is not None
    assert second is not None
    assert is_own_form(first, first.form_token)
    assert not is_own_form(first, second.form_token)
    assert not is_own_form(first, "")
