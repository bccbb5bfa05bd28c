"""Draw units to label: the function behind `frames sample`.

Samples for estimates are probability samples of the whole source: every unit has a known chance above zero.
Forwards and near-duplicates are units like others, so that this stays true; the column `cluster` marks those
of one substance within the sample, and who labels may copy the label. Leaving out what was labelled before would
make the chance of those units zero, so it is refused for estimates: with the same seed a larger random sample
contains the smaller one, and labels of that one are reused by id.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipeline.annotation.active_design import draw_active, measure_uncertainty
from pipeline.annotation.coded_table import say_count
from pipeline.annotation.population import Population, UnitKind, open_population
from pipeline.annotation.probability_designs import (
    Allocation,
    Draw,
    draw_random,
    draw_stratified,
    number_units,
)
from pipeline.annotation.record_files import read_records
from pipeline.annotation.sample_files import is_unit_code, read_id
from pipeline.data.near_duplicates import cluster_texts
from pipeline.errors import ConfigError, DataError, shorten

Design = Literal["random", "stratified", "active"]
Purpose = Literal["estimate", "train"]
UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """How a sample is drawn.

    Attributes:
        size: units wanted.
        design: see `pipeline.annotation.probability_designs` and `active_design`.
        purpose: "estimate" for test sets and frame shares, "train" for training alone; active is always train.
        unit: what is labelled.
        strata: columns whose values together name a stratum: channel, month.
        allocation: of a stratified sample.
        minimum: units of each stratum.
        random_share: of an active sample.
        seed: the same seed, settings and source give the same sample.
    """

    size: int
    design: Design = "random"
    purpose: Purpose = "estimate"
    unit: UnitKind = "sentence"
    strata: tuple[str, ...] = ("channel", "month")
    allocation: Allocation = "proportional"
    minimum: int = 2
    random_share: float = 0.2
    seed: int = 42


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn.

    Attributes:
        rows: by SAMPLE_COLUMNS, in random order.
        sample_id: hash of settings and source.
        population: how many units there were to draw from.
        notes: what a reader has to know.
    """

    rows: list[dict[str, Any]]
    sample_id: str
    population: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """What was drawn, without the texts."""
        return {
            "sample_id": self.sample_id,
            "size": len(self.rows),
            "population": self.population,
            "strata": dict(sorted(Counter(row["stratum"] for row in self.rows).items())),
            "notes": list(self.notes),
        }


def draw_sample(source: Path, settings: SampleSettings, exclude: Sequence[Path] = ()) -> Sample:
    """Draw units from an output folder of `frames predict` or a posts table.

    Args:
        source: the folder or the Parquet file.
        settings: size, design, purpose.
        exclude: files with a column id; units of these ids are left out (training only).

    Raises:
        ConfigError: settings that contradict one another.
        DataError: the source or a file cannot be used, a file holds codes in place of ids, or has too few units.
    """
    check_settings(settings, exclude)
    population = open_population(source, settings.unit, with_scores=settings.design == "active")
    notes = list(population.notes)
    excluded = {
        read_id(record.cells.get("id"), record.where) for path in exclude for record in read_records(path)
    }
    if codes := sorted(filter(is_unit_code, excluded)):
        raise DataError(
            f"--exclude: '{shorten(codes[0], 80)}' is a code that label-export gave in place of an id; give the "
            "sample itself, or what label-import wrote"
        )
    identity = {**asdict(settings), "source": _fingerprint(population), "excluded": sorted(excluded)}
    sample_id = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    if exclude:
        population, more = _leave_out(population, excluded)
        notes += more
    drawn = _draw(population, settings)
    rows = _describe(population, drawn, settings, sample_id)
    return Sample(rows, sample_id, len(population), (*notes, *_note_copies(rows, settings.purpose)))


