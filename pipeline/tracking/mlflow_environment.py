"""What MLflow reads from the environment while it is imported; import this before it.

What the user has set stays as it is.
"""

import os

import pipeline.no_telemetry  # noqa: F401 - MLflow reads its settings while it is imported

_DEFAULTS = {
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # the first use of a store reports every migration at INFO
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # the caller draws the bars
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # standard output belongs to the command's result
    "MLFLOW_UV_AUTO_DETECT": "false",  # a model's requirements are ours, not those of the folder around
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # MLflow's own seven take minutes to say that nobody answers
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "GIT_PYTHON_REFRESH": "quiet",  # a machine without git is no reason to warn
}

for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)
