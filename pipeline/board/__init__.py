"""The board: pages for people who act on alerts, served beside the API."""
