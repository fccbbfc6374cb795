"""Utilities without domain knowledge: times, files, addresses, processes, logs."""
