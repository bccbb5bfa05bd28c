"""Reports of use that libraries would send to their makers are switched off; import this before those libraries.

Each reads its setting while it is imported or started. What the user has set stays as it is.
"""

import os
from typing import Final

SETTINGS: Final = {
    "DO_NOT_TRACK": "true",  # MLflow takes no other word for yes; huggingface_hub takes this one too
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}

for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
