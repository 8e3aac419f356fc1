"""A field searched by the workers of a dask cluster is the field searched by one process, whoever dies meanwhile."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
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


@pytest.mark.slow
def test_a_worker_killed_twice_leaves_no_trace(tmp_path, blob_field, tiny_model, blob_search, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as in dask's workers
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:  # as they are
        fresh.submit(write_run, blob_field, out=tmp_path / "here", model=tiny_model, config=blob_search).result()
    stuck = tmp_path / "stuck"
    stuck.mkdir()
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
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
        while len(list(stuck.iterdir())) < 2 and time.monotonic() < deadline and not result.done():
            time.sleep(0.05)
        pids = [int(path.name) for path in stuck.iterdir()]
        assert len(pids) == 2, "each worker has begun a block"
        for pid in pids:  # their successors are not stuck
            os.kill(pid, signal.SIGKILL)
        assert result.result(timeout=120).tiles == 3
    here, there = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.name != "run.json"}
        for name in ("here", "cluster")
    )
    assert here == there


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_the_example_for_a_laptop(tmp_path, blob_field, tiny_model):
    """As a program, since the processes of its cluster begin with its first lines."""
    script = [sys.executable, EXAMPLES / "laptop_cluster.py", blob_field, "--model", tiny_model]
    subprocess.run([*script, "--out", tmp_path / "result", "--workers", "1"], check=True, timeout=120)
    assert len(read_catalogue(tmp_path / "result" / "catalogue.parquet"))


def test_the_example_for_slurm_with_another_cluster_in_its_place(tmp_path, blob_field, tiny_model, capsys):
    def threads(jobs: int) -> distributed.LocalCluster:
        return distributed.LocalCluster(n_workers=1, threads_per_worker=jobs, processes=False, dashboard_address=None)

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
