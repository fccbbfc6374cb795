"""Nabız: the core (values and functions) and the edges (store, Kafka, API, command line)."""
