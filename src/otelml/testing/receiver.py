"""A local OTLP/HTTP receiver: what a process exports arrives here as points, spans and log records."""

from __future__ import annotations

import gzip
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otelml.testing.points import Point, points_from_request
from otelml.testing.records import LogRecord, SpanRecord, logs_from_request, spans_from_request
from otelml.testing.sources import read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

_JSON = "application/json"


class Receiver:
    """An OTLP/HTTP server on 127.0.0.1 that keeps what it is sent.

    It takes protobuf and JSON, gzip or not, on ``/v1/metrics``, ``/v1/traces`` and ``/v1/logs``.

    Parameters
    ----------
    on_points
        Called with the points of each metrics request, one request at a time, in the order of arrival and
        before the sender gets its answer. What it raises is raised again where the receiver's block ends.
    keep
        False forgets a request once ``on_points`` has seen it, for runs that are longer than memory.
    port
        0 takes a free one.

    Examples
    --------
    >>> with Receiver() as receiver:
    ...     receiver.endpoint.startswith("http://127.0.0.1:"), receiver.points
    (True, [])
    """

    def __init__(
        self, *, on_points: Callable[[list[Point]], None] | None = None, keep: bool = True, port: int = 0
    ) -> None:
        self._on_points = on_points
        self._keep = keep
        self._arrived = threading.Condition(threading.RLock())
        self._points: list[Point] = []
        self._spans: list[SpanRecord] = []
        self._log_records: list[LogRecord] = []
        self._payloads: list[bytes] = []
        self._failure: Exception | None = None
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="otlp-receiver"
        )

    @property
    def endpoint(self) -> str:
        """What to put into ``OTEL_EXPORTER_OTLP_ENDPOINT`` (protocol ``http/protobuf``)."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def points(self) -> list[Point]:
        """The metric points so far, in the order of arrival."""
        with self._arrived:
            return list(self._points)

    @property
    def spans(self) -> list[SpanRecord]:
        """The spans so far, in the order of arrival."""
        with self._arrived:
            return list(self._spans)

    @property
    def log_records(self) -> list[LogRecord]:
        """The log records and events so far, in the order of arrival."""
        with self._arrived:
            return list(self._log_records)

    @property
    def payloads(self) -> list[bytes]:
        """The body of each request as it was sent, decompressed: all that left the sender."""
        with self._arrived:
            return list(self._payloads)

    def wait_for(self, predicate: Callable[[Receiver], bool], timeout: float = 10) -> None:
        """Wait until ``predicate`` of this receiver holds, asking again whenever something arrives.

        Raises
        ------
        TimeoutError
            If it does not hold within ``timeout`` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: predicate(self), timeout):
                held = f"{len(self._points)} points, {len(self._spans)} spans, {len(self._log_records)} records"
                names = ", ".join(sorted({point.name for point in self._points})) or "none"
                message = f"nothing of the kind arrived within {timeout} s; so far {held}; metrics: {names}"
                raise TimeoutError(message)

    def accept(self, path: str, body: bytes, *, as_json: bool) -> Message:
        """Take one request and return the response to it.

        Raises
        ------
        KeyError
            If ``path`` is none of OTLP's.
        ValueError
            If ``body`` is no request of that kind.
        """
        request, response = _REQUESTS[path][0](), _REQUESTS[path][1]()
        if as_json:
            read_json(body, request)
        else:
            request.ParseFromString(body)
        with self._arrived:
            self._take(request, body)
            self._arrived.notify_all()
        return response

    def fail(self, error: Exception) -> None:
        """Remember the first error of our own, to be raised where the block ends."""
        with self._arrived:
            self._failure = self._failure or error

    def _take(self, request: Message, body: bytes) -> None:
        points: list[Point] = []
        if self._keep:
            self._payloads.append(body)
        if isinstance(request, ExportMetricsServiceRequest):
            points = points_from_request(request)
        elif self._keep and isinstance(request, ExportTraceServiceRequest):
            self._spans.extend(spans_from_request(request))
        elif self._keep and isinstance(request, ExportLogsServiceRequest):
            self._log_records.extend(logs_from_request(request))
        if self._keep:
            self._points.extend(points)
        if points and self._on_points is not None:
            self._on_points(points)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()  # joins the requests under way
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure


_REQUESTS: dict[str, tuple[type[Message], type[Message]]] = {
    "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse),
    "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse),
    "/v1/logs": (ExportLogsServiceRequest, ExportLogsServiceResponse),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout: ClassVar[float | None] = 5  # a client that falls silent must not hold up the end of the block

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        as_json = self.headers.get("Content-Type", "").startswith(_JSON)
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            response = self.server.receiver.accept(self.path, body, as_json=as_json)
        except KeyError:
            self.send_error(HTTPStatus.NOT_FOUND)
        except (DecodeError, ValueError, EOFError, gzip.BadGzipFile) as error:
            self.send_error(HTTPStatus.BAD_REQUEST, explain=str(error))
        except Exception as error:  # noqa: BLE001 -- raised again where the block ends
            self.server.receiver.fail(error)
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            self._answer(b"{}" if as_json else response.SerializeToString(), as_json=as_json)

    def _answer(self, content: bytes, *, as_json: bool) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", _JSON if as_json else "application/x-protobuf")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name in the base class
        """Say nothing: the terminal belongs to whoever runs us."""
