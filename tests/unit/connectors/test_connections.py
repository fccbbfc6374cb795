"""desk/connections.yaml: what is wrong is told with its line, and leaves the others alone."""

from pathlib import Path

import pytest

from pipeline.config.groups import ROOT
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook
from tests.support.connector_company import GOOD, MAPPING, Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_what_ships_has_no_connection_and_its_example_is_one(company: Company) -> None:
    shipped = ROOT / "desk" / "connections.yaml"
    book = ConnectionBook(shipped, MappingBook(ROOT / "connectors"))
    assert (book.connections, book.errors) == ({}, [])
    lines = [line.removeprefix("# ") for line in shipped.read_text().splitlines()]
    example = "\n".join(lines[lines.index("connections:") : -1])
    book = company.book("", top=example.replace("whatsapp", "helpdesk") + "\n#")
    assert "cannot be read (No such file" in book.refused["support-helpdesk"]


def test_what_a_page_says_is_pasted_at_the_end_of_what_ships(company: Company) -> None:
    shipped = (ROOT / "desk" / "connections.yaml").read_text()
    company.file.write_text(
        shipped + "- name: desk-1\n  system: helpdesk\n  secret_file: secret\n"
        "  pseudonym_key_file: pseudonyms\n"
    )
    book = ConnectionBook(company.file, MappingBook(company.folder / "connectors"))
    assert (book.errors, [*book.connections]) == ([], ["desk-1"])


def test_secrets_are_read_from_files_and_ids_have_a_key(company: Company) -> None:
    book = company.book(GOOD + "    brand: Çarşım\n")
    assert book.errors == []
    assert book.connections["desk-1"].settings == {
        "secret": "secret-value",
        "brand": "Çarşım",
        "pseudonym_key": "pseudonyms-value",
        "states": ["closed"],
    }


def test_what_a_mapping_presets_is_set_otherwise(company: Company) -> None:
    book = company.book(GOOD + "    states: [kapatıldı]\n")
    assert book.connections["desk-1"].settings["states"] == ["kapatıldı"]


def test_two_secrets_are_good_at_a_time(company: Company) -> None:
    book = company.book(GOOD.replace("file: secret", "file: [secret, next]"))
    assert book.connections["desk-1"].settings["secret"] == ["secret-value", "next-value"]


def test_numbers_as_keys_are_found_as_texts(company: Company) -> None:
    book = company.book(GOOD + "    owners: {4711: 9}\n")
    assert book.connections["desk-1"].settings["owners"] == {"4711": 9}


def test_a_connection_with_questions_has_its_own_name(company: Company) -> None:
    book = company.book(GOOD + "    questions: {speed: {metric: csat}, why: {comment_of: speed}}\n")
    assert book.connections["desk-1"].name == "desk-1"


def test_each_connection_knows_its_address(company: Company) -> None:
    book = company.book(GOOD, "public_url: https://nabiz.example/\npseudonym_key_file: next\n")
    assert book.connections["desk-1"].settings["public_url"] == "https://nabiz.example/in/desk-1"


