"""The engine of a cluster, on a real one, against the suite that every engine must pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from undertow.query.spark import SparkEngine

from .suite import EngineSuite, properties
from .tables import FileSuite, ParquetWriter

pytestmark = pytest.mark.slow


class TestOnACluster(FileSuite, EngineSuite, properties(5, shrink=False)):
    @pytest.fixture
    def engine_of(self, tmp_path: Path, spark: Any) -> Any:
        write = ParquetWriter(tmp_path)
        return lambda columns: SparkEngine(write(columns), spark)
