"""Who sent a delivery: signatures, tokens and passwords, checked over the bytes as they came."""
