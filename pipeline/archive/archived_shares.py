"""Shares in an archive: what they rest on is put in, and they are computed from it again."""

import codecs
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from pipeline.annotation.coded_table import Coding
from pipeline.annotation.exchange.spreadsheet import read_table
from pipeline.annotation.label_exchange import read_files
from pipeline.archive.contents import (
    FIGURES,
    POSTS_FILE,
    SENTENCES_FILE,
    TABLE,
    TEXTS,
    ShareRecipe,
    Source,
    read_json,
    write_json,
)
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.errors import DataError, shorten
from pipeline.files.durable_files import new_file
from pipeline.files.file_hashes import file_sha256
from pipeline.prevalence.contrasts import Wanted
from pipeline.prevalence.domains import PostColumns, quote_table
from pipeline.prevalence.labelled_sample import read_labelled_sample
from pipeline.prevalence.score_totals import read_frames, read_parents, sum_scores
from pipeline.prevalence.share_estimates import report_shares
from pipeline.prevalence.share_records import ShareReport
from pipeline.prevalence.share_settings import ShareSettings
from pipeline.prevalence.text_checks import TextChecks, check_texts
from pipeline.prevalence.training_overlap import Replacement
from pipeline.scoring.plain_scores import guard_cells, release_cells, restore_scores, write_plain
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_queries import quote_name
from pipeline.scoring.score_tables import POSTS, SENTENCES
from pipeline.scoring.training_copies import copy_record, place_record

_FIGURES: Final = (
    "unit",
    "confidence",
    "models",
    "sample_ids",
    "estimates",
    "contrasts",
)  # the rest is words
_REPLACED: Final = ("post_key", "sentence_index", "probability")
_MOST_COPIES: Final = 10_000_000


def put_shares(
    folder: Path,
    scores: Path,
    samples: Sequence[Path],
    frames: Sequence[str],
    settings: ShareSettings,
    *,
    with_texts: bool,
) -> tuple[ShareRecipe, ShareReport]:
    """Write what shares rest on into the folder of an archive, and the shares.

    Args:
        folder: of the archive, before it is packed.
        scores: output folder of `frames predict`.
        samples: coded files; none for raw shares alone.
        frames: wanted; none for all.
        settings: of the shares.
        with_texts: put in the texts too.

    Raises:
        DataError: as `report_shares`.
    """
    all_frames = read_frames(scores)
    checks, unit = None, settings.unit or "post"
    if samples:
        sample = read_labelled_sample(
            samples,
            all_frames,
            settings.unit,
            empty_is_coded=settings.empty_is_coded,
            parents=read_parents(scores),
            encoding=settings.encoding,
        )
        unit = sample.unit
        models = sum_scores(scores, unit, all_frames[:1], settings.express_keys()).models
        checks = check_texts(scores, sample, models, all_frames, labels_only=settings.labels_only)
        write_json(folder / TEXTS, _describe_checks(checks))
        if with_texts:
            for model in models:
                copy_record(scores, str(model["bundle_hash"]), folder / "training")
    options = {name: getattr(settings, name) for name in ShareSettings.__dataclass_fields__}
    report = report_shares(scores, samples or None, frames or None, checks=checks, **options)

    _write_scores(folder, scores, unit, with_texts=with_texts)
    for number, path in enumerate(samples):
        read = read_table(path, empty_is_coded=settings.empty_is_coded, encoding=settings.encoding)
        _write_codings(folder / f"sample/{number}.jsonl", read.codings, with_texts=with_texts)
    codebook = draft_codebook("scores", all_frames, mode="multi_label")
    together = [*samples, *settings.codings] if settings.codings else []  # so that annotators are told apart
    reads, _ = read_files(
        together, codebook, empty_is_coded=settings.empty_is_coded, encoding=settings.encoding
    )
    for number, read in enumerate(reads[len(samples) :]):
        _write_codings(folder / f"codings/{number}.jsonl", read.codings, with_texts=with_texts)
    if settings.table is not None:
        _write_table(folder / TABLE, scores, settings.table, settings.domains)
    write_json(folder / FIGURES, {"shares": report.to_json()})
    recipe = ShareRecipe(
        unit=unit,
        all_frames=all_frames,
        frames=tuple(frames or all_frames),
        parents=read_parents(scores),
        domains=settings.domains,
        split_at=settings.split_at,
        timezone=settings.timezone,
        differences=settings.wanted.differences,
        against=settings.wanted.against,
        trend=settings.wanted.trend,
        before_first=settings.wanted.before_first,
        confidence=settings.confidence,
        labels_only=settings.labels_only,
        samples=tuple(map(_describe_source, samples)),
        codings=tuple(map(_describe_source, settings.codings)),
        table=None if settings.table is None else _describe_source(settings.table),
    )
    return recipe, report


