"""How fast is zpix on this machine, beside other implementations of the same work?"""

from zpix.speed.figures import Benchmark
from zpix.speed.shapes import SHAPES, Backbone, make_contest

__all__ = ["SHAPES", "Backbone", "Benchmark", "make_contest"]
