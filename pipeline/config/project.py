"""The file of a project, `project.yaml`: what `frames update` reads, with what model, and where results go.

Paths are looked up beside the file, wherever the command is started.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipeline.config.settings import Settings
from pipeline.config.time_zones import read_zone
from pipeline.errors import ConfigError, DataError
from pipeline.files.yaml_files import describe_validation_error, load_yaml_mapping

PROJECT_FILE: Final = "project.yaml"
TABLE_SUFFIXES: Final = (".csv", ".jsonl", ".parquet", ".xlsx")
_SQLITE: Final = "sqlite:///"

Need = Literal["model", "rejects", "drift", "sample", "rising"]


def _check_zone(name: str) -> str:
    try:
        read_zone(name, "time zone")
    except DataError as error:
        raise ValueError(str(error)) from None
    return name


ZoneName = Annotated[str, AfterValidator(_check_zone)]


class InboxSettings(Settings):
    """A folder in which exports arrive, and what its files do not say themselves; see docs/formats.md.

    Attributes:
        folder: walked with all folders in it.
        format: of all its files; null to tell it from their content.
        channel: name of the channel, for exports that carry none.
        columns: our column names and those of the files, for example {text: message}.
        utc_offset: hours ahead of UTC of times that name no zone.
        timezone: the same as a place, for example Europe/Kyiv.
        date_order: of 3/1/2024, where a file does not tell.
        encoding: of text files that are not UTF-8, for example cp1251.
    """

    folder: str
    format: str | None = None
    channel: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    utc_offset: float | None = Field(default=None, ge=-14, le=14)
    timezone: ZoneName | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    encoding: str | None = None


class ProjectSettings(Settings):
    """What `frames update` does each time.

    Attributes:
        inputs: folders in which exports arrive; of each, new and changed files are read.
        posts: posts table (.parquet), as of `frames ingest`.
        model: that scores: models:/NAME@champion, models:/NAME/3, or a bundle folder.
        tracking: URI of the MLflow store that knows the model; without it the environment's MLFLOW_TRACKING_URI, else
            mlflow.db beside this file.
        scores: output folder, as of `frames predict`.
        sample: coded samples, files that `frames sample` drew from these scores; shares are corrected with them.
        empty_is_coded: rows of the sample without labels carry no frame; else they are not coded yet.
        shares: table of shares by channel and month (.csv, .jsonl, .parquet or .xlsx); null writes none.
        report: the HTML report; null writes none.
        title: of the report.
        events: table with the columns date and label: lines in the report's plots over time.
        link_template: how the report links to a post, with {channel} and {message_id}; else public channels to t.me.
        figures: folder for the report's main figures in print size.
        report_timezone: where the report's months and days begin, for example Europe/Kyiv; null for UTC.
        alert_level: chance of any false alert of a rising frame in a year; see docs/monitoring.md.
        summary: what the last run did, one JSON object.
        known: needs that you know of: they stand in the summary and no longer change the exit status.
    """

    inputs: tuple[InboxSettings, ...] = Field(default=(InboxSettings(folder="exports"),), min_length=1)
    posts: str = "data/posts.parquet"
    model: str
    tracking: str | None = None
    scores: str = "scores"
    sample: tuple[str, ...] = ()
    empty_is_coded: bool = False
    shares: str | None = "shares.csv"
    report: str | None = "report.html"
    title: str | None = None
    events: str | None = None
    link_template: str | None = None
    figures: str | None = None
    report_timezone: ZoneName | None = None
    alert_level: float = Field(default=0.05, gt=0, le=0.5)
    summary: str = "update.json"
    known: tuple[Need, ...] = ()

    @model_validator(mode="after")
    def _check_paths(self) -> "ProjectSettings":
        for key, allowed in (
            ("posts", (".parquet",)),
            ("shares", TABLE_SUFFIXES),
            ("report", (".html",)),
            ("summary", (".json",)),
        ):
            value = getattr(self, key)
            if value is not None and Path(value).suffix.lower() not in allowed:
                raise ValueError(f"'{key}': expected a name that ends in {', '.join(allowed)}, got '{value}'")
        if "://" in self.scores:
            raise ValueError(f"'scores': expected a folder on a disk, got '{self.scores}'")
        return self


@dataclass(frozen=True, slots=True)
class Project:
    """A project's settings, and its folder, which every path starts from."""

    folder: Path
    settings: ProjectSettings

    def path(self, name: str) -> Path:
        """The place of a path of the file."""
        return self.folder / name

    @property
    def tracking_uri(self) -> str:
        """The store; the path of an sqlite file starts from the project's folder."""
        uri = self.settings.tracking
        if uri is None and (chosen := os.environ.get("MLFLOW_TRACKING_URI")):
            return chosen
        uri = uri or f"{_SQLITE}mlflow.db"
        if not uri.startswith(_SQLITE):
            return uri
        return f"{_SQLITE}{(self.folder / uri.removeprefix(_SQLITE)).as_posix()}"

    @property
    def samples(self) -> list[Path]:
        """The coded samples."""
        return [self.path(name) for name in self.settings.sample]

    @property
    def outputs(self) -> list[Path]:
        """What runs write."""
        chosen = self.settings
        names = (chosen.posts, chosen.scores, chosen.shares, chosen.report, chosen.figures, chosen.summary)
        return [self.path(name) for name in names if name is not None]


def load_project(place: Path) -> Project:
    """Read a project's file.

    Args:
        place: the file, or the folder that holds `project.yaml`.

    Raises:
        ConfigError: no such file, something in it does not fit, or outputs would lie in an inbox.
    """
    path = place / PROJECT_FILE if place.is_dir() else place
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such project file; `frames init` writes one into a new project, docs/daily.md shows one"
        )
    raw = load_yaml_mapping(path, what="project file")
    try:
        settings = ProjectSettings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            describe_validation_error(path, error, raw, model=ProjectSettings, what="project file")
        ) from None
    project = Project(path.resolve().parent, settings)
    for inbox in settings.inputs:
        folder = project.path(inbox.folder).resolve()
        inside = [str(output) for output in project.outputs if output.resolve().is_relative_to(folder)]
        if inside:
            raise ConfigError(
                f"{path}, key 'inputs': the folder '{inbox.folder}' would hold what runs write ({', '.join(inside)}), "
                "which would be read as exports; name a folder of its own"
            )
    return project
