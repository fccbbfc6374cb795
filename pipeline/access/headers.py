"""Security headers: pages may load and do nothing but what comes from this server."""

from litestar.datastructures import MutableScopeHeaders

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    ]
)
ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # `no-referrer` would have browsers send the Origin of our own forms as null.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
UNLESS_SET = {"cache-control": "no-store"}
"""Default headers: customers' data must not stay in a browser; static files override this."""
UNDER_TLS = {"strict-transport-security": "max-age=31536000"}


def secure(headers: MutableScopeHeaders, scheme: str) -> None:
    """Add the headers that every response has."""
    for name, value in (ALWAYS | (UNDER_TLS if scheme == "https" else {})).items():
        headers[name] = value
    for name, value in UNLESS_SET.items():
        headers.setdefault(name, value)
