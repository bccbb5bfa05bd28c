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
from typing import Final, Literal

from pipeline.classifiers.llm.answers import BadAnswerError, Reading, grade_answer, read_answer
from pipeline.classifiers.llm.call_costs import Account
from pipeline.classifiers.llm.failure_streaks import Streaks
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
from pipeline.classifiers.llm.request_form import Form
from pipeline.classifiers.protocols import Progress
from pipeline.config.model import LlmSettings
from pipeline.errors import DataError, shorten

_MOST_KEPT: Final = 100_001  # characters of an answer; of what is longer, enough to show that it is
_PROBE: Final = "The bridge was opened to traffic this morning."


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
        self._open_server()
        with _open_kept(self.settings) as kept:
            text = kept.find_form(server, model)
            known = None if text is None else Form.from_text(text)
            if known is None and self.settings.replay:
                raise DataError(f"{kept.path}: holds no call to {model} at {server}")
            self.form = (known or self._try_forms(question)).within(self.settings)
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
        self._open_server()
        with _open_kept(self.settings) as kept:
            if self.settings.replay:
                self._require_kept(calls, kept)
            streaks = Streaks(self.settings)

            def answer(i: int) -> None:
                found[i] = self._answer(calls[i], kept, streaks)

            run_in_threads(
                answer,
                len(calls),
                self.settings.max_concurrency,
                lambda done: self._report(what, done, len(calls)),
            )
            streaks.require_answers()
        return found

    def _open_server(self) -> None:
        """Ahead of the file of kept calls, so that without the user's word there is no file either."""
        if self._server is None and not self.settings.replay:
            self._server = ModelServer(self.settings, is_loaded=self._is_loaded)

    def _report(self, what: str, done: int, total: int) -> None:
        if self.progress is not None:
            settings = self.settings
            cost = f"; {self.account.cost:,.2f} {settings.currency}" if settings.has_prices else ""
            self.progress(f"{what}{cost}", done, total)

    def _count_bad(self, reason: str) -> None:
        with self._lock:
            self.account.bad_answers[reason] += 1

    def _answer(self, call: Call, kept: KeptCalls, streaks: Streaks) -> Reading | None:
        """The values of an answer; None where there are none, which is counted."""
        try:
            answered = self._find_or_ask(call, kept, streaks)
        except RefusedError as error:
            self._count_bad(str(error))
            streaks.count_refusal(error)
            return None
        except NoAnswerError as error:
            self._count_bad(str(error))
            streaks.count_failure(error)
            return None
        return self._read(answered, call.question)

    def _find_or_ask(self, call: Call, kept: KeptCalls, streaks: Streaks) -> KeptCall:
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
        self.account.check_budget(self.settings)
        prompt = bytes.fromhex(call.question.digest)
        try:
            reply = self._ask_server(call)
        except RefusedError as error:
            kept.keep(key, prompt, _without_answer("refused", str(error)))
            raise
        except NoAnswerError as error:
            kept.keep(key, prompt, _without_answer("failed", str(error)))
            raise
        streaks.end()
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

    def _try_forms(self, question: Question) -> Form:
        settings, told = self.settings, ""
        for form in (Form(True, True), Form(True, False), Form(False, True), Form(False, False)):
            try:
                reply = self._server_now().ask(form.body(settings, question, _PROBE, self._seed), retries=2)
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

    def _key(self, call: Call) -> bytes:
        """Hash of all that decides an answer: another server, prompt, setting or text is another call."""
        form = self._known_form()
        asked = [self.settings.base_url, form.options(self.settings), form.schema, self._seed + call.repeat]
        content = [*asked, call.question.digest, call.text]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()

    def _ask_server(self, call: Call) -> Reply:
        body = self._known_form().body(self.settings, call.question, call.text, self._seed + call.repeat)
        return self._server_now().ask(body)

    def _server_now(self) -> ModelServer:
        if self._server is None:
            raise ServerError("no server is asked in a replay")
        return self._server

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

    def _require_kept(self, calls: Sequence[Call], kept: KeptCalls) -> None:
        missing = sum(kept.find(self._key(call)) is None for call in calls)
        if missing:
            raise DataError(
                f"{kept.path}: {missing:,} of {len(calls):,} answers are missing, so that nothing is replayed. Were "
                "prompt, model, settings, seed, codebook or texts others? Without replay the server is asked for them"
            )


def _open_kept(settings: LlmSettings) -> "closing[KeptCalls]":
    return closing(KeptCalls(_place(settings), read_only=settings.replay))


def _place(settings: LlmSettings) -> Path:
    return Path(settings.calls).absolute()


def _without_answer(status: Literal["refused", "failed"], reason: str) -> KeptCall:
    return KeptCall(status, None, None, reason, "", "", 0, 0, 0.0)
