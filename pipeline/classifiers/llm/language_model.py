"""A language model as a classifier: its answers are raw probabilities like any other's, to be calibrated.

Nothing is trained. `fit` chooses the examples of the prompt, where the config wants some, asks about every training row
with a prompt that holds no copy of it, and keeps what a reject gets. Training rows are out of fold by that.

A text without a usable answer gets, for each frame, the mean of the raw probabilities of the training rows: the best
guess about a text of which nothing is known, near the frame's base rate once calibrated. It is counted and told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.llm.asking import Asker
from pipeline.classifiers.llm.coarse_to_fine import Asked, Prompts, ask_coarse_to_fine
from pipeline.classifiers.llm.prompt_examples import choose_examples
from pipeline.classifiers.llm.questions import PROMPT_VERSION, Question, make_questions
from pipeline.classifiers.llm.request_form import Form
from pipeline.classifiers.protocols import FitContext, FitSummary, Probabilities, Progress
from pipeline.config.model import LlmSettings
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import ConfigError, DataError, ModelError, list_names
from pipeline.files.json_files import read_json_object, write_json

_FILE: Final = "classifier.json"
_MOST_BYTES: Final = 50_000_000
_MOST_REJECTED: Final = 0.5
_OF_THIS_MACHINE: Final = frozenset(
    {"allow_remote", "calls", "replay", "max_cost"}
)  # no bundle decides on them


@dataclass(frozen=True, slots=True)
class CodedText:
    """What the model says of a text: raw probabilities of shape (n_frames,), and why."""

    probabilities: Probabilities
    rationale: str


class LanguageModel:
    """Questions to a server, and what is made of the answers.

    Args:
        settings: of the server and of asking.
        labels: frame ids in column order.
        single_label: one frame a text: probabilities of a row sum to one.
    """

    kind: ClassVar[str] = "llm"
    needs_dev: ClassVar[bool] = False

    def __init__(
        self, settings: LlmSettings, labels: tuple[str, ...], *, single_label: bool, is_loaded: bool = False
    ) -> None:
        self.settings = settings
        self.labels = labels
        self.single_label = single_label
        self.prompts: Prompts = []
        self.served: list[tuple[str, str]] = []  # model and fingerprint that the server named during the fit
        self._is_loaded = is_loaded
        self._seed = 0
        self._asker: Asker | None = None
        self._form: Form | None = None
        self._progress: Progress | None = None
        self._means = np.full(len(labels), 0.5, np.float32)
        self._shares_below = np.full(len(labels), 0.5, np.float32)  # of texts with the parent, by the coders

    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,  # noqa: ARG002 - the protocol's; nothing here stops early
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Make the prompt, ask about every row of `train`; `clusters` of shape (n_train,).

        Raises:
            ConfigError: no codebook, or texts would leave this machine without the user's word.
            ModelError: the server does not answer, or most answers cannot be read.
        """
        if context.codebook is None:
            raise ConfigError("model.kind: llm needs a codebook, and can be no part of another model")
        self._seed, self._progress = context.seed, context.progress
        self._shares_below = _share_below(train, {f.id: f.parent for f in context.codebook.frames})
        chosen = choose_examples(train, clusters, self.settings.examples, seed=context.seed)
        self.prompts = make_questions(context.codebook, chosen.usual if chosen else ())
        own: dict[int, Prompts] = {}
        if chosen is not None:
            for cluster in chosen.clusters[:-1]:
                own[cluster] = make_questions(context.codebook, chosen.without(cluster))
        asker = self._open()
        self._form = asker.find_form(self.prompts[0])
        prompts = [own.get(int(cluster), self.prompts) for cluster in clusters]
        asked = self._ask(list(train.table["text"]), prompts, "language model, training rows")
        raw, is_answered = asked.raw, asked.is_answered
        if is_answered.mean() < _MOST_REJECTED:
            raise ModelError(
                f"{self.settings.base_url}: {self.settings.model} gave no usable answer to {(~is_answered).sum():,} of "
                f"{len(raw):,} training rows ({asker.account.list_reasons()}). Try model.answer_form: json_schema, "
                "more max_answer_tokens, or another model"
            )
        self._means = raw[is_answered].mean(axis=0)
        raw[~is_answered] = self._means
        self.served = sorted(asker.account.identities)
        n_examples = len(chosen.usual) if chosen else 0
        note = (
            f"{n_examples} training texts stand in the prompt as examples, so also in the bundle and where it is "
            "recorded; model.examples: 0 keeps them out"
        )
        return FitSummary({"examples": float(n_examples)}, (note,) if chosen else (), out_of_fold=raw)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Raw probabilities, shape (n_texts, n_frames).

        Raises:
            ConfigError: texts would leave this machine without the user's word.
            ModelError: the server does not answer.
        """
        if not self.prompts:
            raise ModelError("this language model was neither fitted nor loaded")
        asked = self._ask(texts, [self.prompts] * len(texts), "language model")
        asked.raw[~asked.is_answered] = self._means
        return asked.raw

    def code(self, texts: Sequence[str], codebook: Codebook, *, seed: int) -> list[CodedText | None]:
        """Code texts by the codebook alone, with reasons: no rows are fitted, nothing is calibrated.

        Args:
            texts: to code.
            codebook: as the model may be told it.
            seed: of the sampling.

        Returns:
            For each text its probabilities and the reason; None where there was no usable answer.

        Raises:
            ConfigError, ModelError: as `fit`.
        """
        self._seed = seed
        self.prompts = make_questions(codebook, wants_rationale=True)
        self._form = self._open().find_form(self.prompts[0])
        asked = self._ask(texts, [self.prompts] * len(texts), "language model")
        self.served = sorted(self._open().account.identities)
        return [
            CodedText(values, why) if is_answered else None
            for values, is_answered, why in zip(asked.raw, asked.is_answered, asked.rationales, strict=True)
        ]

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts longer than `max_characters`, shape (n_texts,)."""
        return np.array([len(text) > self.settings.max_characters for text in texts], bool)

    def use_here(
        self,
        *,
        calls: str | None = None,
        replay: bool = False,
        max_cost: float | None = None,
    ) -> None:
        """What the user of this machine decides on, and no bundle.

        Args:
            calls: file of kept calls; None for the one in the settings.
            replay: take answers from it alone.
            max_cost: money for new calls, from now on.

        Raises:
            ConfigError: a cost without prices.
        """
        if max_cost is not None and not self.settings.has_prices:
            raise ConfigError(
                "the model was trained without prices, so no cost is known: leave --max-cost out"
            )
        changes: dict[str, Any] = {"replay": replay, "max_cost": max_cost}
        self.settings = self.settings.model_copy(update=changes | ({} if calls is None else {"calls": calls}))
        self._asker = None

    def show_progress(self, progress: Progress) -> None:
        """Tell how far it is, from now on."""
        self._asker, self._progress = None, progress

    def account(self) -> tuple[dict[str, float], tuple[str, ...]]:
        """Figures and notes on all that was asked so far, see `protocols.Accounting`."""
        if self._asker is None:
            return {}, ()
        asked = self._asker.account
        n = max(asked.texts, 1)
        figures = {
            "llm_texts": float(asked.texts),
            "llm_new_calls": float(asked.new_calls),
            "llm_kept_calls": float(asked.kept_calls),
            "llm_rejected": float(asked.rejected),
            "llm_input_tokens_per_text": asked.input_tokens / n,
            "llm_output_tokens_per_text": asked.output_tokens / n,
            "llm_seconds_per_text": asked.seconds / n / self.settings.max_concurrency,
        }
        if self.settings.has_prices:
            figures |= {"llm_cost": asked.cost, "llm_cost_per_text": asked.cost / n}
        return figures, tuple(self._notes(self._asker))

    def save(self, folder: Path) -> None:
        """Prompt, schema, model, its fingerprints, settings and seed as JSON: another of them is another bundle."""
        if not self.prompts or self._form is None:
            raise ModelError("this language model was neither fitted nor loaded")
        described = {
            "settings": self.settings.model_dump(mode="json", exclude=set(_OF_THIS_MACHINE)),
            "labels": self.labels,
            "single_label": self.single_label,
            "seed": self._seed,
            "prompt_version": PROMPT_VERSION,
            "prompts": [question.to_json() for question in self.prompts],
            "schemas": [question.schema for question in self.prompts],
            "prompt_hashes": [question.digest for question in self.prompts],
            "form": self._form.to_text(),
            "served": self.served,
            "means": self._means.tolist(),
            "shares_below": self._shares_below.tolist(),
        }
        write_json(folder / _FILE, described)

    @classmethod
    def load(cls, folder: Path) -> "LanguageModel":
        """Read what `save` wrote; no server is asked.

        Raises:
            ModelError: a file is missing or not what it should be.
        """
        try:
            return cls._read(folder)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, DataError) as error:
            raise ModelError(f"{folder}: not a readable language model: {error}") from None

    @classmethod
    def _read(cls, folder: Path) -> "LanguageModel":
        if (folder / _FILE).stat().st_size > _MOST_BYTES:
            raise ValueError(f"{_FILE} is larger than {_MOST_BYTES:,} bytes")
        described = read_json_object(folder / _FILE)
        if described["prompt_version"] != PROMPT_VERSION:
            raise ValueError(f"prompts are written by rules {described['prompt_version']!r:.40}")
        kept = {name: value for name, value in described["settings"].items() if name not in _OF_THIS_MACHINE}
        model = cls(
            LlmSettings.model_validate(kept),
            tuple(described["labels"]),
            single_label=bool(described["single_label"]),
            is_loaded=True,
        )
        model.prompts = [Question.from_json(raw) for raw in described["prompts"]]
        asked = [frame for question in model.prompts for frame in question.frames]
        if model.prompts[0].parent is not None or sorted(asked) != sorted(model.labels):
            raise ValueError("the prompts do not ask about each frame once")
        model._form = Form.from_text(described["form"])
        model._seed = int(described["seed"])
        model.served = [(str(name), str(fingerprint)) for name, fingerprint in described["served"]]
        model._means = _read_shares(described["means"], len(model.labels))
        model._shares_below = _read_shares(described["shares_below"], len(model.labels))
        return model

    def _open(self) -> Asker:
        if self._asker is None:
            self._asker = Asker(self.settings, self._seed, is_loaded=self._is_loaded, progress=self._progress)
            self._asker.form = self._form
        return self._asker

    def _ask(self, texts: Sequence[str], prompts: Sequence[Prompts], what: str) -> Asked:
        asker, limit = self._open(), self.settings.max_characters
        asked = ask_coarse_to_fine(
            asker,
            [text[:limit] for text in texts],
            prompts,
            labels=self.labels,
            shares_below=self._shares_below,
            what=what,
        )
        asker.account.texts += len(texts)
        asker.account.cut += int(self.find_cut(texts).sum())
        asker.account.rejected += int((~asked.is_answered).sum())
        if self.single_label:
            asked.raw[:] /= np.maximum(asked.raw.sum(axis=1, keepdims=True), 1e-6)
        return asked

    def _notes(self, asker: Asker) -> list[str]:
        asked, notes = asker.account, []
        if asked.texts:
            calls = f"{asked.new_calls:,} new calls, {asked.kept_calls:,} answers kept already"
            cost = ""
            if self.settings.has_prices:
                currency = self.settings.currency
                cost = f"; {asked.new_cost:,.4g} {currency} now, {asked.cost:,.4g} with the kept ones"
            tokens = f"{asked.input_tokens:,} tokens in, {asked.output_tokens:,} out"
            notes.append(
                f"language model: {asked.texts:,} texts, {calls}, {tokens}{cost}; answers are kept in "
                f"{Path(self.settings.calls).absolute()}"
            )
        if asked.bad_answers:
            notes.append(
                f"{asked.bad_answers.total():,} calls gave no usable answer ({asker.account.list_reasons()}); "
                f"{asked.rejected:,} texts have none and got the training rows' mean probabilities in its place"
            )
        if asked.hard:
            notes.append(
                f"{asked.hard:,} answers came without probabilities and count as 0.75 for yes, 0.25 for no"
            )
        if asked.cut:
            notes.append(
                f"{asked.cut:,} texts were cut at model.max_characters, {self.settings.max_characters:,}"
            )
        new = sorted(asked.identities - set(self.served)) if self.served else []
        if new:
            known, others = (
                list_names([f"{name} {fingerprint}".strip() or "(unnamed)" for name, fingerprint in of], 5)
                for of in (self.served, new)
            )
            notes.append(
                f"the server now calls the model {others}; calibration and thresholds were made for {known}: evaluate "
                "it again before these scores are used"
            )
        elif len(self.served) > 1:
            notes.append(f"the server changed the model while it was asked: {len(self.served)} fingerprints")
        return notes


def _share_below(train: LabelledData, parents: Mapping[str, str | None]) -> NDArray[np.float32]:
    """Of the texts that carry a frame's parent, or any frame under it, the smoothed share that carries the frame."""
    truth = train.indicator()
    column = {frame: k for k, frame in enumerate(train.frame_ids)}
    shares = np.full(len(column), 0.5, np.float32)
    for frame, parent in parents.items():
        if parent is None:
            continue
        family = [column[other] for other, above in parents.items() if parent in {other, above}]
        having = truth[truth[:, family].any(axis=1)]
        shares[column[frame]] = (having[:, column[frame]].sum() + 0.5) / (len(having) + 1)
    return shares


def _read_shares(raw: Sequence[float], n: int) -> NDArray[np.float32]:
    shares = np.array(raw, np.float32).reshape(n)
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError("expected probabilities")
    return shares
