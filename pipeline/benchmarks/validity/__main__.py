"""Do the printed figures mean what the documentation says? Claims measured by simulation with known truth.

    python -m pipeline.benchmarks.validity              short form, under ten minutes
    python -m pipeline.benchmarks.validity --long       the form whose figures the documentation quotes
    python -m pipeline.benchmarks.validity --only f1    one module of claims

The long form leaves with status 1 if a target is missed; the short form rests on too few repetitions to judge.
"""

import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from pipeline.benchmarks.validity import (
    blend_claims,
    f1_claims,
    gap_claims,
    ledger_claims,
    mixture_claims,
    part_claims,
    prior_claims,
    rise_claims,
    share_claims,
    text_claims,
    threshold_claims,
)
from pipeline.benchmarks.validity.claims import Claim, Finding
from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.errors import ConfigError, PipelineError

MODULES: Final[dict[str, Sequence[Claim]]] = {
    "f1": f1_claims.CLAIMS,
    "shares": (*share_claims.CLAIMS, *part_claims.CLAIMS),
    "mixtures": mixture_claims.CLAIMS,
    "texts": text_claims.CLAIMS,
    "blend": blend_claims.CLAIMS,
    "ledger": ledger_claims.CLAIMS,
    "gaps": gap_claims.CLAIMS,
    "rises": rise_claims.CLAIMS,
    "thresholds": threshold_claims.CLAIMS,
    "priors": prior_claims.CLAIMS,
}
COLUMNS: Final = ("setting", "measured", "target", "")


def choose_claims(only: Sequence[str]) -> list[Claim]:
    """The claims of the named modules, of all where none is named.

    Raises:
        ConfigError: no such module of claims.
    """
    for name in only:
        if name not in MODULES:
            raise ConfigError(
                f"--only {name}: there is no such module of claims; there are {', '.join(MODULES)}"
            )
    return [claim for name in only or MODULES for claim in MODULES[name]]


def print_claim(claim: Claim, *, is_long: bool) -> list[Finding]:
    """Measure a claim and print its findings as one table."""
    started = time.monotonic()
    findings = list(claim.measure(claim.long if is_long else claim.short))
    rows = [
        (
            finding.setting,
            f"{finding.value:.3f}" + ("" if finding.error is None else f" ± {finding.error:.3f}"),
            str(finding.target),
            "" if finding.is_kept else "MISSED",
        )
        for finding in findings
    ]
    console().print(plain_table(f"{claim.name} ({time.monotonic() - started:.0f} s)", COLUMNS, rows))
    return findings


def main(
    is_long: Annotated[
        bool, typer.Option("--long", help="As many repetitions as the documentation quotes.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A module of claims; may be repeated.")
    ] = None,
) -> None:
    """Print claim, setting, measured and target; in the long form a missed target is an error."""

    def work() -> None:
        found = [
            finding for claim in choose_claims(only or ()) for finding in print_claim(claim, is_long=is_long)
        ]
        missed = sum(not finding.is_kept for finding in found)
        if missed and is_long:
            raise PipelineError(f"{missed} of {len(found)} targets were missed")
        console().print(
            f"{len(found)} figures, {missed} outside their targets. ±: Monte Carlo standard error."
        )

    run_command(work)


if __name__ == "__main__":
    typer.run(main)
