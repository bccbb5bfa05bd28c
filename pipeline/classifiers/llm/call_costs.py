"""What asking a language model has cost, the budget that ends it, and what went wrong."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.classifiers.llm.kept_calls import KeptCall
from pipeline.config.model import LlmSettings
from pipeline.errors import PipelineError

_MOST_IDENTITIES: Final = 20


class BudgetSpentError(PipelineError):
    """`max_cost` is reached; what was answered is kept."""


@dataclass(slots=True)
class Account:
    """What asking has cost so far, and what went wrong; kept answers count as if they had been asked for now.

    Attributes:
        texts: that were asked about.
        new_calls: of the server.
        kept_calls: answers that were kept from before.
        input_tokens, output_tokens: of all these calls.
        seconds: that they took, one after the other.
        new_cost: money for the new calls; 0 without prices.
        cost: money for all.
        bad_answers: calls without a usable answer, by reason.
        rejected: texts without any usable answer.
        hard: answers without the probabilities that the server gives otherwise.
        cut: texts that were longer than `max_characters`.
        identities: model and fingerprint as the server named them.
    """

    texts: int = 0
    new_calls: int = 0
    kept_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    new_cost: float = 0.0
    cost: float = 0.0
    bad_answers: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    hard: int = 0
    cut: int = 0
    identities: set[tuple[str, str]] = field(default_factory=set)

    def add(self, call: KeptCall, cost: float, *, is_new: bool) -> None:
        """One more call, and what it costs."""
        self.new_calls += is_new
        self.kept_calls += not is_new
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        self.seconds += call.seconds
        self.cost += cost
        self.new_cost += cost if is_new else 0.0
        if call.status in {"answered", "bad"} and len(self.identities) < _MOST_IDENTITIES:
            self.identities.add((call.model, call.fingerprint))

    def check_budget(self, settings: LlmSettings) -> None:
        """Before a new call.

        Raises:
            BudgetSpentError: the new calls have cost `max_cost`.
        """
        if settings.max_cost is not None and self.new_cost >= settings.max_cost:
            raise BudgetSpentError(
                f"stopped at {self.new_cost:.4g} {settings.currency}, as max_cost says; all {self.new_calls:,} new "
                f"answers are kept in {Path(settings.calls).absolute()}: the same command goes on from there"
            )

    def list_reasons(self) -> str:
        """Why there was no usable answer, the most frequent first."""
        return ", ".join(f"{reason}: {n:,}" for reason, n in self.bad_answers.most_common(5))
