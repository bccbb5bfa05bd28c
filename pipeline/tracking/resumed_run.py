"""Going on with an MLflow run whose process was killed."""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

from collections.abc import Collection

from mlflow.exceptions import MlflowException
from mlflow.utils import mlflow_tags

from pipeline.config.tracking import TrackingSettings
from pipeline.tracking.lost_runs import NOTE_TAG, RunNote, close_lost_runs
from pipeline.tracking.mlflow_store import open_store, store_errors
from pipeline.tracking.mlflow_tracker import MlflowTracker

_RUNS_PER_CALL = 1000


def resume_run(settings: TrackingSettings, run_id: str) -> MlflowTracker | None:
    """The run, running again; None where this store does not have it (any more).

    Raises:
        PipelineError: the store does not answer or cannot be used.
    """
    client, uri = open_store(settings.uri)
    try:
        run = client.get_run(run_id)
    except MlflowException:
        return None
    if run.info.lifecycle_stage != "active":
        return None
    with store_errors(uri):
        closed = close_lost_runs(client, uri)
        note = RunNote(uri, run.info.experiment_id)
        client.set_tag(run_id, NOTE_TAG, note.name)
        client.update_run(run_id, status="RUNNING")
    return MlflowTracker(client, uri, run.info.experiment_id, run_id, note=note, closed_runs=closed)


def close_interrupted(
    settings: TrackingSettings, parent_run_id: str, tag: str, values: Collection[str]
) -> list[str]:
    """Mark children that were cut off as killed, with the tag `state` "interrupted".

    Args:
        settings: of the store.
        parent_run_id: of the parent.
        tag: children whose tag of this name is among `values` were cut off, and so was any that still runs.
        values: of that tag.

    Returns:
        Ids of the children.
    """
    client, uri = open_store(settings.uri)
    closed: list[str] = []
    with store_errors(uri):
        place = client.get_run(parent_run_id).info.experiment_id
        only_children = f"tags.`{mlflow_tags.MLFLOW_PARENT_RUN_ID}` = '{parent_run_id}'"
        for run in client.search_runs([place], only_children, max_results=_RUNS_PER_CALL):
            if run.info.status == "RUNNING" or run.data.tags.get(tag) in values:
                client.set_tag(run.info.run_id, "state", "interrupted")
                client.set_terminated(run.info.run_id, "KILLED")
                closed.append(run.info.run_id)
    return closed
