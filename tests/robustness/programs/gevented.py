"""A host that gevent patches after us, as `gunicorn --preload -k gevent` does: `gevented.py [before|after]`.

Greenlets predict, record outcomes and flush; one logs through a handler that switches to the others.  Prints the rows
that were counted and those that were predicted.
"""

from __future__ import annotations

import faulthandler
import logging
import sys

import numpy as np
from gevent import monkey

if "before" in sys.argv:
    monkey.patch_all()

from sklearn.linear_model import LogisticRegression

import otelml
from otelml.testing import capture, total

ROWS = np.zeros((3, 2))
GREENLETS, CALLS = 20, 50


class Switching(logging.Handler):
    """Hands over to another greenlet for each record, as a handler that writes to a socket does."""

    def emit(self, record: logging.LogRecord) -> None:
        """Let others run."""
        import gevent

        del record
        gevent.sleep(0)


def main() -> None:
    """Watch, be patched, work in greenlets, and count."""
    faulthandler.dump_traceback_later(40, exit=True)
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        if "before" not in sys.argv:
            monkey.patch_all()
        import gevent

        logging.getLogger("otelml").addHandler(Switching())
        logging.getLogger("otelml").setLevel(logging.DEBUG)

        def work(number: int) -> None:
            model = LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
            otelml.identify(model, name=f"green-{number % 7}")
            for call in range(CALLS):
                with otelml.predictions(n_rows=3) as batch:
                    model.predict(ROWS)
                otelml.record_outcomes(list(batch.ids), [0] * 3)
                gevent.sleep(0)
                if call % 25 == 0:
                    otelml.force_flush(1_000)

        gevent.joinall([gevent.spawn(work, number) for number in range(GREENLETS)], raise_error=True)
        otelml.force_flush(2_000)
        captured.points()
        points = captured.points()
        print(f"counted {total(points, 'ml.inference.rows').last:.0f}, {total(points, 'ml.outcomes').last:.0f}")
        print(f"predicted {GREENLETS * CALLS * 3}, {GREENLETS * CALLS * 3}")
        otelml.uninstrument()


if __name__ == "__main__":
    main()
