"""The HTTP server: the API and the board in one application."""
