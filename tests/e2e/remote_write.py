"""Prometheus' remote write 1.0: samples with their own timestamps, as compressed protobuf.

`WriteRequest { repeated TimeSeries { repeated Label { name, value } labels = 1; repeated Sample { double value = 1;
int64 timestamp_ms = 2 } samples = 2 } timeseries = 1 }`.  The message is small, and a year of it is millions of
samples, so they are laid out by numpy, a whole series at once.
"""

from __future__ import annotations

import cramjam
import numpy as np

MOST_BYTES = 8_000_000
STAMP = 6  # bytes of a varint that holds milliseconds since the epoch, from 2004 on until after 2100


def requests(series):
    """Compressed requests of a bounded size, for {(name, ((label, value), …)): (seconds, values)}."""
    held, size = [], 0
    for (name, labelled), (seconds, values) in series.items():
        labels = sorted([("__name__", name), *((key, value) for key, value in labelled if value)])
        body = b"".join(_field(1, _field(1, key.encode()) + _field(2, value.encode())) for key, value in labels)
        message = _field(1, body + _samples(np.asarray(seconds), np.asarray(values)))
        held.append(message)
        size += len(message)
        if size > MOST_BYTES:
            yield bytes(cramjam.snappy.compress_raw(b"".join(held)))
            held, size = [], 0
    if held:
        yield bytes(cramjam.snappy.compress_raw(b"".join(held)))


def _samples(seconds, values):
    """Every sample as a field of the series: 18 bytes each."""
    stamps = np.round(seconds * 1000).astype(np.uint64)
    record = np.zeros(len(values), dtype=[("head", "u1", 3), ("value", "<f8"), ("tag", "u1"), ("stamp", "u1", STAMP)])
    record["head"] = (2 << 3 | 2, 1 + 8 + 1 + STAMP, 1 << 3 | 1)
    record["value"] = values
    record["tag"] = 2 << 3
    for position in range(STAMP):
        septet = (stamps >> np.uint64(7 * position)) & np.uint64(0x7F)
        record["stamp"][:, position] = septet | (0x80 if position < STAMP - 1 else 0)
    return record.tobytes()


def _field(number, data):
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value):
    septets = bytearray()
    while value > 0x7F:
        septets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*septets, value])
