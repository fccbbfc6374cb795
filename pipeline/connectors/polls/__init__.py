"""Polls of sources that do not send: their next requests, and their authentication."""
