"""Grafana dashboards over the series that the rules record.

One module a dashboard (`fleet`, `service`, `model`, whose rows are `answers`, `columns` and `outcomes`), as data of
`board`; `render` makes Grafana's classic JSON of them.  `otelml dashboards` writes it; the files in
`collector-config/grafana/dashboards` are its defaults.
"""

from otelml.dashboards.catalogue import Asked, boards, queries

__all__ = ["Asked", "boards", "queries"]
