"""Posts in, an output folder with scored sentences and scored posts out: what `frames predict` calls."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import DataError
from pipeline.files.stores import (
    Location,
    describe_location,
    has_folder,
    is_file,
    is_uri,
    list_files,
    parse_location,
)

if TYPE_CHECKING:
    from pipeline.bundle import ModelBundle
    from pipeline.classifiers.protocols import Progress
    from pipeline.data.exports.raw_posts import ReadOptions
    from pipeline.data.posts.ingest import IngestReport
    from pipeline.scoring.engines.open_engine import EngineSettings
    from pipeline.scoring.score_output import ScoreOutput

BATCH_POSTS = 2000


@dataclass(frozen=True, slots=True)
class PredictReport:
    """What a run of `predict` did.

    Attributes:
        output: the output folder.
        model_id: of the model.
        posts_read: posts in the input, of raw exports all that were read into this output so far.
        already_scored: of these, met before in this version by this model.
        superseded: of these, followed in the input by another text with the same time of editing, or none.
        newly_scored: of these, scored now.
        sentences: scored now.
        sentences_cut: of these, longer than the model reads: their end had no part in their scores.
        boilerplate: sentences seen now and not scored: tags, links, "read more".
        rejects: records of raw exports that could not be used, listed in OUT/rejects.jsonl.
        seconds: from start to end.
        sentences_per_frame: newly scored sentences that were decided to carry each frame.
        posts_per_frame: newly scored posts with at least one such sentence.
        untaught: frames that training never showed in a language of the posts scored now, with those languages.
        failed_files: name and message of raw exports that could be read in part or not at all.
        warnings: what the user should check.
        exported: CSV or JSON lines files written.
    """

    output: Location
    model_id: str
    posts_read: int
    already_scored: int
    superseded: int
    newly_scored: int
    sentences: int
    sentences_cut: int
    boilerplate: int
    rejects: int
    seconds: float
    sentences_per_frame: dict[str, int]
    posts_per_frame: dict[str, int]
    untaught: dict[str, list[str]] = field(default_factory=dict)
    failed_files: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    exported: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        paths = {"output": str(self.output), "exported": [str(path) for path in self.exported]}
        return asdict(self) | paths

    def raise_if_files_failed(self) -> None:
        """Fail after a partial success.

        Raises:
            DataError: an export could not be read to its end; what was read of it is scored.
        """
        if self.failed_files:
            messages = "\n".join(message for _, message in self.failed_files)
            raise DataError(
                f"{len(self.failed_files)} files could not be read to the end; the posts before that place are "
                f"scored:\n{messages}"
            )


def predict(
    inputs: Sequence[Location],
    bundle: "ModelBundle",
    output: Location,
    *,
    options: "ReadOptions | None" = None,
    format_name: str | None = None,
    batch_posts: int = BATCH_POSTS,
    rescore: bool = False,
    export: Literal["csv", "jsonl"] | None = None,
    engine: "EngineSettings | None" = None,
    on_progress: "Progress" = lambda *_: None,
) -> PredictReport:
    """Score all posts that the output does not hold yet; a run that was stopped goes on where it was.

    Args:
        inputs: posts tables, also in object stores, or raw exports on a disk, which are first read into OUT/_ingested;
            files or folders.
        bundle: the model.
        output: a new folder or one of an earlier run, on a disk or in an object store; see
            `pipeline.scoring.score_output`.
        options: what the user says about raw exports.
        format_name: format of raw exports; None to tell it from their content.
        batch_posts: posts that are scored together.
        rescore: let a model that is new to the output score everything again, beside the older scores.
        export: also write the current scores as OUT/posts and OUT/sentences in this format.
        engine: where to score; None for this process alone.
        on_progress: told what is being done, steps done and in all.

    Raises:
        DataError: input that cannot be used, an output that belongs to something else or is in use, a full disk.
        ModelError: the model gives no probabilities.
        ConfigError: an engine that cannot be had.
    """
    from pipeline.classifiers.normalised_text import describe_account
    from pipeline.scoring.engines.open_engine import EngineSettings, open_engine
    from pipeline.scoring.export_scores import export_scores
    from pipeline.scoring.score_output import open_output
    from pipeline.scoring.scoring_run import identify_model, score_tables
    from pipeline.scoring.training_copies import keep_training_record
    from pipeline.scoring.unfamiliar_posts import DepthCheck

    inputs = [parse_location(path) if isinstance(path, str) else path for path in inputs]
    output = parse_location(output) if isinstance(output, str) else output
    if export and is_uri(output):
        raise DataError(
            f"{output}: --export writes beside a folder on a disk; use: frames scores export {output} -o FOLDER"
        )
    started = time.monotonic()
    depth = DepthCheck(bundle)
    with open_output(output, identify_model(bundle), rescore=rescore) as opened:
        tables, ingested = _prepare_tables(inputs, opened, options, format_name, on_progress)
        scored_at = opened.start_run([describe_location(path) for path in inputs])
        with open_engine(engine or EngineSettings(), bundle, scored_at) as scorer:
            counts = score_tables(
                tables,
                opened,
                scorer,
                batch_posts=batch_posts,
                on_progress=on_progress,
                depth=depth,
            )
        keep_training_record(bundle, output)
        opened.finish_run()
        exported = export_scores(output, export).exported if export and isinstance(output, Path) else ()
    scored = counts.scored
    return PredictReport(
        output=output,
        model_id=bundle.model_id,
        posts_read=counts.posts_read,
        already_scored=counts.already_scored,
        superseded=counts.superseded,
        newly_scored=scored.posts,
        sentences=scored.sentences,
        sentences_cut=scored.sentences_cut,
        boilerplate=scored.boilerplate,
        rejects=ingested.rejected if ingested else 0,
        seconds=time.monotonic() - started,
        sentences_per_frame={frame: scored.sentences_per_frame[frame] for frame in bundle.frame_ids},
        posts_per_frame={frame: scored.posts_per_frame[frame] for frame in bundle.frame_ids},
        untaught=depth.find_untaught(),
        failed_files=ingested.failed_files if ingested else (),
        warnings=(
            *(ingested.warnings if ingested else ()),
            *depth.warnings(),
            *scorer.warnings,
            *describe_account(bundle.classifier)[1],
        ),
        exported=exported,
    )


def _prepare_tables(
    inputs: Sequence[Location],
    output: "ScoreOutput",
    options: "ReadOptions | None",
    format_name: str | None,
    on_progress: "Progress",
) -> tuple[list[Location], "IngestReport | None"]:
    """The tables to score; what of raw exports could not be read is listed in the output."""
    ingested = output.root / "_ingested" / "posts.parquet" if isinstance(output.root, Path) else None
    tables, report = gather_tables(inputs, ingested, options, format_name, on_progress)
    if report is not None and report.rejects_path is not None:
        with report.rejects_path.open(encoding="utf-8") as lines:
            output.add_rejects(lines)
    return tables, report


def gather_tables(
    inputs: Sequence[Location],
    ingested: Path | None,
    options: "ReadOptions | None",
    format_name: str | None,
    on_progress: "Progress",
) -> tuple[list[Location], "IngestReport | None"]:
    """The posts tables among the inputs, and one more, written to `ingested`, for all raw exports together.

    Raises:
        DataError: an input that cannot be read; raw exports, but no place for their table.
    """
    from pipeline.data.exports.raw_posts import ReadOptions
    from pipeline.data.posts.ingest import ingest

    found = [(path, _find_tables(path)) for path in inputs]
    tables = [table for _, within in found for table in within]
    raw = [path for path, within in found if not within and isinstance(path, Path)]
    if not raw:
        return tables, None
    if ingested is None:
        raise DataError(
            f"{raw[0]}: raw exports are read on a disk first: frames ingest {raw[0]} -o posts.parquet, then give "
            "posts.parquet"
        )
    report = ingest(
        raw,
        ingested,
        options or ReadOptions(),
        format_name=format_name,
        on_progress=lambda done: on_progress("reading posts", done, 0),
    )
    return [*tables, ingested], report


def _find_tables(path: Location) -> list[Location]:
    """The posts tables that an input consists of; none where it is raw exports.

    Raises:
        DataError: an input in an object store that does not consist of posts tables.
    """
    from pipeline.data.posts.posts_table import is_posts_table

    if is_file(path):
        files = [path]
    else:
        if has_folder(path, "_delta_log"):
            raise DataError(f"{path}: is a Delta table; expected posts tables that are plain Parquet files")
        files = list_files(path)
    if files and all(str(file).endswith(".parquet") and is_posts_table(file) for file in files):
        return files
    if is_uri(path):
        raise DataError(
            f"{path}: expected a posts table or a folder of them (*.parquet); raw exports are read from a disk: "
            "frames ingest"
        )
    return []
