"""Tests of bad input: the host never notices."""
