"""ONNX Runtime: sessions, whatever trained the model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Method, Operation, argument
from otelml.prediction import Description, Form, Reading
from otelml.session_outputs import Outputs, read

if TYPE_CHECKING:
    from otelml.patching.sites import Received

CALLBACK = 2  # its place among the arguments of `run_async`


def describe(session: Any) -> Description:
    """The outputs; what they hold is told by the first answers."""
    outputs = session.get_outputs()
    labels = [one.shape for one in outputs if _is_label(one.type) and len(one.shape) in (1, 2)]
    several = any(len(shape) == 2 and isinstance(shape[1], int) and shape[1] > 1 for shape in labels)
    numbers = not labels and not any("prob" in one.name.lower() or "map(" in one.type for one in outputs)
    names = tuple(one.name for one in outputs)
    return Description(note=Outputs(names, bool(labels), several, Form.VALUES if numbers else None))


def _is_label(kind: str) -> bool:
    return kind.startswith(("tensor(int", "tensor(uint", "tensor(string", "tensor(bool"))


class Elsewhere(NamedTuple):
    """A tensor on a device: to look at it would be to copy it, and to wait for it."""

    shape: tuple[int, ...]


def local(value: Any) -> Any:
    """An `OrtValue` as numpy has it, where it is a tensor in this memory; anything else as it is."""
    if type(value) is np.ndarray or not hasattr(value, "is_tensor"):
        return value
    if not value.is_tensor():
        return None
    return value.numpy() if value.device_name().lower() == "cpu" else Elsewhere(tuple(value.shape()))


def returned(description: Description, outputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Reading:
    """What the outputs tell that a call returned."""
    values = [one if type(one) is np.ndarray else local(one) for one in outputs]
    return read(description, values, argument(args, kwargs, 0, "output_names"))


def bound(description: Description, _none: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Reading:
    """What the outputs tell that a call left in its binding; in the order in which they were bound."""
    return read(description, [local(one) for one in argument(args, kwargs, 0, "iobinding").get_outputs()])


def fetched(description: Description, _none: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Reading:
    """What the outputs tell that a call left in the vector that it was given."""
    values = [local(one) for one in argument(args, kwargs, 4, "fetches")]
    return read(description, values, list(argument(args, kwargs, 3, "fetch_names")))


def fed(args: tuple[Any, ...], kwargs: dict[str, Any], name: str = "input_feed") -> Any:
    """The one input; of several, all by name."""
    return _inputs(argument(args, kwargs, 1, name))


def bound_inputs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Inputs that a binding keeps from being collected; of others it only knows the address."""
    binding = argument(args, kwargs, 0, "iobinding")
    values: dict[str, Any] = getattr(binding, "_bound_inputs", {}) | getattr(binding, "_numpy_obj_references", {})
    return _inputs({name: value for name, value in values.items() if value is not None} or {"": None})


def vector(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Inputs in a vector, beside their names."""
    names, feeds = argument(args, kwargs, 1, "feed_names"), argument(args, kwargs, 2, "feeds")
    return _inputs(dict(zip(names, feeds, strict=False)))


def _inputs(feed: dict[str, Any]) -> Any:
    if len(feed) == 1:
        (value,) = feed.values()
        return value if type(value) is np.ndarray else local(value)
    return {name: local(value) for name, value in feed.items()}


def awaited(
    args: tuple[Any, ...], kwargs: dict[str, Any], received: Received
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments, with a callback that has the answer noted before the host's own is called."""
    callback = argument(args, kwargs, CALLBACK, "callback")

    def noting(results: Any, data: Any, error: Any) -> Any:
        received(results, RuntimeError(error) if error else None)
        return callback(results, data, error)

    if len(args) > CALLBACK:
        return (*args[:CALLBACK], noting, *args[CALLBACK + 1 :]), kwargs
    return args, {**kwargs, "callback": noting}


OPERATIONS = (
    Operation("run", Form.VALUES, inputs=fed, answer=returned),
    Operation("run_async", Form.VALUES, inputs=fed, answer=returned, later=awaited),
    Operation("run_with_ort_values", Form.VALUES, inputs=partial(fed, name="input_dict_ort_values"), answer=returned),
    Operation("run_with_iobinding", Form.VALUES, inputs=bound_inputs, answer=bound),
    Operation("run_with_ortvaluevector", Form.VALUES, inputs=vector, answer=fetched),
)
ADAPTER = Adapter(
    system="onnxruntime",
    package="onnxruntime",
    supports=("onnxruntime>=1.17,<2", "onnxruntime-gpu>=1.17,<2"),
    sites=(Method("onnxruntime.capi.onnxruntime_inference_collection", "Session", operations=OPERATIONS),),
    describe=describe,
    model_name=lambda session: Path(getattr(session, "_model_path", None) or type(session).__name__).stem,
)
