"""Measures Nabız against its engines and its peers: `python -m benchmarks`."""
