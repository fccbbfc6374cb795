"""`nabiz users`: the file of those who may log in, and what is refused."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pipeline.access import passwords
from pipeline.access.accounts import (
    Account,
    AccountError,
    added,
    change_accounts,
    read_accounts,
)
from pipeline.access.passwords import Passwords
from pipeline.cli import users
from tests.support.command_runs import Nabiz
from tests.support.login_api import CHEAP, PASSWORD


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(users, "Passwords", lambda: CHEAP)
    path = tmp_path / "users.yaml"
    monkeypatch.setenv("NABIZ_ACCESS_USERS", str(path))
    return path


TYPED = f"{PASSWORD}\n".encode()


def test_a_user_is_added_listed_given_another_password_and_removed(
    nabiz: Nabiz, file: Path
) -> None:
    assert nabiz("users", "add", "ayse", "--role", "agent", stdin=TYPED).code == 0
    assert nabiz("users", "add", "mehmet@acme", "--role", "viewer", stdin=TYPED).code == 0
    assert nabiz("users", "list").out.split() == [
        *("name", "role", "ayse", "agent", "mehmet@acme", "viewer"),
    ]
    assert CHEAP.fits(read_accounts(file)["ayse"].password, PASSWORD)
    assert nabiz("users", "passwd", "ayse", stdin=b"another password\r\n").code == 0
    kept = read_accounts(file)["ayse"]
    assert (kept.role, CHEAP.fits(kept.password, "another password")) == ("agent", True)
    assert nabiz("users", "remove", "ayse").code == 0
    assert list(read_accounts(file)) == ["mehmet@acme"]


def test_the_file_is_the_owner_s_alone_and_holds_no_password(nabiz: Nabiz, file: Path) -> None:
    file.parent.chmod(0o755)
    for name in ("ayse", "mehmet"):
        nabiz("users", "add", name, "--role", "admin", stdin=TYPED)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text(encoding="utf-8")
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "ayse", "--role", "agent"], "user ayse exists already"),
        (["add", "Ayşe", "--role", "agent"], "small letters"),
        (["add", "token", "--role", "agent"], "none of local, token"),
        (["add", "ali", "--role", "boss"], "Invalid value"),
        (["add", "ali"], "Missing option"),
        (["remove", "ali"], "there is no user ali"),
        (["passwd", "ali"], "there is no user ali"),
    ],
)
def test_what_makes_no_sense_is_refused(
    nabiz: Nabiz, file: Path, arguments: list[str], words: str
) -> None:
    nabiz("users", "add", "ayse", "--role", "agent", stdin=TYPED)
    before = file.read_bytes()
    ran = nabiz("users", *arguments, stdin=TYPED)
    assert (ran.code, file.read_bytes()) == (2, before)
    assert words in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("password", [b"", b"short\n", b"x" * 1_025])
def test_a_password_that_is_too_short_or_too_long_is_refused(
    nabiz: Nabiz, file: Path, password: bytes
) -> None:
    ran = nabiz("users", "add", "ayse", "--role", "agent", stdin=password)
    assert (ran.code, file.exists()) == (2, False)
    assert "12 to 1,024 characters" in ran.err


@pytest.mark.parametrize("password", [b"password1234\n", b"Ayse-Nabiz-2026\n", b"acme.2026.acme\n"])
def test_a_password_that_is_guessed_first_is_refused(
    nabiz: Nabiz, file: Path, monkeypatch: pytest.MonkeyPatch, password: bytes
) -> None:
    monkeypatch.setenv("NABIZ_ACCESS_HOSTS", "nabiz.acme.com")
    ran = nabiz("users", "add", "ayse", "--role", "agent", stdin=password)
    assert (ran.code, file.exists()) == (2, False)
    assert "among the first to be guessed" in ran.err
    assert password.decode().strip() not in ran.err
    nabiz("users", "add", "ayse", "--role", "agent", stdin=TYPED)
    assert nabiz("users", "passwd", "ayse", stdin=password).code == 2


def test_a_password_is_never_an_argument(nabiz: Nabiz, file: Path) -> None:
    ran = nabiz("users", "add", "ayse", PASSWORD, "--role", "agent")
    assert (ran.code, file.exists()) == (2, False)


def test_the_file_has_to_be_named(nabiz: Nabiz) -> None:
    ran = nabiz("users", "list")
    assert ran.code == 2
    assert "set NABIZ_ACCESS_USERS" in ran.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("users: [", "neither YAML nor JSON"),
        ("users: 3", "users"),
        ("{}", "users"),
        ("users: [{name: a, role: boss, password: $argon2id$x}]", "role"),
        ("users: [{name: a, role: admin, password: hush}]", "not an argon2id hash"),
        ("users: [{name: A, role: admin, password: $argon2id$hush}]", "user 1: a name has"),
        ("users: [{name: local, role: admin, password: $argon2id$hush}]", "user 1: a name has"),
        ("users: [{name: a, role: admin, password: $argon2id$x, admin: hush}]", "unknown field"),
    ],
)
def test_a_wrong_file_is_refused_in_words_that_quote_no_secret(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "users.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AccountError, match=words) as refused:
        read_accounts(file)
    assert "hush" not in str(refused.value)


def test_two_users_of_one_name_are_refused_and_json_is_read(tmp_path: Path) -> None:
    one = msgspec.to_builtins(Account("a", "viewer", "$argon2id$"))
    file = tmp_path / "users.json"
    file.write_text(json.dumps({"users": [one]}), encoding="utf-8")
    assert list(read_accounts(file)) == ["a"]
    file.write_text(json.dumps({"users": [one, one]}), encoding="utf-8")
    with pytest.raises(AccountError, match="two users of one name"):
        read_accounts(file)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    account = Account("a", "viewer", "$argon2id$")
    with pytest.raises(AccountError, match=r"nowhere.users\.yaml cannot be written"):
        change_accounts(tmp_path / "nowhere" / "users.yaml", lambda all_: added(all_, account))


def test_a_password_fits_its_own_hash_only() -> None:
    kept = CHEAP.hash(PASSWORD)
    assert kept != CHEAP.hash(PASSWORD)
    assert CHEAP.fits(kept, PASSWORD)
    for wrong in ("", "wrong", PASSWORD.upper(), "x" * (passwords.LONGEST + 1)):
        assert not CHEAP.fits(kept, wrong)
    assert not CHEAP.fits("no hash", PASSWORD)


def test_real_hashes_are_costly() -> None:
    assert Passwords().decoy.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