@pytest.mark.parametrize(
    ("entry", "line", "reason"),
    [
        ("brnad: X", 6, "helpdesk has no setting `brnad`; did you mean `brand`?"),
        ("secert_file: x", 6, "no setting `secert_file`; did you mean `secret_file`?"),
        ("secret: hush", 6, "`secret` is a secret: put it into a file"),
        ("pseudonym_key: hush", 6, "`pseudonym_key` is a secret"),
        ("pseudonym_key_file: [secret, next]", 6, "is one file"),
        ("api_key_file: nowhere", 6, "nowhere cannot be read (No such file or directory)"),
        ("api_key_file: [secret, 7]", 6, "must be the path of a file"),
        ("auth: token", 6, "helpdesk has no `token`, it has signature, password, none"),
        ("timezone: Istanbul", 6, "`timezone`: there is no zone `Istanbul`"),
        ("country: tr", 6, "country"),
        ("public_url: nabiz.example", 6, "public_url"),
        ("brand: [A]", 6, "brand: Expected `str`, got `array`"),
        ("questions: {q1: {metric: nsp}}", 6, "`q1`: `nsp` is no metric"),
        ("questions: {q1: {comment_of: q2}}", 6, "there is no question `q2`"),
        (
            "questions: {q1: {metric: nps, comment_of: q2}, q2: {}}",
            6,
            "give either `metric` or `comment_of`",
        ),
        ("questions: {q1: {metrik: nps}}", 6, "unknown field `metrik`"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(
    company: Company, entry: str, line: int, reason: str
) -> None:
    book = company.book(f"{GOOD}    {entry}{GOOD.replace('desk-1', 'desk-2')}")
    assert book.refused["desk-1"].startswith(f"{company.file}:{line}: ")
    assert reason in book.refused["desk-1"]
    assert [*book.connections] == ["desk-2"]


@pytest.mark.parametrize(
    ("entries", "refused", "reason"),
    [
        ("\n  - {name: desk-1, system: helpdesks}", "desk-1", "did you mean `helpdesk`?"),
        ("\n  - {name: desk-1}", "desk-1", "`system` is missing: one of helpdesk"),
        ("\n  - {system: helpdesk}", "connections[0]", "`name` is part of the address"),
        ("\n  - {name: a/b, system: helpdesk}", "connections[0]", "`name` is part of the address"),
        ("\n  - {name: 7, system: helpdesk}", "connections[0]", "`name` is part of the address"),
        (GOOD + GOOD, "connections[1]", "another connection is named `desk-1`"),
        (
            "\n  - {name: desk-1, system: helpdesk}",
            "desk-1",
            "`secret_file` is missing: Signing secret",
        ),
        (
            "\n  - {name: desk-1, system: helpdesk, auth: password, username: nabiz}",
            "desk-1",
            "`password_file` is missing: Password",
        ),
    ],
)
def test_a_connection_that_cannot_be_is_refused(
    company: Company, entries: str, refused: str, reason: str
) -> None:
    book = company.book(entries)
    assert reason in book.refused[refused]


def test_all_that_is_wrong_with_each_connection_is_told_with_its_line(company: Company) -> None:
    entries = """
  - name: desk-1
    system: helpdesk
    api_key_file: [gone, secret, lost]
    brnad: X
    country: tr
    questions:
      q1: {metric: nsp}
      q2: {metrik: nps}
      q3: {metric: nps}
      q4: {comment_of: q1}
      q5: {comment_of: q9}
  - {name: a/b, system: helpdesks}
  - {name: b/c, system: helpdesk, auth: token, timezone: Istanbul}
  - name: desk-1
    system: helpdesk
    secret: hush
    pseudonym_key_file: [secret, next]
"""
    expected = [
        (5, "gone cannot be read"),
        (5, "lost cannot be read"),
        (6, "no setting `brnad`"),
        (7, "country"),
        (3, "`secret_file` is missing"),
        (9, "`q1`: `nsp` is no metric"),
        (10, "`q2`: Object contains unknown field `metrik`"),
        (13, "`q5`: `comment_of`: there is no question `q9`"),
        (14, "`name` is part of the address"),
        (14, "there is no system `helpdesks`; did you mean `helpdesk`?"),
        (15, "`name` is part of the address"),
        (15, "`auth`: helpdesk has no `token`"),
        (15, "`timezone`: there is no zone `Istanbul`"),
        (16, "another connection is named `desk-1` as well"),
        (18, "`secret` is a secret"),
        (19, "is one file"),
    ]
    book = company.book(entries)
    flaws = list(book.flaws())
    assert len(flaws) == len(expected), flaws
    for flaw, (line, reason) in zip(flaws, expected, strict=True):
        assert flaw.startswith(f"{company.file}:{line}: ")
        assert reason in flaw
    assert {*book.refused} == {"connections[1]", "connections[2]", "connections[3]", "desk-1"}
    assert book.refused["desk-1"] == flaws[0]


@pytest.mark.parametrize(
    ("entry", "top", "reasons"),
    [
        ("{name: d, system: helpdesk, secret_file: gone}", None, ["gone cannot be read"]),
        ("{name: d, system: helpdesk, auth: [a]}", None, ["auth"]),
        ("{name: d, system: helpdesk, auth: none, questions: [7]}", None, ["questions"]),
        ("{name: d, system: helpdesk, auth: none}", "pseudonym_key_file: gone\n", ["gone"]),
        ("{name: d, system: helpdesk, auth: none}", "public_url: here\n", ["public_url"]),
    ],
)
def test_one_mistake_is_told_once(
    company: Company, entry: str, top: str | None, reasons: list[str]
) -> None:
    entries = f"\n  - {entry}"
    book = company.book(entries) if top is None else company.book(entries, top)
    flaws = list(book.flaws())
    assert [reason in flaw for flaw, reason in zip(flaws, reasons, strict=True)] == [True]
    assert flaws == book.errors


def test_what_a_function_of_the_mapping_needs_is_demanded(company: Company) -> None:
    book = company.book(GOOD, top="")
    assert "`pseudonym_key_file` is missing" in book.refused["desk-1"]


def test_a_connection_without_verification_needs_no_secret(company: Company) -> None:
    book = company.book("\n  - {name: desk-1, system: helpdesk, auth: none}")
    assert book.errors == []


def test_the_last_good_connection_stays_and_a_changed_secret_is_in_force(company: Company) -> None:
    book = company.book(GOOD)
    company.write(GOOD + "    brnad: X\n")
    book.reload()
    assert "brnad" in book.refused["desk-1"]
    assert "desk-1" in book.connections
    company.file.write_text("connections: [")
    book.reload()
    assert book.failure is not None
    assert f"{company.file}:1: not YAML" in book.failure
    assert "desk-1" in book.connections
    company.write(GOOD)
    (company.folder / "secret").write_text("other")
    book.reload()
    assert book.errors == []
    assert book.connections["desk-1"].settings["secret"] == "other"
    company.write("")
    book.reload()
    assert book.connections == {}


def test_a_mapping_that_is_refused_keeps_its_connections(company: Company) -> None:
    book = company.book(GOOD)
    mapping = company.folder / "connectors/helpdesk/mapping.yaml"
    mapping.write_text(MAPPING.replace("body.at ", "body.att "))
    book.reload()
    assert "desk-1" in book.connections
    assert book.mapping(book.connections["desk-1"]).system == "helpdesk"
    again = ConnectionBook(company.file, MappingBook(company.folder / "connectors"))
    assert "known.json" in again.refused["desk-1"]


@pytest.mark.parametrize("content", [b"connections: 7", b"conections: []", b"\xff", b"- a"])
def test_a_file_that_cannot_be_read_as_one_is_refused(company: Company, content: bytes) -> None:
    company.file.write_bytes(content)
    book = ConnectionBook(company.file, MappingBook(company.folder / "connectors"))
    assert (book.failure or "").startswith(f"{company.file}:1: ")


def test_a_file_that_is_not_there_is_refused(company: Company) -> None:
    book = ConnectionBook(company.file, MappingBook(company.folder / "connectors"))
    assert book.failure == f"{company.file}: cannot be read (No such file or directory)"


def test_secrets_that_others_can_read_are_told(company: Company) -> None:
    book = company.book(GOOD.replace("file: secret", "file: [secret, next]"))
    assert book.exposed == []
    (company.folder / "next").chmod(0o644)
    assert book.exposed == [company.folder / "next"]
