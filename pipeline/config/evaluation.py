"""The sections `evaluation` and `promotion`: intervals, and what a new version must show."""

from pydantic import Field, field_validator

from pipeline.config.settings import Settings, Share

SLICE_DIMENSIONS = ("channel", "language", "month", "length", "forwarded", "novelty")


class EvaluationSettings(Settings):
    """Intervals, whose units are clusters of copies; see docs/reading-intervals.md.

    Attributes:
        bootstrap_samples: draws of the bootstrap over clusters, which gives the intervals of micro-F1, samples-F1 and
            average precision and of learning curves; other figures have intervals in closed form, comparisons of models
            their own.
        confidence: of the intervals.
    """

    bootstrap_samples: int = Field(default=1000, ge=100)
    confidence: Share = 0.95


class PromotionSettings(Settings):
    """What a version must show against the present champion before it takes its place.

    Attributes:
        margin: the lower bound of the interval of the macro-F1 gain must lie above it. The default asks that a
            loss of .02 or more is ruled out: a version may be wanted for being faster, newer or better on unseen
            channels, which --why states. 0 asks for proof that it is better.
        protected_slices: slices that may not lose: a dimension (channel, language, month, length, forwarded,
            novelty), or one value of it such as "language=uk".
        largest_slice_loss: macro-F1 that a protected slice may lose, as measured.
    """

    margin: float = Field(default=-0.02, ge=-1, lt=1)
    protected_slices: tuple[str, ...] = ("language",)
    largest_slice_loss: float = Field(default=0.05, ge=0, le=1)

    @field_validator("protected_slices")
    @classmethod
    def _known_dimensions(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        for entry in entries:
            dimension, equals, value = entry.partition("=")
            if dimension not in SLICE_DIMENSIONS or (equals and not value):
                raise ValueError(
                    f"'{entry}': expected a dimension ({', '.join(SLICE_DIMENSIONS)}) or DIMENSION=VALUE, "
                    "for example language=uk"
                )
        return entries
