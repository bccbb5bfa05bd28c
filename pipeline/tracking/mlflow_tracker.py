"""One training run in an MLflow store, begun or gone on with: settings, data, curves, figures and the model itself.

Everything goes through a client of its own, never through MLflow's process-wide active run, so that runs can
be nested and a notebook's own MLflow settings stay as they are.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import hashlib
import json
import re
import tempfile
import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils import mlflow_tags

from pipeline.config.tracking import TrackingSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import PipelineError
from pipeline.tracking.lost_runs import NOTE_TAG, RunNote, close_lost_runs
from pipeline.tracking.mlflow_store import ensure_experiment, open_store, store_errors
from pipeline.tracking.provenance import current_user, describe_checkout, installed_version
from pipeline.tracking.pyfunc_model import write_pyfunc_model
from pipeline.tracking.registry_lookup import MODEL_NAME
from pipeline.tracking.store_uri import without_password

PARAM_LIMIT = 6000  # characters that MLflow keeps of a value
NAME_LIMIT = 250
DIGEST_LIMIT = 36
_PARAMS_PER_CALL, _METRICS_PER_CALL = 100, 1000
_RUNS_PER_CALL = 1000
_SECONDS_BETWEEN_SENDS = 5.0
_SECONDS_AFTER_FAILURE = 60.0


class MlflowTracker:
    """Context manager around one run, which ends as finished, failed or killed.

    Curves are sent in batches. A server that stops answering during training does not end the training: points
    are kept and sent again, and only what is still unsent when the run is to end is an error.

    Attributes:
        run_id: of the run.
        model_uri: `models:/m-...` once `log_bundle` has run.
        closed_runs: ids of runs whose processes had died, which were ended when this one began.
    """

    def __init__(
        self,
        client: MlflowClient,
        uri: str,
        experiment_id: str,
        run_id: str,
        *,
        note: RunNote,
        closed_runs: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._uri = uri
        self._experiment_id = experiment_id
        self._unsent: list[Metric] = []
        self._send_after = 0.0
        self._note = note
        self.run_id: str = run_id
        self.model_uri: str | None = None
        self.closed_runs = tuple(closed_runs)

    @classmethod
    def start(
        cls,
        settings: TrackingSettings,
        run_name: str,
        parent_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Self:
        """Open the store and begin a run; `parent_run_id` nests it under another.

        Raises:
            PipelineError: the store does not answer or cannot be used.
        """
        client, uri = open_store(settings.uri)
        with store_errors(uri):
            experiment_id = ensure_experiment(client, uri, settings.experiment)
            closed = close_lost_runs(client, uri)
            note = RunNote(uri, experiment_id)
            all_tags = {**_context_tags(parent_run_id), NOTE_TAG: note.name, **(tags or {})}
            try:
                run = client.create_run(experiment_id, tags=all_tags, run_name=run_name)
            except BaseException:
                note.release()
                raise
        return cls(client, uri, experiment_id, run.info.run_id, note=note, closed_runs=closed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._end("FINISHED")
            return
        # The error that ended the run is the one to show, even if the store fails as well.
        with suppress(PipelineError):
            self._end("FAILED" if issubclass(kind, Exception) else "KILLED")

    @property
    def tracking_uri(self) -> str:
        """The store, as `mlflow ui --backend-store-uri` takes it, without a password."""
        return without_password(self._uri)

    def log_config(self, config: Mapping[str, Any]) -> None:
        """Record the resolved config: each value a parameter by its dotted key, the whole as config.json."""
        params = [Param(safe_name(key), _shorten(value)) for key, value in flatten_config(config).items()]
        with store_errors(self._uri):
            for start in range(0, len(params), _PARAMS_PER_CALL):
                self._client.log_batch(self.run_id, params=params[start : start + _PARAMS_PER_CALL])
        self.log_dict(config, "config.json")

    def log_dataset(self, data: LabelledData, context: str) -> None:
        """Record what data was used, not the texts: schema, counts, path and fingerprint.

        Args:
            data: the rows.
            context: "train", "dev" or "test".
        """
        described = DatasetInput(
            _describe_dataset(data), [InputTag(mlflow_tags.MLFLOW_DATASET_CONTEXT, context)]
        )
        with store_errors(self._uri):
            self._client.log_inputs(self.run_id, datasets=[described])
            self._client.set_tag(self.run_id, f"dataset_fingerprint.{context}", data.fingerprint)

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        self._unsent.append(Metric(safe_name(name), float(value), _now(), step))
        if time.monotonic() >= self._send_after:
            self._send_after = time.monotonic() + _SECONDS_BETWEEN_SENDS
            try:
                self._send_metrics()
            except PipelineError:
                self._send_after = time.monotonic() + _SECONDS_AFTER_FAILURE

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record figures at once."""
        now = _now()
        self._unsent.extend(
            Metric(safe_name(name), float(value), now, step or 0) for name, value in metrics.items()
        )
        self._send_metrics()

    def log_figure(self, figure: Any, name: str) -> None:
        """Record a matplotlib figure as `figures/NAME`; the suffix of the name is its format."""
        with store_errors(self._uri):
            self._client.log_figure(self.run_id, figure, f"figures/{name}")

    def log_dict(self, content: Mapping[str, Any], name: str) -> None:
        """Record plain values as a JSON file."""
        self.log_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), name)

    def log_text(self, text: str, name: str) -> None:
        """Record a text file."""
        with store_errors(self._uri):
            self._client.log_text(self.run_id, text, name)

    def log_table(self, table: pd.DataFrame, name: str) -> None:
        """Record a table as a CSV file."""
        with store_errors(self._uri):
            self._client.log_text(self.run_id, "\ufeff" + table.to_csv(index=False), name)  # as all CSV files

    def log_bundle(self, folder: Path, input_example: Sequence[str] = ()) -> str:
        """Record a model bundle as an MLflow model that `mlflow.pyfunc.load_model` can load.

        Args:
            folder: the bundle.
            input_example: texts shown with the model; by default examples of its codebook.

        Returns:
            URI of the logged model, `models:/m-...`.

        Raises:
            ModelError: the folder is not a bundle.
            PipelineError: the store failed.
        """
        with tempfile.TemporaryDirectory(prefix="frames-model-") as temporary, store_errors(self._uri):
            logged = self._client.create_logged_model(
                self._experiment_id, name=MODEL_NAME, source_run_id=self.run_id
            )
            target = Path(temporary) / MODEL_NAME
            write_pyfunc_model(
                target, folder, run_id=self.run_id, logged_model=logged, input_example=input_example
            )
            self._client.log_model_artifacts(logged.model_id, str(target))
            self._client.finalize_logged_model(logged.model_id, "READY")
            self._client.log_outputs(self.run_id, [LoggedModelOutput(logged.model_id, step=0)])
        self.model_uri = f"models:/{logged.model_id}"
        return self.model_uri

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags on the run."""
        with store_errors(self._uri):
            self._client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def _send_metrics(self) -> None:
        with store_errors(self._uri):
            while self._unsent:
                self._client.log_batch(self.run_id, metrics=self._unsent[:_METRICS_PER_CALL])
                del self._unsent[:_METRICS_PER_CALL]

    def _end(self, status: str) -> None:
        with store_errors(self._uri):
            try:
                self._send_metrics()
            finally:
                try:
                    self._client.set_terminated(self.run_id, status)
                    self._note.remove()
                finally:
                    self._note.release()


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


def safe_name(name: str) -> str:
    """The name as MLflow takes it for metrics and parameters.

    Letters of every alphabet, digits, `_ - . /` and spaces stay. Where anything must change, a digest of the
    name as it was is added, so that the same name always becomes the same and no two become one.
    """
    safe = re.sub(r"[^\w./ -]", "_", name)
    # MLflow refuses names that would be another file name once read as a path
    parts = ["_" if part in {"", ".", ".."} else part for part in safe.split("/")]
    safe = re.sub(r"^\.\.", "__", "/".join(parts))
    if safe == name and len(name) <= NAME_LIMIT:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{safe[: NAME_LIMIT - len(digest) - 1]}-{digest}"


def flatten_config(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested sections to dotted keys; text as it is, everything else as JSON."""
    flat: dict[str, str] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(flatten_config(value, f"{name}."))
        else:
            flat[name] = (
                value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            )
    return flat


