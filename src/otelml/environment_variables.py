"""The environment variables, for the launcher: it offers each name that it finds here as a flag of its own.

>>> OTEL_PYTHON_ML_OUTCOME_STORE
'OTEL_PYTHON_ML_OUTCOME_STORE'
"""

from dataclasses import fields

from otelml.settings import Settings, variable

globals().update({variable(row.name): variable(row.name) for row in fields(Settings)})
