"""How the panels choose series: those of the model and the version that the reader chose, or of every model."""

from __future__ import annotations

MODEL = "ml_model_name, ml_model_version"
NAMES = {"ml_model_name": "Model", "ml_model_version": "Version"}


def of(*matchers: str) -> str:
    """Series of the chosen model and versions.

    >>> of('ml_class="1"')
    '{ml_model_name="$model", ml_model_version=~"$version", ml_class="1"}'
    """
    return named('ml_model_version=~"$version"', *matchers)


def named(*matchers: str) -> str:
    """Series of the chosen model that are recorded by its name alone."""
    return "{" + ", ".join(('ml_model_name="$model"', *matchers)) + "}"


def every(*matchers: str) -> str:
    """Series of all the models that were chosen."""
    return "{" + ", ".join(('ml_model_name=~"$model"', *matchers)) + "}"


OF, NAMED, EVERY = of(), named(), every()


def firing(*matchers: str) -> str:
    """Alerts of the rules that fire."""
    return "ALERTS{" + ", ".join(('alertname=~"ML.*"', 'alertstate="firing"', *matchers)) + "}"


def served(expr: str, by: str) -> str:
    """Of series by process or by service, those that serve the chosen model."""
    return f"{expr}\nand on ({by}) group by ({by}) (ml_model_info{OF})"


def of_model() -> str:
    """Alerts of the chosen model, and of the services that serve it: those of processes know no model."""
    own, services = firing('ml_model_name="$model"'), firing('ml_model_name=""')
    return f"{own}\nor ({served(services, 'job')})"
