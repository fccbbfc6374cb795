"""Faust and aiokafka: nothing outside this folder touches them."""
