"""Planted leaks and clean data before deepchecks, evidently and ours: who says what."""
