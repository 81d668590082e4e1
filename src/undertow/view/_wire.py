"""What the server sends: the page's container as bytes. `docs/protocol.md` ("Over HTTP") has the format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..frame import Frame
from ._blocks import Blocks
from ._growth import growth
from ._live import Snapshot
from ._payload import VERSION, frame_header, sizes

__all__ = ["MOST_CELLS", "is_large", "pack", "whole"]

#: A frame of more values stays here and is asked; fewer are sent and counted in the page, which answers sooner.
MOST_CELLS = 4_000_000


def is_large(frame: Frame, most: int = MOST_CELLS) -> bool:
    """Whether a frame is too large for a page that is sent it again and again, or is not here at all."""
    return frame.remote is not None or frame.cells > most


def pack(header: dict[str, Any], streams: Sequence[bytes]) -> bytes:
    """The header's length (u32, little-endian), the header as JSON, then the blocks one after another."""
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    return b"".join([len(text).to_bytes(4, "little"), text, *streams])


def whole(
    snapshot: Snapshot,
    title: str,
    most: int = MOST_CELLS,
    base: Snapshot | None = None,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """A snapshot with the values of all its frames but the large ones, of which only the description is sent.

    Args:
        snapshot: What is sent.
        title: The page's title.
        most: Frames of more values are large.
        base: What the page has already: where a frame grew out of one of its, the difference is sent.
        more: Further words of the header, in place of `about`'s: "theme", "subtitle".
    """
    blocks = Blocks()
    known = {} if base is None else {frame.lens: frame for frame in base.frames if not is_large(frame, most)}
    frames = [_frame(frame, known.get(frame.lens), most, blocks) for frame in snapshot.frames]
    streams = blocks.finish()
    return pack({**about(snapshot, title), **(more or {}), "blocks": sizes(blocks, streams), "frames": frames}, streams)


def _frame(frame: Frame, old: Frame | None, most: int, blocks: Blocks) -> dict[str, Any]:
    if is_large(frame, most):
        return {**frame_header(frame, None), "remote": True}
    grown = None if old is None else growth(old, frame, blocks)
    if grown is None:
        return {**frame_header(frame, blocks), "remote": False}
    kept, values = grown
    header = frame_header(frame, None)
    columns = [{**column, **place} for column, place in zip(header["columns"], values, strict=True)]
    return {**header, "columns": columns, "remote": False, "kept": kept}


def about(snapshot: Snapshot, title: str) -> dict[str, Any]:
    """What the header says of a snapshot, its frames aside."""
    return {
        "version": VERSION,
        "snapshot": snapshot.version,
        "runs": list(snapshot.runs),
        "problems": list(snapshot.problems),
        "title": title,
        "subtitle": "",
        "theme": "auto",
        "findings": [finding.to_json() for finding in snapshot.findings],
    }
