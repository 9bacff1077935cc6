"""Recording rules and alerts for Prometheus, on the names of the contract.

One module a file of rules: `baseline`, `service`, `resources`, `columns`, `answers`, `outcomes`, `watching`, and
`plain`.  `otelml rules` writes them; those in `collector-config/prometheus` are its defaults.
"""
