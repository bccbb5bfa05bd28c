"""Looking up registered models, versions and logged models; what is missing is answered with what there is."""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

from dataclasses import asdict, dataclass
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from pipeline.errors import ModelError

MODEL_NAME = "model"  # under which a run logs its bundle
_MISSING = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}
_PAGE = 100


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """One version of a registered model, as its tags describe it; None where a tag is missing."""

    name: str
    version: int
    aliases: tuple[str, ...]
    bundle_hash: str | None
    codebook_hash: str | None
    dataset_fingerprint: str | None
    macro_f1: float | None
    macro_name: str | None
    kind: str | None
    run_id: str | None
    who: str | None
    when: str | None
    why: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"aliases": list(self.aliases)}


def get_model(client: MlflowClient, name: str) -> RegisteredModel:
    """The registered model of that name.

    Raises:
        ModelError: there is none.
    """
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code not in _MISSING:
            raise
        raise ModelError(f"there is no registered model '{name}'. {list_there_is(client)}") from None


def get_version(client: MlflowClient, model: RegisteredModel, version: int) -> ModelVersion:
    """One version of a registered model.

    Raises:
        ModelError: there is none of that number.
    """
    try:
        return client.get_model_version(model.name, str(version))
    except MlflowException as error:
        if error.error_code not in _MISSING:
            raise
        raise ModelError(f"'{model.name}' has no version {version}. {list_there_is(client)}") from None


def get_logged_model(client: MlflowClient, model_id: str) -> LoggedModel:
    """A model by its id, registered or not.

    Raises:
        ModelError: there is none.
    """
    try:
        return client.get_logged_model(model_id)
    except MlflowException as error:
        if error.error_code not in _MISSING:
            raise
        raise ModelError(f"there is no logged model '{model_id}'. {list_there_is(client)}") from None


def logged_model_of_run(client: MlflowClient, run_id: str, name: str) -> LoggedModel:
    """The model that a run has logged under a name; the last one if there are several.

    Raises:
        ModelError: no such run, or it has logged none.
    """
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code not in _MISSING:
            raise
        raise ModelError(f"there is no run '{run_id}' in this MLflow store") from None
    outputs = run.outputs.model_outputs if run.outputs else []
    logged = [client.get_logged_model(output.model_id) for output in outputs]
    named = [model for model in logged if model.name == name]
    if not named:
        raise ModelError(
            f"the run '{run_id}' has logged no model '{name}'; did it end before its bundle was written?"
        )
    return named[-1]


def find_version(client: MlflowClient, name: str, version: str | None, alias: str | None) -> ModelVersion:
    """The version that a number or an alias means.

    Raises:
        ModelError: no such model, version or alias.
    """
    model = get_model(client, name)
    if alias is None:
        return get_version(client, model, int(version or 0))
    number = alias_version(model, alias)
    if number is None:
        newest = max((int(v.version) for v in versions_of(client, name)), default=1)
        remedy = (
            f"frames promote {name} {newest} --why REASON makes version {newest} the champion"
            if alias == "champion"
            else f"name a version, models:/{name}/{newest}"
        )
        raise ModelError(f"'{name}' has no alias '{alias}': {remedy}. {list_there_is(client)}")
    return get_version(client, model, number)


def all_models(client: MlflowClient) -> list[RegisteredModel]:
    """Every registered model, by name."""
    models: list[RegisteredModel] = []
    token = None
    while True:
        page = client.search_registered_models(max_results=_PAGE, page_token=token, order_by=["name ASC"])
        models += page
        token = page.token
        if not token:
            return models


def versions_of(client: MlflowClient, name: str) -> list[ModelVersion]:
    """Newest first."""
    versions: list[ModelVersion] = []
    token = None
    quote = '"' if "'" in name else "'"
    while True:
        page = client.search_model_versions(
            f"name = {quote}{name}{quote}",
            max_results=_PAGE,
            page_token=token,
            order_by=["version_number DESC"],
        )
        versions += page
        token = page.token
        if not token:
            return versions


def describe_version(model: RegisteredModel, version: ModelVersion) -> RegisteredVersion:
    """A version with its aliases and tags."""
    number, tags = int(version.version), version.tags
    return RegisteredVersion(
        name=model.name,
        version=number,
        aliases=tuple(sorted(alias for alias, v in model.aliases.items() if int(v) == number)),
        bundle_hash=tags.get("bundle_hash"),
        codebook_hash=tags.get("codebook_hash"),
        dataset_fingerprint=tags.get("dataset_fingerprint"),
        macro_f1=_as_number(tags.get("macro_f1")),
        macro_name=tags.get("macro_name"),
        kind=tags.get("kind"),
        run_id=version.run_id or None,
        who=tags.get("who"),
        when=tags.get("when"),
        why=tags.get("why"),
    )


def alias_version(model: RegisteredModel, alias: str) -> int | None:
    """Number of the version that an alias names, if it names one."""
    number = model.aliases.get(alias)
    return None if number is None else int(number)


def list_there_is(client: MlflowClient) -> str:
    """One sentence: the registered models with their versions and aliases."""
    models = all_models(client)
    if not models:
        return "No model is registered in this store."
    parts = []
    for model in models:
        versions = ", ".join(str(v.version) for v in reversed(versions_of(client, model.name))) or "none"
        aliases = ", ".join(f"{a} -> {v}" for a, v in sorted(model.aliases.items())) or "none"
        parts.append(f"{model.name} (versions: {versions}; aliases: {aliases})")
    return f"There are: {'; '.join(parts)}"


def _as_number(tag: str | None) -> float | None:
    """A figure from a tag; None where there is none, or where someone has written something else into it."""
    try:
        return None if tag is None else float(tag)
    except ValueError:
        return None
