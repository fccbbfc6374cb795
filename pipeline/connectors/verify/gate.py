"""The gate of a mapping: its schemes, handshakes and pings."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.condition import Condition
from pipeline.connectors.language.expression import Value
from pipeline.connectors.language.form import Handshake as HandshakeForm
from pipeline.connectors.language.path import Path
from pipeline.connectors.language.verify_form import Basic, Hmac, Jwt, PublicKey, Token, Verify
from pipeline.connectors.verify.proof import Proof
from pipeline.connectors.verify.signatures import hmac_proof, public_key_proof
from pipeline.connectors.verify.tokens import basic_proof, jwt_proof, token_proof


class Handshake(NamedTuple):
    """A request that expects an answer; `token` must equal the setting named `secret`."""

    method: str
    when: Condition | None
    token: Value | None
    secret: str | None
    answer: Value
    content_type: str


class Ping(NamedTuple):
    """An unsigned request without effect."""

    when: Condition
    reason: str


class Gate:
    """The compiled schemes, handshakes and pings of a mapping. Raises MappingError."""

    def __init__(self, compiler: Compiler) -> None:
        form = compiler.source.form
        self.schemes: Mapping[str, Proof] = {
            name: _proof(scheme, compiler, f"$.verify.{name}")
            for name, scheme in form.verify.items()
        }
        self.key_set_urls: Mapping[str, Value] = {
            name: compiler.required(scheme.jwks_url, f"$.verify.{name}.jwks_url")
            for name, scheme in form.verify.items()
            if isinstance(scheme, Jwt) and scheme.jwks_url
        }
        self.proofs: frozenset[Path] = frozenset(
            path for path in compiler.paths if path.root in ("header", "query", "body")
        )
        """What is read to prove who sent a delivery."""
        self.handshakes = tuple(
            _handshake(handshake, compiler, f"$.handshakes[{n}]")
            for n, handshake in enumerate(form.handshakes)
        )
        self.pings = tuple(
            Ping(_needed(ping.when, compiler, f"$.unsigned[{n}]"), ping.reason)
            for n, ping in enumerate(form.unsigned)
        )
        self._secrets = tuple(name for name, setting in form.settings.items() if setting.secret)

    def variants(self, settings: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the settings with one value of each secret, which has several while it changes."""
        lists = {name: values for name in self._secrets if (values := _several(settings, name))}
        if not lists:
            yield settings
        for n in range(max(map(len, lists.values()), default=0)):
            yield {**settings, **{name: v[min(n, len(v) - 1)] for name, v in lists.items()}}


def _several(settings: Mapping[str, Any], name: str) -> list[Any] | None:
    value = settings.get(name)
    return value if isinstance(value, list) and value else None


def _handshake(form: HandshakeForm, compiler: Compiler, where: str) -> Handshake:
    if (form.token is None) != (form.secret is None):
        reason = f"{where[2:]}: `token` and `secret` belong together"
        raise compiler.source.error(where, reason)
    if form.secret is not None and form.secret not in compiler.source.form.settings:
        reason = f"{where[2:]}.secret: `{form.secret}` is none of `settings`"
        raise compiler.source.error(f"{where}.secret", reason)
    condition = _needed if form.method == "POST" else _condition
    return Handshake(
        form.method,
        condition(form.when, compiler, where),
        compiler.value(form.token, f"{where}.token"),
        form.secret,
        compiler.required(form.answer, f"{where}.answer"),
        form.content_type,
    )


def _condition(when: str | None, compiler: Compiler, where: str) -> Condition | None:
    return compiler.condition(when, f"{where}.when")


def _needed(when: str | None, compiler: Compiler, where: str) -> Condition:
    """Return the condition of an unchecked request. Raises MappingError without one."""
    if (condition := _condition(when, compiler, where)) is None:
        reason = f"{where[2:]}: `when` is missing, so that no delivery would be checked"
        raise compiler.source.error(where, reason)
    return condition


def _proof(form: Verify, compiler: Compiler, where: str) -> Proof:
    match form:
        case Hmac():
            return hmac_proof(form, compiler, where)
        case PublicKey():
            return public_key_proof(form, compiler, where)
        case Jwt():
            return jwt_proof(form, compiler, where)
        case Basic():
            return basic_proof(form, compiler, where)
        case Token():
            return token_proof(form, compiler, where)
