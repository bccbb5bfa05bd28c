"""Commands of the last panel: the whole job on the embedded example, and reference."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import AsJson, Debug, print_json
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text


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
        from pipeline.commands.demo import run_demo

        run_demo(output)

    run_command(work, debug)


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out loading the libraries, and with it the GPU.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say whether the installation has all it needs.

    Versions of Python and libraries, the embedded encoders, the MLflow store, disk, cores, optional parts and settings
    of the network. The exit status is 1 when something is wrong that is needed.

    Example: frames doctor
    """

    def work() -> None:
        from pipeline.commands.doctor import examine
        from pipeline.errors import PipelineError

        findings, screen = [], console()
        for finding in examine(quick=quick, announce=console(stderr=True).print):
            findings.append(finding)
            if not as_json:
                screen.print(
                    f"{finding.status:6} {finding.check:15} {safe_text(finding.found)}", soft_wrap=True
                )
                if finding.remedy:
                    screen.print(f"{'':22} > {safe_text(finding.remedy)}", soft_wrap=True)
        wrong = [finding.check for finding in findings if finding.status == "wrong"]
        if as_json:
            print_json({"ok": not wrong, "findings": [finding.to_json() for finding in findings]})
        if wrong:
            raise PipelineError(f"to be mended: {', '.join(wrong)}")

    run_command(work, debug)


def config_schema() -> None:
    """Print the JSON Schema of a run config.

    Editors complete and check keys with it.

    Example: frames config-schema > run.schema.json
    """
    from pipeline.config.run_config import RunConfig

    print_json(RunConfig.model_json_schema())
