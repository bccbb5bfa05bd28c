"""Where this machine's user keeps what can be made again: converted encoders, fetched models, what loaded well."""

import os
from pathlib import Path


def user_cache(name: str) -> Path:
    """The folder `narrative-frames/NAME` in the user's cache; it need not exist.

    Raises:
        RuntimeError: the user has no home folder.
    """
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "narrative-frames" / name
