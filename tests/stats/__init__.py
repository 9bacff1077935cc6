"""Each statistic against a reference on the same data, and its laws as properties."""
