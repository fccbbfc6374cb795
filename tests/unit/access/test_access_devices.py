"""Guessing at a name makes nobody wait who has logged in as it from their browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from pipeline.access.accounts import AccountBook, change_accounts, with_password
from pipeline.access.devices import DEVICE_COOKIE, NAMES, device_cookie, device_of
from tests.support.login_api import CHEAP, PASSWORD, Door, browser, log_in

OTHER = "another password"


def guess(door: Door, name: str) -> None:
    """Guess at a name until one has to wait longest."""
    with browser(door) as guesser:
        for _ in range(20):
            while log_in(guesser, name, "wrong") == 429:
                door.later(minutes=5)
        assert log_in(guesser, name, "wrong") == 429


@pytest.fixture
def known(door: Door) -> TestClient[Litestar]:
    """A browser in which the viewer has logged in, some time ago."""
    client = browser(door)
    assert log_in(client, "viewer") == 303
    door.later(hours=13)
    return client


def test_who_has_logged_in_before_is_not_locked_out(
    door: Door, known: TestClient[Litestar]
) -> None:
    guess(door, "viewer")
    with browser(door) as new:
        assert log_in(new, "viewer") == 429
    assert log_in(known, "viewer") == 303


def test_nor_are_they_after_a_restart(door: Door, known: TestClient[Litestar]) -> None:
    cookie = known.cookies[DEVICE_COOKIE]
    kept = AccountBook(door.file).find("viewer")
    assert kept is not None
    assert device_of(cookie, "viewer", kept.password.encode())


def test_a_browser_that_is_known_may_not_guess_faster(
    door: Door, known: TestClient[Litestar]
) -> None:
    assert [log_in(known, "viewer", "wrong") for _ in range(6)] == [401] * 5 + [429]
    assert log_in(known, "admin", "wrong") == 401
    with browser(door) as new:
        assert log_in(new, "viewer") == 303


def test_people_who_share_a_browser_are_all_known_there(
    door: Door, known: TestClient[Litestar]
) -> None:
    assert log_in(known, "agent") == 303
    guess(door, "viewer")
    assert [log_in(known, name) for name in ("viewer", "agent", "viewer")] == [303] * 3


def test_it_is_known_for_the_names_that_logged_in_there_alone(
    door: Door, known: TestClient[Litestar]
) -> None:
    guess(door, "admin")
    assert log_in(known, "admin") == 429


def test_another_password_makes_all_browsers_strange(
    door: Door, known: TestClient[Litestar]
) -> None:
    change_accounts(
        door.file, lambda accounts: with_password(accounts, "viewer", CHEAP.hash(OTHER))
    )
    guess(door, "viewer")
    assert log_in(known, "viewer", OTHER) == 429


@given(st.text(), st.text(), st.binary(min_size=1))
def test_a_cookie_counts_only_with_its_own_name_and_key(value: str, name: str, key: bytes) -> None:
    cookie = device_cookie(name, key)
    assert device_of(cookie, name, key) == f"{cookie.partition('.')[0]}/{name}"
    assert device_of(cookie, f"{name}x", key) is None
    assert device_of(cookie, name, key + b"x") is None
    assert device_of(value, name, key) is None
    assert device_of(f"x{cookie}", name, key) is None
    assert device_of(device_cookie(name, key, value), name, key)


def test_a_cookie_stays_small_and_keeps_who_logged_in_last() -> None:
    cookie = ""
    for number in range(3 * NAMES):
        cookie = device_cookie(f"name{number}", b"key", cookie)
    known = [bool(device_of(cookie, f"name{number}", b"key")) for number in range(3 * NAMES)]
    assert known == [False] * 2 * NAMES + [True] * NAMES
    assert len(cookie) < 1_000


def test_the_cookie_is_for_http_only(door: Door) -> None:
    with browser(door, "https://127.0.0.1") as client:
        answer = client.post("/login", data={"name": "viewer", "password": PASSWORD})
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if DEVICE_COOKIE in one]
    assert cookie.startswith(f"__Host-{DEVICE_COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
