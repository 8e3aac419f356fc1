"""Search a field with a dask cluster on one machine, to try the steps that many machines need.

python examples/laptop_cluster.py MOSAICS --out result

On a single machine `zpix run MOSAICS --out result --workers 4` does the same more simply.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from distributed import LocalCluster

import zpix


def main() -> None:
    """Search a field on a cluster of this machine."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("mosaics", type=Path, help="directory of FITS mosaics")
    options.add_argument("--out", type=Path, required=True, help="directory to write to")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--workers", type=int, default=2, help="processes")
    asked = options.parse_args()

    # One thread each: zpix searches one block at a time in a process.
    with LocalCluster(n_workers=asked.workers, threads_per_worker=1, dashboard_address=None) as cluster:
        catalogue = zpix.run(asked.mosaics, out=asked.out, model=asked.model, scheduler=cluster.scheduler_address)
    print(f"{len(catalogue)} sources in {asked.out}")


if __name__ == "__main__":
    main()
