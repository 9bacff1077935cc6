"""Predictions wait here for what came true: ids, stores, the join."""
