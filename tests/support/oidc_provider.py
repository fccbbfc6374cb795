"""An OpenID provider for tests, on loopback: it checks what it is asked, and can be made to lie."""

import base64
import hashlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar, Request, Response, get, post
from litestar.response import Redirect

from pipeline.common.ports import HOST
from pipeline.config.access import AccessSettings

CLIENT, SECRET = "nabiz", "s3cret: with signs/+%"
Answer = Response[dict[str, Any]]


class Company:
    """A provider where one person is logged in, whom `says` describes.

    `sign` makes an ID token of claims, `lies` replaces claims of it (None: leaves out), `offers`
    what discovery says, `status` is what the token endpoint answers with. A code holds once, for
    who can prove to have asked for it.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._first_key = RSAKey.generate_key(2048, {"kid": "one"})
        self.url = ""
        self.be_honest()

    def be_honest(self) -> None:
        """Forget all that a test has set."""
        self.says: dict[str, Any] = {"preferred_username": "Ayse", "groups": ["staff", "cx"]}
        self.lies: dict[str, Any] = {}
        self.key = self._first_key
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: signed(claims, self.key)
        self.status = 200
        self.methods = ["client_secret_basic", "client_secret_post"]
        self.offers: dict[str, str] = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def settings(self, **more: Any) -> AccessSettings:
        """Settings that name this provider."""
        return AccessSettings(
            **{
                "oidc_issuer": self.url,
                "oidc_client_id": CLIENT,
                "oidc_client_secret": SECRET,
                "oidc_roles": {"cx": "agent", "cx-leads": "admin", "guests": "viewer"},
                "oidc_company": "Acme <b>",
                **more,
            }
        )

    def app(self) -> Litestar:
        @get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, Any]:
            self.asked.append("discovery")
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize?tenant=1",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/leave",
                "token_endpoint_auth_methods_supported": self.methods,
                **self.offers,
            }

        @get("/authorize")
        async def authorize(request: Request[Any, Any, Any]) -> Redirect:
            asked = dict(request.query_params)
            assert asked["response_type"] == "code"
            assert asked["client_id"] == CLIENT
            assert asked["code_challenge_method"] == "S256"
            assert "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            back = {"code": code, "state": asked["state"], "iss": self.url}
            return Redirect(f"{asked['redirect_uri']}?{urlencode(back)}", status_code=303)

        @post("/token", status_code=200)
        async def token(request: Request[Any, Any, Any]) -> Answer:
            self.asked.append("token")
            if self.status != 200:
                return Response({}, status_code=self.status)
            form = {name: str(value) for name, value in (await request.form()).items()}
            if not self._knows_client(request.headers.get("authorization", ""), form):
                return Response({"error": "invalid_client"}, status_code=401)
            asked = self._codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if (
                asked is None
                or form["grant_type"] != "authorization_code"
                or form["redirect_uri"] != asked["redirect_uri"]
                or proof != asked["code_challenge"]
            ):
                return Response({"error": "invalid_grant"}, status_code=400)
            return Response(self._tokens(asked["nonce"]))

        @get("/keys")
        async def keys() -> dict[str, Any]:
            unknown = {"kty": "AKP", "kid": "unknown", "pub": "x"}
            return {"keys": [unknown, self.key.as_dict(private=False, use="sig")]}

        return Litestar([discovery, authorize, token, keys], logging_config=None)

    def _knows_client(self, authorization: str, form: dict[str, str]) -> bool:
        if self.methods[0] == "client_secret_basic":
            pair = f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}".encode()
            return authorization == f"Basic {base64.b64encode(pair).decode()}"
        secret = SECRET if self.methods[0] == "client_secret_post" else None
        return (form["client_id"], form.get("client_secret")) == (CLIENT, secret)

    def _tokens(self, nonce: str) -> dict[str, Any]:
        now = int(self._clock().timestamp())
        known = {"iss": self.url, "sub": "17", "aud": CLIENT, "iat": now, "exp": now + 300}
        told = {**known, "nonce": nonce, **self.says, **self.lies}
        claims = {name: value for name, value in told.items() if value is not None}
        return {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(claims)}


def signed(claims: dict[str, Any], key: Any, algorithm: str = "RS256") -> str:
    """An ID token."""
    return jwt.encode({"alg": algorithm, "kid": "one"}, claims, key, algorithms=[algorithm])


@contextmanager
def serving(company: Company, port: int = 0) -> Iterator[None]:
    """Have a provider listen; one that was away comes back at its port."""
    with socket.create_server((HOST, port)) as listener:
        company.url = f"http://{HOST}:{listener.getsockname()[1]}"
        config = uvicorn.Config(company.app(), log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=10)
