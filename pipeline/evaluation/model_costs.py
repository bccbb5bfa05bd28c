"""What a model costs, as its training recorded it: time and, of a language model, tokens and money."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.bundle import ModelBundle
from pipeline.classifiers.llm.language_model import LanguageModel
from pipeline.classifiers.normalised_text import without_normalisation


@dataclass(frozen=True, slots=True)
class ModelCosts:
    """Costs of training, and of scoring 1,000 texts; None for what was not recorded.

    Attributes:
        training_seconds: of the fit; of a language model the calls about the training rows, unless they were kept.
        seconds: on the machine of the training; of a language model those of its calls over the number that was open
            at a time, also where answers were kept.
        input_tokens, output_tokens: of a language model.
        money: where prices were given.
        currency: of the money.
    """

    training_seconds: float | None
    seconds: float | None
    input_tokens: float | None = None
    output_tokens: float | None = None
    money: float | None = None
    currency: str = ""

    @property
    def counts_tokens(self) -> bool:
        """Whether this is a language model's."""
        return self.input_tokens is not None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @staticmethod
    def of(bundle: ModelBundle) -> "ModelCosts":
        """From the figures that stand in a bundle."""
        figures = _mapping(bundle.manifest.get("figures"))
        n_test = _number(_mapping(bundle.metrics).get("n"), 1)
        test_seconds = _number(figures.get("score_test_seconds"), 1000 / n_test if n_test else 0)
        model = without_normalisation(bundle.classifier)
        asked = _number(figures.get("llm_seconds_per_text"), 1000)
        return ModelCosts(
            _number(figures.get("fit_seconds"), 1),
            test_seconds if asked is None else asked,
            _number(figures.get("llm_input_tokens_per_text"), 1000),
            _number(figures.get("llm_output_tokens_per_text"), 1000),
            _number(figures.get("llm_cost_per_text"), 1000),
            model.settings.currency if isinstance(model, LanguageModel) else "",
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object, times: float) -> float | None:
    return value * times if isinstance(value, int | float) and not isinstance(value, bool) else None
