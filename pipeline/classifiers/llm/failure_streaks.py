"""When failures are the server's and not a text's: so many in a row that nothing more can be hoped for."""

import threading
from typing import Final

from pipeline.classifiers.llm.model_server import NoAnswerError, RefusedError, ServerError
from pipeline.config.model import LlmSettings

_REFUSALS_IN_A_ROW: Final = 20  # then it is not the texts


class Streaks:
    """Calls in a row that failed: a server that is gone is told from a text that it cannot take.

    Args:
        settings: of the model.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._failures = self._refusals = self._answered = 0
        self._unreachable: NoAnswerError | None = None
        self._lock = threading.Lock()

    def end(self) -> None:
        """The server answered a call."""
        with self._lock:
            self._failures = self._refusals = 0
            self._answered += 1

    def require_answers(self) -> None:
        """At the end, of a few calls: a server that cannot be reached is no fault of texts.

        Raises:
            ServerError: it could not be reached, and answered nothing.
        """
        if self._unreachable is not None and not self._answered:
            raise ServerError(
                f"{self._settings.base_url}: {self._unreachable}. Start the server, and try again"
            )

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
            self._unreachable = error if error.is_unreachable else self._unreachable
            if self._failures >= self._settings.max_concurrency:
                raise ServerError(
                    f"{self._settings.base_url}: the server no longer answers: {self._failures} calls in a row failed, "
                    f"the last: {error}. What was answered is kept in {self._settings.calls}: the same command goes "
                    "on from there"
                )
