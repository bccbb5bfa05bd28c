"""The section `tracking`: where the run is recorded."""

from pipeline.config.settings import Settings


class TrackingSettings(Settings):
    """Where the run is recorded.

    Attributes:
        uri: of the MLflow store; without it the environment's MLFLOW_TRACKING_URI, else sqlite:///mlflow.db
            in the current folder.
        experiment: name of the MLflow experiment.
        register_as: name in the model registry; null leaves the model unregistered.
        error_texts: show the texts of the hardest errors in the evaluation page of the run. Whoever can read the
            store can then read them; without, the page names their rows.
    """

    uri: str | None = None
    experiment: str = "narrative-frames"
    register_as: str | None = None
    error_texts: bool = False
