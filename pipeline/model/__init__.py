"""The messages on the topics: events, readings, alerts, actions, dead letters."""
