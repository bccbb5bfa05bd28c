"""The one schema of a training run, and how a config file becomes one.

A YAML file under `configs/` maps one to one to `RunConfig`; unknown keys, wrong types and impossible
combinations fail here, before any data is read. Paths in a config are looked up beside the config file
first and in the current folder second; `sample:NAME` names a file of the embedded example.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.errors import ConfigError, shorten
from pipeline.files.yaml_files import describe_validation_error, load_yaml_mapping, parse_yaml_value

SAMPLE_PREFIX = "sample:"
SAMPLE_FOLDER = Path(__file__).parent / "sample"
SLICE_DIMENSIONS = ("channel", "language", "month", "length", "forwarded", "novelty")

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    """Every section: no unknown keys, never changed after it was read, `yes` is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_truth_values(cls, raw: Any) -> Any:
        for key, value in raw.items() if isinstance(raw, dict) else ():
            field = cls.model_fields.get(key)
            if isinstance(value, bool) and field is not None and field.annotation is not bool:
                raise ValueError(f"'{key}' cannot be {str(value).lower()}: write a number, text or list")
        return raw


class DataSettings(_Settings):
    """Where the labelled sentences and the codebook are.

    Either `labelled` (one file, split by the pipeline) or `train` and `test` (and optionally `dev`).

    Attributes:
        codebook: the codebook (YAML).
        labelled: labelled rows (CSV, JSON lines or Parquet), divided as `folds` says.
        train: labelled rows to train on, where the data come divided.
        dev: rows to decide on, see `model.decide_on`; drawn from train where it is not given.
        test: rows to evaluate on.
        columns: our column names and those of the file, for example {text: sentence}.
        licence: of the labelled texts, in words; it stands in the model card.
        normalise_text: the classifier reads texts with disguises taken back (look-alike letters of another script,
            invisible characters, fancy forms, emoji inside words), in training and scoring. What is stored and
            quoted is the original. See docs/robustness.md.
        learn_from_codebook: the classifier also learns from the codebook's definitions, inclusion rules and examples,
            as texts that carry their frame; not from those that stand in labelled rows, nor from a codebook in
            another language than most rows.
    """

    codebook: str
    labelled: str | None = None
    train: str | None = None
    dev: str | None = None
    test: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    licence: str | None = None
    normalise_text: bool = True
    learn_from_codebook: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> "DataSettings":
        files = (self.train, self.test, self.dev)
        if self.labelled and any(files):
            raise ValueError("give either 'labelled' or 'train' and 'test', not both")
        if not self.labelled and not (self.train and self.test):
            raise ValueError("give 'labelled' (one file), or both 'train' and 'test'")
        return self


class FoldSettings(_Settings):
    """How the rows are divided into train, dev and test.

    Attributes:
        method: "cluster" draws whole forward/near-duplicate clusters at random, stratified by frame; "time"
            puts the latest rows in test; "auto" is "time" when nearly all rows are dated over two months or
            more, else "cluster".
        test_share: wanted share of rows in test.
        dev_share: wanted share of the remaining rows in dev.
        hold_out_sources: channels whose rows all go to test.
        near_duplicate_threshold: Jaccard similarity of word shingles from which two texts are one.
        seed: of the drawing of clusters.
    """

    method: Literal["auto", "cluster", "time"] = "auto"
    test_share: Share = 0.2
    dev_share: Share = 0.15
    hold_out_sources: tuple[str, ...] = ()
    near_duplicate_threshold: Share = 0.7
    seed: int = 42


class TfidfSettings(_Settings):
    """TF-IDF of words and character n-grams, one-vs-rest logistic regression with class weights.

    Attributes:
        kind: "tfidf", the baseline.
        word_ngrams: shortest and longest run of words that is a feature.
        char_ngrams: the same for characters inside words; null leaves them out.
        min_df: texts in which a feature must occur to be kept.
        max_features: of words and of characters, each: the most frequent are kept.
        c_grid: regularisations to choose from, larger is weaker; chosen over inner folds.
        class_weight_power: 0 weighs positives as they come, 1 balances them, 0.5 is the square root.
        inner_folds: of the choice of regularisation and of out-of-fold probabilities.
    """

    kind: Literal["tfidf"] = "tfidf"
    word_ngrams: tuple[int, int] = (1, 2)
    char_ngrams: tuple[int, int] | None = (2, 5)
    min_df: int = Field(default=2, ge=1)
    max_features: int = Field(default=300_000, ge=100)
    c_grid: tuple[Positive, ...] = Field(default=(0.3, 1.0, 3.0, 10.0, 30.0), min_length=1)
    class_weight_power: float = Field(default=0.5, ge=0, le=1)
    inner_folds: int = Field(default=5, ge=2)


