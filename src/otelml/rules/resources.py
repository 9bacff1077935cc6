"""What the processes use: metrics of opentelemetry-instrumentation-system-metrics, of processes that serve a model."""

from __future__ import annotations

from otelml.rules.rule import NUMBER, PAGE, TICKET, Alert, File, Group, Record

SERVES = "and on (job, instance) group by (job, instance) (ml_model_info)"

FILE = File(
    "resources",
    "What the processes that serve a model use.  Needs opentelemetry-instrumentation-system-metrics in the service.\n"
    "A child by os.fork tells its parent's numbers (the package's own limit): read sums over instances with care.",
    (
        Group(
            "ml-resources",
            "1m",
            (
                Record("ml:memory_bytes", f"max by (job, instance) (process_memory_usage_bytes)\n{SERVES}"),
                Record(
                    "ml:cpu_cores:rate5m",
                    f"sum by (job, instance) (rate(process_cpu_time_seconds_total[5m]))\n{SERVES}",
                    "From the time: the package's own utilisation is of all processors of the host.",
                ),
                Record("ml:open_files", f"max by (job, instance) (process_open_file_descriptor_count)\n{SERVES}"),
                Record("ml:threads", f"max by (job, instance) (process_thread_count)\n{SERVES}"),
                Alert(
                    "MLMemoryHigh",
                    "ml:memory_bytes > $memory_bytes",
                    "10m",
                    PAGE,
                    "{{ $labels.job }}: a process holds {{ $value | humanize1024 }}B",
                    "A process that serves a model holds more than $memory GiB.",
                ),
                Alert(
                    "MLMemoryGrowing",
                    """
                    predict_linear(ml:memory_bytes[6h], 24 * 3600) > $memory_bytes
                      and ml:memory_bytes > 1.2 * ml:memory_bytes offset 6h
                    """,
                    "1h",
                    TICKET,
                    "{{ $labels.job }}: at this rate a process holds {{ $value | humanize1024 }}B tomorrow",
                    "Memory of a process has grown by a fifth in six hours, and reaches $memory GiB within a day.",
                ),
                Alert(
                    "MLProcessorBusy",
                    "ml:cpu_cores:rate5m > $cores",
                    "15m",
                    TICKET,
                    "{{ $labels.job }}: a process uses " + NUMBER + " processors",
                    "A process that serves a model uses more than $cores processors.",
                ),
                Alert(
                    "MLOpenFilesGrowing",
                    "ml:open_files > 2 * (ml:open_files offset 6h) and ml:open_files > 500",
                    "1h",
                    TICKET,
                    "{{ $labels.job }}: a process has {{ $value }} files open",
                    "Open files and connections of a process have doubled in six hours: something is not closed.",
                ),
                Alert(
                    "MLThreadsGrowing",
                    "ml:threads > 2 * (ml:threads offset 6h) and ml:threads > 200",
                    "1h",
                    TICKET,
                    "{{ $labels.job }}: a process has {{ $value }} threads",
                    "Threads of a process have doubled in six hours.",
                ),
            ),
        ),
    ),
)
