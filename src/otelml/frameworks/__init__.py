"""One small file a framework; none of them imports its framework, or a sibling."""

# Entry point, and so the name in OTEL_PYTHON_DISABLED_INSTRUMENTATIONS → the framework's import name.
FRAMEWORKS = {
    "ml_sklearn": "sklearn",
    "ml_xgboost": "xgboost",
    "ml_lightgbm": "lightgbm",
    "ml_onnxruntime": "onnxruntime",
}


def module_of(entry_point: str) -> str:
    """The module that holds the adapter of an entry point.

    >>> module_of("ml_sklearn")
    'otelml.frameworks.sklearn'
    """
    return f"{__name__}.{FRAMEWORKS[entry_point]}"
