"""Every adapter, crossed with every promise that is made to a host: nothing changes but that it is watched."""

from __future__ import annotations

import importlib
import os
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.dependencies import get_dependency_conflicts
from opentelemetry.instrumentation.utils import suppress_instrumentation
from packaging.requirements import Requirement
from packaging.version import Version

import otelml
from frameworks.cases import CASES, ROWS, Refusal, X
from otelml.frameworks import FRAMEWORKS, module_of
from otelml.instrumentor import INSTRUMENTORS
from otelml.ledger import ledger
from otelml.patching.guard import loud
from otelml.patching.sites import Carry, Family, Method, Silent
from otelml.patching.wrappers import is_ours
from otelml.testing import capture, select, total

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WAYS = [(case, ask) for case in CASES for ask in case.asks]
FIRST = [next(case for case in CASES if case.entry_point == entry_point) for entry_point in FRAMEWORKS]
EACH_WAY = pytest.mark.parametrize(
    ("case", "ask"), WAYS, ids=[f"{case.entry_point}-{case.kind}-{ask.operation}" for case, ask in WAYS]
)
EACH_CASE = pytest.mark.parametrize("case", CASES, ids=[f"{case.entry_point}-{case.kind}" for case in CASES])
EACH_ADAPTER = pytest.mark.parametrize("case", FIRST, ids=list(FRAMEWORKS))


def adapter_of(entry_point):
    """Give the adapter of an entry point."""
    return importlib.import_module(module_of(entry_point)).ADAPTER


def assert_same(ours, theirs):
    """Compare two answers, types included."""
    assert type(ours) is type(theirs)
    if isinstance(ours, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    else:
        assert ours == theirs


def requests(kept):
    """Count the requests that ended since the last collection."""
    return total(kept.points(), "ml.inference.duration").last


@EACH_WAY
def test_output_is_untouched(case, ask, request):
    """A host gets what it gets without us, of the same type, and its rows are not copied back to it changed."""
    expected = ask(case.model)
    before = X.copy()
    request.getfixturevalue("captured")
    assert_same(ask(case.model), expected)
    np.testing.assert_array_equal(X, before)


@EACH_WAY
def test_call_is_one_prediction(case, ask, captured):
    """A call is one span and one request of so many rows, however many models and threads answer it."""
    model = case.model
    assert captured.spans() == []  # nothing within the training was one
    ask(model)
    [span] = captured.spans()
    assert span.kind == "INTERNAL"
    assert span.status == "UNSET"
    assert span.attributes["ml.operation.name"] == ask.operation
    assert span.attributes["ml.system.name"] == adapter_of(case.entry_point).system
    assert span.attributes["ml.batch.size"] == ROWS
    assert span.name == f"{ask.operation} {span.attributes['ml.model.name']}"
    labels = {"ml.operation.name": ask.operation, "ml.system.name": span.attributes["ml.system.name"]}
    points = captured.points()
    assert total(points, "ml.inference.duration").last == 1
    assert total(points, "ml.inference.rows", labels).last == ROWS
    assert total(points, "ml.inference.active").last == 0
    assert not select(points, "otelml.errors")
    assert not select(points, "otelml.dropped")


@EACH_CASE
def test_task_is_known(case, captured):
    """Spans and the model's info say what the model is for, from its second call at the latest."""
    for _ in range(2):
        case.asks[-1](case.model)
    span = captured.spans()[-1]
    expected = {"zipmap": "multiclass", "tensor": "binary"}.get(case.kind, case.task)
    assert span.attributes["ml.task"] == expected
    infos = select(captured.points(), "ml.model.info", {"ml.model.name": span.attributes["ml.model.name"]})
    assert [point.attributes["ml.task"] for point in infos if point.value] == [expected]


@EACH_WAY
def test_exception_passes_through(case, ask, captured):
    """A host's own exception reaches it as the same object; span and request say its type and none of its text."""
    error = Refusal("jane.doe@example.com")
    with pytest.raises(Refusal) as caught:
        ask.refused(case.model, error)
    assert caught.value is error
    [span] = captured.spans()
    assert (span.status, span.status_description, span.events) == ("ERROR", "", ())
    assert span.attributes["error.type"] == "Refusal"
    points = captured.points()
    assert total(points, "ml.inference.duration", {"error.type": "Refusal"}).last == 1
    assert total(points, "ml.inference.rows").last == 0
    assert total(points, "ml.inference.active").last == 0


@EACH_WAY
def test_columns_are_counted(case, ask, captured):
    """Whatever holds the rows, each column of them is counted: every row once, and its sums are numpy's."""
    ask(case.model)
    points = captured.points()
    columns = {point.attributes["ml.column.name"] for point in select(points, "ml.column.values", INPUTS)}
    assert len(columns) == X.shape[1]
    for name, values in zip(sorted(columns), X.T, strict=True):
        own = {**INPUTS, "ml.column.name": name}
        assert total(points, "ml.column.values", own).last == ROWS
        sums = [total(points, "ml.column.moment", {**own, "ml.moment": m}).last for m in ("positive", "negative")]
        assert sums[0] - sums[1] == pytest.approx(float(values.sum()), rel=1e-5)


@EACH_WAY
def test_exit_is_no_error(case, ask, captured):
    """A call that is cancelled leaves no error behind."""
    with pytest.raises(KeyboardInterrupt):
        ask.refused(case.model, KeyboardInterrupt())
    [span] = captured.spans()
    assert span.status == "UNSET"
    assert "error.type" not in span.attributes


@EACH_ADAPTER
def test_threads_lose_nothing(case, captured):
    """Calls from several threads are counted to the last."""
    model, ask = case.model, case.asks[0]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ask(model), range(40)))
    points = captured.points()
    assert total(points, "ml.inference.duration").last == 40
    assert total(points, "ml.inference.rows").last == 40 * ROWS
    assert len(captured.spans()) == 40


