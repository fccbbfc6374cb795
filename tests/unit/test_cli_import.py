"""import: what files of other systems become, tried before it is published."""

from pathlib import Path
from typing import Self

import pytest

from pipeline.cli import publishing
from pipeline.ingest.pseudonyms import Pseudonyms
from pipeline.model.event import Event
from tests.support.command_runs import Nabiz

TABLE = """Tarih;Müşteri No;NPS;CSAT;Yorum
31.01.2026 14:05;M-1;9;4;Hızlıydı, 0532 123 45 67
31.01.2026 14:06;;3;1;Çok bekledim
"""


class Sent(list[Event]):
    """Stands in for the publisher; keeps the events that it is given."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    publish = list.append

    def refuse(self, _: object) -> None:
        pass


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()
    monkeypatch.setattr(publishing, "Publisher", lambda *_: sent)
    Path("yanıtlar.csv").write_text(TABLE, encoding="utf-8-sig")
    return sent


def test_a_dry_run_shows_what_would_become_of_the_rows_and_publishes_nothing(
    nabiz: Nabiz, sent: Sent
) -> None:
    ran = nabiz("import", "yanıtlar.csv", "--dry-run")
    assert ran.code == 1
    assert "2026-01-31 14:05 +0300" in ran.out
    assert "nps 9" in ran.out
    assert "532" not in ran.out
    assert "yanıtlar.csv:3: missing_field" in ran.err
    assert ran.err.splitlines()[-1] == "2 events, 1 row refused; nothing was published"
    assert sent == []


def test_rows_are_published_and_those_that_are_refused_end_it_with_no(
    nabiz: Nabiz, sent: Sent
) -> None:
    ran = nabiz("import", "yanıtlar.csv")
    assert (ran.code, len(sent)) == (1, 2)
    assert ran.err.splitlines()[-1] == "2 events published, 1 bad line is a dead letter"


BY_PHONE = """Tarih;Müşteri No;NPS
31.01.2026 14:05;0532 111 22 33;9
"""


@pytest.mark.parametrize("source", [(), ("--as", "survey_file")])
def test_the_address_of_a_customer_becomes_its_hash_by_the_key_of_the_connections(
    nabiz: Nabiz, sent: Sent, monkeypatch: pytest.MonkeyPatch, source: tuple[str, ...]
) -> None:
    Path("phones.csv").write_text(BY_PHONE, encoding="utf-8")
    Path("key").write_text("k")
    Path("connections.yaml").write_text("pseudonym_key_file: key\nconnections:\n")
    monkeypatch.setenv("NABIZ_CONNECTORS_FILE", "connections.yaml")
    assert nabiz("import", "phones.csv", *source).code == 0
    assert [event.customer_id for event in sent] == [Pseudonyms("k").of("905321112233")]
    Path("key").unlink()
    ran = nabiz("import", "phones.csv", *source)
    assert (ran.code, len(sent)) == (2, 1)
    assert "key cannot be read" in ran.err


def test_without_a_key_it_is_refused_and_says_what_to_do(nabiz: Nabiz, sent: Sent) -> None:
    Path("phones.csv").write_text(BY_PHONE, encoding="utf-8")
    ran = nabiz("import", "phones.csv")
    assert (ran.code, sent) == (1, [])
    assert "set `pseudonym_key_file` at the top of connections.yaml" in " ".join(ran.err.split())
    assert "532" not in ran.err


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody", "there is no such connection or system"),
        ("pagerduty", "affected, secret must be set: make a connection of it"),
    ],
)
def test_a_system_that_cannot_be_imported_is_a_mistake(
    nabiz: Nabiz, sent: Sent, name: str, reason: str
) -> None:
    ran = nabiz("import", "yanıtlar.csv", "--as", name)
    assert ran.code == 2
    assert reason in ran.err
    assert sent == []
