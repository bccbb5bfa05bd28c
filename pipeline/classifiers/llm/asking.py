"""Many questions to one server: a bounded number at a time, every answer kept, every failure counted.

A text without a usable answer is a reject of that text: the run goes on. Only a server that no longer answers anybody,
a wrong key or address, or a spent budget end it, and the same command goes on from there.
"""

import hashlib
import json
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.classifiers.llm.answers import BadAnswerError, Reading, grade_answer, read_answer
from pipeline.classifiers.llm.call_account import Account
from pipeline.classifiers.llm.kept_calls import KeptCall, KeptCalls
from pipeline.classifiers.llm.model_server import (
    ModelServer,
    NoAnswerError,
    RefusedError,
    Reply,
    ServerError,
)
from pipeline.classifiers.llm.parallel_calls import run_in_threads
from pipeline.classifiers.llm.questions import Question
from pipeline.classifiers.protocols import Progress
from pipeline.config.model import LlmSettings
from pipeline.errors import DataError, PipelineError, shorten

_ALTERNATIVES: Final = 5  # of each token, to find the other of true and false among
_REFUSALS_IN_A_ROW: Final = 20  # then it is not the texts
_MOST_KEPT: Final = 100_001  # characters of an answer; of what is longer, enough to show that it is
_PROBE: Final = "The bridge was opened to traffic this morning."


