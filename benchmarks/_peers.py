"""Peers in environments of their own, since what they need is not what we need."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

#: What each needs. HiPlot imports pkg_resources, which setuptools 81 dropped.
NEEDS = {
    "hiplot": ["hiplot==0.1.33", "setuptools<81", "pandas<2.3", "numpy<2"],
    "plotly": ["plotly==7.1.0", "numpy<2"],
}


def python_of(peer: str, folder: Path) -> Path:
    """The Python that has the peer, in an environment that is made in the folder where it is missing."""
    home = folder / peer
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *NEEDS[peer]], check=True)
    return python
