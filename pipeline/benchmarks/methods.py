"""The methods of the quality benchmark by name: ours, and the rivals they are held against."""

import importlib.util
from pathlib import Path
from typing import Any, get_args

from pipeline.benchmarks.rivals import Rival
from pipeline.config.data import DataSettings
from pipeline.config.decisions import DecisionSettings
from pipeline.config.model import ModelSettings
from pipeline.config.run_config import RunConfig
from pipeline.errors import ConfigError, MissingExtraError

OURS = ("tfidf", "transformer", "blend")
RIVALS = {
    "tfidf_lr": "word 1-2 gram TF-IDF, balanced logistic regression, C and thresholds tuned out of fold",
    "frozen": "sentence vectors of the untrained encoder, balanced logistic regression, tuned out of fold",
    "stock": "sequence classifier under transformers' Trainer, defaults, threshold 0.5",
    "stock_tuned": "the same; learning rate, epoch and thresholds chosen on dev",
    "setfit": "SetFit, defaults, bounded number of pairs, threshold 0.5",
    "setfit_tuned": "the same; balanced head, thresholds chosen on dev",
}
METHODS = (*OURS, *RIVALS)
NEEDED = {"setfit": "setfit", "setfit_tuned": "setfit"}  # method -> package of the optional extra
EXTRA = "bench"


def check_methods(names: list[str]) -> None:
    """Refuse names that are no method, before hours are spent on the others.

    Raises:
        ConfigError: an unknown name.
        MissingExtraError: the method needs a package that is not installed.
    """
    for name in names:
        if name not in METHODS:
            raise ConfigError(f"--methods: no method named '{name}'; expected some of {', '.join(METHODS)}")
        package = NEEDED.get(name)
        if package and importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, EXTRA)


def our_config(method: str, data: DataSettings, *, output: Path, seed: int) -> RunConfig:
    """The shipped defaults of one of our classifiers on one set.

    Rare frames are warned of and not refused: every method is measured on the same frames.
    """
    return RunConfig(
        name=f"bench-{method}",
        seed=seed,
        data=data,
        model=default_settings(method if method in OURS else OURS[0]),
        decisions=DecisionSettings(rare_frames="warn"),
        output=str(output),
    )


def default_settings(kind: str) -> ModelSettings:
    """Settings of a classifier as they are when a config says no more than its kind."""
    union, _ = get_args(ModelSettings)
    by_kind = {member.model_fields["kind"].default: member for member in get_args(union)}
    settings: ModelSettings = by_kind[kind]()
    return settings


def build_rival(
    method: str, encoder: Path, *, single_label: bool, seed: int, work: Path, bf16: bool = False
) -> Rival:
    """A new, untrained rival; its libraries are loaded here and no earlier.

    Args:
        method: name from `RIVALS`.
        encoder: folder of what it starts from, if it starts from an encoder.
        single_label: one frame a text.
        seed: of folds, drawing and solvers.
        work: folder for what is written while it learns.
        bf16: fine-tuning rounds the operands of matrix products to bfloat16.
    """
    if method == "tfidf_lr":
        from pipeline.benchmarks.linear_rivals import LinearRival, word_tfidf  # noqa: PLC0415 - see above

        return LinearRival(word_tfidf, single_label=single_label, seed=seed)
    if method == "frozen":
        from pipeline.benchmarks.linear_rivals import FrozenVectors, LinearRival  # noqa: PLC0415 - see above

        known: dict[str, Any] = {}
        return LinearRival(lambda: FrozenVectors(encoder, known), single_label=single_label, seed=seed)
    tuned = method.endswith("_tuned")
    if method.startswith("stock"):
        from pipeline.benchmarks.stock_rival import StockTrainer  # noqa: PLC0415 - see above

        return StockTrainer(encoder, single_label=single_label, tuned=tuned, seed=seed, work=work, bf16=bf16)
    from pipeline.benchmarks.setfit_rival import SetFitRival  # noqa: PLC0415 - see above

    return SetFitRival(encoder, single_label=single_label, tuned=tuned, seed=seed, work=work, bf16=bf16)
