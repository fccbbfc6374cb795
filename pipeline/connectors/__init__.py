"""Connectors: deliveries of other systems become events, by mappings that are data."""
