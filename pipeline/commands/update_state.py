"""What the daily job remembers of itself, and what a run that was finished depends on."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.config.project import Need, Project
from pipeline.data.posts.inbox import stamp_file
from pipeline.data.posts.posts_table import history_path
from pipeline.files.json_files import replace_json

STATE: Final = "state.json"


class UpdateState(BaseModel):
    """What earlier runs of a project left.

    Attributes:
        told: needs that were found and that no summary has told yet.
        inboxes: stamps of the files that were read, by hash of the inbox's settings.
        posts: stamps of the posts table after that.
        finished: what the last run that came to its end rested on, see `stamp_inputs`.
        rising: frames whose rise was told.
    """

    model_config = ConfigDict(extra="forbid")

    told: list[tuple[Need, str]] = []
    inboxes: dict[str, dict[str, str]] = {}
    posts: list[str | None] | None = None
    finished: dict[str, Any] | None = None
    rising: list[str] = []

    @classmethod
    def read(cls, folder: Path) -> "UpdateState":
        """Of a file that is missing or cannot be read nothing, so that everything is done again."""
        try:
            return cls.model_validate_json((folder / STATE).read_bytes())
        except (OSError, ValidationError):
            return cls()

    def write(self, folder: Path) -> None:
        """Under its final name in one step, where anything changed."""
        if self != UpdateState.read(folder):
            replace_json(folder / STATE, self.model_dump(mode="json"))


def stamp_inputs(project: Project, state: UpdateState) -> dict[str, Any]:
    """Changes where there may be something to do again; "model" is what can be told of it without MLflow."""
    settings = project.settings
    written = [settings.shares, settings.report]
    return {
        "version": version("narrative-frames"),
        "settings": hashlib.sha256(settings.model_dump_json().encode()).hexdigest(),
        "posts": stamp_posts(project.path(settings.posts)),
        "scores": _stamp_scores(project.path(settings.scores)),
        "samples": [stamp_file(path) for path in project.samples],
        "events": stamp_file(project.path(settings.events)) if settings.events else None,
        "outputs": [name is None or project.path(name).is_file() for name in written],
        "model": _stamp_model(project),
        "bundle": (state.finished or {}).get("bundle"),
    }


def stamp_posts(posts: Path) -> list[str | None]:
    """Of a posts table and of its history."""
    return [stamp_file(posts), stamp_file(history_path(posts))]


def _stamp_scores(scores: Path) -> str | None:
    reached = scores / "_reached"
    return reached.read_text(encoding="utf-8") if reached.is_file() else None


def _stamp_model(project: Project) -> list[str | None] | None:
    """Of a bundle folder its manifest, of an sqlite store its files; None for a server, which has to be asked."""
    from pipeline.commands.options import is_folder_name
    from pipeline.tracking.store_uri import sqlite_path

    model, store = project.settings.model, sqlite_path(project.tracking_uri)
    if is_folder_name(model):
        return [stamp_file(project.path(model) / "bundle.json")]
    if store is None or not model.startswith(("models:/", "runs:/")):
        return None
    return [stamp_file(store), stamp_file(store.with_name(f"{store.name}-wal"))]
