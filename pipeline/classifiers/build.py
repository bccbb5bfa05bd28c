"""The only file that knows every kind of classifier."""

from pathlib import Path

from pipeline.classifiers.protocols import Classifier, FittedClassifier
from pipeline.config.model import (
    BlendSettings,
    CascadeSettings,
    LlmSettings,
    ModelSettings,
    TfidfSettings,
    TransformerSettings,
)
from pipeline.errors import ModelError, shorten

# Imports stand inside the functions: scoring with the baseline must not load torch.


def build_classifier(
    settings: ModelSettings, labels: tuple[str, ...], *, single_label: bool, normalise_text: bool = False
) -> Classifier:
    """A new, unfitted classifier of the kind that the settings name.

    Args:
        settings: keys of the kind.
        labels: frame ids in column order.
        single_label: one frame a text.
        normalise_text: texts are normalised before they reach it, see `pipeline.data.text.text_normalisation`.
    """
    if normalise_text:
        from pipeline.classifiers.normalised_text import LearnerOfNormalisedText

        return LearnerOfNormalisedText(build_classifier(settings, labels, single_label=single_label))
    if isinstance(settings, TfidfSettings):
        from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline

        return TfidfBaseline(settings, labels, single_label=single_label)
    if isinstance(settings, BlendSettings):
        from pipeline.classifiers.blend import Blend

        return Blend(settings, labels, single_label=single_label)
    if isinstance(settings, CascadeSettings):
        from pipeline.classifiers.cascade import Cascade

        return Cascade(settings, labels, single_label=single_label)
    if isinstance(settings, LlmSettings):
        from pipeline.classifiers.llm.language_model import LanguageModel

        return LanguageModel(settings, labels, single_label=single_label)
    from pipeline.classifiers.transformer.transformer import FineTunedTransformer

    return FineTunedTransformer(settings, labels, single_label=single_label)


def find_transformer(settings: ModelSettings) -> TransformerSettings | None:
    """The transformer in a model, whose training several processes can share; None where there is none."""
    if isinstance(settings, CascadeSettings):
        return find_transformer(settings.second)
    if isinstance(settings, BlendSettings):
        return settings.transformer
    return settings if isinstance(settings, TransformerSettings) else None


def load_classifier(kind: str, folder: Path) -> FittedClassifier:
    """Read a classifier that `save` wrote; it normalises its texts if it was trained on normalised ones.

    Raises:
        ModelError: the kind is unknown, or the files are not readable.
    """
    from pipeline.classifiers.normalised_text import NormalisedText, reads_normalised

    classifier = _load(kind, folder)
    return NormalisedText(classifier) if reads_normalised(folder) else classifier


def _load(kind: str, folder: Path) -> FittedClassifier:
    if kind == "tfidf":
        from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline

        return TfidfBaseline.load(folder)
    if kind == "transformer":
        from pipeline.classifiers.graph.onnx_transformer import OnnxTransformer, has_scoring_graph

        if has_scoring_graph(folder):
            return OnnxTransformer.load(folder)
        from pipeline.classifiers.transformer.transformer import FineTunedTransformer

        return FineTunedTransformer.load(folder)
    if kind == "blend":
        from pipeline.classifiers.blend import Blend

        return Blend.load(folder)
    if kind == "cascade":
        from pipeline.classifiers.cascade import Cascade

        return Cascade.load(folder)
    if kind == "llm":
        from pipeline.classifiers.llm.language_model import LanguageModel

        return LanguageModel.load(folder)
    raise ModelError(
        f"{folder}: unknown kind of classifier '{shorten(kind, 60)}'; this version reads tfidf, transformer, "
        "blend, cascade and llm"
    )