INPUTS = {"ml.column.role": "input"}
BREAKS = (
    "otelml.models.Models.monitor",
    "otelml.telemetry.spans.Spans.start",
    "otelml.monitor.Monitor.lane",
    "otelml.telemetry.spans.ExemplarFilter.trace",
    "otelml.monitor.Monitor.stage",
    "otelml.recorders.requests.Requests.record",
    "otelml.recorders.outputs.Outputs.record",
    "otelml.recorders.columns.Columns.answer",
    "otelml.recorders.columns.Columns.tally",
    "otelml.intake.Intake.take",
    "otelml.monitor.normalise",
)


@EACH_ADAPTER
@pytest.mark.parametrize("known", [False, True], ids=["first call", "later call"])
@pytest.mark.parametrize("broken", BREAKS)
def test_broken_recorder_harms_nothing(case, broken, known, monkeypatch, request):
    """Whatever breaks in ours: the answer is the same, no span stays open, and the error is counted."""
    model, ask = case.model, case.asks[0]
    expected = ask(model)
    captured = request.getfixturevalue("captured")
    if known:
        ask(model)

    def fail(*_args, **_kwargs):
        raise RuntimeError("broken")

    with loud(on=False), monkeypatch.context() as patch:
        patch.setattr(broken, fail)
        before = sum(ledger.errors.values())
        assert_same(ask(model), expected)
        captured.points()
        if not known or broken != "otelml.monitor.Monitor.lane":  # which is looked for once
            assert sum(ledger.errors.values()) > before
    assert not trace.get_current_span().get_span_context().is_valid
    ask(model)
    assert total(captured.points(), "ml.inference.active").last == 0


