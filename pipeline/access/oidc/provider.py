"""The client of the company's OpenID provider: metadata, tokens and keys."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote_plus

import httpx
import msgspec

from pipeline.access.oidc.flow import Flow, authorization_url
from pipeline.access.oidc.token import Claims, Keys, Untrusted, trusted_claims
from pipeline.common.plurals import counted
from pipeline.common.urls import is_protected
from pipeline.config.access import AccessSettings

T = TypeVar("T")

TIMEOUT = 5.0
"""Seconds that the provider may take to answer, while a user waits."""
KEEPS = 600.0
"""Seconds for which the provider's metadata is cached."""
RESTS = 2.0
"""Seconds before a provider that did not answer is asked again."""


class ProviderAway(Exception):  # noqa: N818 - a state of the world
    """The provider does not answer, or answers wrongly; the message is for the log."""


class ProviderMetadata(msgspec.Struct, frozen=True):
    """The provider's metadata (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class _Failure(msgspec.Struct, frozen=True):
    error: str


class Provider:
    """The configured provider. Its keys are fetched at each login, as they may change."""

    def __init__(self, settings: AccessSettings, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self._clock = clock
        self._tls: ssl.SSLContext = httpx.create_ssl_context()
        self._one_asks = asyncio.Lock()
        self._asked = 0.0
        self._found: ProviderMetadata | str = "not asked yet"
        self.leave_url = ""
        """The provider's logout URL, once known."""

    @property
    def company(self) -> str:
        """Name of the company whose login the login page offers."""
        return self.settings.oidc_company or httpx.URL(self.settings.oidc_issuer).host

    async def probe(self) -> str:
        """Check that the provider answers, and say so. Raises ProviderAway."""
        keys = await self._get((await self._offer()).jwks_uri, Keys)
        return f"{self.settings.oidc_issuer} answers, with {counted(len(keys.keys), 'key')}"

    async def login_url(self, redirect_uri: str, flow: Flow) -> str:
        """Return the URL at which the browser logs in. Raises ProviderAway."""
        offer = await self._offer()
        return authorization_url(
            offer.authorization_endpoint,
            self.settings.oidc_client_id,
            redirect_uri,
            self.settings.oidc_scopes,
            flow,
        )

    async def claims(self, code: str, redirect_uri: str, flow: Flow) -> Claims:
        """Return the provider's claims about the user. Raises ProviderAway or Untrusted."""
        offer = await self._offer()
        tokens = await self._exchange(offer, code, redirect_uri, flow.verifier)
        keys = await self._get(offer.jwks_uri, Keys)
        return trusted_claims(
            tokens.id_token,
            keys,
            issuer=self.settings.oidc_issuer,
            client_id=self.settings.oidc_client_id,
            nonce=flow.nonce,
            now=self._clock().timestamp(),
        )

    async def _offer(self) -> ProviderMetadata:
        async with self._one_asks:
            age = self._clock().timestamp() - self._asked
            if not 0 <= age < (KEEPS if isinstance(self._found, ProviderMetadata) else RESTS):
                try:
                    self._found = await self._discover()
                except ProviderAway as away:
                    self._found = str(away)
                self._asked = self._clock().timestamp()
        if isinstance(self._found, str):
            raise ProviderAway(self._found)
        return self._found

    async def _discover(self) -> ProviderMetadata:
        issuer = self.settings.oidc_issuer
        offer = await self._get(
            f"{issuer.rstrip('/')}/.well-known/openid-configuration", ProviderMetadata
        )
        if offer.issuer != issuer:
            raise ProviderAway(
                f"its issuer is {offer.issuer}: set NABIZ_ACCESS_OIDC_ISSUER to this"
            )
        for url in (offer.authorization_endpoint, offer.token_endpoint, offer.jwks_uri):
            if not is_protected(url):
                raise ProviderAway(f"its endpoint {url} would receive secrets without TLS")
        if is_protected(leave := offer.end_session_endpoint or ""):
            known = {"client_id": self.settings.oidc_client_id}
            self.leave_url = str(httpx.URL(leave).copy_merge_params(known))
        return offer

    async def _get(self, url: str, kind: type[T]) -> T:
        return _decoded(await self._ask("GET", url), kind)

    async def _exchange(
        self, offer: ProviderMetadata, code: str, redirect_uri: str, verifier: str
    ) -> _Tokens:
        """Exchange a code for tokens (RFC 6749, 4.1.3) with its verifier (RFC 7636).

        Authlib's client would send the secret of client_secret_basic unencoded (2.3.1), so that a
        secret with `%` or letters beyond Latin-1 would be refused.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        who = self.settings.oidc_client_id
        secret = self.settings.oidc_client_secret.get_secret_value()
        auth = None
        if secret and "client_secret_basic" in offer.token_endpoint_auth_methods_supported:
            auth = httpx.BasicAuth(quote_plus(who), quote_plus(secret))
        else:
            form |= {"client_id": who} | ({"client_secret": secret} if secret else {})
        answer = await self._ask("POST", offer.token_endpoint, data=form, auth=auth)
        if answer.status_code in (400, 401):
            raise Untrusted(f"it refused the code: {_decoded(answer, _Failure).error[:100]}")
        return _decoded(answer, _Tokens)

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            headers = {"accept": "application/json"}
            async with httpx.AsyncClient(
                verify=self._tls, timeout=TIMEOUT, headers=headers
            ) as http:
                return await http.request(method, url, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderAway(f"{url}: {str(error) or type(error).__name__}") from None


def _decoded(answer: httpx.Response, kind: type[T]) -> T:
    """Decode an answer; only the token endpoint's errors have a body to decode."""
    if answer.is_success or (kind is _Failure):
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ProviderAway(f"{answer.url}: {error}") from None
    raise ProviderAway(f"{answer.url}: answered {answer.status_code}")
