"""How a server is asked, by what it was found to take, and the body of a request."""

import json
from dataclasses import dataclass
from typing import Any, Final

from pipeline.classifiers.llm.questions import Question
from pipeline.config.model import LlmSettings
from pipeline.errors import DataError

_ALTERNATIVES: Final = 5  # of each token, to find the other of true and false among


@dataclass(frozen=True, slots=True)
class Form:
    """What a server takes.

    Attributes:
        schema: it holds answers to a JSON schema.
        logprobs: it gives log probabilities of tokens.
    """

    schema: bool
    logprobs: bool

    def to_text(self) -> str:
        """For bundle and kept calls."""
        return json.dumps({"schema": self.schema, "logprobs": self.logprobs})

    @staticmethod
    def from_text(text: str) -> "Form":
        """The reverse of `to_text`.

        Raises:
            DataError: it is none.
        """
        try:
            raw = json.loads(text)
            return Form(bool(raw["schema"]), bool(raw["logprobs"]))
        except (ValueError, KeyError, TypeError):
            raise DataError("how the server is asked cannot be read; the file is damaged") from None

    def within(self, settings: LlmSettings) -> "Form":
        """What the settings leave of what the server can."""
        return Form(
            self.schema if settings.answer_form == "auto" else settings.answer_form == "json_schema",
            self.logprobs if settings.logprobs == "auto" else settings.logprobs == "yes",
        )

    def options(self, settings: LlmSettings) -> dict[str, Any]:
        """What is sent besides seed, messages and schema."""
        options: dict[str, Any] = {"model": settings.model}
        temperature = settings.temperature
        if temperature == "auto":
            temperature = 0.0 if self.logprobs or settings.repeats == 1 else 0.7
        if temperature != "server":
            options["temperature"] = temperature
        if settings.max_answer_tokens is not None:
            options["max_tokens"] = settings.max_answer_tokens
        if self.logprobs:
            options |= {"logprobs": True, "top_logprobs": _ALTERNATIVES}
        return options

    def body(self, settings: LlmSettings, question: Question, text: str, seed: int) -> dict[str, Any]:
        """A whole request."""
        body = self.options(settings) | {"messages": question.messages(text), "seed": seed}
        if self.schema:
            schema = {"name": "coding", "strict": True, "schema": question.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body
