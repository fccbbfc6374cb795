"""Connectors: what other systems send becomes events, by mappings that are data."""
