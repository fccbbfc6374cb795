"""Authenticates and authorizes users of the API and the board, and keeps the audit trail."""
