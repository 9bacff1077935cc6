"""ONNX Runtime: sessions, whatever trained the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Method, Operation, argument
from otelml.prediction import Description, Form

BEST_FIRST = (Form.PROBABILITIES, Form.VALUES, Form.LABELS, Form.OPAQUE)


def describe(session: Any) -> Description:
    """What each output holds; the classes are told by the first answer."""
    return Description(note=tuple((output.name, form_of(output)) for output in session.get_outputs()))


def form_of(output: Any) -> Form:
    """What an output holds, by its type, rank and name: converters call probabilities by theirs."""
    if output.type.startswith("seq(map(") or ("prob" in output.name.lower() and "float" in output.type):
        return Form.PROBABILITIES
    if not output.type.startswith("tensor(") or len(output.shape) > 2:
        return Form.OPAQUE
    if "float" in output.type or "double" in output.type:
        return Form.VALUES
    return Form.LABELS if output.shape[1:] in ([], [1]) else Form.OPAQUE


def chosen(description: Description, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, Form]:
    """The most informative of the outputs that were asked for: its position among them, and its form."""
    forms = dict(description.note)
    names = argument(args, kwargs, 0, "output_names") or list(forms)
    return min(enumerate(forms[name] for name in names), key=lambda one: BEST_FIRST.index(one[1]))


def fed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The one input; of several, all by name."""
    feed = argument(args, kwargs, 1, "input_feed")
    return next(iter(feed.values())) if len(feed) == 1 else feed


RUN = Operation(
    "run",
    form=lambda description, args, kwargs: chosen(description, args, kwargs)[1],
    inputs=fed,
    answer=lambda description, outputs, args, kwargs: outputs[chosen(description, args, kwargs)[0]],
)
ADAPTER = Adapter(
    system="onnxruntime",
    package="onnxruntime",
    supports=("onnxruntime>=1.17,<2", "onnxruntime-gpu>=1.17,<2"),
    sites=(Method("onnxruntime.capi.onnxruntime_inference_collection", "Session", operations=(RUN,)),),
    describe=describe,
    model_name=lambda session: Path(getattr(session, "_model_path", None) or type(session).__name__).stem,
)
