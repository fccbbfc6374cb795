"""A mailbox read over IMAP: its login, and the document of a mail."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from pipeline.common.durations import duration
from pipeline.connectors.connection import Connection
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.form import MailboxForm
from pipeline.connectors.language.functions.mime import read_headers, read_mail
from pipeline.connectors.polls.poll import EVERY

PORTS = {"tls": 993, "starttls": 143}


class Login(NamedTuple):
    """The login of a mailbox: by password or, without one, by token (XOAUTH2)."""

    host: str
    port: int
    security: str
    username: str
    password: str


class Mailbox:
    """A compiled mailbox of a mapping; pure."""

    def __init__(self, form: MailboxForm, compiler: Compiler, where: str) -> None:
        """Compile a mailbox. Raises MappingError."""
        own = Compiler(compiler.source)
        self.form = form
        self._host = own.required(form.host, f"{where}.host")
        self._username = own.required(form.username, f"{where}.username")
        self.needs = frozenset(path.keys[0] for path in own.paths if path.root == "connection")
        """Settings without which the mailbox is not read."""
        self._password = own.value(form.password, f"{where}.password")
        self._port = own.value(form.port, f"{where}.port")
        self._security = own.value(form.security, f"{where}.security")
        self._folders = own.expression(form.folders, f"{where}.folders")

    @property
    def first(self) -> timedelta:
        """How far back the first read goes."""
        return duration(self.form.first)

    def every(self, connection: Connection) -> timedelta:
        """The time between two reads."""
        return duration(connection.settings.get(EVERY) or self.form.every)

    def parts(self, connection: Connection) -> list[Any]:
        """Return the folders to read."""
        folders = self._folders(Scope(connection.names)) or ["INBOX"]
        return folders if isinstance(folders, list) else [folders]

    def login(self, connection: Connection) -> Login:
        """Return the login. Raises ValueError with a sentence."""
        scope = Scope(connection.names)
        security = (self._security(scope) if self._security else None) or "tls"
        if security not in PORTS:
            raise ValueError(
                f"the security of a mailbox is tls or starttls, not `{security!s:.20}`"
            )
        port = (self._port(scope) if self._port else None) or PORTS[security]
        password = self._password(scope) if self._password else None
        return Login(
            str(self._host(scope)),
            int(port),
            security,
            str(self._username(scope)),
            str(password or ""),
        )


def document_of_mail(content: bytes) -> Mapping[str, Any]:
    """Return the document of a mail. Raises nothing, whatever is in it.

    If its parts cannot be read, such as those nested too deeply, it has headers only.
    """
    try:
        mail = read_mail(content)
    except ValueError:
        mail = read_headers(content)
    named = {name.lower(): " ".join(text.split()) for name, text in reversed(mail["headers"])}
    return {
        "from": named.get("from"),
        "to": named.get("to"),
        "subject": named.get("subject"),
        "date": named.get("date"),
        "message_id": named.get("message-id"),
        "in_reply_to": named.get("in-reply-to"),
        "references": (named.get("references") or "").split(),
        **mail,
    }
