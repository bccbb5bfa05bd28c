"""Comparisons as runs in MLflow, and the ledger of test rows that these runs are.

A run is begun, with the fingerprint of the rows and the hashes of both models, before anything is computed: whoever
sees a result has been counted. Training runs have the fingerprint too, since their figures are of the same rows, and so
have evaluations on other rows, one for each model.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pipeline.bundle import ModelBundle
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.tracking import TrackingSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import DataError, PipelineError
from pipeline.evaluation.comparison import Comparison
from pipeline.evaluation.evaluate_bundle import compare_bundles, fingerprint_common_rows
from pipeline.evaluation.leakage import keep_unseen
from pipeline.evaluation.reused_test_rows import TestUse
from pipeline.tracking.mlflow_store import open_store, store_errors
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.tracking.run_links import TEST_TAG, BundleRun, adopt_runs, find_bundle_runs, find_runs
from pipeline.tracking.store_uri import is_there

_FIRST, _SECOND, _TRAINED = "first_bundle_hash", "second_bundle_hash", "bundle_hash"
_SAW_NOTHING: Final = "FAILED"  # ended by an error before there was a result
_NOT_TRAINED_HERE: Final = (
    "neither model was trained in this MLflow store: what was compared on these rows in another one is not "
    "counted"
)


@dataclass(frozen=True, slots=True)
class RecordedComparison:
    """A comparison and the run that keeps it.

    Attributes:
        comparison: the figures.
        run_id: in MLflow; None where no store could be reached.
        notes: why it was not counted, or not all that came before.
    """

    comparison: Comparison
    run_id: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A comparison that has begun: its run, how often its rows were used before, and the runs of both models."""

    tracker: MlflowTracker
    use: TestUse
    members: tuple[BundleRun, ...]

    def record(self, comparison: Comparison) -> None:
        """Keep the result in the run."""
        gain = comparison.macro_f1.gain
        figures = {
            "macro_f1_first": comparison.macro_f1.first,
            "macro_f1_second": comparison.macro_f1.second,
            "macro_f1_gain": gain.value,
            "macro_f1_gain_low": gain.low,
            "macro_f1_gain_high": gain.high,
            "macro_f1_p_value": comparison.macro_f1.p_value,
            **{name: float(value) for name, value in self.use.to_json().items()},
        }
        self.tracker.log_metrics({name: value for name, value in figures.items() if value is not None})
        self.tracker.log_dict(comparison.to_json(), "comparison.json")


def compare_and_record(
    first: ModelBundle,
    second: ModelBundle,
    settings: EvaluationSettings,
    *,
    data: LabelledData | None = None,
    tracking: TrackingSettings | None = None,
    parent_run_id: str | None = None,
) -> RecordedComparison:
    """Compare two models, count that in the ledger, and correct for what it holds.

    The runs that trained the two models become its children where they lie in the same experiment and have no parent
    yet. Without a store that answers nothing is counted, nothing corrected, and a note says so.

    Args:
        first: the one.
        second: the other.
        settings: of evaluation.
        data: labelled rows to compare on in place of the common test fold.
        tracking: store and experiment; without, those of the runs that trained the models.
        parent_run_id: nests the run under another.

    Raises:
        DataError: as `compare_bundles`.
    """
    fingerprint = fingerprint_common_rows(first, second, data)
    try:
        open_store(None if tracking is None else tracking.uri)
    except PipelineError as error:
        note = f"this comparison is neither recorded nor counted, and earlier ones are not corrected for: {error}"
        return RecordedComparison(compare_bundles(first, second, settings, data=data), None, (note,))
    with enter_comparison(
        "comparison", first, second, fingerprint, tracking=tracking, parent_run_id=parent_run_id
    ) as entry:
        comparison = compare_bundles(first, second, settings, data=data, use=entry.use)
        entry.record(comparison)
        adopt_runs(entry.tracker.run_id, entry.members, None if tracking is None else tracking.uri)
    return RecordedComparison(comparison, entry.tracker.run_id, () if entry.members else (_NOT_TRAINED_HERE,))