def everything(package):
    """List every attribute of every loaded module and class of a package."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in {package, "joblib"} or module is None:
            continue
        owners = [module] + [value for value in vars(module).values() if isinstance(value, type)]
        for owner in owners:
            for attribute, value in list(vars(owner).items()):
                found[owner, attribute] = value
    return found


@EACH_ADAPTER
def test_uninstrumenting_restores_everything(case):
    """After uninstrument() every attribute of every module and class is the very object that it was."""
    case.asks[0](case.model)
    package = FRAMEWORKS[case.entry_point]
    before = everything(package)
    with capture() as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        replaced = {key for key, value in everything(package).items() if value is not before.get(key)}
        otelml.uninstrument()
    assert replaced
    after = everything(package)
    assert {key for key in before | after if before.get(key) is not after.get(key)} == set()
    for instrumentor in INSTRUMENTORS:
        assert not instrumentor().patched


@EACH_ADAPTER
def test_held_methods_fall_silent(case):
    """A bound method that a host took while it was watched still works afterwards, and is watched no more."""
    model, ask = case.model, case.asks[0]
    with capture() as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        held = getattr(model, ask.operation)
        otelml.uninstrument()
        assert_same(held(*ask.arguments(X)), ask(model))
        assert kept.spans() == []


@EACH_ADAPTER
def test_instrumenting_is_idempotent(case):
    """Instrumenting twice counts once; uninstrumenting twice is quiet."""
    with capture("delta") as kept:
        for _ in range(2):
            otelml.instrument(kept.tracer_provider, kept.meter_provider)
        case.asks[0](case.model)
        assert len(kept.spans()) == 1
        assert requests(kept) == 1
        for _ in range(2):
            otelml.uninstrument()
        case.asks[0](case.model)
        assert len(kept.spans()) == 1


@EACH_ADAPTER
def test_later_instrument_follows_its_settings(case):
    """`enabled=False` lets go of what was watched, and a later call takes it up again."""
    with capture() as kept:
        for enabled, spans in ((True, 1), (False, 1), (True, 2)):
            otelml.instrument(kept.tracer_provider, kept.meter_provider, enabled=enabled)
            case.asks[0](case.model)
            assert len(kept.spans()) == spans
        otelml.uninstrument()


@EACH_ADAPTER
def test_suppression_is_honoured(case, captured):
    """Where OpenTelemetry's users suppress instrumentation, nothing is recorded."""
    with suppress_instrumentation():
        case.asks[0](case.model)
    assert captured.spans() == []
    assert requests(captured) == 0


PICKLES = [pickle, cloudpickle]


@EACH_CASE
@pytest.mark.parametrize("pickler", PICKLES, ids=lambda pickler: pickler.__name__)
def test_models_survive_pickling(case, pickler, request):
    """A model, and its bound method, pickle as without us; what comes back answers the same and is watched."""
    model, ask = case.model, case.asks[0]
    if not case.pickles:
        with pytest.raises(TypeError) as theirs:
            pickler.dumps(model)
    expected = ask(model)
    captured = request.getfixturevalue("captured")
    if not case.pickles:
        with pytest.raises(TypeError, match=re.escape(str(theirs.value))):
            pickler.dumps(model)
        return
    for back in (
        getattr(pickle.loads(pickler.dumps(model)), ask.operation),  # noqa: S301 -- our own
        pickle.loads(pickler.dumps(getattr(model, ask.operation))),  # noqa: S301 -- our own
    ):
        assert_same(back(*ask.arguments(X)), expected)
    assert len(captured.spans()) == 2


@EACH_ADAPTER
def test_worker_processes_take_bound_methods(case, captured):
    """Processes of joblib take `delayed(model.predict)`, and answer as this process does."""
    model, ask = case.model, case.asks[-1]  # rows in numpy's own arrays, which travel
    if not case.pickles:
        with pytest.raises(TypeError):
            pickle.dumps(model)
        return
    method = getattr(model, ask.operation)
    [answer] = joblib.Parallel(n_jobs=2, backend="loky")([joblib.delayed(method)(*ask.arguments(X))])
    assert captured.spans() == []  # the other process is not watched
    assert_same(answer, ask(model))


def test_functions_pickle_by_reference(captured):
    """A function stays one function under each name it has, so that pickle finds it again."""
    import lightgbm
    import xgboost

    for function in (xgboost.train, xgboost.cv, lightgbm.train, lightgbm.cv):
        assert is_ours(function)
        assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301 -- our own
    assert captured.spans() == []


