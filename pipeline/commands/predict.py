"""`frames predict`: score posts. `python -m pipeline.predict` is the same command.

What the work needs is imported when it starts, so that help pages stay quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.commands.language_models import use_language_model
from pipeline.commands.options import (
    AsJson,
    Channel,
    Columns,
    DateOrder,
    Debug,
    Encoding,
    Format,
    MaxCost,
    Replay,
    UtcOffset,
    Zone,
    find_model,
    print_json,
    raw_options,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text
from pipeline.files.stores import parse_location
from pipeline.scoring.prediction import BATCH_POSTS, PredictReport, predict

if TYPE_CHECKING:
    from rich.console import Console


def predict_command(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Posts tables (Parquet), also s3://BUCKET/PATH, or raw channel exports: files or folders."
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="Bundle folder, also s3://BUCKET/PATH, or a registered model: models:/NAME@champion.",
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", help="Output folder, new or of an earlier run; also s3://BUCKET/PATH."
        ),
    ],
    format_name: Format = None,
    channel: Channel = None,
    column: Columns = None,
    utc_offset: UtcOffset = None,
    timezone: Zone = None,
    date_order: DateOrder = None,
    encoding: Encoding = None,
    batch_posts: Annotated[
        int, typer.Option("--batch-posts", min=1, help="Posts that are scored together.")
    ] = BATCH_POSTS,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Let another model score an output again, beside older scores.")
    ] = False,
    export: Annotated[
        Literal["csv", "jsonl"] | None,
        typer.Option("--export", help="Also write the current scores as CSV or JSON lines."),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option("--engine", help="Score on this machine, or on a Ray cluster.")
    ] = "local",
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Processes that score; with 1 this one, unless by Ray.")
    ] = 1,
    ray_address: Annotated[
        str,
        typer.Option("--ray-address", help="auto: the cluster of this machine; local: its own; HOST:PORT."),
    ] = "auto",
    gpus_per_worker: Annotated[
        float, typer.Option("--gpus-per-worker", min=0, help="GPUs of each Ray worker, 0.5 for half of one.")
    ] = 0.0,
    replay: Replay = False,
    max_cost: MaxCost = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Score posts, each exactly once.

    Run it again after new posts, or after a crash, and it goes on.

    Example: frames predict posts.parquet --model models:/frames@champion -o scores
    """

    def work() -> None:
        places = [parse_location(text) for text in inputs]
        require_paths(*(place for place in places if isinstance(place, Path)), model)

        from pipeline.bundle import load_bundle
        from pipeline.scoring.engines.open_engine import EngineSettings

        options = raw_options(channel, column, utc_offset, timezone, date_order, encoding)
        with progress_bar(quiet=as_json) as progress:
            bundle = load_bundle(find_model(model))
            use_language_model(bundle, replay=replay, max_cost=max_cost, progress=progress)
            report = predict(
                places,
                bundle,
                parse_location(output),
                options=options,
                format_name=format_name,
                batch_posts=batch_posts,
                rescore=rescore,
                export=export,
                engine=EngineSettings(engine, workers, ray_address, gpus_per_worker),
                on_progress=progress,
            )
        if as_json:
            print_json(report.to_json())
        else:
            print_predict_report(console(), report)
        report.raise_if_files_failed()

    run_command(work, debug)


def print_predict_report(screen: "Console", report: PredictReport) -> None:
    """What was done, and how often each frame was found in what was scored now."""
    from pipeline.commands.result_tables import plain_table, print_notes

    screen.print(
        f"{report.posts_read:,} posts read, {report.already_scored:,} of them scored before; scored now: "
        f"{report.newly_scored:,} posts, {report.sentences:,} sentences ({report.boilerplate:,} boilerplate) in "
        f"{report.seconds:,.1f} s"
    )
    if report.newly_scored:
        rows = [
            (
                frame,
                f"{report.sentences_per_frame[frame]:,}",
                f"{n:,}",
                f"{n / report.newly_scored:.1%}{' *' if frame in report.untaught else ''}",
            )
            for frame, n in report.posts_per_frame.items()
        ]
        title = (
            f"Scored now by {safe_text(report.model_id)}: raw counts, not corrected for the model's errors"
        )
        screen.print(plain_table(title, ("frame", "sentences", "posts", "raw share of posts"), rows))
        if report.untaught:
            screen.print("* may be too low: training did not show the frame in each language of these posts")
    if report.superseded:
        screen.print(
            f"{report.superseded:,} of the posts read were not scored: the input has another text of them further on, "
            "with the same time of editing or none"
        )
    if report.sentences_cut:
        screen.print(
            f"{report.sentences_cut:,} sentences are longer than the model reads; what stands after its "
            "model.max_windows times model.max_tokens had no part in their scores"
        )
    print_notes(screen, report.warnings)
    if report.rejects:
        screen.print(
            f"{report.rejects:,} record{'s' if report.rejects != 1 else ''} could not be used; reasons in "
            f"{safe_text(f'{report.output}/rejects.jsonl')}",
            soft_wrap=True,
        )
    for path in (f"{report.output}/posts", f"{report.output}/sentences", *report.exported):
        screen.print(f"written to {safe_text(str(path))}", soft_wrap=True)
