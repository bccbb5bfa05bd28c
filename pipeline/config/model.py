"""The section `model`: what is trained; `kind` chooses its keys."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from pipeline.config.settings import Positive, Settings, Share


class TfidfSettings(Settings):
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


class TransformerSettings(Settings):
    """Fine-tuning of an encoder: mean pooling, normalised sentence vector, linear head.

    Attributes:
        kind: "transformer".
        encoder: "embedded" (all-MiniLM-L6-v2, English), "embedded-multilingual" (multilingual-e5-small in 4 bits, extra
            `multilingual`), both from installed packages; "auto", which is the second where it is installed, else the
            first, if at most a tenth of the training rows are not English; a local folder; or a hub name (needs
            `allow_download: true`).
        revision: hub revision, when `encoder` is a hub name.
        allow_download: may the hub be asked for `encoder`; nothing else is ever downloaded.
        epochs: passes over the training rows. "auto" is four; up to sixteen over few rows, until they make 48 steps of
            the optimiser, and down to two over many or long ones, where four would take more than 1,000.
        learning_rate: of the encoder, at its highest. "auto" is 2e-4, and less in proportion where texts are so long
            that a step has fewer than 20 windows of them.
        weight_decay: of the optimiser; biases and norms have none.
        warmup_share: of all steps, in which the rates rise to their highest.
        layer_decay: each lower layer learns by this factor more slowly; 1 is no difference.
        vector_scale: length that every sentence vector is brought to.
        dropout: share of the sentence vector that is left out at random in training.
        checkpoint_every_steps: a killed run goes on from the last checkpoint.
        device: of training. "auto" is a GPU where torch finds one ("cuda", or "mps" on Apple's machines, which is
            not tried yet), else the processor.
        tokens_per_batch: padded tokens in one optimiser step, of each process where several train; batches hold as many
            texts as fit.
        max_tokens: longer texts are read in windows of this size, see `pipeline.classifiers.encoder.token_windows`.
        max_windows: of a text; what is longer still is cut, and how many texts were is reported.
        head_learning_rate: of the new linear head; the encoder's is `learning_rate`.
        frozen_layers: lowest layers of the encoder that stay as they are, its embeddings with them. What they give is
            computed once for all networks and epochs and lies on the disk meanwhile, in `output`: two bytes a token for
            each of its dimensions (768 bytes with either embedded encoder). "auto" is half of the layers; none where
            `freeze_embeddings` is false, or where the encoder is not of the kinds of BERT and RoBERTa.
        freeze_embeddings: word embeddings stay as they are: half of the optimiser's work saved.
        positive_weight_power: 0 weighs positives as they come, 1 balances them, 0.5 is the square root.
        decide_on: rows from which calibration and thresholds are learnt. "out_of_fold": all of train and dev, by
            `inner_folds` more trainings, each without a part of them and for all epochs; the model learns from all
            rows. "dev": one training on train; dev chooses its epoch as well. Sooner, and less sure.
        inner_folds: of "out_of_fold".
        patience: with "dev", epochs without a better dev score before training stops; the best one is kept.
        precision: of the matrix products in training. "auto" is bf16 on a GPU or processor that has instructions
            for it (half as fast again on a processor), else fp32; the run records which. Machines that differ in it
            train slightly different models: name one to have the same on both.
        scoring: "onnx_int8" scores without torch, with 8-bit matrix products, several times faster; "torch"
            with the network itself.
        max_int8_loss: mean average precision that 8-bit scoring may lose before it scores in float32: with decide_on
            "dev" on dev, else on up to 500 training rows, where what 8 bits change in the network's logits is added, in
            another order, to those out of fold.
    """

    kind: Literal["transformer"] = "transformer"
    encoder: str = "auto"
    revision: str | None = None
    allow_download: bool = False
    epochs: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    learning_rate: Positive | Literal["auto"] = "auto"
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
    frozen_layers: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"
    positive_weight_power: float = Field(default=0.5, ge=0, le=1)
    decide_on: Literal["out_of_fold", "dev"] = "out_of_fold"
    inner_folds: int = Field(default=3, ge=2)
    patience: int = Field(default=2, ge=1)
    checkpoint_every_steps: int = Field(default=50, ge=1)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    scoring: Literal["onnx_int8", "torch"] = "onnx_int8"
    max_int8_loss: float = Field(default=0.01, ge=0, le=1)


class BlendSettings(Settings):
    """Baseline and transformer side by side; the weight of each is learnt for each frame, out of fold.

    Attributes:
        kind: "blend".
        tfidf: keys of the baseline, those of `kind: tfidf`.
        transformer: keys of the transformer, those of `kind: transformer`; it is always fitted out of fold.
    """

    kind: Literal["blend"] = "blend"
    tfidf: TfidfSettings = TfidfSettings()
    transformer: TransformerSettings = TransformerSettings()


class CascadeSettings(Settings):
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


class LlmSettings(Settings):
    """A language model behind an endpoint that speaks the protocol of OpenAI, with the codebook as its prompt.

    A key, where the server wants one, is read from the environment variable FRAMES_LLM_KEY and stands nowhere else.

    Attributes:
        kind: "llm".
        base_url: of the server, up to and with /v1. An address of this machine works at once.
        model: its name on the server.
        allow_remote: may texts be sent to a `base_url` that is not this machine.
        examples: coded training texts that stand in the prompt. They then stand in the bundle too, and, where it is
            recorded there, in MLflow.
        logprobs: take probabilities from those of the tokens; "auto" where the server gives them.
        repeats: answers to one text where they are not, of which the share of "yes" is the probability.
        answer_form: "json_schema" makes the server hold the answer to a schema, "text" only asks for it; "auto" is the
            first where the server accepts it.
        temperature: of sampling. "auto" is 0 for one answer and 0.7 for several; "server" leaves it to the server, for
            models that take none.
        max_answer_tokens: of one answer; null sets no limit.
        max_characters: of a text; what is longer is cut, and how many texts were is reported.
        max_concurrency: calls at a time.
        timeout_seconds: for one answer.
        retries: of a call after a time-out, a lost connection or the statuses 408, 409, 429 and 5xx, each after a
            longer wait, to 8 seconds, or after the one that the server asks for.
        input_price: of a million tokens of prompt and text, to say what a run costs.
        output_price: of a million tokens of answers.
        currency: of both.
        max_cost: in that currency: a run stops before it spends more on new calls; run again, it goes on.
        calls: file in which all answers are kept (SQLite), in the current folder unless it is an absolute path.
        replay: take answers from that file alone and ask no server; one that is missing is an error.
    """

    kind: Literal["llm"] = "llm"
    base_url: str = Field(default="http://127.0.0.1:8000/v1", max_length=500)
    model: str = Field(min_length=1, max_length=500)
    allow_remote: bool = False
    examples: int = Field(default=0, ge=0, le=100)
    logprobs: Literal["auto", "yes", "no"] = "auto"
    repeats: int = Field(default=5, ge=1, le=100)
    answer_form: Literal["auto", "json_schema", "text"] = "auto"
    temperature: Literal["auto", "server"] | Annotated[float, Field(ge=0, le=2)] = "auto"
    max_answer_tokens: int | None = Field(default=2000, ge=1)
    max_characters: int = Field(default=8000, ge=100)
    max_concurrency: int = Field(default=8, ge=1, le=256)
    timeout_seconds: float = Field(default=60.0, gt=0, le=3600)
    retries: int = Field(default=6, ge=0, le=100)
    input_price: float | None = Field(default=None, ge=0)
    output_price: float | None = Field(default=None, ge=0)
    currency: str = Field(default="USD", pattern=r"^\w{1,10}$")
    max_cost: Positive | None = None
    calls: str = Field(default="llm-calls.sqlite", min_length=1)
    replay: bool = False

    @field_validator("base_url")
    @classmethod
    def _is_plain_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("expected an address such as http://127.0.0.1:8000/v1")
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                "no name or password in the address: set the environment variable FRAMES_LLM_KEY"
            )
        return value.rstrip("/")

    @model_validator(mode="after")
    def _prices_go_together(self) -> "LlmSettings":
        if (self.input_price is None) != (self.output_price is None):
            raise ValueError("give both input_price and output_price, or none")
        if self.max_cost is not None and not self.has_prices:
            raise ValueError("max_cost needs input_price and output_price, of a million tokens")
        return self

    @property
    def has_prices(self) -> bool:
        """Whether it can be said what a run costs."""
        return self.input_price is not None

    def find_cost(self, input_tokens: int, output_tokens: int) -> float:
        """In the currency of the prices; 0 where there are none."""
        return (input_tokens * (self.input_price or 0) + output_tokens * (self.output_price or 0)) / 1e6


ModelSettings = Annotated[
    TfidfSettings | TransformerSettings | BlendSettings | CascadeSettings | LlmSettings,
    Field(discriminator="kind"),
]
