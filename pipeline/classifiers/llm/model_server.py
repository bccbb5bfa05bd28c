"""The server of a language model: whether it may be asked, and one question to it.

An address of this machine may be asked at once. Any other needs the user's word: `allow_remote: true` in a config that
the user gave, or, for a model that was loaded and may come from a stranger, its host in the environment variable
FRAMES_LLM_HOSTS. The same word is needed for the key to be sent. Nothing follows a redirection, which could lead
elsewhere, and a proxy is not used for addresses of this machine.
"""

import ipaddress
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.config.model import LlmSettings
from pipeline.errors import ConfigError, MissingExtraError, ModelError, shorten
from pipeline.files.safe_text import safe_text

KEY_VARIABLE: Final = "FRAMES_LLM_KEY"
HOSTS_VARIABLE: Final = "FRAMES_LLM_HOSTS"
_MOST_BYTES: Final = 10_000_000  # of an answer
_HOPELESS: Final = frozenset({401, 403, 404})  # the next call would meet the same
_REFUSALS: Final = frozenset({400, 413, 422})  # of this one request
_told: set[str] = set()  # hosts of which this process has said that texts go there


class ServerError(ModelError):
    """The server cannot be asked, or does not answer; what it answered before is kept."""


class RefusedError(Exception):
    """The server understood one request and does not want it; `told` is what it says, which may quote the text."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(f"refused by the server with status {status}")
        self.told = told


class NoAnswerError(Exception):
    """One request got no answer after all its retries."""

    def __init__(self, reason: str, *, is_unreachable: bool = False) -> None:
        super().__init__(reason)
        self.is_unreachable = is_unreachable


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server sent back.

    Attributes:
        content: the answer; None where there is none.
        tokens: with log probabilities, as the protocol has them; None where the server gives none.
        is_cut: it ended at the limit of its length.
        model: name that the server gives.
        fingerprint: that the server gives of the model and its settings, or "".
        input_tokens, output_tokens: by the server's count; 0 where it does not count.
        seconds: from the request to the answer, retries included.
    """

    content: str | None
    tokens: list[Any] | None
    is_cut: bool
    model: str
    fingerprint: str
    input_tokens: int
    output_tokens: int
    seconds: float


def check_consent(settings: LlmSettings, *, is_loaded: bool) -> bool:
    """Whether the user named this server; an unnamed one of this machine may be asked, without a key.

    Args:
        settings: of the model.
        is_loaded: they come from a bundle, whose word on `allow_remote` is not the user's.

    Raises:
        ConfigError: another machine, without the user's word.
    """
    host = str(urlsplit(settings.base_url).hostname)
    named = {name.strip().casefold() for name in os.environ.get(HOSTS_VARIABLE, "").split(",")}
    if host in named or (settings.allow_remote and not is_loaded):
        return True
    if not is_this_machine(host):
        remedy = (
            f"if they may, set the environment variable {HOSTS_VARIABLE}={host}"
            if is_loaded
            else "if they may, set model.allow_remote: true"
        )
        raise ConfigError(f"texts would leave this machine for {safe_text(shorten(host))}; {remedy}")
    return not is_loaded


