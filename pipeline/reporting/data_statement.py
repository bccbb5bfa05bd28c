"""What a model was trained and tested on, as plain values for its manifest: counts, never texts."""

from collections import Counter
from typing import Any

import pandas as pd

from pipeline.config.run_config import RunConfig
from pipeline.data.splits import NAMES, Folds


def describe_data(folds: Folds, config: RunConfig) -> dict[str, Any]:
    """Rows, channels, languages, dates and positives of the folds, and how they were made."""
    parts = [getattr(folds, name) for name in NAMES]
    return {
        "folds": {record["fold"]: record for record in folds.summary()},
        "without_frame": {
            name: int((part.indicator().sum(axis=1) == 0).sum())
            for name, part in zip(NAMES, parts, strict=True)
        },
        "sources": _count(pd.concat([part.table["source"] for part in parts])),
        "languages": _count(pd.concat([part.table["lang"] for part in parts])),
        "purged": len(folds.purged),
        "method": config.folds.model_dump(mode="json"),
        "licence": config.data.licence,
    }


def _count(values: "pd.Series[Any]") -> dict[str, int]:
    """How often each value stands; "" is what is not stated."""
    return dict(Counter("" if pd.isna(value) else str(value) for value in values))
