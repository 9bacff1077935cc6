"""Every query of every dashboard finds something: in the replayed year, or, of a live service, in `test_live_rules`."""

from __future__ import annotations

import pytest
from evaluation import HALF
from panels import live
from year import moment

from otelml.dashboards.catalogue import queries

pytestmark = pytest.mark.e2e

# Late enough that eight weeks lie behind them; in September, when alerts fire.
TIMES = ("2013-09-25T20:00", "2013-09-28T20:00", "2013-12-20T20:00")


@pytest.mark.parametrize(
    "dashboard", sorted({one.dashboard for one in queries(model="", version="", column="", **{"class": ""})})
)
def test_every_panel_has_data(year, dashboard):
    """Every query of a dashboard finds something at some hour of the year, but for those of a live service."""
    # A rate over the usual four minutes needs more than one collection an hour.
    chosen = {"model": "flights", "version": ".*", "column": "temp", "class": "1", "__rate_interval": "3h"}
    empty = {
        (asked.panel, asked.expr)
        for asked in queries(**chosen)
        if asked.dashboard == dashboard
        and not live(asked)
        and not any(year.prometheus.query(asked.expr, moment(time) + HALF) for time in TIMES)
    }
    assert empty == set()
