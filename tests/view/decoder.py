"""Reads a page's header and body as `docs/protocol.md` says, as the page does."""

import base64
import datetime as dt
import json
import zlib

import numpy as np

TYPES = {
    "f64": "<f8",
    "f32": "<f4",
    "i8": "<i1",
    "i16": "<i2",
    "i32": "<i4",
    "i64": "<i8",
    "u8": "<u1",
    "u16": "<u2",
    "u32": "<u4",
}
KINDS = {
    "number": {"f64", "f32", "i8", "i16", "i32", "i64"},
    "category": {"u8", "u16", "u32"},
    "time": {"f64"},
}


def decode(header, body):
    """The header, and per frame a dict of columns as lists; a missing value is None, a time a datetime in UTC."""
    assert not set("<>&\u2028\u2029") & set(header)
    parsed = json.loads(header)
    assert parsed["version"] == 1
    buffer = zlib.decompress(base64.b64decode(body, validate=True))
    return parsed, [
        {column["name"]: values(column, buffer) for column in frame["columns"]} for frame in parsed["frames"]
    ]


def values(column, buffer):
    assert column["type"] in KINDS[column["kind"]]
    assert column["offset"] % 8 == 0
    length = column["length"]
    raw = np.frombuffer(buffer, TYPES[column["type"]], length, column["offset"]).tolist()
    present = [True] * length
    if column["valid"] is not None:
        assert column["valid"]["offset"] % 8 == 0
        bits = np.frombuffer(buffer, np.uint8, (length + 7) // 8, column["valid"]["offset"])
        present = np.unpackbits(bits, bitorder="little")[:length].astype(bool).tolist()
        assert all(value == 0 for value, there in zip(raw, present, strict=True) if not there)
    if column["kind"] == "category":
        raw = [column["categories"][code] if column["categories"] else None for code in raw]
    if column["kind"] == "time":
        raw = [dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=value) for value in raw]
    return [value if there else None for value, there in zip(raw, present, strict=True)]
