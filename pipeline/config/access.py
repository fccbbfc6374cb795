"""The groups of settings of the API and of who may use it and the board."""

import re
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from pipeline.common.urls import is_protected
from pipeline.config.groups import Group

T = TypeVar("T")


class ApiSettings(Group):
    """The HTTP API. Beyond loopback a token or a login is demanded."""

    host: str = Field("127.0.0.1", description="address that the API listens on")
    port: int = Field(8089, ge=0, le=65_535, description="0 picks a free port")
    token: SecretStr = Field(
        SecretStr(""), description="what programs must send; beyond loopback this or users"
    )
    url: str = Field("", description="where the commands find a running API")

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]*", token.get_secret_value()):
            raise ValueError("must be ASCII letters, digits and signs, without spaces")
        return token


class AccessSettings(Group):
    """Who may reach the API and the board, and for how long a login holds."""

    users: str = Field("", description="file of those who may log in; `nabiz users` writes it")
    hosts: str = Field(
        "",
        description="host names it is opened by, with commas; loopback and NABIZ_API_HOST always",
    )
    proxies: str = Field(
        "127.0.0.1", description="addresses of proxies whose X-Forwarded-* holds, with commas"
    )
    idle_minutes: float = Field(60.0, gt=0, description="a login ends unused after so long")
    login_hours: float = Field(12.0, gt=0, description="a login ends after so long in any case")
    oidc_issuer: str = Field(
        "", description="OpenID provider that people log in at, https://…; empty: none"
    )
    oidc_client_id: str = Field("", validate_default=True, description="OIDC: who we are there")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="OIDC: our secret there; empty: PKCE alone",
    )
    oidc_roles: dict[str, Literal["viewer", "agent", "admin"]] = Field(
        default_factory=dict,
        validate_default=True,
        description='OIDC: groups to roles, JSON: {"cx-team": "agent", "cx-leads": "admin"}',
    )
    oidc_role_claim: str = Field(
        "groups", min_length=1, description="OIDC: claim with the groups, as realm_access.roles"
    )
    oidc_name_claim: str = Field(
        "preferred_username", min_length=1, description="OIDC: claim with the name"
    )
    oidc_scopes: str = Field(
        "openid profile email", pattern=r"(^|.* )openid( |$)", description="OIDC: what is asked for"
    )
    oidc_company: str = Field(
        "", description="OIDC: whose login the login page offers; empty: the issuer's host"
    )

    @property
    def login(self) -> bool:
        """Whether people may log in."""
        return bool(self.users or self.oidc_issuer)

    @field_validator("oidc_issuer")
    @classmethod
    def _under_tls(cls, issuer: str) -> str:
        if issuer and not is_protected(issuer):
            raise ValueError("must begin with https:// (http:// on this machine alone)")
        return issuer

    @field_validator("oidc_client_id", "oidc_client_secret", "oidc_roles")
    @classmethod
    def _goes_with_an_issuer(cls, value: T, info: ValidationInfo) -> T:
        issuer = info.data.get("oidc_issuer")
        if issuer is None:  # it is wrong itself, and named
            return value
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if given and not issuer:
            raise ValueError("has no effect without NABIZ_ACCESS_OIDC_ISSUER")
        if issuer and not given and info.field_name != "oidc_client_secret":
            raise ValueError("must be set, since NABIZ_ACCESS_OIDC_ISSUER is")
        return value
