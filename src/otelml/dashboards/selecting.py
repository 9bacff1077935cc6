"""How the panels choose series: those of the model and the version that the reader chose, or of every model."""

from __future__ import annotations

from otelml.rules.season import T_QUANTILE, WEEKS

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


def usual(series: str, floor: float, select: str) -> tuple[str, str, str]:
    """What a seasonal series is as a rule, and the least and the most that its alert takes for usual."""
    mean, spread = f"{series}:season_mean{select}", f"{series}:season_stddev{select}"
    reach = T_QUANTILE * (1 + 1 / WEEKS) ** 0.5 * (WEEKS / (WEEKS - 1)) ** 0.5
    widest = f"({reach:.4f} * {spread} > {floor:g} * {mean} or {floor:g} * {mean})"
    return mean, f"{mean} - {widest}", f"{mean} + {widest}"


def of_model() -> str:
    """Alerts of the chosen model, and of the services that serve it: those of processes know no model."""
    own, services = firing('ml_model_name="$model"'), firing('ml_model_name=""')
    return f"{own}\nor ({served(services, 'job')})"
