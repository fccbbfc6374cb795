"""Admits requests: recognises handshakes and pings, and authenticates deliveries."""

from typing import Any

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery, body_of, envelope_of
from pipeline.connectors.language.condition import Condition
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.path import Path
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import nothing_remembered
from pipeline.connectors.verify.gate import Gate, Handshake
from pipeline.connectors.verify.proof import same, text_of
from pipeline.connectors.verify.verdict import Accepted, Admission, Answered, Passed, Unverified
from pipeline.model.dead_letter import Invalid

__all__ = [
    "Accepted",
    "Admission",
    "Answered",
    "Passed",
    "Unverified",
    "admit",
    "key_set_url",
    "scheme_of",
]

AUTH, NONE = "auth", "none"
"""The setting that chooses a scheme of the mapping, and its value for a connection without one."""


def admit(
    request: Delivery,
    mapping: Mapping,
    connection: Connection,
    reached: set[Path] | None = None,
) -> Admission:
    """Return the verdict on a request.

    Pure, the clock is `request.received_at`; raises nothing, whatever was sent. `reached` collects
    the paths that led to a value.
    """
    gate, names = mapping.gate, _Names(request, connection)
    scope = Scope(names, nothing_remembered, reached)
    for handshake in gate.handshakes:
        if handshake.method == request.method and _holds(handshake.when, scope):
            return _answered(handshake, gate, connection, scope)
    if request.method in ("GET", "HEAD"):
        told = f"{connection.name} is a connection of Nabız: send deliveries with POST.\n"
        return Answered(200, told if request.method == "GET" else "")
    for ping in gate.pings:
        if _holds(ping.when, scope):
            return Passed(ping.reason)
    return _proved(request, mapping, connection, names, scope)


def key_set_url(mapping: Mapping, connection: Connection) -> str | None:
    """Return the address of the key set that a connection needs but does not have, or None.

    Once fetched, it becomes the setting `jwks`.
    """
    url = mapping.gate.key_set_urls.get(scheme_of(mapping, connection))
    if url is None or connection.settings.get("jwks"):
        return None
    return text_of(url(Scope(connection.names))) or None


def scheme_of(mapping: Mapping, connection: Connection) -> str:
    """Return the name of the scheme that authenticates senders, "" or `none` without one."""
    return str(connection.settings.get(AUTH) or next(iter(mapping.form.verify), ""))


def _proved(
    request: Delivery, mapping: Mapping, connection: Connection, names: "_Names", scope: Scope
) -> Accepted | Unverified:
    name, schemes = scheme_of(mapping, connection), mapping.gate.schemes
    if name == NONE:
        return Accepted()
    if (proof := schemes.get(name)) is None:
        known = ", ".join((*schemes, NONE))
        return Unverified(f"the connection's `{AUTH}` is none of {known}")
    verdict: Accepted | Unverified = Unverified("the connection has nothing to check it with")
    for settings in mapping.gate.variants(connection.settings):
        names["connection"] = settings
        try:
            verdict = proof(request, scope)
        except ValueError as error:
            verdict = Unverified(str(error))
        if isinstance(verdict, Accepted):
            break
    return verdict


def _answered(
    handshake: Handshake, gate: Gate, connection: Connection, scope: Scope
) -> Answered | Unverified:
    try:
        if handshake.token is not None and handshake.secret is not None:
            given = text_of(handshake.token(scope))
            variants = gate.variants(connection.settings)
            secrets = [text_of(settings.get(handshake.secret)) for settings in variants]
            if not any(secret and same(given, secret) for secret in secrets):
                return Unverified("the token of the handshake is wrong")
        answer = text_of(handshake.answer(scope))
    except ValueError as error:
        return Unverified(f"the handshake cannot be answered: {error}")
    return Answered(200, answer, handshake.content_type)


def _holds(when: Condition | None, scope: Scope) -> bool:
    """Return whether a condition holds; an undecidable one does not."""
    try:
        return when is None or when(scope)
    except ValueError:
        return False


class _Names(dict[str, Any]):
    """The names that paths may read of a request; the body is parsed only on demand."""

    def __init__(self, request: Delivery, connection: Connection) -> None:
        super().__init__({**envelope_of(request), **connection.names})
        self._request = request

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name."""
        if name == "body" and name not in self:
            try:
                self[name] = body_of(self._request)
            except Invalid:
                self[name] = None
        return super().get(name, default)
