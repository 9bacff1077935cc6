"""Years made of March's days, drawn anew: what pages somebody although nothing happened."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from evaluation import HALF, HOUR, Grid, evaluate, needed
from prometheus import WHOLE_YEAR, running_prometheus
from resampling import constants_of, days_of, year_of
from year import DAYS_OF_MARCH, MARCH, moment

from otelml.rules.catalogue import defaults
from otelml.rules.rule import PAGE, Alert

pytestmark = pytest.mark.e2e

SEEDS = range(20, 40)  # the rules were chosen on seeds 0 to 19
DAYS = 306  # as many as from March to December


def paging():
    """Names of the alerts that page."""
    return {
        rule.name
        for file in defaults()
        for rule in file.rules
        if isinstance(rule, Alert) and rule.severity == PAGE and not rule.name.startswith("MLPlain")
    }


@pytest.fixture(scope="module")
def fired(year, prometheus_binary, tmp_path_factory):
    """Every firing of a paging alert, and of the plain rules of performance, in twenty such years."""
    days = days_of(year.prometheus, moment(MARCH), DAYS_OF_MARCH)
    start = moment("2014-01-01T08:00")
    directory = tmp_path_factory.mktemp("nothing")
    with running_prometheus(prometheus_binary, directory, late="500d", flags=WHOLE_YEAR) as prometheus:
        for seed in SEEDS:
            model = f"march-{seed:02d}"
            drawn = np.random.default_rng(seed).integers(DAYS_OF_MARCH, size=DAYS)
            prometheus.push(dict(year_of(days, drawn, start, model)))
            prometheus.push(dict(constants_of(year.baseline, start, DAYS * 24 + 1, model)))
        files = needed({*paging(), "MLPlainF1", "MLF1BelowBaseline"})
        return evaluate(prometheus, files, Grid(start + HALF, start + HALF + DAYS * 24 * HOUR), {"columns": 3 * HOUR})


def models(fired, *alerts):
    """How often each model had one of these alerts."""
    return Counter(dict(one.labels)["ml_model_name"] for one in fired if one.alert in alerts)


def test_hardly_anybody_is_paged(fired):
    """At most one year in twenty pages anybody; F1 10 % below March, plainly, does so in every one."""
    paged, plain, tickets = (models(fired, *names) for names in (paging(), {"MLPlainF1"}, {"MLF1BelowBaseline"}))
    print(f"\nyears of {len(SEEDS)} in which something that pages fired: {len(paged)} ({dict(paged)})")
    print(f"  with a ticket of MLF1BelowBaseline: {len(tickets)} ({sum(tickets.values())} in all)")
    print(f"  with F1 10 % below March, plainly: {len(plain)} ({sum(plain.values()) / len(SEEDS):.1f} a year)")
    assert len(paged) <= 1
    assert len(plain) > len(paged)
