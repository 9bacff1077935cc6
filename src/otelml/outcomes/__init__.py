"""Predictions wait here for their actual outcomes: ids, stores, the join."""
