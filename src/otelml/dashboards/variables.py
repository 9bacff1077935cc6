"""What a reader chooses at the top of a dashboard."""

from __future__ import annotations

from otelml.dashboards.board import Variable
from otelml.dashboards.selecting import NAMED, OF

DATASOURCE = Variable("datasource", "Metrics", "Prometheus, or what speaks PromQL.", "prometheus", kind="datasource")
TRACES = Variable("traces", "Traces", "Where the links to traces lead; none is needed.", "tempo", kind="datasource")
MODELS = Variable(
    "model",
    "Model",
    "Models by name: all, or some.",
    "label_values(ml:serving_processes, ml_model_name)",
    many=True,
)
MODEL = Variable("model", "Model", "A model by its name.", "label_values(ml:serving_processes, ml_model_name)")
VERSION = Variable(
    "version",
    "Version",
    "Versions of the model; All means those without a version too.",
    f"label_values(ml:serving_processes{NAMED}, ml_model_version)",
    many=True,
)
COLUMN = Variable(
    "column",
    "Column",
    "A column, for the panels that show one.",
    f"label_values(ml:column_rows:increase1d{OF}, ml_column_name)",
)
CLASS = Variable(
    "class",
    "Class",
    "A class, for the panels that show one against all others; of two, the positive one comes first.",
    f"query_result(sort_desc(2 * group by (ml_class) (ml:positive_class{OF}) "
    f"or group by (ml_class) (ml:predictions:increase1d{NAMED}) "
    f"or group by (ml_class) (ml:actually:increase28d{OF})))",
    regex='/ml_class="([^"]+)"/',
)
