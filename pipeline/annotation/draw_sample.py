"""Draw units to label: the function behind `frames sample`.

Samples for estimates are probability samples of the whole source: every unit has a known chance above zero.
Copies are units like others, so that this stays true; the column `cluster` marks those
of one substance within the sample, and who labels may copy the label. Leaving out what was labelled before would
make the chance of those units zero, so it is refused for estimates: with the same seed and purpose a larger random
sample contains the smaller one, and labels of that one are reused by id. Samples of different purposes are drawn
independently of each other, whatever the seed.

A sample keeps what its units said (`text_digest`) and from how many it was drawn (see `sampling_frame`).
Where the source has grown since, `draw_sample(..., tops_up=OLD)` draws from what could not be drawn then.
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
from numpy.typing import NDArray

from pipeline.annotation.active_design import draw_active, measure_uncertainty
from pipeline.annotation.coded_table import say_count
from pipeline.annotation.population import Population, UnitKind, open_population
from pipeline.annotation.probability_designs import (
    Allocation,
    Draw,
    draw_random,
    draw_scored,
    draw_stratified,
    number_units,
)
from pipeline.annotation.sample_files import SAMPLE_COLUMNS, is_unit_code, read_id
from pipeline.annotation.sampling_frame import DrawnFrame
from pipeline.annotation.similar_design import MOST_READ, draw_similar
from pipeline.annotation.top_up import EarlierSample
from pipeline.classifiers.protocols import Progress
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.copies.near_duplicates import cluster_texts, find_statements
from pipeline.data.labels.label_cells import PROPOSED
from pipeline.data.tables.table_files import read_records
from pipeline.errors import ConfigError, DataError, shorten

Design = Literal["random", "stratified", "scored", "active", "similar"]
Purpose = Literal["estimate", "test", "train"]
UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """How a sample is drawn.

    Attributes:
        size: units wanted.
        design: see `pipeline.annotation.probability_designs` and `active_design`.
        purpose: "estimate" for frame shares, "test" for test sets, "train" for training alone; active and similar are
            always train. Samples of two purposes are independent.
        unit: what is labelled.
        strata: columns whose values together name a stratum: channel, month.
        allocation: of a stratified sample.
        minimum: units of each stratum.
        random_share: of an active or similar sample.
        frame: for whose share a scored sample is drawn; None for all frames alike.
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
    frame: str | None = None
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


def draw_sample(
    source: Path,
    settings: SampleSettings,
    exclude: Sequence[Path] = (),
    *,
    tops_up: Path | None = None,
    encoding: str | None = None,
    codebook: Codebook | None = None,
    progress: Progress = lambda *_: None,
) -> Sample:
    """Draw units from an output folder of `frames predict` or a posts table.

    Args:
        source: the folder or the Parquet file.
        settings: size, design, purpose.
        exclude: files with a column id; units of these ids are left out (training only).
        tops_up: an earlier sample of this source; only units are drawn that could not be drawn then, and the codes
            of both together estimate shares of all.
        encoding: of the files to exclude and of the earlier sample, where they are text that is not UTF-8.
        codebook: that a similar sample is like.
        progress: told how far it is.

    Raises:
        ConfigError: settings that contradict one another.
        DataError: the source or a file cannot be used, a file holds codes in place of ids, or has too few units.
    """
    check_settings(settings, exclude)
    if (settings.design == "similar") != (codebook is not None):
        raise ConfigError(
            "--design similar is for units that are like a codebook's frames: give both, --codebook too"
        )
    population = open_population(source, settings.unit, with_scores=settings.design in {"scored", "active"})
    notes = list(population.notes)
    excluded = {
        read_id(record.cells.get("id"), record.where)
        for path in exclude
        for record in read_records(path, encoding)
    }
    if codes := sorted(filter(is_unit_code, excluded)):
        raise DataError(
            f"--exclude: '{shorten(codes[0], 80)}' is a code that label-export gave in place of an id; give the "
            "sample itself, or what label-import wrote"
        )
    earlier = _read_earlier(tops_up, settings, encoding) if tops_up else None
    identity = {**_name_settings(settings), "source": _fingerprint(population), "excluded": sorted(excluded)}
    if earlier:
        identity["tops_up"] = earlier.sample_id
    sample_id = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    frame = DrawnFrame.of(population.units)
    if exclude:
        population, more = _leave_out(population, excluded)
        notes += more
    if earlier:
        population, more = earlier.leave_out(population)
        notes += more
    proposed: list[tuple[str, ...]] = []
    if codebook is not None:
        drawn, proposed = _draw_similar(population, settings, codebook, progress)
        notes.append(_note_similar(len(population)))
    else:
        drawn = _draw(population, settings)
    common = {
        "design": settings.design,
        "purpose": settings.purpose,
        "sample_id": sample_id,
        "tops_up": earlier.sample_id if earlier else None,
        **frame.to_cells(),
    }
    rows = _describe(population, drawn, common)
    rows = (
        [row | {PROPOSED: list(frames)} for row, frames in zip(rows, proposed, strict=True)]
        if proposed
        else rows
    )
    return Sample(rows, sample_id, len(population), (*notes, *_note_copies(rows, settings.purpose)))


