"""Texts with everything that a reading says of them, written for training and evaluation."""
