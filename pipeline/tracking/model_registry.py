"""Registered models: versions, and which of them is the champion.

The version that `models:/NAME@champion` names is the one in use; `pipeline.tracking.alias_moves` moves the alias.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipeline.errors import ModelError
from pipeline.tracking.alias_moves import (
    CHAMPION,
    AliasMove,
    earlier_versions,
    read_history,
    set_alias,
    settle_move,
)
from pipeline.tracking.mlflow_store import open_store, store_errors
from pipeline.tracking.provenance import current_user
from pipeline.tracking.registry_lookup import (
    MODEL_NAME,
    RegisteredVersion,
    alias_version,
    all_models,
    describe_version,
    find_version,
    get_logged_model,
    get_model,
    get_version,
    list_there_is,
    logged_model_of_run,
    versions_of,
)

DESCRIPTION_LIMIT = 5000  # characters that the columns of MLflow's database hold, also of a tag
_NAME = re.compile(r"[\w. -]{1,100}")
_REGISTERED_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>[^/@]+))")
_LOGGED_URI = re.compile(r"models:/(?P<model_id>m-\w+)")
_RUN_URI = re.compile(r"runs:/(?P<run_id>\w+)(?:/(?P<model>[^/]+))?")


def register_bundle(
    run_id: str,
    name: str,
    manifest: Mapping[str, Any],
    *,
    macro_f1: float | None,
    macro_name: str | None = None,
    why: str = "trained",
    description: str | None = None,
    uri: str | None = None,
) -> int:
    """Make the model that a run has logged the newest version of a registered model; no alias is moved.

    Args:
        run_id: the run whose `log_bundle` was called.
        name: of the registered model, which is created if need be.
        manifest: of the bundle.
        macro_f1: on the test fold.
        macro_name: the same by its whole name, "macro-F1 over 13 of 15 frames".
        why: reason, kept with the version.
        description: Markdown that MLflow shows on the version's page, at most DESCRIPTION_LIMIT characters.
        uri: of the store, see `resolve_store_uri`.

    Raises:
        ModelError: the name cannot be used, or the run has logged no model.
    """
    _check_name(name)
    client, uri = open_store(uri)
    with store_errors(uri):
        logged = logged_model_of_run(client, run_id, MODEL_NAME)
        if name not in {model.name for model in all_models(client)}:
            _create_model(client, name)
        tags = {
            "bundle_hash": manifest["bundle_hash"],
            "codebook_hash": manifest["codebook_hash"],
            "dataset_fingerprint": manifest.get("dataset_fingerprint"),
            "kind": manifest["kind"],
            "macro_f1": None if macro_f1 is None else repr(float(macro_f1)),
            "macro_name": macro_name,
            "who": current_user(),
            "when": _now(),
            "why": why,
        }
        version = client.create_model_version(
            name,
            source=logged.artifact_location,  # a models:/ source is looked up in MLflow's global store, not this one
            run_id=run_id,
            model_id=logged.model_id,
            description=description,
            tags={key: str(value) for key, value in tags.items() if value is not None},
        )
    return int(version.version)


def list_models(uri: str | None = None) -> list[RegisteredVersion]:
    """Every version of every registered model, by name, newest version first."""
    client, uri = open_store(uri, create=False)
    with store_errors(uri):
        return [
            describe_version(model, v)
            for model in all_models(client)
            for v in versions_of(client, model.name)
        ]


def champion(name: str, uri: str | None = None) -> int | None:
    """Version that `models:/NAME@champion` names; None where there is no champion.

    Raises:
        ModelError: no such registered model.
    """
    client, uri = open_store(uri, create=False)
    with store_errors(uri):
        return alias_version(get_model(client, name), CHAMPION)


def promote(name: str, version: int, why: str, *, force: bool = False, uri: str | None = None) -> AliasMove:
    """Make a version the champion without looking at its figures; `pipeline.tracking.promotion` looks at them.

    Raises:
        ModelError: no such model or version; it is champion already; no reason given; or its codebook is not
            the present champion's, so that scores before and after would not mean the same (`force` allows it).
    """
    client, uri = open_store(uri, create=False)
    with store_errors(uri):
        model = get_model(client, name)
        new, present = get_version(client, model, version), alias_version(model, CHAMPION)
        if present == version:
            raise ModelError(f"version {version} of '{name}' is the champion already")
        if present is not None and not force:
            _check_same_codebook(new, get_version(client, model, present))
    return set_alias(name, version, CHAMPION, why, uri=uri)


def roll_back(name: str, why: str, uri: str | None = None) -> int:
    """Give the champion's place back to the version that held it before; returns that version.

    Raises:
        ModelError: no such model, no earlier champion, or the earlier one was deleted.
    """
    settled = settle_move(name, uri=uri)
    if settled is not None and settled.event == "roll back":
        return settled.version  # this is what was asked for
    client, uri = open_store(uri, create=False)
    with store_errors(uri):
        model = get_model(client, name)
        present = alias_version(model, CHAMPION)
        earlier = earlier_versions(read_history(model, CHAMPION), present)
        if not earlier:
            raise ModelError(
                f"'{name}' has had no champion before the present one"
                f" ({'none' if present is None else f'version {present}'}); promote another version instead"
            )
    set_alias(name, earlier[-1], CHAMPION, why, event="roll back", judged_against=present, uri=uri)
    return earlier[-1]


def resolve_model(model: str, uri: str | None = None) -> Path:
    """The bundle folder that `models:/NAME@ALIAS`, `models:/NAME/3`, `models:/m-...` or `runs:/ID` means.

    Raises:
        ModelError: not such a name; no such model, version, alias or run (the message lists what there is); or
            files that are not those that were registered.
    """
    from pipeline.tracking.model_files import fetch_bundle  # noqa: PLC0415 - a list of models needs no bundle

    client, uri = open_store(uri, create=False)
    expected = None
    with store_errors(uri):
        if found := _LOGGED_URI.fullmatch(model):
            location = get_logged_model(client, found["model_id"]).artifact_location
        elif found := _RUN_URI.fullmatch(model):
            location = logged_model_of_run(
                client, found["run_id"], found["model"] or MODEL_NAME
            ).artifact_location
        elif found := _REGISTERED_URI.fullmatch(model):
            version = find_version(client, found["name"], found["version"], found["alias"])
            expected = version.tags.get("bundle_hash")
            location = client.get_model_version_download_uri(version.name, version.version)
        else:
            raise ModelError(
                f"'{model}' names no model; expected models:/NAME@champion, models:/NAME/3, runs:/RUN_ID or a bundle "
                f"folder. {list_there_is(client)}"
            )
    return fetch_bundle(location, uri, expected)


def _create_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another run created it at this moment
            raise


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or not name.strip(". "):
        raise ModelError(
            f"'{name}' cannot name a registered model: expected up to 100 letters, digits, spaces and _ . -"
        )


def _check_same_codebook(new: ModelVersion, present: ModelVersion) -> None:
    ours, theirs = (version.tags.get("codebook_hash") or "unknown" for version in (new, present))
    if ours != theirs:
        raise ModelError(
            f"version {new.version} of '{new.name}' was trained with another codebook ({ours[:12]}) than the "
            f"present champion, version {present.version} ({theirs[:12]}): scores before and after would not mean "
            "the same. Register it under another name, or promote it with force"
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
