"""Checks logins for `nabiz doctor`."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipeline.access.accounts import AccountError, read_accounts
from pipeline.access.oidc.provider import Provider, ProviderAway
from pipeline.cli.checkup import Finding
from pipeline.config.access import AccessSettings


def check_logins(access: AccessSettings) -> Iterator[Finding]:
    """Check the file of users and the OpenID provider, without logging in."""
    if access.users:
        try:
            count = len(read_accounts(Path(access.users)))
            yield Finding("users", "ok", f"{count} may log in with a password")
        except AccountError as error:
            yield Finding("users", "problem", str(error))
    if access.oidc_issuer:
        provider = Provider(access, lambda: datetime.now(UTC))
        try:
            yield Finding("OpenID provider", "ok", asyncio.run(provider.probe()))
        except ProviderAway as away:
            yield Finding("OpenID provider", "problem", str(away), "docs/operations.md says more")
