"""Which speeds were measured, and how are they shown?"""

from __future__ import annotations

from dataclasses import dataclass, field

from zpix.outputs import TextTable
from zpix.speed.contenders import STAGES
from zpix.speed.machine import Machine
from zpix.speed.network import Race
from zpix.speed.rates import Rate
from zpix.speed.scaling import Scaling


@dataclass(frozen=True)
class TrainingRate:
    """Speed of the training of a network.

    Attributes
    ----------
    network : str
        Shape of the network in words.
    processes : int
        Number of processes.
    threads : int
        Threads of each.
    images : Rate
        Images per second of all processes, and their cost.
    """

    network: str
    processes: int
    threads: int
    images: Rate


@dataclass(frozen=True)
class Benchmark:
    """Speeds measured on one machine; what was not asked for is None.

    Attributes
    ----------
    machine : Machine
        Where it was measured.
    network : str
        Network of the race and of the scaling, in words.
    size : int, pixels
        Side of a tile.
    rounds : int
        Rounds of the race.
    processes : int
        Processes of the race, of one thread each.
    gflop_per_tile : float or None
        Arithmetic of the network on a tile, 10⁹ operations.
    race : Race or None
        Times of the implementations of the network.
    training : list of TrainingRate
        Speed of training, of each network and number of processes.
    simulated_tiles : Rate or None
        Simulated tiles per second.
    windows : Rate or None
        Windows of nine bands per second, read from FITS.
    scaling : Scaling or None
        Cost of a tile against the number of tiles.
    """

    machine: Machine
    network: str
    size: int
    rounds: int
    processes: int
    gflop_per_tile: float | None = None
    race: Race | None = None
    training: list[TrainingRate] = field(default_factory=list)
    simulated_tiles: Rate | None = None
    windows: Rate | None = None
    scaling: Scaling | None = None

    def tables(self) -> list[TextTable]:
        """Return all figures as text.

        Returns
        -------
        list of TextTable
            A table for each part that was measured.
        """
        tables = []
        if self.race is not None:
            tables += [self._race_table(self.race), self._stage_table(self.race)]
        pieces: list[tuple[str, str, Rate | None]] = [
            (f"training, {t.network}", f"{t.processes} × {t.threads}", t.images) for t in self.training
        ]
        pieces.append(("simulated tiles", f"{self.processes} × 1", self.simulated_tiles))
        pieces.append(("windows of nine bands read from FITS", "1 × 1", self.windows))
        rows = [
            [what, layout, f"{rate.per_second:.2f}", f"{1e3 * rate.computed:.0f}"]
            for what, layout, rate in pieces
            if rate is not None
        ]
        if rows:
            title = f"Other work on images of {self.size} × {self.size} pixels"
            tables.append((title, ["work", "processes × threads", "images/s", "CPU ms per image"], rows))
        if self.scaling is not None:
            tables.append(self._scaling_table(self.scaling))
        return tables

    def _race_table(self, result: Race) -> TextTable:
        """Times and ratios of the implementations."""
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
    def _stage_table(result: Race) -> TextTable:
        """Time of each stage."""
        stages = {name: result.stage_seconds(name) for name in result.rounds}
        rows = [[stage, *(f"{1e3 * own[stage]:.1f}" for own in stages.values())] for stage in STAGES]
        return "Time of each stage in one process, ms per tile", ["stage", *stages], rows

    def _scaling_table(self, result: Scaling) -> TextTable:
        """Cost of a tile in fields of several sizes."""
        rows = [[f"{n} tiles", f"{1e3 * c.passed:.1f}", f"{1e3 * c.computed:.1f}"] for n, c in result.per_tile.items()]
        rows.append(["most costly over least costly", "", f"{1 + result.spread:.3f}"])
        if result.processes > 1:
            rows.append([f"rate of {result.processes} processes over one", f"{result.gain:.2f}", ""])
        title = f"Scaling of the chain in memory, {self.network}, {result.sources} sources in the largest field"
        return title, ["field", "ms per tile", "CPU ms per tile"], rows
