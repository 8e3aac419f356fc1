"""How fast is zpix on this machine, and how fast are others at the same?"""

from zpix.speed.bench import PARTS, bench
from zpix.speed.figures import Benchmark

__all__ = ["PARTS", "Benchmark", "bench"]
