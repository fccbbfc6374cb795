"""Turns bytes into events: decodes them, masks personal data, marks what does not count."""