class TransformerSettings(_Settings):
    """Fine-tuning of an encoder: mean pooling, normalised sentence vector, linear head.

    Attributes:
        kind: "transformer".
        encoder: "embedded" (all-MiniLM-L6-v2 from the installed package), a local folder, or a hub name
            (a hub name needs `allow_download: true`).
        revision: hub revision, when `encoder` is a hub name.
        allow_download: may the hub be asked for `encoder`; nothing else is ever downloaded.
        epochs: passes over the training rows, at most.
        learning_rate: of the encoder, at its highest.
        weight_decay: of the optimiser; biases and norms have none.
        warmup_share: of all steps, in which the rates rise to their highest.
        layer_decay: each lower layer learns by this factor more slowly; 1 is no difference.
        vector_scale: length that every sentence vector is brought to.
        dropout: share of the sentence vector that is left out at random in training.
        checkpoint_every_steps: a killed run goes on from the last checkpoint.
        device: "auto" is a GPU where torch finds one, else the processor.
        tokens_per_batch: padded tokens in one optimiser step, of each process where several train; batches hold as many
            texts as fit.
        max_tokens: longer texts are read in windows of this size, see `pipeline.classifiers.encoder.token_windows`.
        max_windows: of a text; what is longer still is cut, and how many texts were is reported.
        head_learning_rate: of the new linear head; the encoder's is `learning_rate`.
        freeze_embeddings: word embeddings stay as they are: half of the optimiser's work saved.
        positive_weight_power: 0 weighs positives as they come, 1 balances them, 0.5 is the square root.
        decide_on: rows from which calibration and thresholds are learnt. "out_of_fold": all of train and dev, by
            `inner_folds` more trainings, each without a part of them; the model is the average of those and of
            one on all rows, each for all epochs. "dev": one training on train; dev chooses its epoch as well.
            Sooner, and less sure.
        inner_folds: of "out_of_fold".
        patience: with "dev", epochs without a better dev score before training stops; the best one is kept.
        precision: of the matrix products in training. "auto" is bf16 on a GPU or processor that has instructions
            for it (half as fast again on a processor), else fp32; the run records which. Machines that differ in it
            train slightly different models: name one to have the same on both.
        scoring: "onnx_int8" scores without torch, with 8-bit matrix products, several times faster; "torch"
            with the network itself.
        max_int8_loss: mean average precision that 8-bit scoring may lose on dev (without dev, on training
            rows); with more it scores in float32.
    """

    kind: Literal["transformer"] = "transformer"
    encoder: str = "embedded"
    revision: str | None = None
    allow_download: bool = False
    epochs: int = Field(default=4, ge=1)
    learning_rate: Positive = 2e-4
    head_learning_rate: Positive = 1e-2
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_share: float = Field(default=0.1, ge=0, lt=1)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    tokens_per_batch: int = Field(default=1024, ge=64)
    max_tokens: int = Field(default=256, ge=8)
    max_windows: int = Field(default=16, ge=1)
    vector_scale: Positive = 8.0
    dropout: float = Field(default=0.1, ge=0, lt=1)
    freeze_embeddings: bool = True
    positive_weight_power: float = Field(default=0.5, ge=0, le=1)
    decide_on: Literal["out_of_fold", "dev"] = "out_of_fold"
    inner_folds: int = Field(default=3, ge=2)
    patience: int = Field(default=2, ge=1)
    checkpoint_every_steps: int = Field(default=50, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    scoring: Literal["onnx_int8", "torch"] = "onnx_int8"
    max_int8_loss: float = Field(default=0.01, ge=0, le=1)


class BlendSettings(_Settings):
    """Baseline and transformer side by side; the weight of each is learnt for each frame, out of fold.

    Attributes:
        kind: "blend".
        tfidf: keys of the baseline, those of `kind: tfidf`.
        transformer: keys of the transformer, those of `kind: transformer`; it is always fitted out of fold.
    """

    kind: Literal["blend"] = "blend"
    tfidf: TfidfSettings = TfidfSettings()
    transformer: TransformerSettings = TransformerSettings()


class CascadeSettings(_Settings):
    """The baseline dismisses texts that hardly carry a frame; the second stage reads the rest.

    Attributes:
        kind: "cascade".
        tfidf: keys of the baseline, those of `kind: tfidf`.
        second: the model that reads what is not dismissed: a transformer or a blend, with its `kind` and keys.
        max_miss_rate: share of frame-carrying texts that may be dismissed, as a 95 % upper bound on coded texts.
    """

    kind: Literal["cascade"] = "cascade"
    tfidf: TfidfSettings = TfidfSettings()
    second: Annotated[TransformerSettings | BlendSettings, Field(discriminator="kind")] = (
        TransformerSettings()
    )
    max_miss_rate: Share = 0.01


ModelSettings = Annotated[
    TfidfSettings | TransformerSettings | BlendSettings | CascadeSettings, Field(discriminator="kind")
]


class DecisionSettings(_Settings):
    """How probabilities are calibrated and where the thresholds lie.

    Attributes:
        calibration: "platt" fits a slope and an offset for each frame, shrunken towards those of all
            frames together; "none" keeps the classifier's own probabilities.
        threshold: "tuned" chooses the threshold of best F1 for each frame, shrunken towards the common one
            for rare frames; a number is used for every frame as it is.
        shrinkage_positives: how many positives weigh as much as the common threshold does.
        minimum_positives: a frame with fewer in train is refused or only warned of.
        rare_frames: "error" refuses a frame with fewer positives, "warn" trains it all the same.
    """

    calibration: Literal["platt", "none"] = "platt"
    threshold: Literal["tuned"] | Share = "tuned"
    shrinkage_positives: Positive = 20.0
    minimum_positives: int = Field(default=5, ge=1)
    rare_frames: Literal["error", "warn"] = "error"


class EvaluationSettings(_Settings):
    """Intervals by a bootstrap over forward clusters.

    Attributes:
        bootstrap_samples: draws of the bootstrap.
        confidence: of the intervals.
    """

    bootstrap_samples: int = Field(default=1000, ge=100)
    confidence: Share = 0.95


class PromotionSettings(_Settings):
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


class TrackingSettings(_Settings):
    """Where the run is recorded.

    Attributes:
        uri: of the MLflow store; without it the environment's MLFLOW_TRACKING_URI, else sqlite:///mlflow.db
            in the current folder.
        experiment: name of the MLflow experiment.
        register_as: name in the model registry; null leaves the model unregistered.
        error_texts: show the texts of the hardest errors in the evaluation page of the run. Whoever can read the
            store can then read them; without, the page names their rows.
    """

    uri: str | None = None
    experiment: str = "narrative-frames"
    register_as: str | None = None
    error_texts: bool = False


class SweepDimension(_Settings):
    """What one key is tried with: a range, or a list of values.

    Attributes:
        low: lower end of the range; in a key of whole numbers only those are tried.
        high: upper end.
        log: try as many values from 0.001 to 0.01 as from 0.01 to 0.1.
        choices: values, in place of a range.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> "SweepDimension":
        if self.choices is not None:
            if self.low is not None or self.high is not None or self.log:
                raise ValueError("give either 'choices' or a range ('low', 'high', 'log'), not both")
            return self
        if self.low is None or self.high is None:
            raise ValueError("give 'low' and 'high', or 'choices'")
        if self.low >= self.high:
            raise ValueError(f"'low' must be below 'high', got {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"'log' needs 'low' above 0, got {self.low:g}")
        return self


class SweepSettings(_Settings):
    """Settings that `frames sweep` tries; `frames train` takes no notice of them.

    Attributes:
        trials: how many settings are tried, those that were pruned or failed among them.
        timeout_minutes: no trial begins later than this after the command began.
        metric: what is best, on dev or out of fold, never on test. "macro_f1" is that of thresholds learnt on
            other rows than those they are judged on.
        seed: of the sampler; the same seed and data try the same settings.
        pruner: give up trials whose dev score after an epoch is below the median of the others. Only a
            transformer with `decide_on: dev` has such scores; every other model trains to its end.
        space: what is tried, by the key of the config, for example "model.learning_rate".
    """

    trials: int = Field(default=20, ge=1)
    timeout_minutes: Positive | None = None
    metric: Literal["mean_average_precision", "macro_f1"] = "mean_average_precision"
    seed: int = Field(default=42, ge=0, lt=2**32)
    pruner: bool = True
    space: dict[str, SweepDimension] = Field(min_length=1)


class RunConfig(_Settings):
    """One training run.

    Attributes:
        name: of the run; its bundle's folder is named after it.
        seed: of training; the same seed and data give the same model on the same machine.
        data: where labelled rows and codebook are.
        folds: how the rows are divided.
        model: what is trained; `kind` chooses the keys.
        decisions: calibration and thresholds.
        evaluation: intervals.
        promotion: what a version must show to become champion.
        tracking: where the run is recorded.
        sweep: what `frames sweep` tries.
        output: folder in which bundles are written, each in a folder of its own.
    """

    name: str = Field(pattern=r"^[\w.\- ]{1,100}$")
    seed: int = Field(default=42, ge=0, lt=2**32)
    data: DataSettings
    folds: FoldSettings = FoldSettings()
    model: ModelSettings
    decisions: DecisionSettings = DecisionSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    promotion: PromotionSettings = PromotionSettings()
    tracking: TrackingSettings = TrackingSettings()
    sweep: SweepSettings | None = None
    output: str = "runs"


def load_run_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a config file, apply `a.b=value` overrides and resolve its data paths to absolute ones.

    Raises:
        ConfigError: missing file, a key that does not exist, a value that does not fit, a data file that is
            found neither beside the config nor in the current folder.
    """
    raw = load_yaml_mapping(path, what="config")
    for override in overrides:
        apply_override(raw, override)
    return resolve_run_config(raw, path)


def resolve_run_config(raw: dict[str, Any], path: Path) -> RunConfig:
    """Validate a raw mapping as if it had been read from `path`, and resolve its data paths."""
    try:
        config = RunConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            describe_validation_error(path, error, raw, model=RunConfig, what="config")
        ) from None
    resolved = {
        key: str(find_data_file(value, path.parent, f"{path}, key 'data.{key}'"))
        for key in ("codebook", "labelled", "train", "dev", "test")
        if (value := getattr(config.data, key))
    }
    return config.model_copy(update={"data": config.data.model_copy(update=resolved)})


