"""The inbox: open alerts in memory, their ranking, and updates to browsers."""
