"""A field searched by the workers of a dask cluster is the field searched by one process, whoever dies meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zpix.catalogue import read_catalogue
from zpix.jobs.run import write_run
from zpix.search import computing_with
from zpix.search.searcher import Searcher

distributed = pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # dask's own


def stop_at_the_first_tile(place: str) -> None:
    """Make the process it runs in say that it has begun a tile, and then do nothing."""

    def stuck(*_arguments):
        (Path(place) / str(os.getpid())).touch()
        time.sleep(600)

    Searcher._predict = stuck  # type: ignore[method-assign]


@pytest.fixture
def forked_workers(monkeypatch) -> Iterator[None]:
    """Workers begin as copies of one process that has loaded what they need, not one after the other anew."""
    dask = pytest.importorskip("dask")
    monkeypatch.setattr("distributed.utils._forkserver_preload_set", True)  # dask's own list lacks the search
    multiprocessing.get_context("forkserver").set_forkserver_preload(["distributed", "zpix.search.block"])
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are forked on Linux alone")
@pytest.mark.usefixtures("forked_workers")
def test_a_killed_worker_leaves_no_trace(tmp_path, blob_field, tiny_model, blob_search):
    with computing_with(1):  # as in dask's workers
        write_run(blob_field, out=tmp_path / "here", model=tiny_model, config=blob_search)
    stuck = tmp_path / "stuck"
    stuck.mkdir()
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
        ThreadPoolExecutor(1) as user,
        computing_with(1),
    ):
        client.run(stop_at_the_first_tile, str(stuck))
        result = user.submit(
            write_run,
            blob_field,
            out=tmp_path / "cluster",
            model=tiny_model,
            config=blob_search,
            scheduler=cluster.scheduler_address,
        )
        deadline = time.monotonic() + 60
        while not list(stuck.iterdir()) and time.monotonic() < deadline and not result.done():
            time.sleep(0.05)
        (pid,) = (int(path.name) for path in stuck.iterdir())  # it has begun a block
        os.kill(pid, signal.SIGKILL)  # its successor is not stuck
        assert result.result(timeout=120).tiles == 3
    here, there = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.name != "run.json"}
        for name in ("here", "cluster")
    )
    assert here == there


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_the_example_for_a_laptop(tmp_path, blob_field, tiny_model, quick_programs):
    """As a program, since the processes of its cluster begin with its first lines."""
    script = ["python", EXAMPLES / "laptop_cluster.py", blob_field, "--model", tiny_model]
    subprocess.run(
        [*script, "--out", tmp_path / "result", "--workers", "1"], check=True, timeout=120, env=quick_programs
    )
    assert len(read_catalogue(tmp_path / "result" / "catalogue.parquet"))


@pytest.mark.slow
def test_the_example_for_slurm_with_another_cluster_in_its_place(tmp_path, blob_field, tiny_model, capsys):
    def threads(jobs: int) -> distributed.LocalCluster:
        return distributed.LocalCluster(n_workers=1, threads_per_worker=jobs, processes=False, dashboard_address=":0")

    example = runpy.run_path(str(EXAMPLES / "slurm_cluster.py"))
    arguments = [str(blob_field), "--out", str(tmp_path / "result"), "--model", str(tiny_model), "--jobs", "2"]
    example["main"](arguments, threads)
    assert capsys.readouterr().out == f"{len(read_catalogue(tmp_path / 'result' / 'catalogue.fits'))} sources in " + (
        f"{tmp_path / 'result'}\n"
    )


def test_the_example_for_slurm_asks_for_jobs_that_dask_jobqueue_knows(monkeypatch):
    jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    scripts = []

    class Unstarted(jobqueue.SLURMCluster):
        def adapt(self, **_limits):
            scripts.append(self.job_script())

    monkeypatch.setattr("dask_jobqueue.SLURMCluster", Unstarted)
    runpy.run_path(str(EXAMPLES / "slurm_cluster.py"))["slurm_cluster"](3).close()
    for wanted in ("#SBATCH --cpus-per-task=8", "--nworkers 8 ", "--nthreads 1 ", "--memory-limit 3.73GiB"):
        assert wanted in scripts[0]