@contextmanager
def enter_comparison(
    kind: str,
    first: ModelBundle,
    second: ModelBundle,
    fingerprint: str,
    *,
    tracking: TrackingSettings | None = None,
    parent_run_id: str | None = None,
) -> Iterator[Entry]:
    """Begin a comparison's run, which counts from now on and names the runs that trained the two models.

    Args:
        kind: "comparison" or "promotion".
        first: the one model.
        second: the other.
        fingerprint: of the rows to compare on.
        tracking: store and experiment; without an experiment that of the models' runs.
        parent_run_id: nests the run under another.
    """
    uri = None if tracking is None else tracking.uri
    members = find_bundle_runs((first.manifest, second.manifest), uri)
    if tracking is None or "experiment" not in tracking.model_fields_set:
        tracking = TrackingSettings(uri=uri, **({"experiment": members[-1].experiment} if members else {}))
    tags = {
        "kind": kind,
        TEST_TAG: fingerprint,
        _FIRST: first.bundle_hash,
        _SECOND: second.bundle_hash,
        **{f"{member.role}_run_id": member.run_id for member in members},
    }
    name = f"{first.manifest['name']} against {second.manifest['name']}"
    with MlflowTracker.start(tracking, name, parent_run_id=parent_run_id, tags=tags) as tracker:
        use = count_uses(fingerprint, (first.bundle_hash, second.bundle_hash), tracker.run_id, uri)
        yield Entry(tracker, use, tuple(members))


def count_uses(fingerprint: str, compared: tuple[str, str], own_run: str, uri: str | None = None) -> TestUse:
    """How often the rows of a fingerprint have been used, the comparison of `own_run` not among them.

    Runs that were deleted count as long as the store keeps them.
    """
    comparisons, pairs, models = _read_ledger(fingerprint, own_run, uri)
    return TestUse(comparisons, len(pairs), len(models | set(compared)))


def record_evaluation(
    bundle: ModelBundle, data: LabelledData, tracking: TrackingSettings | None = None
) -> tuple[str, ...]:
    """Enter that a model's figures on labelled rows are known, and say how many models' are.

    Whoever evaluates candidates and takes the best has compared them, so a comparison on these rows corrects for all
    of them. A model is entered once for the same rows; where there is no store none is made.

    Args:
        bundle: the model that is to be evaluated.
        data: on these rows; those that it has learnt from are no test.
        tracking: store and experiment; without, those of the run that trained the model.

    Returns:
        Notes to the reader.
    """
    uri = None if tracking is None else tracking.uri
    if not is_there(uri):
        return ()
    try:
        fingerprint = keep_unseen(data, (bundle,))[0].fingerprint
        open_store(uri)
    except DataError:
        return ()
    except PipelineError as error:
        return (f"that these rows were used is not counted: {error}",)
    models = _read_ledger(fingerprint, "", uri)[2]
    if bundle.bundle_hash not in models:
        members = find_bundle_runs((bundle.manifest,), uri)
        if tracking is None or "experiment" not in tracking.model_fields_set:
            tracking = TrackingSettings(
                uri=uri, **({"experiment": members[-1].experiment} if members else {})
            )
        tags = {"kind": "evaluation", TEST_TAG: fingerprint, _TRAINED: bundle.bundle_hash}
        with MlflowTracker.start(tracking, f"{bundle.manifest['name']} evaluated", tags=tags):
            models.add(bundle.bundle_hash)
    note = (
        f"the figures of {len(models)} models on these rows are known, and the best of them owes part of its own to "
        "the rows: frames compare --data corrects for that"
    )
    return (note,) if len(models) > 1 else ()


def _read_ledger(
    fingerprint: str, own_run: str, uri: str | None
) -> tuple[int, set[frozenset[str]], set[str]]:
    """Comparisons on the rows of a fingerprint but for `own_run`, pairs that they compared, and all known models."""
    client, uri = open_store(uri)
    models, pairs, comparisons = set[str](), set[frozenset[str]](), 0
    with store_errors(uri):
        for run in find_runs(client, TEST_TAG, fingerprint, deleted_too=True):
            tags = run.data.tags
            if _FIRST not in tags or _SECOND not in tags:
                models |= {tags[_TRAINED]} if _TRAINED in tags else set()
            elif run.info.run_id != own_run and run.info.status != _SAW_NOTHING:
                comparisons += 1
                pair = frozenset((tags[_FIRST], tags[_SECOND]))
                pairs.add(pair)
                models |= pair
    return comparisons, pairs, models
