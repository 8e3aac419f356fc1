"""From blocks of tiles to the sources of a field, in one process or many."""

from zpix.search.blocks import Block, make_blocks
from zpix.search.predictor import Predictor
from zpix.search.seams import SEAM_PIX, claimed, keep_owned, seen_once
from zpix.search.workers import choose_at_once, choose_threads, choose_workers, computing_with, in_processes, on_cluster

__all__ = [
    "SEAM_PIX",
    "Block",
    "Predictor",
    "choose_at_once",
    "choose_threads",
    "choose_workers",
    "claimed",
    "computing_with",
    "in_processes",
    "keep_owned",
    "make_blocks",
    "on_cluster",
    "seen_once",
]
