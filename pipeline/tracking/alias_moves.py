"""Moves of an alias between versions of a registered model: each is wholly done and recorded, or not at all.

A move is stated in a tag, done, and recorded in another tag. A process that dies in between leaves the first tag, and
whoever moves the alias next finishes the record. The records say who moved it when and why, and serve roll backs.
"""

import pipeline.tracking.mlflow_environment  # noqa: F401 - MLflow reads its environment while it is imported

# isort: split

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel

from pipeline.errors import ModelError
from pipeline.tracking.mlflow_store import lock_store, open_store, store_errors
from pipeline.tracking.provenance import current_user
from pipeline.tracking.registry_lookup import alias_version, get_model, get_version

CHAMPION = "champion"
_ALIAS = re.compile(r"[A-Za-z][\w-]{0,99}")
_HISTORY_TAG = "history."
_PENDING_TAG = "pending."  # a move that has begun; gone when it is recorded


@dataclass(frozen=True, slots=True)
class AliasMove:
    """One move of an alias: from `previous` (None: it named nothing) to `version`, with both bundle hashes.

    `forced` says that it went against a check; `figures` are those of the check, where there was one.
    """

    event: str  # "set" or "roll back"
    alias: str
    version: int
    previous: int | None
    bundle_hash: str | None
    previous_bundle_hash: str | None
    who: str
    when: str
    why: str
    forced: bool = False
    figures: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def set_alias(
    name: str,
    version: int,
    alias: str,
    why: str,
    *,
    event: str = "set",
    forced: bool = False,
    figures: dict[str, Any] | None = None,
    judged_against: int | Literal["any"] | None = "any",
    uri: str | None = None,
) -> AliasMove:
    """Let an alias name a version, and keep who did it, when and why, and the figures it rested on.

    Args:
        name: of the registered model.
        version: that the alias is to name.
        alias: the alias.
        why: reason, kept in the registry.
        event: "set" or "roll back".
        forced: whether it goes against a check.
        figures: of the check.
        judged_against: the version that the alias named when the check was made; None for none.
        uri: of the store.

    Raises:
        ModelError: no such model or version, an alias that MLflow does not take, no reason given, or the alias was
            moved since the check.
    """
    if not why.strip():
        raise ModelError("say why: the reason is kept in the registry beside the version")
    if not _ALIAS.fullmatch(alias) or alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        raise ModelError(
            f"alias '{alias}': expected letters, digits, _ and -, beginning with a letter, and neither 'latest' "
            "nor a version such as v1"
        )
    client, uri = open_store(uri, create=False)
    with store_errors(uri), lock_store(uri):
        _settle(client, get_model(client, name), alias)
        model = get_model(client, name)
        new, present = get_version(client, model, version), alias_version(model, alias)
        if judged_against not in {"any", present}:
            raise ModelError(
                f"{alias} of '{name}' was moved by another process just now: it named {_number(judged_against)} when "
                f"version {version} was chosen, and now names {_number(present)}. Nothing was changed: run the same "
                "command again"
            )
        old = None if present is None else get_version(client, model, present)
        move = AliasMove(
            event=event,
            alias=alias,
            version=version,
            previous=present,
            bundle_hash=new.tags.get("bundle_hash"),
            previous_bundle_hash=old.tags.get("bundle_hash") if old else None,
            who=current_user(),
            when=_next_time(read_history(model, alias)),
            why=why.strip(),
            forced=forced,
            figures=figures,
        )
        _move(client, name, move)
    return move


def settle_move(name: str, alias: str = CHAMPION, uri: str | None = None) -> AliasMove | None:
    """Finish the record of a move whose process died in its midst.

    Returns:
        That move, if the alias had been moved; None where nothing was unfinished, or nothing had happened yet.

    Raises:
        ModelError: no such registered model.
    """
    client, uri = open_store(uri, create=False)
    with store_errors(uri), lock_store(uri):
        return _settle(client, get_model(client, name), alias)


def _settle(client: MlflowClient, model: RegisteredModel, alias: str) -> AliasMove | None:
    intended = model.tags.get(f"{_PENDING_TAG}{alias}")
    if intended is None:
        return None
    (move,) = _parse_moves(model.name, [intended])
    is_done = alias_version(model, alias) == move.version
    if is_done:
        _record_move(client, model.name, move)
    client.delete_registered_model_tag(model.name, f"{_PENDING_TAG}{alias}")
    return move if is_done else None


def _move(client: MlflowClient, name: str, move: AliasMove) -> None:
    """Say what is intended, do it, record it: whoever comes after a crash knows which of these were done."""
    pending = f"{_PENDING_TAG}{move.alias}"
    client.set_registered_model_tag(name, pending, json.dumps(move.to_json(), ensure_ascii=False))
    client.set_registered_model_alias(name, move.alias, str(move.version))
    _record_move(client, name, move)
    client.delete_registered_model_tag(name, pending)


def _record_move(client: MlflowClient, name: str, move: AliasMove) -> None:
    stamp = re.sub(r"[^\dT.]", "", move.when.removesuffix("+00:00"))  # a tag's name takes no "+"
    client.set_registered_model_tag(
        name, f"{_HISTORY_TAG}{move.alias}.{stamp}", json.dumps(move.to_json(), ensure_ascii=False)
    )
    if move.forced:
        trace = {key: getattr(move, key) for key in ("who", "when", "why", "figures")}
        client.set_model_version_tag(
            name, str(move.version), f"forced.{move.alias}", json.dumps(trace, ensure_ascii=False)
        )


def read_history(model: RegisteredModel, alias: str) -> list[AliasMove]:
    """Every recorded move of an alias, oldest first.

    Raises:
        ModelError: a record that was changed by hand.
    """
    prefix = f"{_HISTORY_TAG}{alias}."
    return _parse_moves(
        model.name, [value for key, value in sorted(model.tags.items()) if key.startswith(prefix)]
    )


def _parse_moves(name: str, values: Sequence[str]) -> list[AliasMove]:
    try:
        return [AliasMove(**json.loads(value)) for value in values]
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"'{name}': a tag {_HISTORY_TAG}* or {_PENDING_TAG}* is not as it was written: {error}"
        ) from None


def earlier_versions(history: list[AliasMove], present: int | None) -> list[int]:
    """The versions a roll back can return to, the next one last: moves push, roll backs pop."""
    stack: list[int] = []
    for move in history:
        if move.previous is not None and (not stack or stack[-1] != move.previous):
            stack.append(move.previous)  # the alias was moved by other means in between
        if move.event == "roll back":
            while stack and stack[-1] != move.version:
                stack.pop()
        if not stack or stack[-1] != move.version:
            stack.append(move.version)
    while stack and stack[-1] == present:
        stack.pop()
    return stack


def _number(version: object) -> str:
    return "no version" if version is None else f"version {version}"


def _next_time(history: list[AliasMove]) -> str:
    """Now; where the clock was put back, just after the last move, since their times order the moves."""
    now = datetime.now(UTC)
    if history:
        now = max(now, datetime.fromisoformat(history[-1].when) + timedelta(microseconds=1))
    return now.isoformat(timespec="microseconds")
