"""Commands that seal published figures and compute them again."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    Encoding,
    SampleIsCoded,
    find_model,
    print_json,
    require_paths,
)
from pipeline.commands.shares import (
    Against,
    BeforeAfter,
    By,
    Codings,
    Confidence,
    Differences,
    Frames,
    LabelsOnly,
    Samples,
    Table,
    Timezone,
    Trend,
    Unit,
    check_wanted,
    read_day,
)
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from pipeline.archive.replay_archive import Replay

DIFFERENT: Final = 3  # exit status of a replay that found other figures; 1 is an error, 2 a wrong option


def archive(
    out: Annotated[Path, typer.Argument(help="Archive to write (.zip).")],
    scores: Annotated[
        Path | None, typer.Option("--scores", help="Output folder of frames predict, for shares.")
    ] = None,
    sample: Samples = None,
    unit: Unit = None,
    frame: Frames = None,
    by: By = None,
    table: Table = None,
    before_after: BeforeAfter = None,
    timezone: Timezone = None,
    differences: Differences = False,
    against: Against = None,
    trend: Trend = False,
    confidence: Confidence = 0.95,
    empty_is_coded: SampleIsCoded = False,
    encoding: Encoding = None,
    labels_only: LabelsOnly = False,
    codings: Codings = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="Model whose figures on its test fold are archived, with config and codebook; may be repeated.",
        ),
    ] = None,
    comparison: Annotated[
        list[Path] | None,
        typer.Option(
            "--comparison", help="What frames compare --json printed of two of these models; may be repeated."
        ),
    ] = None,
    with_texts: Annotated[
        bool, typer.Option("--with-texts", help="Put in the texts of sentences and sample; else digests.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Seal published figures with what they rest on.

    Shares by the options of frames shares, figures of models on their test folds, comparisons: whoever has the archive
    computes them again with frames replay, without your data. It is written only if that gives the same figures.

    Example: frames archive paper.zip --scores scores --sample coded.jsonl --by channel --model models:/frames@champion
    """

    def work() -> None:
        require_paths(scores, *(sample or ()), *(codings or ()), table, *(comparison or ()), *(model or ()))

        from pipeline.archive.write_archive import SharesWanted, write_archive
        from pipeline.errors import ConfigError
        from pipeline.prevalence.contrasts import Wanted
        from pipeline.prevalence.domains import PERIOD, WHOLE
        from pipeline.prevalence.share_settings import ShareSettings

        if scores is None and (sample or by or table or codings or before_after or differences):
            raise ConfigError("shares of what? Give --scores SCORES")
        split_at = read_day(before_after)
        kinds = (*(by or ()), *((PERIOD,) if before_after else ()))
        check_wanted(wanted_by=kinds, differences=differences or bool(against), trend=trend, path=None)
        settings = ShareSettings(
            unit=unit,
            domains=(WHOLE, *dict.fromkeys(kinds)),
            split_at=split_at,
            timezone=timezone,
            wanted=Wanted(differences or against is not None or before_after is not None, against, trend),
            confidence=confidence,
            empty_is_coded=empty_is_coded,
            labels_only=labels_only,
            codings=tuple(codings or ()),
            table=table,
            encoding=encoding,
        )
        wanted = None
        if scores is not None:
            wanted = SharesWanted(scores, tuple(sample or ()), tuple(frame or ()), settings)
        bundles = [find_model(name) for name in model or ()]
        sealed = write_archive(out, wanted, bundles, comparison or (), with_texts=with_texts)
        if as_json:
            print_json(
                {
                    "archive": str(out),
                    **sealed.replay.to_json(),
                    "seal": sealed.seal,
                    "notes": list(sealed.notes),
                }
            )
            return
        _print_figures(sealed.replay)
        texts = "with texts" if with_texts else "without texts"
        console().print(
            f"written  {safe_text(str(out))}, {sealed.n_bytes / 1e6:,.1f} MB, {texts}; every figure was computed again "
            "from it",
            soft_wrap=True,
        )
        _print_seal(sealed.seal)
        for note in sealed.notes:
            console().print(f"Note: {safe_text(note)}", soft_wrap=True)

    run_command(work, debug)


def replay(
    archived: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="Archive that frames archive wrote.")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compute the figures of an archive again.

    Says what differs. Offline, from the archive alone; nothing in it is run. Exit status: 0 where all are equal, 3
    where one differs, 1 where the archive is damaged or refused.

    Example: frames replay paper.zip
    """

    def work() -> None:
        require_paths(archived)

        from pipeline.archive.replay_archive import replay_archive

        result = replay_archive(archived)
        if as_json:
            print_json(result.to_json())
        else:
            _print_replay(result)
        if not result.is_equal:
            raise typer.Exit(DIFFERENT)

    run_command(work, debug)


def _print_replay(result: Replay) -> None:
    from pipeline.archive.write_archive import list_versions

    if result.contents.shares is not None:
        console().print(f"shares by  {safe_text(result.contents.shares.to_command())}", soft_wrap=True)
    _print_figures(result)
    _print_seal(result.seal)
    here = list_versions()
    others = [
        f"{name} {stated}, here {here.get(name)}"
        for name, stated in result.contents.versions.items()
        if here.get(name) != stated
    ]
    if others:
        console().print(f"Note: computed with other versions: {safe_text('; '.join(others))}", soft_wrap=True)
    if not result.contents.with_texts and result.contents.shares is not None:
        console().print(
            "Note: no texts in it: which of them are copies, changed or of the training is taken as archived",
            soft_wrap=True,
        )
    what = "Equal: all figures are those that were archived" if result.is_equal else "Different: see above"
    console().print(what)


def _print_figures(result: Replay) -> None:
    for figure in result.figures:
        count = "nothing" if not figure.n_figures else f"{figure.n_figures:,} values"
        verdict = "equal" if not figure.differences else "different"
        console().print(f"{safe_text(figure.name)}: {count}, {verdict}", soft_wrap=True)
        for difference in figure.differences:
            console().print(f"  {safe_text(difference)}", soft_wrap=True)


def _print_seal(seal: str) -> None:
    console().print(f"seal     {seal}", soft_wrap=True)
