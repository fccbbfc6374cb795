"""A company that has connected a help desk of our making."""

from pathlib import Path

from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook

MAPPING = """
system: helpdesk
title: {tr: Destek, en: Help desk}
transports: [webhook]
settings:
  secret: {meaning: {tr: Gizli anahtar, en: Signing secret}, required: true, secret: true}
  username: {meaning: {tr: Kullanıcı adı, en: User name}}
  password: {meaning: {tr: Parola, en: Password}, secret: true}
  api_key: {meaning: {tr: Anahtar, en: Key of the API}, secret: true}
  owners: {meaning: {tr: Sahipler, en: Who owns a ticket}}
  states: {meaning: {tr: Durumlar, en: States that are closed}, default: [closed]}
memories: {ticket: owners}
verify:
  signature: {scheme: hmac, signature: "{header.x-signature}"}
  password: {scheme: basic}
handshakes:
  - {method: GET, when: query.challenge != null, answer: "{query.challenge}"}
unsigned:
  - {reason: ping, when: body.ping == true}
things:
  - events:
      - id: "{body.id}"
        type: message
        occurred_at: "{body.at | epoch_s}"
        customer_id: ["{scope}:{body.ticket | recall(ticket)}", "{body.phone | pseudonym}"]
        channel: chat
        text: "{body.text}"
"""
FIXTURE = """{"system": "helpdesk", "connection": {"auth": "none", "pseudonym_key": "k",
 "owners": {"4711": "9"}},
 "body": {"id": 1, "at": 1788000000, "ticket": 4711, "phone": "+905321112233", "text": "Merhaba"},
 "expect": {"outcome": "events", "events": [{"customer_id": "helpdesk:9"}]}}"""
FORGED = """{"system": "helpdesk", "connection": {"auth": "%s", "secret": "s", "password": "p"},
 "headers": {"x-signature": "0", "authorization": "Basic eDp4"},
 "expect": {"outcome": "refuse", "reason": "bad_signature"}}"""
HANDSHAKE = """{"system": "helpdesk", "method": "GET", "url": "/in/helpdesk?challenge=c-7",
 "expect": {"outcome": "answer", "answer": {"status": 200, "body": "c-7"}}}"""
PING = """{"system": "helpdesk", "body": {"ping": true},
 "expect": {"outcome": "ignore", "reason": "ping"}}"""
GOOD = """
  - name: desk-1
    system: helpdesk
    secret_file: secret
"""


class Company:
    """A folder with a mapping, secrets and the file of connections."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "connectors/helpdesk/fixtures").mkdir(parents=True)
        (folder / "connectors/helpdesk/mapping.yaml").write_text(MAPPING)
        fixtures = folder / "connectors/helpdesk/fixtures"
        (fixtures / "known.json").write_text(FIXTURE)
        unknown = FIXTURE.replace('"4711": "9"', "").replace('{"customer_id": "helpdesk:9"}', "{}")
        (fixtures / "unknown.json").write_text(unknown)
        (fixtures / "handshake.json").write_text(HANDSHAKE)
        (fixtures / "ping.json").write_text(PING)
        for scheme in ("signature", "password"):
            (fixtures / f"{scheme}.json").write_text(FORGED % scheme)
        for name in ("secret", "next", "pseudonyms"):
            (folder / name).write_text(f"{name}-value\n")
            (folder / name).chmod(0o600)
        self.file = folder / "connections.yaml"

    def write(self, entries: str, top: str = "pseudonym_key_file: pseudonyms\n") -> None:
        self.file.write_text(f"{top}connections:{entries or ' []'}\n")

    def book(self, entries: str, top: str = "pseudonym_key_file: pseudonyms\n") -> ConnectionBook:
        self.write(entries, top)
        return ConnectionBook(self.file, MappingBook(self.folder / "connectors"))