def is_this_machine(host: str) -> bool:
    """Whether a host is a loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class ModelServer:
    """A server that the user lets be asked.

    Args:
        settings: of the model.
        is_loaded: they come from a bundle.

    Raises:
        ConfigError: see `check_consent`.
        MissingExtraError: the client is not installed.
    """

    def __init__(self, settings: LlmSettings, *, is_loaded: bool) -> None:
        is_named = check_consent(settings, is_loaded=is_loaded)
        try:
            import httpx2  # noqa: PLC0415 - comes with openai
            import openai  # noqa: PLC0415 - an extra
        except ImportError:
            raise MissingExtraError("openai", "llm") from None
        for name in (
            "openai",
            "httpx2",
            "httpcore2",
        ):  # at their finest they write requests, which hold texts
            logging.getLogger(name).setLevel(logging.WARNING)
        self._openai, self._response = openai, httpx2.Response
        self._settings, self._is_named = settings, is_named
        host = str(urlsplit(settings.base_url).hostname)
        is_here = is_this_machine(host)
        self._client = openai.OpenAI(
            base_url=settings.base_url,
            api_key=(os.environ.get(KEY_VARIABLE) if is_named else None) or "none",
            timeout=settings.timeout_seconds,
            max_retries=settings.retries,
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False, trust_env=not is_here, timeout=settings.timeout_seconds
            ),
        )
        # The client takes these from the environment, where they are meant for another server
        self._client.organization = self._client.project = self._client.admin_api_key = None
        if not is_here:
            _tell(f"texts of posts are sent to {host}")

    def ask(self, body: Mapping[str, Any], *, retries: int | None = None) -> Reply:
        """Send one request.

        Args:
            body: of the request.
            retries: in place of those of the settings.

        Raises:
            RefusedError: this request is not wanted.
            NoAnswerError: no answer after all retries.
            ServerError: no request can be answered: the key or the address is wrong.
        """
        client = self._client if retries is None else self._client.with_options(max_retries=retries)
        started = time.monotonic()
        try:
            # As the client lets one ask what it has no method for. Its method looks at every word of the prompt and
            # builds objects of an answer that may be anything: 5.2 ms of the processor a call in place of 1.8.
            answered = client.post("/chat/completions", cast_to=self._response, body=dict(body)).content
        except self._openai.APIStatusError as error:
            raise self._explain(error.status_code, error) from None
        except self._openai.APITimeoutError:
            raise NoAnswerError(f"no answer within {self._settings.timeout_seconds:g} s") from None
        except self._openai.APIError as error:
            raise NoAnswerError(f"the connection failed: {_reason(error)}", is_unreachable=True) from None
        return _read_reply(answered, time.monotonic() - started)

    def _explain(self, status: int, error: Exception) -> Exception:
        if status in _REFUSALS:
            return RefusedError(status, _reason(error))
        if status in _HOPELESS or 300 <= status < 400:  # noqa: PLR2004 - redirections, which are not followed
            return ServerError(
                f"{self._settings.base_url}: status {status}: {_reason(error)}. {self._suggest(status)}"
            )
        return NoAnswerError(f"status {status}")

    def _suggest(self, status: int) -> str:
        if status == 404:  # noqa: PLR2004 - not found
            return (
                f"Check model.base_url, which ends in /v1 with most servers, and model.model, which is "
                f"'{shorten(self._settings.model, 80)}'"
            )
        if status in _HOPELESS and not self._is_named:
            host = urlsplit(self._settings.base_url).hostname
            return (
                f"A key goes only to a server that you name: set {HOSTS_VARIABLE}={host} and {KEY_VARIABLE}"
            )
        if status in _HOPELESS:
            return f"The key is read from the environment variable {KEY_VARIABLE}"
        return "Give the address that the server leads to"


def _tell(line: str) -> None:
    """One line on standard error, once."""
    if line not in _told:
        _told.add(line)
        sys.stderr.write(safe_text(f"Note: {line}") + "\n")


def _reason(error: Exception) -> str:
    """What the client or the server says, on one line."""
    cause = error.__cause__
    body = getattr(error, "body", None)
    if isinstance(body, Mapping):
        told = body.get("message") or body.get("detail") or body.get("error")
        if isinstance(told, str):
            return safe_text(shorten(told, 160))
        return "the server gives no reason"
    if getattr(error, "status_code", None) is not None:
        return "the server gives no reason"
    return type(cause if cause is not None else error).__name__


def _read_reply(answered: bytes, seconds: float) -> Reply:
    """What is usable of an answer that may be anything."""
    try:
        raw = json.loads(answered) if len(answered) <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        raw = None
    choices = _get(raw, "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    content = _get(_get(choice, "message"), "content")
    tokens = _get(_get(choice, "logprobs"), "content")
    usage = _get(raw, "usage")
    return Reply(
        content=content if isinstance(content, str) else None,
        tokens=tokens if isinstance(tokens, list) and tokens else None,
        is_cut=_get(choice, "finish_reason") == "length",
        model=_name(_get(raw, "model")),
        fingerprint=_name(_get(raw, "system_fingerprint")),
        input_tokens=_count(_get(usage, "prompt_tokens")),
        output_tokens=_count(_get(usage, "completion_tokens")),
        seconds=seconds,
    )


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _name(value: object) -> str:
    return shorten(value, 200) if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**40 else 0
