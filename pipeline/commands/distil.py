"""Command of the panel of models that teaches a small model what a large one knows."""

from __future__ import annotations  # the types below are for the reader; loading them would load torch

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import (
    AsJson,
    Channel,
    Columns,
    DateOrder,
    Debug,
    Encoding,
    Format,
    Model,
    UtcOffset,
    Zone,
    find_input,
    find_model,
    print_json,
    raw_options,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.training.distillation import Distillation


def distil(
    model: Model,
    posts: Annotated[
        list[Path],
        typer.Argument(
            help="Posts tables (Parquet) or raw channel exports, without labels: files or folders."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder for the student.")],
    labelled: Annotated[
        Path | None,
        typer.Option(
            "--labelled",
            help="File with the rows that the model was tested on; without it the one that its config names.",
        ),
    ] = None,
    layers: Annotated[
        int, typer.Option("--layers", min=0, help="Of the student's encoder; 0: a third of the teacher's.")
    ] = 0,
    epochs: Annotated[
        int,
        typer.Option("--epochs", min=0, help="Passes over the sentences; 0: the more, the fewer they are."),
    ] = 0,
    sentences: Annotated[
        int, typer.Option("--sentences", min=1, help="Sentences to draw from the posts, at most.")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw and the training.")] = 42,
    register_as: Annotated[
        str | None,
        typer.Option("--register-as", help="Record it in MLflow, as the newest version of this model."),
    ] = None,
    format_name: Format = None,
    channel: Channel = None,
    column: Columns = None,
    utc_offset: UtcOffset = None,
    timezone: Zone = None,
    date_order: DateOrder = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Teach a small, fast model to answer as a large one does.

    For scoring in bulk. The student learns what a transformer or blend says of posts without labels, several thousand
    sentences or more. It is a model like every other, with its own calibration and card. A killed run goes on
    with the same command.

    Example: frames distil models:/frames@champion posts.parquet -o runs/student
    """

    def work() -> None:
        require_paths(model, *posts, labelled)

        from pipeline.bundle import load_bundle
        from pipeline.classifiers.transformer.student_network import Recipe
        from pipeline.config.tracking import TrackingSettings
        from pipeline.training.distillation import distil as distil_bundle
        from pipeline.training.distillation import record_distillation

        teacher = load_bundle(find_model(model))
        with progress_bar(quiet=as_json) as progress:
            done = distil_bundle(
                teacher,
                posts,
                output,
                labelled=None if labelled is None else find_input(labelled),
                recipe=Recipe(layers=layers, epochs=epochs),
                most=sentences,
                seed=seed,
                options=raw_options(channel, column, utc_offset, timezone, date_order, encoding),
                format_name=format_name,
                progress=progress,
            )
        version = None
        if register_as is not None:
            version = record_distillation(done, TrackingSettings(register_as=register_as))
        if as_json:
            print_json({**done.to_json(), "registered": register_as, "version": version})
            return
        _print(console(), done, model)
        if register_as is not None:
            console().print(f"registered as   models:/{safe_text(register_as)}/{version}")

    run_command(work, debug)


def _print(screen: Console, done: Distillation, teacher: str) -> None:
    """What was learnt from and what was not, how far the student agrees, and how to compare the two."""
    from pipeline.commands.result_tables import plain_table, print_evaluation, print_notes

    counts = done.counts
    rows = [
        ("posts read", counts.posts),
        ("records that could not be used", counts.rejected),
        ("sentences in the posts", counts.read),
        ("- boilerplate", counts.boilerplate),
        ("- the same text again", counts.repeated),
        ("- beyond --sentences, not drawn", counts.not_drawn),
        ("- of the test fold or other labelled rows, or near copies", counts.of_tests),
        ("- held out: half for calibration, half for agreement", counts.held_out),
        ("- near copies of these", counts.near_held_out),
        ("learnt from", counts.learnt),
        ("of these, learnt from by the teacher too", counts.seen_by_teacher),
    ]
    screen.print(plain_table("Texts", ("", "count"), [(name, f"{n:,}") for name, n in rows]))
    agreement = [
        (
            frame.frame,
            f"{frame.teacher:,}",
            f"{frame.student:,}",
            "too few" if frame.f1 is None else f"{frame.f1:.2f}",
            f"{frame.difference:.3f}",
        )
        for frame in done.agreement.frames
    ]
    title = f"Agreement with {safe_text(done.teacher)} on {done.agreement.n:,} held-out sentences"
    columns = ("frame", "by teacher", "by student", "F1 of student", "mean difference of p")
    screen.print(plain_table(title, columns, agreement))
    print_evaluation(screen, done.report, "student")
    print_notes(screen, done.notes)
    before, now = done.rates
    screen.print(
        f"held-out sentences scored here and now: teacher {before:,.0f}/s, student {now:,.0f}/s, "
        f"{now / before:.1f} times as fast"
    )
    screen.print(f"bundle          {safe_text(str(done.bundle.folder))}", soft_wrap=True)
    screen.print(f"bundle hash     {done.bundle.bundle_hash[:16]}")
    screen.print(
        f"what it loses   frames compare {safe_text(teacher)} {safe_text(str(done.bundle.folder))}",
        soft_wrap=True,
    )
