"""The board: pages for those who act on alerts, served beside the API."""
