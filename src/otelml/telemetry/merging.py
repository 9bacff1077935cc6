"""Our points among the host's, as one collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.resources import Resource


def merged(result: MetricsData | None, resource: Resource, scopes: Sequence[ScopeMetrics]) -> MetricsData:
    """Put `scopes` into a copy of `result`, merged into an equal resource and equal scopes.

    Of two equal scopes the OTLP encoder keeps the last, and so would lose the host's.
    """
    resources = list(result.resource_metrics) if result else []
    for index, held in enumerate(resources):
        if held.resource == resource:
            both = ResourceMetrics(held.resource, _merged_scopes(held.scope_metrics, scopes), held.schema_url)
            resources[index] = both
            return MetricsData(resources)
    return MetricsData([*resources, ResourceMetrics(resource, list(scopes), resource.schema_url)])


def _merged_scopes(own: Sequence[ScopeMetrics], ours: Sequence[ScopeMetrics]) -> list[ScopeMetrics]:
    by_scope = {held.scope: held for held in own}
    for scope in ours:
        held = by_scope.get(scope.scope)
        both = [*held.metrics, *scope.metrics] if held else scope.metrics
        by_scope[scope.scope] = ScopeMetrics(scope.scope, both, held.schema_url if held else scope.schema_url)
    return list(by_scope.values())
