"""The groups of settings of the API, and of access to it and to the board."""

import re
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from pipeline.common.urls import is_protected
from pipeline.config.groups import Group

T = TypeVar("T")


class ApiSettings(Group):
    """The HTTP API. Beyond loopback it requires a token or a login."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8089, ge=0, le=65_535, description="0 picks a free port")
    token: SecretStr = Field(
        SecretStr(""),
        description="token that programs must send; beyond loopback, set this or a login",
    )
    url: str = Field("", description="address of a running API, for the commands")

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]*", token.get_secret_value()):
            raise ValueError("must be ASCII letters, digits and punctuation, without spaces")
        return token


class AccessSettings(Group):
    """Access to the API and the board, and the lifetime of logins."""

    users: str = Field("", description="file of users, written by `nabiz users`")
    hosts: str = Field(
        "",
        description="accepted host names, separated by commas, beside loopback and NABIZ_API_HOST",
    )
    proxies: str = Field(
        "127.0.0.1",
        description="addresses of proxies whose X-Forwarded-* is trusted, separated by commas",
    )
    idle_minutes: float = Field(
        60.0, gt=0, description="minutes without use after which a login ends"
    )
    login_hours: float = Field(12.0, gt=0, description="hours after which a login ends in any case")
    oidc_issuer: str = Field(
        "", description="issuer URL of the OpenID provider, https://…; empty: none"
    )
    oidc_client_id: str = Field("", validate_default=True, description="OIDC: client id")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="OIDC: client secret; empty: PKCE alone",
    )
    oidc_roles: dict[str, Literal["viewer", "agent", "admin"]] = Field(
        default_factory=dict,
        validate_default=True,
        description='OIDC: roles by group, JSON: {"cx-team": "agent", "cx-leads": "admin"}',
    )
    oidc_role_claim: str = Field(
        "groups",
        min_length=1,
        description="OIDC: claim with the groups, such as realm_access.roles",
    )
    oidc_name_claim: str = Field(
        "preferred_username", min_length=1, description="OIDC: claim with the name"
    )
    oidc_scopes: str = Field(
        "openid profile email", pattern=r"(^|.* )openid( |$)", description="OIDC: requested scopes"
    )
    oidc_company: str = Field(
        "", description="OIDC: company name on the login page; empty: the issuer's host"
    )

    @property
    def login(self) -> bool:
        """Whether people may log in."""
        return bool(self.users or self.oidc_issuer)

    @field_validator("oidc_issuer")
    @classmethod
    def _under_tls(cls, issuer: str) -> str:
        if issuer and not is_protected(issuer):
            raise ValueError("must begin with https:// (http:// only on this machine)")
        return issuer

    @field_validator("oidc_client_id", "oidc_client_secret", "oidc_roles")
    @classmethod
    def _goes_with_an_issuer(cls, value: T, info: ValidationInfo) -> T:
        issuer = info.data.get("oidc_issuer")
        if issuer is None:  # invalid itself, and reported
            return value
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and not issuer:
            raise ValueError("has no effect without NABIZ_ACCESS_OIDC_ISSUER")
        if issuer and not text and info.field_name != "oidc_client_secret":
            raise ValueError("must be set, since NABIZ_ACCESS_OIDC_ISSUER is set")
        return value
