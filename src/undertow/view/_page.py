"""One self-contained HTML document: the front end, the data, and a policy that forbids everything else."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import zlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from ..diagnose import Finding
from ..errors import BundleMissingError
from ..frame import Frame
from ._blocks import encode85
from ._payload import payload

__all__ = ["bundle", "render"]

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{scheme}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="undertow"></div>
<noscript>This page draws its plot with JavaScript, which is switched off here.</noscript>
<script type="application/json" id="undertow-header">{header}</script>
<script type="application/octet-stream" id="undertow-program">{program}</script>
<script>{loader}</script>
"""

#: Starts the front end, which is compressed: the page of eighteen epochs would else be mostly that. What it adds to the
#: document is code whose hash the policy names; nothing is evaluated.
_LOADER = """(async () => {
  try {
    const text = document.getElementById("undertow-program").textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  } catch (error) {
    document.getElementById("undertow").textContent = "Undertow could not open this page. " + error;
    throw error;
  }
})();"""
_BLOCK = '<script type="application/octet-stream" id="undertow-block-{index}">'
_TAIL = """</body>
</html>
"""

_POLICY = (
    "default-src 'none'; script-src '{loader}' '{script}'; style-src '{style}'; img-src data: blob:; worker-src blob:; "
    "base-uri 'none'; form-action 'none'"
)

_SCHEMES = {"auto": "light dark", "light": "light", "dark": "dark"}


def render(
    frames: Sequence[Frame],
    findings: Sequence[Finding] = (),
    title: str = "Undertow",
    theme: str = "auto",
    subtitle: str = "",
) -> Iterator[str]:
    """Yields the HTML document in parts. It needs no network, and its policy lets nothing run but the front end in it.

    Args:
        frames: The lenses, the one to show first in front.
        findings: What was found.
        title: The page's title; any text.
        theme: "auto", "light" or "dark".
        subtitle: One line under the title.

    Raises:
        BundleMissingError: If the front end was not built into the package.
        ViewError: If there is no frame, or no such theme.
    """
    title = title.encode("utf-8", "replace").decode()
    style, script = _safe_style(bundle("page.css")), bundle("page.js")
    header, blocks = payload(frames, findings, title, subtitle, theme)
    yield _HEAD.format(
        policy=_POLICY.format(loader=_hash(_LOADER), script=_hash(script), style=_hash(style)),
        scheme=_SCHEMES[theme],
        title=html.escape(title),
        style=style,
        header=header,
        # Before the blocks: the front end starts, and decodes the first, while the browser still reads the others.
        program=base64.b64encode(zlib.compress(script.encode(), 9)).decode("ascii"),
        loader=_LOADER,
    )
    for index, block in enumerate(blocks):
        yield _BLOCK.format(index=index)
        yield from encode85(block)
        yield "</script>\n"
    yield _TAIL


def bundle(name: str) -> str:
    """A file of the built front end, its line ends as an HTML parser leaves them, so that its hash holds."""
    try:
        text = (files("undertow") / "static" / name).read_text("utf-8")
    except FileNotFoundError as error:
        raise BundleMissingError(
            f"undertow/static/{name} is missing, as the front end was not built. In a checkout: "
            "cd web && npm ci && npm run build; or install the package with pip, which builds it"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _safe_style(style: str) -> str:
    return re.sub("</(style)", r"<\\/\1", style, flags=re.IGNORECASE)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
