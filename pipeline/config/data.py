"""The sections `data` and `folds`: which rows, and how they are divided."""

from typing import Any, Final, Literal

from pydantic import Field, model_validator

from pipeline.config.settings import Settings, Share

COPY_SIMILARITY: Final = 0.8  # wherever texts are held to be copies


class DataSettings(Settings):
    """Where the labelled sentences and the codebook are.

    Either `labelled` (one file, split by the pipeline) or `train` and `test` (and optionally `dev`).

    Attributes:
        codebook: the codebook (YAML).
        labelled: labelled rows (CSV, JSON, Parquet or XLSX), divided as `folds` says.
        train: labelled rows to train on, where the data come divided.
        dev: rows to decide on, see `model.decide_on`; drawn from train where it is not given.
        test: rows to evaluate on.
        teacher: rows that a language model coded (`frames label-llm`), to learn from beside the people's; they are in
            no fold and judge nothing. Copies of people's rows are left out. See docs/llm.md.
        teacher_doubt: rows of a teacher are left out if a baseline trained on people's rows alone gives one of its
            decisions, for a frame or against it, a probability below this; null keeps all.
        columns: our column names and those of the file, for example {text: sentence}.
        encoding: of labelled CSV and JSON files that are not UTF-8, for example cp1251.
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
    teacher: str | None = None
    teacher_doubt: Share | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    encoding: str | None = None
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


class FoldSettings(Settings):
    """How the rows are divided into train, dev and test.

    Attributes:
        method: "cluster" draws whole clusters of copies at random, stratified by frame; "time"
            puts the latest rows in test; "auto" is "time" when nearly all rows are dated over two months or
            more, else "cluster".
        test_share: wanted share of rows in test.
        dev_share: wanted share of the remaining rows in dev.
        hold_out_sources: channels whose rows all go to test.
        copy_similarity: share of its words that an edited copy keeps; less makes more texts copies of one another.
            See docs/splits-and-leakage.md.
        seed: of the drawing of clusters.
    """

    method: Literal["auto", "cluster", "time"] = "auto"
    test_share: Share = 0.2
    dev_share: Share = 0.15
    hold_out_sources: tuple[str, ...] = ()
    copy_similarity: Share = COPY_SIMILARITY
    seed: int = 42

    @model_validator(mode="before")
    @classmethod
    def _refuse_former_threshold(cls, values: Any) -> Any:
        if isinstance(values, dict) and "near_duplicate_threshold" in values:
            raise ValueError(
                "folds.near_duplicate_threshold, a similarity of word triples, is no more: copies are found by the "
                "share of words that an edit keeps, folds.copy_similarity. Remove the line to use its default, "
                f"{COPY_SIMILARITY}; the values do not correspond"
            )
        return values
