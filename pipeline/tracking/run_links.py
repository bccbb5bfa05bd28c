"""Which run trained a bundle, and comparisons as parents of the runs they compare."""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run, ViewType
from mlflow.utils import mlflow_tags

from pipeline.tracking.mlflow_store import open_store, store_errors

TEST_TAG: Final = "test_fingerprint"  # of rows that a run's figures are of
_MANIFEST_TAG = "manifest_hash"
_EXPERIMENTS_PER_CALL = 100


@dataclass(frozen=True, slots=True)
class BundleRun:
    """The run that trained one of two compared bundles; `role` is "first" or "second"."""

    role: str
    run_id: str
    experiment: str
    experiment_id: str
    parent_run_id: str | None


def bundle_tags(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Tags by which a run is found again from its bundle; two trainings of one bundle hash are told apart."""
    keys = ("bundle_hash", "codebook_hash", TEST_TAG, _MANIFEST_TAG)
    return {key: str(manifest[key]) for key in keys if manifest.get(key)}


def find_bundle_runs(manifests: Sequence[Mapping[str, Any]], uri: str | None = None) -> list[BundleRun]:
    """The runs in this store that trained a first and perhaps a second bundle; those it does not know are left out."""
    client, uri = open_store(uri)
    with store_errors(uri):
        experiments = {e.experiment_id: e.name for e in _all_experiments(client)}
        found = []
        for role, manifest in zip(("first", "second"), manifests, strict=False):
            run = next(find_runs(client, _MANIFEST_TAG, str(manifest[_MANIFEST_TAG])), None)
            if run is not None:
                place = run.info.experiment_id
                parent = run.data.tags.get(mlflow_tags.MLFLOW_PARENT_RUN_ID)
                found.append(BundleRun(role, run.info.run_id, experiments[place], place, parent))
    return found


def adopt_runs(parent_run_id: str, members: Sequence[BundleRun], uri: str | None = None) -> list[str]:
    """Make runs children of a run of the same experiment, unless they have a parent; returns those adopted."""
    client, uri = open_store(uri)
    with store_errors(uri):
        place = client.get_run(parent_run_id).info.experiment_id
        orphans = dict.fromkeys(
            member.run_id
            for member in members
            if member.parent_run_id is None and member.experiment_id == place
        )
        for run_id in orphans:
            client.set_tag(run_id, mlflow_tags.MLFLOW_PARENT_RUN_ID, parent_run_id)
    return list(orphans)


def find_runs(client: MlflowClient, tag: str, value: str, *, deleted_too: bool = False) -> Iterator[Run]:
    """Runs of every experiment of the store with such a tag, none if the value is no hash.

    Args:
        client: of the store.
        tag: name of the tag.
        value: hex, so that it is safe in a filter.
        deleted_too: also those that were deleted but not yet taken out of the store.
    """
    if not value.isalnum():
        return
    kinds = ViewType.ALL if deleted_too else ViewType.ACTIVE_ONLY
    places = [e.experiment_id for e in _all_experiments(client, kinds)]
    for start in range(0, len(places), _EXPERIMENTS_PER_CALL):
        token = None
        while True:
            page = client.search_runs(
                places[start : start + _EXPERIMENTS_PER_CALL],
                filter_string=f"tags.{tag} = '{value}'",
                run_view_type=kinds,
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                break


def _all_experiments(client: MlflowClient, kinds: int = ViewType.ACTIVE_ONLY) -> Iterator[Experiment]:
    token = None
    while True:
        page = client.search_experiments(view_type=kinds, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
