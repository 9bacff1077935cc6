"""Tests of what is recorded of predictions and outcomes."""
