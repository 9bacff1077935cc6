"""Tests of `otelml demo`."""
