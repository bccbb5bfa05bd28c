"""Commands of the second panel: choose what to label, hand it to coders, and judge what comes back."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands.options import AsJson, Debug, print_json
from pipeline.terminal import console, run_command, safe_text


def sample(
    source: Annotated[Path, typer.Argument(help="Output folder of frames predict, or posts table.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Sample to write: .csv, .jsonl, .parquet or .xlsx.")
    ],
    size: Annotated[int, typer.Option("-n", "--size", help="Units to draw.")],
    design: Annotated[
        Literal["random", "stratified", "active"],
        typer.Option(
            "--design", help="Active: uncertain and diverse units; needs scores, for training only."
        ),
    ] = "random",
    purpose: Annotated[
        Literal["estimate", "train"] | None,
        typer.Option("--purpose", help="Estimate (test set, shares) or train; estimate unless active."),
    ] = None,
    unit: Annotated[
        Literal["sentence", "post"], typer.Option("--unit", help="What is labelled.")
    ] = "sentence",
    strata: Annotated[
        str, typer.Option("--strata", help="Stratified: channel, month or channel,month.")
    ] = "channel,month",
    allocation: Annotated[
        Literal["proportional", "equal"],
        typer.Option("--allocation", help="Stratified: units of each stratum."),
    ] = "proportional",
    minimum: Annotated[int, typer.Option("--minimum", help="Stratified: fewest units of a stratum.")] = 2,
    random_share: Annotated[
        float, typer.Option("--random-share", help="Active: share drawn at random.")
    ] = 0.2,
    exclude: Annotated[
        list[Path] | None,
        typer.Option("--exclude", help="Leave out the ids of this file (training only); may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same sample.")] = 42,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Draw sentences or posts to label, and keep the probability with which each was drawn.

    Example: frames sample scores/ -n 400 --design stratified -o sample.xlsx
    """

    def work() -> None:
        from pipeline.annotation.draw_sample import SampleSettings, draw_sample
        from pipeline.annotation.record_files import check_suffix
        from pipeline.annotation.sample_files import write_sample
        from pipeline.printing import print_notes

        check_suffix(output)
        settings = SampleSettings(
            size=size,
            design=design,
            purpose=purpose or ("train" if design == "active" else "estimate"),
            unit=unit,
            strata=tuple(name.strip() for name in strata.split(",")),
            allocation=allocation,
            minimum=minimum,
            random_share=random_share,
            seed=seed,
        )
        drawn = draw_sample(source, settings, exclude or ())
        write_sample(output, drawn.rows)
        if as_json:
            print_json({"output": str(output), **drawn.to_json()})
            return
        screen = console()
        screen.print(
            f"drew {len(drawn.rows):,} of {drawn.population:,} units, {design}, to {settings.purpose}"
        )
        screen.print(f"sample id  {drawn.sample_id}")
        screen.print(f"sample     {safe_text(str(output))}", soft_wrap=True)
        print_notes(screen, drawn.notes)

    run_command(work, debug)
