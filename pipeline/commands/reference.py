"""Commands of the last panel: the whole job on the embedded example, and reference."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import Debug, print_json
from pipeline.terminal import run_command


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for everything the demo writes.")
    ] = Path("demo"),
    debug: Debug = False,
) -> None:
    """Run the whole job on the embedded example.

    Check, train twice, compare, register, score.

    Example: frames demo
    """

    def work() -> None:
        from pipeline.demo import run_demo

        run_demo(output)

    run_command(work, debug)


def config_schema() -> None:
    """Print the JSON Schema of a run config.

    Editors complete and check keys with it.

    Example: frames config-schema > run.schema.json
    """
    from pipeline.config import RunConfig

    print_json(RunConfig.model_json_schema())
