import base64
import zlib

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from undertow.sources import from_columns
from undertow.view._blocks import DIGITS, Blocks, encode85
from undertow.view._payload import payload

from .decoder import decode, decode85


@given(st.binary(max_size=300))
def test_base85_holds_every_byte(data):
    assert decode85("".join(encode85(data)), len(data)) == data


def test_base85_is_that_of_the_standard_library_in_another_alphabet():
    data = bytes(range(256)) * 3
    theirs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    assert "".join(encode85(data)).translate(str.maketrans(DIGITS, theirs)) == base64.b85encode(data).decode()


def test_no_digit_means_anything_to_html():
    assert len(set(DIGITS)) == 85
    assert not set(DIGITS) & set("\"&'<>` \n")


def test_pieces_join_without_a_seam():
    data = np.random.default_rng(1).bytes((4 << 20) + 5)
    assert base64.b85decode(
        "".join(encode85(data)).translate(str.maketrans(DIGITS, base64._b85alphabet.decode()))
    ).startswith(data)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "i2", "i1"])
@pytest.mark.parametrize("rows", [1, 3, 5000, 70_000])
def test_columns_of_every_width_and_length_come_back(dtype, rows):
    values = np.random.default_rng(rows).integers(-100, 100, rows).astype(dtype)
    if dtype.startswith("f"):
        values = (values + np.float32(0.1)).astype(dtype)
    header, streams = payload([from_columns({"a": values, "b": values[::-1].copy(), "c": [None] * rows})])
    parsed, [frame] = decode(header, streams)
    assert frame["a"] == values.tolist()
    assert frame["b"] == values[::-1].tolist()
    assert frame["c"] == [None] * rows
    assert len(streams) == (1 if rows < 30_000 else len(parsed["blocks"]))


def test_a_large_column_has_a_block_of_its_own_and_small_ones_share():
    blocks = Blocks()
    small, large = np.arange(10.0), np.arange(100_000.0)
    places = [blocks.add(column, None) for column in (small, small, large, small)]
    assert [place["block"] for place in places] == [0, 0, 1, 2]
    assert [place["planes"] for place in places] == [False, False, True, False]
    streams = blocks.finish()
    assert [len(zlib.decompress(stream)) for stream in streams] == blocks.lengths == [160, 800_000, 80]


def test_each_plane_is_compressed_in_its_own_way():
    rng = np.random.default_rng(1)
    for values, most in (
        (rng.normal(size=100_000), 0.878),  # of 64 bits a normal has 56 that tell it apart
        (np.repeat(rng.normal(size=100), 1000), 0.02),
        (np.arange(100_000.0), 0.01),
    ):
        blocks = Blocks()
        blocks.add(values, np.arange(100_000) % 3 > 0)
        [stream] = blocks.finish()
        assert len(zlib.decompress(stream)) == blocks.lengths[0] == 800_000 + 12_504
        assert len(stream) < most * values.nbytes + 300
