"""A real standalone Spark cluster on loopback, of the `pyspark` package alone: a master and two workers, each a JVM."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Cluster", "running", "session_of"]

#: Seconds that a JVM may take to say where it listens; a busy machine is no failure.
_PATIENCE = 90.0
#: Six JVMs on two cores: most of their first minute is the compiler's, unless it is told to be content with little.
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class Cluster:
    """A master and its workers.

    Attributes:
        master: Where to reach it, `spark://127.0.0.1:PORT`.
        workers: The workers by number; one that was killed is gone from here.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._home = home
        self._number = 0
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self._master, log = self._start("master", "org.apache.spark.deploy.master.Master")
        self.master = self._said(self._master, log, r"Starting Spark master at (spark://\S+)")

    def add_workers(self, count: int = 1, cores: int = 1) -> list[int]:
        """Starts workers and waits until the master knows them; returns their numbers."""
        started = [self._worker(cores) for _ in range(count)]
        for number, log in started:
            self._said(self.workers[number], log, r"Successfully registered with master (\S+)")
        return [number for number, _ in started]

    def _worker(self, cores: int) -> tuple[int, Path]:
        self._number += 1
        options = ["--cores", str(cores), "--memory", "1g", "--work-dir", str(self._folder / f"work-{self._number}")]
        process, log = self._start(
            f"worker-{self._number}", "org.apache.spark.deploy.worker.Worker", *options, self.master
        )
        self.workers[self._number] = process
        return self._number, log

    def kill_worker(self, number: int) -> None:
        """Kills a worker with all that it runs, at once: `kill -9`, as when its machine loses power."""
        _end(self.workers.pop(number))

    def stop(self) -> None:
        """Ends every process that was started."""
        for process in (*self.workers.values(), self._master):
            _end(process)
        self.workers = {}

    def _start(self, name: str, main: str, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = self._folder / f"{name}.log"
        # Executors inherit this; without PYTHONPATH they cannot import this checkout, as those of a cluster cannot.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        environment |= {"SPARK_HOME": str(self._home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
        environment |= {
            "SPARK_DAEMON_MEMORY": "512m",
            "SPARK_DAEMON_JAVA_OPTS": _QUICK,
            "PYSPARK_PYTHON": sys.executable,
        }
        command = [str(self._home / "bin" / "spark-class"), main, "--host", "127.0.0.1", "--port", "0"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--webui-port", "0", *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # its executors are of its group, and end with it
                preexec_fn=_die_with_us if sys.platform == "linux" else None,
            )
        return process, log

    @staticmethod
    def _said(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            found = re.search(pattern, log.read_text("utf-8", "replace"))
            if found:
                return found[1]
            if process.poll() is not None:
                break
            time.sleep(0.1)
        _end(process)
        raise RuntimeError(f"Spark did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster that is stopped whatever happens. Skips the test where there is no Java or no PySpark."""
    pyspark = pytest.importorskip("pyspark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("a Spark cluster needs Java 17, and there is no `java`")
    cluster = Cluster(folder, Path(pyspark.__file__).parent)
    try:
        cluster.add_workers(workers)
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def session_of(cluster: Cluster, folder: Path, **settings: str) -> Iterator[Any]:
    """A session of a cluster that ends with the block."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master(cluster.master).appName("tests")
        said = {"ui.enabled": "false", "driver.host": "127.0.0.1", "driver.bindAddress": "127.0.0.1"}
        said |= {"sql.shuffle.partitions": "2", "sql.warehouse.dir": str(folder), "log.level": "ERROR"}
        said |= {
            "driver.extraJavaOptions": _QUICK,
            "executor.extraJavaOptions": _QUICK,
            "ui.showConsoleProgress": "false",
        }
        for key, value in (said | settings).items():
            builder = builder.config(f"spark.{key}", value)
        session = builder.getOrCreate()
        try:
            yield session
        finally:
            session.stop()


def _die_with_us() -> None:
    """Has the kernel kill this process when the one that started it is gone, however that ended."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
