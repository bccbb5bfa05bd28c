"""scikit-learn objects on disk without pickle: skops, with a short list of types that may be loaded."""

from pathlib import Path
from typing import Any

import skops.io

from pipeline.errors import ModelError

# Beyond what skops trusts of itself; nothing here runs code of a file's choosing.
TRUSTED_TYPES = ("numpy.dtype",)


def save_sklearn(model: Any, path: Path) -> None:
    """Write an estimator as a skops file."""
    skops.io.dump(model, path)


def load_sklearn(path: Path) -> Any:
    """Read a skops file.

    Raises:
        ModelError: missing, damaged, or holding a type that is not on the list.
    """
    try:
        unexpected = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
        model = None if unexpected else skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except Exception as error:  # noqa: BLE001 - a damaged file can raise anything inside the reader
        reason = f"{type(error).__name__}: {error}"
        raise ModelError(f"{path}: cannot be read as a model file ({reason})") from None
    if unexpected:
        raise ModelError(
            f"{path}: refused: the file holds types that no model of ours has: {', '.join(unexpected)}"
        )
    return model