def replay_shares(folder: Path, recipe: ShareRecipe, work: Path, *, with_texts: bool) -> tuple[Any, Any]:
    """Compute the shares of an archive again.

    Args:
        folder: of the archive, unpacked.
        recipe: how they were computed.
        work: an empty folder, for scores and table.
        with_texts: whether the archive holds texts, which are looked at again.

    Returns:
        The figures that were archived, and those that were computed, as JSON values.

    Raises:
        DataError: the archive cannot be used.
    """
    out = work / "scores"
    sentences = folder / SENTENCES_FILE
    restore_scores(
        out,
        folder / POSTS_FILE,
        sentences if sentences.is_file() else None,
        recipe.all_frames,
        with_texts=with_texts,
        parents=recipe.parents,
    )
    samples = [folder / f"sample/{number}.jsonl" for number in range(len(recipe.samples))]
    checks = None
    if with_texts:
        for record in sorted((folder / "training").glob("*.npz")):
            place_record(record, out)
    elif samples:
        checks = _read_checks(folder / TEXTS, len(recipe.all_frames))
    settings = ShareSettings(
        unit=recipe.unit,
        domains=recipe.domains,
        split_at=recipe.split_at,
        timezone=recipe.timezone,
        wanted=Wanted(recipe.differences, recipe.against, recipe.trend, before_first=recipe.before_first),
        confidence=recipe.confidence,
        labels_only=recipe.labels_only,
        codings=tuple(folder / f"codings/{number}.jsonl" for number in range(len(recipe.codings))),
        table=_restore_table(folder / TABLE, work) if recipe.table is not None else None,
    )
    options = {name: getattr(settings, name) for name in ShareSettings.__dataclass_fields__}
    report = report_shares(out, samples or None, recipe.frames, checks=checks, **options)
    archived = read_json(folder / FIGURES)
    shares = archived.get("shares") if isinstance(archived, dict) else None
    if not isinstance(shares, dict):
        raise DataError(f"{FIGURES}: holds no shares")
    found = json.loads(json.dumps(report.to_json()))
    return {name: shares.get(name) for name in _FIGURES}, {name: found[name] for name in _FIGURES}


def _write_scores(folder: Path, scores: Path, unit: str, *, with_texts: bool) -> None:
    wanted = [(POSTS, POSTS_FILE)]
    if unit == "sentence" or with_texts:
        wanted.append((SENTENCES, SENTENCES_FILE))
    for table, name in wanted:
        (folder / name).parent.mkdir(exist_ok=True)
        with new_file(folder / name) as stream:
            write_plain(scores, table, stream, with_texts=with_texts)


def _write_codings(path: Path, codings: Sequence[Coding], *, with_texts: bool) -> None:
    path.parent.mkdir(exist_ok=True)
    rows = [coding.to_row() for coding in codings]
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            if not with_texts:
                row["text"] = _digest(row["text"])
                row.pop("rationale", None)  # a language model's, which may quote the text
            stream.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _digest(text: str) -> str:
    """Stands for a text; spacing does not count, as where codings of one unit are compared."""
    words = " ".join(text.split())
    return "sha256:" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def _describe_source(path: Path) -> Source:
    return Source(name=shorten(path.name, 200), sha256=file_sha256(path))


def _describe_checks(checks: TextChecks) -> dict[str, Any]:
    replaced = None
    if checks.replacement is not None:
        units = checks.replacement.units
        replaced = {
            "post_key": list(units["post_key"]),
            "sentence_index": [int(index) for index in units["sentence_index"]],
            "probability": checks.replacement.probability.tolist(),
        }
    return {
        "copies": dict(checks.copies),
        "changed": sorted(checks.changed),
        "replaced": replaced,
        "unknown": list(checks.unknown),
        "note": checks.note,
    }


def _read_checks(path: Path, n_frames: int) -> TextChecks:
    content = read_json(path)
    try:
        copies = {str(unit): _read_number(number) for unit, number in content["copies"].items()}
        changed = frozenset(map(str, content["changed"]))
        unknown, note = tuple(map(str, content["unknown"])), str(content["note"])
        replaced = content["replaced"]
        replacement = None if replaced is None else _read_replacement(replaced, n_frames)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"{path.name}: not what `frames archive` writes: {shorten(error)}") from None
    return TextChecks(copies, changed, replacement, unknown, note)


def _read_number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < _MOST_COPIES:
        raise ValueError("'copies' holds something else than numbers")
    return value


def _read_replacement(content: Mapping[str, Any], n_frames: int) -> Replacement:
    keys, indices, values = (content[name] for name in _REPLACED)
    probability = np.asarray(values, np.float64).reshape(len(keys), n_frames)
    units = pd.DataFrame(
        {"post_key": [str(key) for key in keys], "sentence_index": np.asarray(indices, np.int32)}
    )
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("'probability' holds something else than probabilities")
    return Replacement(units, probability)


def _write_table(path: Path, scores: Path, table: Path, kinds: Sequence[str]) -> None:
    """The columns by which shares are told, of posts in the scores, in the order of their keys."""
    names = ["post_key", *dict.fromkeys(kind for kind in kinds if kind in PostColumns.read(table).names)]
    columns = ", ".join(f"told.{quote_name(name)}::VARCHAR AS {quote_name(name)}" for name in names)
    with open_scores(scores) as connection:
        found = connection.sql(
            f"SELECT {columns} FROM {quote_table(table)} AS told "  # noqa: S608 - names are quoted
            "SEMI JOIN current_posts USING (post_key) ORDER BY told.post_key"
        ).to_arrow_table()
    cells = [guard_cells(column.combine_chunks()) for column in found.columns]
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8)
        pcsv.write_csv(pa.table(cells, names=found.column_names), file)


def _restore_table(path: Path, work: Path) -> Path:
    restored = work / "table.parquet"
    options = pcsv.ConvertOptions(
        null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    try:
        names = pcsv.open_csv(path).schema.names
        options.column_types = dict.fromkeys(names, pa.string())
        found = pcsv.read_csv(
            path, parse_options=pcsv.ParseOptions(newlines_in_values=True), convert_options=options
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path.name}: not a table: {shorten(error)}") from None
    columns = [release_cells(column.combine_chunks()) for column in found.columns]
    pq.write_table(pa.table(columns, names=found.column_names), restored)
    return restored