class BudgetSpentError(PipelineError):
    """`max_cost` is reached; what was answered is kept."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a server is asked, by what it was found to take.

    Attributes:
        schema: it holds answers to a JSON schema.
        logprobs: it gives log probabilities of tokens.
    """

    schema: bool
    logprobs: bool

    def to_text(self) -> str:
        """For the file of kept calls."""
        return json.dumps({"schema": self.schema, "logprobs": self.logprobs})

    @staticmethod
    def from_text(text: str) -> "Form":
        """The reverse of `to_text`.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        raw = json.loads(text)
        return Form(bool(raw["schema"]), bool(raw["logprobs"]))


@dataclass(frozen=True, slots=True)
class Call:
    """One question about one text; `repeat` tells several answers to it apart."""

    question: Question
    text: str
    repeat: int = 0


class Asker:
    """Asks, keeps and reads.

    Args:
        settings: of the model.
        seed: of the sampling.
        is_loaded: the settings come from a bundle, see `model_server.check_consent`.
        progress: told how far it is; None for nobody.
    """

    def __init__(
        self, settings: LlmSettings, seed: int, *, is_loaded: bool, progress: Progress | None = None
    ) -> None:
        self.settings, self.account, self.progress = settings, Account(), progress
        self.form: Form | None = None
        self._seed, self._is_loaded = seed, is_loaded
        self._server: ModelServer | None = None
        self._lock = threading.Lock()

    @property
    def repeats(self) -> int:
        """Answers that are asked for about one text."""
        return 1 if self._known_form().logprobs else self.settings.repeats

    def find_form(self, question: Question) -> Form:
        """How the server can be asked: as before, by the kept calls, or as it takes a harmless text now.

        Raises:
            ServerError: it takes the text in no form, or cannot be reached.
        """
        server, model = self.settings.base_url, self.settings.model
        with _open_kept(self.settings) as kept:
            text = kept.find_form(server, model)
            known = None if text is None else _read_form(text, kept.path)
            if known is None and self.settings.replay:
                raise DataError(f"{kept.path}: holds no call to {model} at {server}")
            self.form = self._narrow(known or self._try_forms(question))
            if known is None:
                kept.keep_form(server, model, self.form.to_text())
        return self.form

    def ask(self, calls: Sequence[Call], what: str) -> list[Reading | None]:
        """Answers in the order of the calls; None where one cannot be had or read.

        Raises:
            ServerError: the server no longer answers, or never did.
            BudgetSpentError: `max_cost` is reached.
            DataError: with `replay`, answers are missing.
        """
        found: list[Reading | None] = [None] * len(calls)
        if not calls:
            return found
        with _open_kept(self.settings) as kept:
            if self.settings.replay:
                self._require_kept(calls, kept)
            else:
                self._server = self._server or ModelServer(self.settings, is_loaded=self._is_loaded)
            streaks = _Streaks(self.settings)

            def answer(i: int) -> None:
                found[i] = self._answer(calls[i], kept, streaks)

            run_in_threads(
                answer,
                len(calls),
                self.settings.max_concurrency,
                lambda done: self._report(what, done, len(calls)),
            )
        return found

    def _report(self, what: str, done: int, total: int) -> None:
        if self.progress is not None:
            settings = self.settings
            cost = f"; {self.account.cost:,.2f} {settings.currency}" if settings.has_prices else ""
            self.progress(f"{what}{cost}", done, total)

    def _count_bad(self, reason: str) -> None:
        with self._lock:
            self.account.bad_answers[reason] += 1

    def _answer(self, call: Call, kept: KeptCalls, streaks: "_Streaks") -> Reading | None:
        """The values of an answer; None where there are none, which is counted."""
        try:
            answered = self._find_or_ask(call, kept)
        except RefusedError as error:
            self._count_bad(str(error))
            streaks.count_refusal(error)
            return None
        except NoAnswerError as error:
            self._count_bad(str(error))
            streaks.count_failure(error)
            return None
        streaks.end()
        return self._read(answered, call.question)

    def _find_or_ask(self, call: Call, kept: KeptCalls) -> KeptCall:
        """What is kept of a call, or what the server says now, which is kept.

        Raises:
            ServerError, BudgetSpentError: nothing more can be asked.
            NoAnswerError: after its retries.
            RefusedError: by the server.
        """
        key = self._key(call)
        known = kept.find(key)
        if known is not None and (known.status != "failed" or self.settings.replay):
            self._count(known, is_new=False)
            return known
        self._check_budget()
        prompt = bytes.fromhex(call.question.digest)
        try:
            reply = self._ask_server(call)
        except RefusedError as error:
            kept.keep(key, prompt, _without_answer("refused", str(error)))
            raise
        except NoAnswerError as error:
            kept.keep(key, prompt, _without_answer("failed", str(error)))
            raise
        judged = self._judge(reply, call.question)
        kept.keep(key, prompt, judged)
        self._count(judged, is_new=True)
        return judged

    def _read(self, kept: KeptCall, question: Question) -> Reading | None:
        """The values of a kept call; without them the reason is counted."""
        if kept.status != "answered":
            self._count_bad(kept.reason)
            return None
        try:
            reading = read_answer(kept.content, question)
        except BadAnswerError as error:
            self._count_bad(str(error))
            return None
        if kept.graded is not None and len(kept.graded) == len(question.keys):
            return replace(reading, values=kept.graded, is_graded=True)
        if self._known_form().logprobs:
            with self._lock:
                self.account.hard += 1
        return reading

    def _known_form(self) -> Form:
        if self.form is None:
            raise ServerError("nothing is known yet of how the server answers")
        return self.form

    def _narrow(self, form: Form) -> Form:
        """What the settings leave of what the server can."""
        return Form(
            form.schema
            if self.settings.answer_form == "auto"
            else self.settings.answer_form == "json_schema",
            form.logprobs if self.settings.logprobs == "auto" else self.settings.logprobs == "yes",
        )

    def _try_forms(self, question: Question) -> Form:
        server = self._server = ModelServer(self.settings, is_loaded=self._is_loaded)
        told = ""
        for form in (Form(True, True), Form(True, False), Form(False, True), Form(False, False)):
            try:
                reply = server.ask(self._body(Call(question, _PROBE), form), retries=2)
            except RefusedError as error:
                told = error.told
                continue
            except NoAnswerError as error:
                raise ServerError(
                    f"{self.settings.base_url}: {error}. Start the server, or set model.base_url to where it listens"
                ) from None
            return Form(form.schema, form.logprobs and reply.tokens is not None)
        raise ServerError(
            f"{self.settings.base_url}: the server takes no question to '{shorten(self.settings.model, 80)}'; "
            f"it says: {told}"
        )

    def _temperature(self, form: Form) -> float | None:
        wanted = self.settings.temperature
        if wanted == "server":
            return None
        if wanted == "auto":
            return 0.0 if form.logprobs or self.settings.repeats == 1 else 0.7
        return wanted

    def _options(self, form: Form) -> dict[str, Any]:
        """What is sent besides messages and schema."""
        options: dict[str, Any] = {"model": self.settings.model}
        temperature = self._temperature(form)
        if temperature is not None:
            options["temperature"] = temperature
        if self.settings.max_answer_tokens is not None:
            options["max_tokens"] = self.settings.max_answer_tokens
        if form.logprobs:
            options |= {"logprobs": True, "top_logprobs": _ALTERNATIVES}
        return options

    def _body(self, call: Call, form: Form) -> dict[str, Any]:
        body = self._options(form) | {
            "messages": call.question.messages(call.text),
            "seed": self._seed + call.repeat,
        }
        if form.schema:
            schema = {"name": "coding", "strict": True, "schema": call.question.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def _key(self, call: Call) -> bytes:
        """Hash of all that decides an answer: another server, prompt, setting or text is another call."""
        form = self._known_form()
        asked = [self.settings.base_url, self._options(form), form.schema, self._seed + call.repeat]
        content = [*asked, call.question.digest, call.text]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()

    def _ask_server(self, call: Call) -> Reply:
        if self._server is None:
            raise ServerError("the server is not open")
        return self._server.ask(self._body(call, self._known_form()))

    def _judge(self, reply: Reply, question: Question) -> KeptCall:
        status: Literal["answered", "bad"]
        status, reason, graded = "answered", "", None
        try:
            read_answer(reply.content, question)
            graded = grade_answer(str(reply.content), reply.tokens, question) if reply.tokens else None
        except BadAnswerError as error:
            status, reason = "bad", "the answer was cut at max_answer_tokens" if reply.is_cut else str(error)
        return KeptCall(
            status,
            None if reply.content is None else reply.content[:_MOST_KEPT],
            graded,
            reason,
            reply.model,
            reply.fingerprint,
            reply.input_tokens,
            reply.output_tokens,
            reply.seconds,
        )

    def _count(self, call: KeptCall, *, is_new: bool) -> None:
        cost = self.settings.find_cost(call.input_tokens, call.output_tokens)
        with self._lock:
            self.account.add(call, cost, is_new=is_new)

    def _check_budget(self) -> None:
        most = self.settings.max_cost
        if most is not None and self.account.new_cost >= most:
            raise BudgetSpentError(
                f"stopped at {self.account.new_cost:.4g} {self.settings.currency}, as max_cost says; all "
                f"{self.account.new_calls:,} new answers are kept in {_place(self.settings)}: the same command goes on "
                "from there"
            )

    def _require_kept(self, calls: Sequence[Call], kept: KeptCalls) -> None:
        missing = sum(kept.find(self._key(call)) is None for call in calls)
        if missing:
            raise DataError(
                f"{kept.path}: {missing:,} of {len(calls):,} answers are missing, so that nothing is replayed. Were "
                "prompt, model, settings, seed, codebook or texts others? Without replay the server is asked for them"
            )


class _Streaks:
    """Calls in a row that failed: a server that is gone is told from a text that it cannot take.

    Args:
        settings: of the model.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._failures = self._refusals = 0
        self._lock = threading.Lock()

    def end(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failures = self._refusals = 0

    def count_refusal(self, error: RefusedError) -> None:
        """One more call was refused.

        Raises:
            ServerError: too many in a row to be the texts' fault.
        """
        with self._lock:
            self._refusals += 1
            if self._refusals >= _REFUSALS_IN_A_ROW:
                raise ServerError(
                    f"{self._settings.base_url}: {self._refusals} texts in a row were {error}; it says: {error.told}"
                )

    def count_failure(self, error: NoAnswerError) -> None:
        """One more call got no answer.

        Raises:
            ServerError: each of the calls that are open at a time has failed.
        """
        with self._lock:
            self._failures += 1
            if self._failures >= self._settings.max_concurrency:
                raise ServerError(
                    f"{self._settings.base_url}: the server no longer answers: {self._failures} calls in a row failed, "
                    f"the last: {error}. What was answered is kept in {_place(self._settings)}: the same command goes "
                    "on from there"
                )


def _open_kept(settings: LlmSettings) -> "closing[KeptCalls]":
    return closing(KeptCalls(_place(settings), read_only=settings.replay))


def _place(settings: LlmSettings) -> Path:
    return Path(settings.calls).absolute()


def _read_form(text: str, path: Path) -> Form:
    try:
        return Form.from_text(text)
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: holds a server's form that cannot be read; the file is damaged") from None


def _without_answer(status: Literal["refused", "failed"], reason: str) -> KeptCall:
    return KeptCall(status, None, None, reason, "", "", 0, 0, 0.0)