def check_settings(settings: SampleSettings, exclude: Sequence[Path] = ()) -> None:
    """Refuse settings that would give a sample which is not what its purpose says.

    Raises:
        ConfigError: names the options.
    """
    if settings.size < 1 or settings.minimum < 1:
        raise ConfigError("--size and --minimum: expected at least 1")
    if not 0 <= settings.random_share <= 1:
        raise ConfigError(f"--random-share {settings.random_share}: expected a number from 0 to 1")
    if not settings.strata or not set(settings.strata) <= {"channel", "month"}:
        raise ConfigError(f"--strata {','.join(settings.strata)}: expected channel, month, or channel,month")
    if settings.purpose != "estimate":
        return
    if settings.design == "active":
        raise ConfigError(
            "--design active chooses units by the model's doubts, so nothing can be estimated from them: give "
            "--purpose train, or --design random or stratified"
        )
    if exclude:
        raise ConfigError(
            "--exclude with --purpose estimate: what is left out could not be drawn, so shares would hold for "
            "the rest only. Draw a larger sample with the same --seed (a random one contains the smaller one, "
            "whose labels stay valid), or give --purpose train"
        )


def _leave_out(population: Population, excluded: set[str]) -> tuple[Population, list[str]]:
    everything = np.arange(len(population))
    kept = np.array([unit_id not in excluded for unit_id in population.ids(everything)], bool)
    n_left_out = int((~kept).sum())
    note = (
        f"{n_left_out} of {len(population)} units left out as labelled before ({len(excluded)} ids given); inclusion "
        "probabilities hold for the rest: no estimates from this sample"
    )
    return population.subset(np.flatnonzero(kept)), [note]


def _draw(population: Population, settings: SampleSettings) -> Draw:
    numbers = number_units(population.units, settings.seed)
    if settings.design == "random":
        return draw_random(numbers, settings.size)
    if settings.design == "stratified":
        strata = name_strata(population.units, settings.strata)
        return draw_stratified(numbers, strata, settings.size, settings.allocation, settings.minimum)
    if population.probabilities is None or population.decided is None:
        raise AssertionError("an active design opens its population with scores")
    return draw_active(
        numbers,
        measure_uncertainty(population.probabilities, population.decided),
        lambda rows: list(population.read_texts(rows)["text"]),
        settings.size,
        settings.random_share,
    )


def name_strata(units: pd.DataFrame, strata: Sequence[str]) -> "pd.Series[str]":
    """The stratum of each unit: its channel, month (UTC) or both with "|" between."""
    parts = {
        "channel": units["channel"].astype(str),
        "month": units["published_at"].dt.strftime("%Y-%m").fillna(UNDATED),
    }
    first, *others = (parts[name] for name in strata)
    named: pd.Series[str] = first.str.cat(others, sep="|") if others else first
    return named


def _describe(
    population: Population, drawn: Draw, settings: SampleSettings, sample_id: str
) -> list[dict[str, Any]]:
    units = population.units.iloc[drawn.rows]
    texts = population.read_texts(drawn.rows)
    ids = population.ids(drawn.rows)
    clusters = cluster_texts(list(texts["text"]))
    return [
        {
            "id": ids[i],
            "unit": settings.unit,
            "text": texts["text"].iloc[i],
            "channel": str(units["channel"].iloc[i]),
            "published_at": _as_datetime(units["published_at"].iloc[i]),
            "stratum": str(drawn.strata[i]),
            "inclusion_probability": float(drawn.inclusion[i]),
            "design": settings.design,
            "purpose": settings.purpose,
            "sample_id": sample_id,
            "cluster": ids[int(clusters[i])],
            "before": texts["before"].iloc[i],
            "after": texts["after"].iloc[i],
        }
        for i in range(len(ids))
    ]


def _as_datetime(moment: pd.Timestamp) -> Any:
    return None if pd.isna(moment) else moment.to_pydatetime()


def _fingerprint(population: Population) -> dict[str, Any]:
    """Of keys, and of scores where they decide: independent of row order and folder."""
    parts = [int(np.bitwise_xor.reduce(number_units(population.units, 0)))]
    if population.probabilities is not None:
        parts.append(round(float(population.probabilities.sum(dtype=np.float64)) * 1e6))
    return {"n": len(population), "digest": parts}


def _note_copies(rows: Sequence[dict[str, Any]], purpose: Purpose) -> list[str]:
    copies = len(rows) - len({row["cluster"] for row in rows})
    if not copies:
        return []
    remedy = "all of them count in estimates, so label all, or copy the label within a cluster"
    if purpose == "train":
        remedy = "copies teach a model little, so label one and copy the label within its cluster"
    are_copies = say_count(
        copies, "unit is a forward or near-duplicate", "units are forwards or near-duplicates"
    )
    return [f"{are_copies} of others in the sample (equal `cluster`): {remedy}"]
