"""Authenticates deliveries: signatures, tokens and passwords, checked over the raw bytes."""