def _name_settings(settings: SampleSettings) -> dict[str, Any]:
    """The settings, without those that came later and are not used: ids of earlier samples stay what they were."""
    return {name: value for name, value in asdict(settings).items() if name != "frame" or value is not None}


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
    if settings.frame is not None and settings.design != "scored":
        raise ConfigError(
            "--frame is for --design scored, which draws more where the model doubts that frame"
        )
    if settings.purpose == "train":
        return
    if settings.design in {"active", "similar"}:
        by = "the model's doubts" if settings.design == "active" else "what they are like"
        raise ConfigError(
            f"--design {settings.design} chooses units by {by}, so nothing can be estimated from them: give "
            "--purpose train, or --design random or stratified"
        )
    if exclude:
        raise ConfigError(
            f"--exclude with --purpose {settings.purpose}: what is left out could not be drawn, so shares would hold "
            "for the rest only. Draw a larger sample with the same --seed (a random one contains the smaller one, "
            "whose labels stay valid), draw from what was added since with --top-up SAMPLE, or give --purpose train"
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
    numbers = number_units(population.units, _seed_of(settings))
    if settings.design == "random":
        return draw_random(numbers, settings.size)
    if settings.design == "stratified":
        strata = name_strata(population.units, settings.strata)
        return draw_stratified(numbers, strata, settings.size, settings.allocation, settings.minimum)
    if population.probabilities is None or population.decided is None:
        raise AssertionError("such a design opens its population with scores")
    if settings.design == "scored":
        return draw_scored(
            numbers, _measure_doubt(population, settings.frame), settings.size, settings.minimum
        )
    return draw_active(
        numbers,
        measure_uncertainty(population.probabilities, population.decided),
        lambda rows: list(population.read_texts(rows)["text"]),
        settings.size,
        settings.random_share,
    )


def _draw_similar(
    population: Population, settings: SampleSettings, codebook: Codebook, progress: Progress
) -> tuple[Draw, list[tuple[str, ...]]]:
    return draw_similar(
        number_units(population.units, _seed_of(settings)),
        lambda rows: list(population.read_texts(rows)["text"]),
        codebook,
        settings.size,
        settings.random_share,
        progress=progress,
    )


def _note_similar(n: int) -> str:
    read = f"; {MOST_READ:,} of the {n:,} units were compared, drawn by chance" if n > MOST_READ else ""
    return (
        f"the column {PROPOSED} says which frame's texts brought a unit: a place to look, no code, and no figure may "
        f"rest on it{read}. Code the sample without it (frames label-export leaves it out)"
    )


def _measure_doubt(population: Population, frame: str | None) -> NDArray[np.float64]:
    """sqrt(p(1 - p)) of each unit for one frame; for all, the root of the mean of p(1 - p) over frames, shape (N,).

    Raises:
        ConfigError: no such frame.
    """
    if frame is not None and frame not in population.frame_ids:
        raise ConfigError(f"--frame {frame}: expected one of {', '.join(population.frame_ids)}")
    chosen = [i for i, name in enumerate(population.frame_ids) if frame in {None, name}]
    p = np.asarray(population.probabilities, np.float64)[:, chosen]
    return np.asarray(np.sqrt(np.clip(p * (1 - p), 0, None).mean(axis=1)))


def _seed_of(settings: SampleSettings) -> int:
    """Seed and purpose together. Estimates keep the plain seed: their earlier samples stay part of larger ones."""
    if settings.purpose == "estimate":
        return settings.seed
    mixed = hashlib.sha256(f"{settings.purpose} {settings.seed}".encode()).digest()
    return int.from_bytes(mixed[:8], "big")


def name_strata(units: pd.DataFrame, strata: Sequence[str]) -> "pd.Series[str]":
    """The stratum of each unit: its channel, month (UTC) or both with "|" between."""
    parts = {
        "channel": units["channel"].astype(str),
        "month": units["published_at"].dt.strftime("%Y-%m").fillna(UNDATED),
    }
    first, *others = (parts[name] for name in strata)
    named: pd.Series[str] = first.str.cat(others, sep="|") if others else first
    return named


def _read_earlier(path: Path, settings: SampleSettings, encoding: str | None) -> EarlierSample:
    if settings.purpose == "train":
        raise ConfigError("--top-up is for estimates: to train, --exclude leaves out what is labelled")
    return EarlierSample.read(path, settings.unit, encoding)


def _describe(population: Population, drawn: Draw, common: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows by SAMPLE_COLUMNS; `common` are the values that all of them share."""
    units = population.units.iloc[drawn.rows]
    texts = population.read_texts(drawn.rows)
    ids = population.ids(drawn.rows)
    channels = list(units["channel"].astype(str))
    clusters = cluster_texts(list(texts["text"]), channels=channels)
    statements = find_statements(list(texts["text"]), channels=channels)
    rows = (
        {
            "id": ids[i],
            "unit": population.kind,
            "text": texts["text"].iloc[i],
            "channel": str(units["channel"].iloc[i]),
            "published_at": _as_datetime(units["published_at"].iloc[i]),
            "stratum": str(drawn.strata[i]),
            "inclusion_probability": float(drawn.inclusion[i]),
            **common,
            "cluster": ids[int(clusters[i])],
            "text_digest": texts["digest"].iloc[i],
            "lang": units["lang"].iloc[i],
            "statement": ids[int(statements[i])],
            "before": texts["before"].iloc[i],
            "after": texts["after"].iloc[i],
        }
        for i in range(len(ids))
    )
    return [{name: row[name] for name in SAMPLE_COLUMNS} for row in rows]


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
    same = len(rows) - len({row["statement"] for row in rows})
    remedy = "all of them count in estimates, so label all"
    if purpose == "train":
        remedy = "copies teach a model little, so label one of a cluster"
    are_copies = say_count(copies, "unit is a copy", "units are copies")
    where = f"copy a label only where `statement` is equal too ({same} of them; a coder's table has a number there)"
    differs = "elsewhere a negation, number, name or more differs"
    return [f"{are_copies} of others in the sample (equal `cluster`): {remedy}; {where}: {differs}"]
