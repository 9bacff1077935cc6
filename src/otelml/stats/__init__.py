"""Statistics that are vectorised, mergeable, and know nothing of telemetry: one a file."""
