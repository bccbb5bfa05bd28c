"""Commands on language models: coding a sample, and what other commands do where a model is one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    Encoding,
    MaxCost,
    Overrides,
    Replay,
    find_input,
    print_json,
    read_config,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from pipeline.bundle import ModelBundle
    from pipeline.commands.terminal import Progress


def label_llm(
    units: Annotated[Path, typer.Argument(help="Sample to code, or any file with the columns id and text.")],
    config: Annotated[Path, typer.Option("--config", help="Config with model.kind: llm.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Table of codings to write: .jsonl, .csv, .parquet or .xlsx."),
    ],
    replay: Replay = False,
    max_cost: MaxCost = None,
    overrides: Overrides = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Let a language model code a sample, as one more coder.

    It reads the codebook and the texts, and nobody's codes. Its rows have the origin llm and a reason each: frames
    agreement shows it beside people, and its codes may be trained on and never tested on. Needs:
    pip install 'narrative-frames[llm]'

    Example: frames label-llm sample.csv --config configs/llm.yaml -o coded_by_model.jsonl
    """

    def work() -> None:
        require_paths(units, config)
        loaded = read_config(config, override_model(overrides, replay=replay, max_cost=max_cost))

        from pipeline.annotation.label_exchange import write_codings
        from pipeline.annotation.model_coder import code_units
        from pipeline.annotation.record_files import check_suffix, refuse_existing
        from pipeline.commands.result_tables import print_notes

        check_suffix(output)
        refuse_existing(output)
        with progress_bar(quiet=as_json) as progress:
            coded = code_units(find_input(units), loaded, progress, encoding=encoding)
        rejects = write_codings(output, coded.imported)
        if as_json:
            files = {"coded": str(output), "rejects": None if rejects is None else str(rejects)}
            print_json({"files": files, **coded.to_json()})
            return
        screen, n = console(), len(coded.imported.codings)
        screen.print(f"coded {n:,} of {n + len(coded.imported.rejects):,} units")
        screen.print(f"coder    {safe_text(coded.annotator)}", soft_wrap=True)
        screen.print(f"prompt   {coded.prompt_hash}", soft_wrap=True)
        screen.print(f"codings  {safe_text(str(output))}", soft_wrap=True)
        if rejects is not None:
            screen.print(f"rejects  {safe_text(str(rejects))}", soft_wrap=True)
        print_notes(screen, coded.notes)

    run_command(work, debug)


def override_model(overrides: list[str] | None, *, replay: bool, max_cost: float | None) -> list[str]:
    """Changes of a config that the options of a command stand for."""
    changes = [*(overrides or [])]
    if replay:
        changes.append("model.replay=true")
    if max_cost is not None:
        changes.append(f"model.max_cost={max_cost}")
    return changes


def use_language_model(
    bundle: "ModelBundle",
    *,
    replay: bool = False,
    max_cost: float | None = None,
    progress: "Progress | None" = None,
) -> None:
    """Tell a loaded language model what the options of a command say; any other model has no use for them.

    Raises:
        ConfigError: they were given, and it is none; a cost without prices.
    """
    from pipeline.classifiers.llm.language_model import LanguageModel
    from pipeline.classifiers.normalised_text import without_normalisation
    from pipeline.errors import ConfigError

    model = without_normalisation(bundle.classifier)
    if isinstance(model, LanguageModel):
        model.use_here(replay=replay, max_cost=max_cost)
        if progress is not None:
            model.show_progress(progress)
    elif replay or max_cost is not None:
        raise ConfigError(f"{bundle.folder}: no language model: leave out --replay and --max-cost")
