"""Tests of what leaves the process, and what does not."""
