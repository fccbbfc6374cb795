"""Login at the company's OpenID provider: authorization code flow with PKCE.

Sources: OpenID Connect Core 1.0, OAuth 2.0 (RFC 6749), PKCE (RFC 7636), and the best practice of
RFC 9700.
"""
