"""The gate before `models:/NAME@champion`: a version takes the place only with figures that allow it.

Refused is what loses more than its run's config allows (section `promotion`), and what cannot be compared. Force
overrides both; who did it, when, why and against which figures stays in the registry.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.config.tracking import TrackingSettings
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.errors import ModelError, PipelineError
from pipeline.evaluation.evaluate_bundle import fingerprint_common_rows
from pipeline.tracking.alias_moves import CHAMPION, AliasMove, set_alias, settle_move
from pipeline.tracking.mlflow_store import open_store, store_errors
from pipeline.tracking.model_registry import champion, resolve_model
from pipeline.tracking.promotion_check import PromotionCheck, check_promotion
from pipeline.tracking.recorded_comparison import enter_comparison
from pipeline.tracking.registry_lookup import get_model, get_version

_LISTED = 5  # refusals and slices that the registry keeps: a tag holds few characters
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of a wish to promote.

    Attributes:
        name: of the registered model.
        version: that was to become champion.
        previous: the version that held the place; None where none did.
        check: figures of the comparison; None for a first champion, or where none could be made.
        refusals: why the version was refused, or would have been without force.
        move: as the registry keeps it; None where the version was refused.
    """

    name: str
    version: int
    previous: int | None
    check: PromotionCheck | None
    refusals: tuple[str, ...]
    move: AliasMove | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "version": self.version,
            "previous": self.previous,
            "promoted": self.move is not None,
            "refusals": list(self.refusals),
            "check": None if self.check is None else self.check.to_json(),
            "move": None if self.move is None else self.move.to_json(),
        }

    def describe_refusal(self) -> str:
        """One message: what was refused, the numbers, what to do."""
        listed = "; ".join(self.refusals)
        notes = "".join(f". Note: {note}" for note in (self.check.notes if self.check else ()))
        return (
            f"version {self.version} of '{self.name}' was not promoted over version {self.previous}: {listed}{notes}. "
            "If it has to be promoted all the same: --force, which is kept in the registry with these figures"
        )


def promote_checked(
    name: str,
    version: int,
    why: str,
    *,
    data: Path | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    force: bool = False,
    uri: str | None = None,
) -> Promotion:
    """Make a version the champion if its figures against the present one allow it; a first champion needs none.

    Args:
        name: of the registered model.
        version: that is to become champion.
        why: reason, kept in the registry.
        data: labelled file to compare both on, in place of the test fold that they have in common.
        columns: our column names -> the file's.
        encoding: of a labelled file that is not UTF-8.
        force: promote in any case, and keep that it was forced.
        uri: of the store.

    Raises:
        ModelError: no such model or version; it is champion already; no reason given; its bundle cannot be read.
        DataError: the labelled file cannot be read.
    """
    _check_wish(name, version, why, uri)
    settled = settle_move(name, uri=uri)
    if settled is not None and settled.version == version:  # what was asked for, begun by a process that died
        return Promotion(name, version, settled.previous, None, (), settled)
    present = champion(name, uri)
    if present is None:
        first = set_alias(name, version, CHAMPION, why, judged_against=None, uri=uri)
        return Promotion(name, version, None, None, (), first)
    if present == version:
        raise ModelError(f"version {version} of '{name}' is the champion already")
    candidate = load_bundle(resolve_model(f"models:/{name}/{version}", uri))
    labelled = None if data is None else read_labelled(data, candidate.codebook, columns, encoding)
    check, refusals = _judge(candidate, f"models:/{name}/{present}", labelled, uri)
    if refusals and not force:
        return Promotion(name, version, present, check, refusals, None)
    move = set_alias(
        name,
        version,
        CHAMPION,
        why,
        forced=bool(refusals),
        figures=summarise_check(check, refusals),
        judged_against=present,
        uri=uri,
    )
    return Promotion(name, version, present, check, refusals, move)


def summarise_check(check: PromotionCheck | None, refusals: tuple[str, ...]) -> dict[str, Any]:
    """The figures of a check in the few characters that a tag holds."""
    summary: dict[str, Any] = {"refusals": [text[:_LONGEST] for text in refusals[:_LISTED]]}
    if len(refusals) > _LISTED:
        summary["further_refusals"] = len(refusals) - _LISTED
    if check is None:
        return summary
    overall = check.comparison.macro_f1
    judged = [entry for entry in check.slices if entry.gain.value is not None]
    return summary | {
        "n": check.n,
        "macro_f1_previous": _rounded(overall.first),
        "macro_f1": _rounded(overall.second),
        "gain": {key: _rounded(value) for key, value in overall.gain.to_json().items()},
        "pairs": check.comparison.pairs,
        "margin": check.settings.margin,
        "largest_slice_loss": check.settings.largest_slice_loss,
        "protected_slices": len(check.slices),
        "worst_slices": {entry.name[:100]: _rounded(entry.gain.value) for entry in judged[:_LISTED]},
    }


def _check_wish(name: str, version: int, why: str, uri: str | None) -> None:
    """Faults of the call itself, before anything is loaded; force does not help against them."""
    if not why.strip():
        raise ModelError("say why: the reason is kept in the registry beside the version")
    client, uri = open_store(uri, create=False)
    with store_errors(uri):
        get_version(client, get_model(client, name), version)


def _judge(
    candidate: ModelBundle, champion_uri: str, labelled: LabelledData | None, uri: str | None
) -> tuple[PromotionCheck | None, tuple[str, ...]]:
    """The check and its refusals; that no comparison can be made is a refusal too."""
    try:
        held = load_bundle(resolve_model(champion_uri, uri))
        if (
            held.bundle_hash == candidate.bundle_hash
        ):  # the same model once more tells nothing new of the rows
            check = check_promotion(candidate, held, data=labelled)
            return check, check.refusals
        rows = fingerprint_common_rows(held, candidate, labelled)
        with enter_comparison(
            "promotion", held, candidate, rows, tracking=TrackingSettings(uri=uri)
        ) as entry:
            check = check_promotion(candidate, held, data=labelled, use=entry.use)
            entry.record(check.comparison)
    except PipelineError as error:
        return None, (str(error),)
    return check, check.refusals


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
