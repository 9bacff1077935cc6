"""Tests of the stores, the join and the desk."""
