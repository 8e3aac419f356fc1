"""Search a field on the nodes of a SLURM cluster.

python examples/slurm_cluster.py /shared/MOSAICS --out /shared/result --jobs 16

Needs `pip install 'zpix[scale]' dask-jobqueue`, and mosaics, model and result in directories that all nodes see. Start
it on a login node or in a job of its own; if it ends early, the same command goes on after the finished blocks.
Adapt partition, time and memory in `slurm_cluster` to your machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import zpix


def slurm_cluster(jobs: int) -> Any:
    """A dask cluster whose workers are SLURM jobs, each with 8 processes of one core and 4 GB."""
    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        queue="standard",
        cores=8,
        processes=8,  # one thread each: zpix searches one block at a time in a process
        memory="32GB",
        walltime="02:00:00",
        local_directory="$TMPDIR",
        worker_extra_args=["--lifetime", "115m", "--lifetime-stagger", "4m"],  # end before SLURM ends them
    )
    cluster.adapt(minimum_jobs=1, maximum_jobs=jobs)  # jobs that ran out of time are replaced
    return cluster


def main(arguments: Sequence[str] | None = None, make_cluster: Callable[[int], Any] = slurm_cluster) -> None:
    """Search a field on a cluster of SLURM jobs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("mosaics", type=Path, help="directory of FITS mosaics")
    options.add_argument("--out", type=Path, required=True, help="directory to write to")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--jobs", type=int, default=4, help="SLURM jobs at most")
    asked = options.parse_args(arguments)

    with make_cluster(asked.jobs) as cluster:
        catalogue = zpix.run(asked.mosaics, out=asked.out, model=asked.model, scheduler=cluster.scheduler_address)
    print(f"{len(catalogue)} sources in {asked.out}")


if __name__ == "__main__":
    main()