def launch(*arguments, **variables):
    """Run Python under the launcher, with spans on the console; returns what it printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    environment |= {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "PYTHONPATH": str(HERE.parent)}
    command = [str(Path(sys.executable).with_name("opentelemetry-instrument")), sys.executable, *arguments]
    done = subprocess.run(  # noqa: S603 -- ours
        command,
        env=environment | {"OTEL_LOGS_EXPORTER": "none"} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def watched_by_launcher(*entry_points, **variables):
    """List the systems whose models were watched in a process that asks one of each."""
    printed = launch(str(HERE / "ask.py"), *entry_points, **variables)
    return sorted(re.findall(r'"ml.system.name": "(\w+)"', printed))


@pytest.mark.parametrize("half", [0, 1])
def test_launcher_watches_all_but_what_is_disabled(half):
    """Without a line of code each framework is watched but for those that the environment disables by name."""
    disabled, others = list(FRAMEWORKS)[half::2], list(FRAMEWORKS)[1 - half :: 2]
    found = watched_by_launcher(*FRAMEWORKS, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=",".join(disabled))
    assert found == sorted(adapter_of(name).system for name in others)


def test_launcher_watches_nothing_when_disabled():
    """`OTEL_PYTHON_ML_ENABLED=false` leaves out all of them."""
    assert watched_by_launcher(*FRAMEWORKS, OTEL_PYTHON_ML_ENABLED="false") == []


def test_instrument_leaves_disabled_frameworks_alone(monkeypatch):
    """instrument() in code does not switch on what the environment disables."""
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "ml_xgboost, ml_lightgbm")
    importlib.import_module("xgboost")
    with capture() as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        on = {one.entry_point for one in (instrumentor() for instrumentor in INSTRUMENTORS) if one.patched}
        otelml.uninstrument()
    assert on == {"ml_sklearn", "ml_onnxruntime"}


def test_no_framework_is_loaded_for_nothing():
    """A process that imports no framework has none of them loaded, nor numpy or pandas."""
    program = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(launch("-c", program).split())
    assert "otelml" in loaded
    assert loaded & {*FRAMEWORKS.values(), "numpy", "pandas", "joblib", "scipy"} == set()


def sites():
    """List every call site of every adapter: entry point, module, owner, and the names in it."""
    for entry_point in FRAMEWORKS:
        for site in adapter_of(entry_point).sites:
            if isinstance(site, Silent):
                yield entry_point, site.module, None, site.functions
            elif isinstance(site, Carry):
                yield entry_point, site.module, site.owner, (site.method,)
            elif isinstance(site, Method):
                names = (*(operation.name for operation in site.operations), *site.silent)
                yield entry_point, site.module, site.owner, names
            else:
                assert isinstance(site, Family)
                yield entry_point, site.module, site.root, ()


@pytest.mark.parametrize(
    ("entry_point", "module", "owner", "names"), list(sites()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_call_sites_exist(entry_point, module, owner, names, request):
    """What an adapter names is there in the installed version, and is replaced."""
    found = importlib.import_module(module)
    found = getattr(found, owner) if owner else found
    request.getfixturevalue("captured")
    missing = {name for name in names if not is_ours(vars(found).get(name))}
    assert missing == set(), entry_point


@pytest.mark.parametrize("entry_point", FRAMEWORKS)
def test_installed_version_is_supported(entry_point):
    """What these tests ran on is within the versions that the adapter says it supports."""
    assert not all(get_dependency_conflicts([requirement]) for requirement in adapter_of(entry_point).supports)


def test_oldest_versions_are_tested():
    """`oldest.sh` tests on the lower bound of each adapter, and this run on what is installed."""
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (HERE / "oldest.txt").read_text(), re.MULTILINE))
    for entry_point in FRAMEWORKS:
        bounds = [
            (requirement.name, Version(bound.version))
            for requirement in map(Requirement, adapter_of(entry_point).supports)
            for bound in requirement.specifier
            if bound.operator == ">="
        ]
        assert any(name in pins and Version(pins[name]) == version for name, version in bounds), bounds
        assert len({version for _, version in bounds}) == 1


def test_adapters_are_complete():
    """Adapter files, rows of FRAMEWORKS, entry points, instrumentors, cases and rows in the README are the same."""
    metadata = (ROOT / "pyproject.toml").read_text()
    section = metadata.partition("[project.entry-points.opentelemetry_instrumentor]")[2].partition("[")[0]
    folder = ROOT / "src" / "otelml" / "frameworks"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "adapter"}
    assert files == set(FRAMEWORKS.values())
    assert set(re.findall(r"^(ml_\w+) = ", section, re.MULTILINE)) == set(FRAMEWORKS)
    assert {instrumentor.entry_point for instrumentor in INSTRUMENTORS} == set(FRAMEWORKS)
    assert {case.entry_point for case in CASES} == set(FRAMEWORKS)
    rows = re.findall(r"^\| `(ml_\w+)` \|.*\| (`.+?`) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == set(FRAMEWORKS)
    for name, supported in rows:
        assert set(re.findall(r"`([^`]*[<>=][^`]*)`", supported)) <= set(adapter_of(name).supports)
