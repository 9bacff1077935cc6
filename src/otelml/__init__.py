"""OpenTelemetry for predictive machine learning."""
