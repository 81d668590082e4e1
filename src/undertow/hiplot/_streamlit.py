"""An experiment in a Streamlit app."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any

from ..errors import ViewError

__all__ = ["ExperimentStreamlitComponent", "is_streamlit"]

#: Pixels that the page takes in the app.
HEIGHT = 720
_SELECTIONS = {"selected_uids", "filtered_uids"}


def is_streamlit() -> bool:
    """Whether a Streamlit app runs this script; Streamlit is not imported for it."""
    runtime = sys.modules.get("streamlit.runtime")
    return runtime is not None and bool(runtime.exists())


class ExperimentStreamlitComponent:
    """A page to be shown in a Streamlit app. It can be cached: it holds text and no more.

    Args:
        page: The page.
        uids: Of all its datapoints.
        ret: What `display` returns: one of "selected_uids", "filtered_uids" and "brush_extents", or several.

    Raises:
        ViewError: If there is nothing to return by such a name.
    """

    def __init__(self, page: str, uids: Sequence[str], ret: str | Sequence[str] | None = None) -> None:
        for name in [ret] if isinstance(ret, str) else ret or ():
            if name not in {*_SELECTIONS, "brush_extents"}:
                raise ViewError(
                    f"there is no {name!r} to return; there are: selected_uids, filtered_uids, brush_extents"
                )
        self._page = page
        self._uids = tuple(uids)
        self._ret = ret

    def display(self) -> Any:
        """Shows the page in the app.

        Returns:
            What was asked for with `ret`, as HiPlot returns it before anything was brushed: all uids, and no extents. A
            page in a frame of Streamlit's cannot say more; a warning says so.

        Raises:
            RuntimeError: If Streamlit is missing, or runs no app here.
        """
        try:
            import streamlit
        except ModuleNotFoundError as error:
            raise RuntimeError("this needs Streamlit: pip install streamlit") from error
        if not is_streamlit():
            raise RuntimeError(
                "`display_st` shows an experiment in an app that `streamlit run` started. In a notebook or script, "
                "use `display`; for a file, `to_html`"
            )
        if hasattr(streamlit, "iframe"):
            streamlit.iframe(self._page, height=HEIGHT)
        else:  # as long as there was no other
            streamlit.components.v1.html(self._page, height=HEIGHT, scrolling=True)
        if self._ret is None:
            return None
        warnings.warn(
            "what is brushed does not come back from a Streamlit app; `ret` has all", UserWarning, stacklevel=3
        )
        if isinstance(self._ret, str):
            return self._of(self._ret)
        return tuple(map(self._of, self._ret))

    def _of(self, name: str) -> tuple[str, ...]:
        return self._uids if name in _SELECTIONS else ()
