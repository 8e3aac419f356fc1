"""What was measured, and how is it told?"""

from __future__ import annotations

from dataclasses import dataclass, field

from zpix.speed.contenders import STAGES
from zpix.speed.machine import Machine
from zpix.speed.network import Race
from zpix.speed.scaling import Scaling

Table = tuple[str, list[str], list[list[str]]]


@dataclass(frozen=True)
class TrainingRate:
    """Images per second of a network's training."""

    network: str
    processes: int
    threads: int
    images_per_second: float


@dataclass(frozen=True)
class Benchmark:
    """What was measured, on which machine; None where it was not asked for.

    Attributes
    ----------
    network : the network of the race and of the scaling
    size : side of a tile in pixels
    rounds, processes : of the race; each process has one thread
    gflop_per_tile : arithmetic of the network on the tile, 10⁹ operations
    """

    machine: Machine
    network: str
    size: int
    rounds: int
    processes: int
    gflop_per_tile: float | None = None
    race: Race | None = None
    training: list[TrainingRate] = field(default_factory=list)
    simulated_tiles_per_second: float | None = None
    windows_per_second: float | None = None
    scaling: Scaling | None = None

    def tables(self) -> list[Table]:
        """Everything as text."""
        tables = []
        if self.race is not None:
            tables += [self._race_table(self.race), self._stage_table(self.race)]
        if self.training:
            rows = [[r.network, f"{r.processes} × {r.threads}", f"{r.images_per_second:.2f}"] for r in self.training]
            title = f"Training on images of {self.size} × {self.size} pixels"
            tables.append((title, ["network", "processes × threads", "images/s"], rows))
        others = [
            ("simulated tiles", self.processes, self.simulated_tiles_per_second),
            ("windows of nine bands read from FITS", 1, self.windows_per_second),
        ]
        rows = [[name, str(number), f"{rate:.2f}"] for name, number, rate in others if rate is not None]
        if rows:
            tables.append((f"Images of {self.size} × {self.size} pixels", ["what", "processes", "per second"], rows))
        if self.scaling is not None:
            tables.append(self._scaling_table(self.scaling))
        return tables

    def _race_table(self, result: Race) -> Table:
        rivals = [name for name in result.rounds if not name.startswith("zpix")]
        rows = []
        for name in result.rounds:
            seconds = result.seconds_per_tile(name)
            row = [name, f"{1e3 * seconds:.0f}", f"{1e3 * result.computing(name):.0f}", f"{1 / seconds:.2f}"]
            rows.append([*row, str(result.sources(name)), *(f"{result.ratio(rival, name):.2f}" for rival in rivals)])
        title = (
            f"{self.network}: tiles of {self.size} × {self.size} pixels to sources with masks and redshifts,"
            f" {self.gflop_per_tile:.0f} GFLOP each; {self.processes} × 1 thread, median of {self.rounds} rounds"
        )
        header = ["implementation", "ms per tile", "CPU ms", "tiles/s", "sources", *(f"times {r}" for r in rivals)]
        return title, header, rows

    @staticmethod
    def _stage_table(result: Race) -> Table:
        stages = {name: result.stage_seconds(name) for name in result.rounds}
        rows = [[stage, *(f"{1e3 * own[stage]:.1f}" for own in stages.values())] for stage in STAGES]
        return "Where the time of a process goes, ms per tile", ["stage", *stages], rows

    def _scaling_table(self, result: Scaling) -> Table:
        rows = [[f"{n} tiles, 1 process", f"{1e3 * s:.1f} ms per tile"] for n, s in result.seconds_per_tile.items()]
        rows.append(["most costly field over least costly", f"{1 + result.spread:.3f}"])
        if result.processes > 1:
            rows.append([f"{result.processes} processes over one", f"times {result.gain:.2f}"])
        title = f"Scaling of the chain in memory, {self.network}, {result.sources} sources in the largest field"
        return title, ["field", "cost"], rows
