"""Topping up: what was added to a source since a sample was drawn from it, so that both together stand for all."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.annotation.population import Population
from pipeline.annotation.sample_files import read_sample
from pipeline.annotation.sampling_frame import FRAME_COLUMNS, DrawnFrame
from pipeline.errors import DataError


@dataclass(frozen=True, slots=True)
class EarlierSample:
    """A sample that is topped up: its name and the units that it could be drawn from."""

    path: Path
    sample_id: str
    frame: DrawnFrame

    @staticmethod
    def read(path: Path, unit: str, encoding: str | None = None) -> "EarlierSample":
        """Of a sample file; where it holds a top-up with what that topped up, of both together.

        Raises:
            DataError: no sample with a frame, or one of another unit.
        """
        rows = read_sample(path, encoding)
        frames = {
            str(row["sample_id"]): frame for row in rows if (frame := DrawnFrame.from_cells(row)) is not None
        }
        if not frames:
            raise DataError(
                f"{path}: does not say from which units it was drawn (columns {', '.join(FRAME_COLUMNS)}), so what was "
                "added since cannot be told; draw a new sample"
            )
        if others := {str(row["unit"]) for row in rows} - {unit}:
            raise DataError(f"{path}: a sample of {others.pop()}s; give --unit to match")
        sample_id = max(frames, key=lambda name: frames[name].units)
        return EarlierSample(path, sample_id, frames[sample_id])

    def leave_out(self, population: Population) -> tuple[Population, list[str]]:
        """What could not be drawn then.

        Raises:
            DataError: nothing was added.
        """
        then = self.frame.find_units(population.units)
        if then.all():
            raise DataError(
                f"{self.path}: was drawn from all {len(population):,} units that are there: nothing to top up"
            )
        note = (
            f"drawn from the {int((~then).sum()):,} units that were added after sample {self.sample_id} was drawn from "
            f"{self.frame.units:,}; give both to frames shares: --sample {self.path} --sample THIS"
        )
        return population.subset(np.flatnonzero(~then)), [note]
