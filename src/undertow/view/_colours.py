"""What a script may say of colours: a scheme of d3's by name, or colours of its own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ..errors import ViewError
from ..schema import Colouring, is_colour, parse_scheme

__all__ = ["HUES", "RAMPS", "colouring"]

#: Names of d3-scale-chromatic: those of ramps, and those with a hue a category.
RAMPS = (
    *("Blues", "BrBG", "BuGn", "BuPu", "Cividis", "Cool", "CubehelixDefault", "GnBu", "Greens", "Greys", "Inferno"),
    *("Magma", "OrRd", "Oranges", "PRGn", "PiYG", "Plasma", "PuBu", "PuBuGn", "PuOr", "PuRd", "Purples", "Rainbow"),
    *("RdBu", "RdGy", "RdPu", "RdYlBu", "RdYlGn", "Reds", "Sinebow", "Spectral", "Turbo", "Viridis", "Warm", "YlGn"),
    *("YlGnBu", "YlOrBr", "YlOrRd"),
)
HUES = (
    *("Accent", "Category10", "Dark2", "Observable10", "Paired", "Pastel1", "Pastel2", "Set1", "Set2", "Set3"),
    "Tableau10",
)

_KNOWN = {name.casefold(): name for name in (*RAMPS, *HUES)}


def colouring(palette: str | Sequence[str] | Mapping[object, str], midpoint: float | None = None) -> Colouring:
    """Checks what a script says of colours.

    Args:
        palette: A scheme by d3's name ("viridis", "interpolateViridis", "schemeTableau10"; "#inverse" behind it turns
            it round); colours as CSS writes them, from the lowest value to the highest; or a colour for each category.
        midpoint: The value in the middle of the colours.

    Raises:
        ViewError: If there is no such scheme, or something is no colour.
    """
    if isinstance(palette, str):
        bare, suffix = parse_scheme(palette)
        if bare.casefold() not in _KNOWN or suffix not in ("", "inverse"):
            close = difflib.get_close_matches(bare.casefold(), _KNOWN, n=1)
            hint = f"; did you mean {_KNOWN[close[0]]!r}?" if close else "; the names are those of d3-scale-chromatic"
            raise ViewError(f"there is no palette {palette!r}{hint}")
        return Colouring(scheme=_KNOWN[bare.casefold()], reversed=suffix == "inverse", midpoint=midpoint)
    own = {str(value): _colour(colour) for value, colour in palette.items()} if isinstance(palette, Mapping) else {}
    colours = () if isinstance(palette, Mapping) else tuple(map(_colour, palette))
    if not own and not colours:
        raise ViewError("a palette needs at least one colour")
    return Colouring(scheme=colours or "", midpoint=midpoint, own=own)


def _colour(text: object) -> str:
    if not isinstance(text, str) or not is_colour(text):
        raise ViewError(f"{text!r} is no colour; write it as CSS does: '#1f77b4', 'rgb(31, 119, 180)' or 'steelblue'")
    return text.strip()