def _shorten(value: str) -> str:
    note = " ... (whole in config.json)"
    return value if len(value) <= PARAM_LIMIT else value[: PARAM_LIMIT - len(note)] + note


def _describe_dataset(data: LabelledData) -> Dataset:
    """MLflow's record of the data, with our fingerprint as digest and the counts of each frame as profile."""
    table = data.table.assign(labels=data.table["labels"].map(";".join))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optional columns without values have no type, which is no fault
        described = from_pandas(
            table,
            source=str(data.path.absolute()),
            targets="labels",
            name=data.path.name,
            digest=data.fingerprint[:DIGEST_LIMIT],
        ).to_dict()
    profile = {"num_rows": len(data), "fingerprint": data.fingerprint, "positives": data.count_positives()}
    return Dataset(
        name=described["name"],
        digest=described["digest"],
        source_type=described["source_type"],
        source=described["source"],
        schema=described["schema"],
        profile=json.dumps(profile, ensure_ascii=False),
    )


def _context_tags(parent_run_id: str | None) -> dict[str, str]:
    """Who ran what from where, under the names that MLflow's pages show."""
    tags = {
        mlflow_tags.MLFLOW_USER: current_user(),
        mlflow_tags.MLFLOW_SOURCE_NAME: f"narrative-frames {installed_version('narrative-frames')}",
        mlflow_tags.MLFLOW_SOURCE_TYPE: "LOCAL",
    }
    commit = describe_checkout(Path.cwd())["commit"]
    if commit:
        tags[mlflow_tags.MLFLOW_GIT_COMMIT] = commit
    if parent_run_id:
        tags[mlflow_tags.MLFLOW_PARENT_RUN_ID] = parent_run_id
    return tags


def _now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
