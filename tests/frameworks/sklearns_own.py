"""scikit-learn's own checks and tests, with otelml and without: the same results.

`uv run python tests/frameworks/sklearns_own.py` runs all estimators through `check_estimator`, and the test modules in
which a method is inspected, pickled, cloned or cached, in two processes each, and prints what differs (some minutes).
`few` in place of nothing runs a handful of estimators, which is what CI does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FEW = ("LogisticRegression", "SVC", "Pipeline", "RandomForestRegressor", "KMeans", "StandardScaler")
MODULES = (
    "sklearn.tests.test_base", "sklearn.tests.test_docstring_parameters", "sklearn.tests.test_metaestimators",
    "sklearn.tests.test_metadata_routing", "sklearn.tests.test_pipeline", "sklearn.tests.test_calibration",
    "sklearn.utils.tests.test_estimator_checks", "sklearn.utils.tests.test_metaestimators",
    "sklearn.utils.tests.test_validation", "sklearn.metrics.tests.test_score_objects",
    "sklearn.utils.tests.test_parallel", "sklearn.ensemble.tests.test_voting",
)  # fmt: skip
CHECKS = """
import sys, warnings, logging
if sys.argv[1] == "on":
    import otelml
    otelml.instrument()
    logging.getLogger("otelml").setLevel(100)
warnings.simplefilter("ignore")
from sklearn.utils import all_estimators
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator
from sklearn.utils._test_common.instance_generator import _construct_instances
names = sys.argv[2:]
for name, kind in all_estimators():
    if names and name not in names:
        continue
    try:
        made = list(_construct_instances(kind))
    except Exception as error:
        print(name, "not made:", type(error).__name__)
        continue
    for one in made[:1]:
        for result in check_estimator(one, on_fail=None, on_skip=None):
            error = result["exception"]
            print(name, result["check_name"], result["status"], type(error).__name__)
"""
PLUGIN = """
import logging, otelml
otelml.instrument()
logging.getLogger("otelml").setLevel(100)
"""


def checks(way: str, names: tuple[str, ...] = ()) -> list[str]:
    """Each check of each estimator and how it ended."""
    return _run([sys.executable, "-c", CHECKS, way, *names]).splitlines()


def tests(way: str) -> list[str]:
    """Each test of scikit-learn's own and how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "watching.py").write_text(PLUGIN, "utf-8")
        plugin = ["-p", "watching"] if way == "on" else []
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider", "-c", os.devnull]
        output = _run([*command, *plugin, "--pyargs", *MODULES], PYTHONPATH=folder)
    lines = (line.partition(" - ")[0] for line in output.splitlines())
    return sorted(line for line in lines if re.match("PASSED|FAILED|ERROR|XFAIL|XPASS|SKIPPED", line))


def _run(command: list[str], **variables: str) -> str:
    done = subprocess.run(  # noqa: S603 -- our own programs
        command, capture_output=True, text=True, check=False, timeout=3_600,
        env={**os.environ, "OTEL_SDK_DISABLED": "false", "OTEL_METRICS_EXPORTER": "none", **variables},
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr[-2_000:] or done.stdout[-2_000:])
    return done.stdout


def main() -> int:
    """Print the counts, and what differs; 1 where something does."""
    few = sys.argv[1:] == ["few"]
    kinds = {"checks": lambda way: checks(way, FEW if few else ())}
    if not few:
        kinds["tests"] = tests
    differs = 0
    for kind, ask in kinds.items():
        without, with_us = ask("off"), ask("on")
        print(f"{kind}: {len(without)} without, {len(with_us)} with", file=sys.stdout)  # noqa: T201
        for line in sorted(set(without) ^ set(with_us)):
            print("without:" if line in without else "with:", line)  # noqa: T201
            differs = 1
    return differs


if __name__ == "__main__":
    sys.exit(main())
