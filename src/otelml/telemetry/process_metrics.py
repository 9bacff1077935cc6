"""What a process uses: metrics that are not ours, and that our rules read.

They are those of `opentelemetry-instrumentation-system-metrics`, which the launcher starts where it is installed, under
the names that it gives them.  They carry no attribute of a model; the resource says which process it is.
"""

from __future__ import annotations

from otelml.telemetry.names import Kind, Metric

PACKAGE = "opentelemetry-instrumentation-system-metrics"
SCOPE = "opentelemetry.instrumentation.system_metrics"

EXCLUDE = "OTEL_PYTHON_SYSTEM_METRICS_EXCLUDED_METRICS"
"""The variable that leaves metrics out, by glob; older versions than 0.61b0 do not know it."""

BESIDE = "system.*,process.runtime.*"
"""What nobody here reads: six points of seven. Each process would tell of the whole host, and of itself twice."""

CPU_TIME = Metric(
    "process.cpu.time",
    Kind.COUNTER,
    "s",
    "Time on processors; `type` is `user` or `system`. Its rate is processors in use, where the package's "
    "`process.cpu.utilization` is a share of all that the host has.",
    ("type",),
)
MEMORY = Metric("process.memory.usage", Kind.UP_DOWN_COUNTER, "By", "Physical memory in use.")
FILES = Metric("process.open_file_descriptor.count", Kind.UP_DOWN_COUNTER, "", "Open file descriptors; not on Windows.")
THREADS = Metric("process.thread.count", Kind.UP_DOWN_COUNTER, "", "Threads, of libraries in C too.")

READ: tuple[Metric, ...] = (CPU_TIME, MEMORY, FILES, THREADS)