def find_data_file(value: str, config_folder: Path, where: str) -> Path:
    """The absolute path that a config's `value` names.

    Raises:
        ConfigError: nothing there, or two different files of that name, beside the config and here.
    """
    if value.startswith(SAMPLE_PREFIX):
        candidates = [SAMPLE_FOLDER / value.removeprefix(SAMPLE_PREFIX)]
    elif Path(value).is_absolute():
        candidates = [Path(value)]
    else:
        candidates = [config_folder / value, Path.cwd() / value]
    try:
        found = sorted({candidate.resolve() for candidate in candidates if candidate.is_file()})
    except OSError as error:  # a name longer than any file's
        raise ConfigError(f"{where}: '{shorten(value)}': {error.strerror}") from None
    if len(found) > 1:
        raise ConfigError(
            f"{where}: '{value}' is ambiguous: both {found[0]} and {found[1]} exist; give an absolute path"
        )
    if not found:
        places = " nor ".join(str(candidate) for candidate in dict.fromkeys(candidates))
        raise ConfigError(f"{where}: no such file: {shorten(places, 1000)}")
    return found[0]


def apply_override(raw: dict[str, Any], override: str) -> None:
    """Set one `a.b=value` in a raw config; the value is read as YAML. The schema checks it later.

    Raises:
        ConfigError: the override has no `=`, or would go through something that is not a section.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override}: expected key=value, for example --set model.epochs=2")
    value = parse_yaml_value(text, f"--set {override}")
    *sections, last = key.strip().split(".")
    place = raw
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {override}: '{section}' is a value, not a section with keys")
    place[last] = value
