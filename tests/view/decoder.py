"""Reads a page's header and body as `docs/protocol.md` says, as the page does."""

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


DIGITS = [chr(code) for code in range(33, 127) if chr(code) not in "\"&'<>`"][:85]


def decode85(text, size):
    """Base85 by the book: one digit at a time."""
    out = bytearray()
    for at in range(0, len(text), 5):
        number = 0
        for digit in text[at : at + 5]:
            number = number * 85 + DIGITS.index(digit)
        out += number.to_bytes(4, "big")
    assert len(out) - size in range(4)
    return bytes(out[:size])


def decode_page(header, texts):
    """As `decode`, from the text of the page's elements."""
    return decode(
        header, [decode85(text, block["size"]) for text, block in zip(texts, json.loads(header)["blocks"], strict=True)]
    )


def decode(header, streams):
    """The header, and per frame a dict of columns as lists; a missing value is None, a time a datetime in UTC."""
    assert not set("<>&\u2028\u2029") & set(header)
    parsed = json.loads(header)
    assert parsed["version"] == 2
    assert [block["size"] for block in parsed["blocks"]] == [len(stream) for stream in streams]
    blocks = [zlib.decompress(stream) for stream in streams]
    assert [block["length"] for block in parsed["blocks"]] == [len(block) for block in blocks]
    return parsed, [
        {column["name"]: values(column, blocks) for column in frame["columns"]} for frame in parsed["frames"]
    ]


def values(column, blocks):
    assert column["type"] in KINDS[column["kind"]]
    assert column["offset"] % 8 == 0
    length, dtype = column["length"], np.dtype(TYPES[column["type"]])
    whole = np.frombuffer(blocks[column["block"]], np.uint8, length * dtype.itemsize, column["offset"])
    if column["planes"]:
        whole = np.ascontiguousarray(whole.reshape(dtype.itemsize, length).T).reshape(-1)
    raw = whole.view(dtype).tolist()
    present = [True] * length
    if column["valid"] is not None:
        assert column["valid"]["offset"] % 8 == 0
        assert column["valid"]["block"] == column["block"]
        bits = np.frombuffer(blocks[column["block"]], np.uint8, (length + 7) // 8, column["valid"]["offset"])
        present = np.unpackbits(bits, bitorder="little")[:length].astype(bool).tolist()
        assert all(value == 0 for value, there in zip(raw, present, strict=True) if not there)
    if column["kind"] == "category":
        raw = [column["categories"][code] if column["categories"] else None for code in raw]
    if column["kind"] == "time":
        raw = [dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=value) for value in raw]
    return [value if there else None for value, there in zip(raw, present, strict=True)]
