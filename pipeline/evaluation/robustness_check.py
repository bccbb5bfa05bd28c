"""What is left of a model's figures when texts are disguised or misspelt, without and with normalisation.

The same labelled texts are attacked in each way of `pipeline.data.text.text_attacks`. "Before" is the classifier on
texts as they are, "after" on normalised ones, whichever of the two the model was trained and is used with. A loss is
against the clean texts read in the same way, so that it says what the attack does and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.classifiers.normalised_text import NormalisedText, with_normalisation, without_normalisation
from pipeline.classifiers.protocols import FittedClassifier
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import cluster_rows
from pipeline.data.text.text_attacks import ATTACKS, attack_text
from pipeline.errors import ConfigError
from pipeline.evaluation.comparison import compare_decisions
from pipeline.evaluation.leakage import warn_of_seen
from pipeline.measures.enough_positives import find_judged, names_of
from pipeline.measures.intervals import Estimate
from pipeline.measures.metrics import count_decisions, mean_average_precision, total

RATE = 0.3  # of the words


@dataclass(frozen=True, slots=True)
class Figures:
    """A model on attacked texts.

    Attributes:
        macro_f1: over the frames with enough positive clusters; None where there are none.
        mean_average_precision: over the same frames.
        loss: macro-F1 on the clean texts less that here, with its interval over clusters.
        flipped: share of the texts of which any decision is another one than on the clean text.
    """

    macro_f1: float | None
    mean_average_precision: float | None
    loss: Estimate
    flipped: float


@dataclass(frozen=True, slots=True)
class AttackResult:
    """One attack.

    Attributes:
        attack: its name.
        changed: share of the texts that it changed.
        before: the model without normalisation.
        after: the model with it.
    """

    attack: str
    changed: float
    before: Figures
    after: Figures


@dataclass(frozen=True, slots=True)
class RobustnessReport:
    """All attacks on one set of labelled texts.

    Attributes:
        model_id: of the model.
        is_normalised: whether the model is used with normalisation, so that "after" is what its users get.
        n: texts; n_clusters: clusters of copies, the unit of the intervals.
        rate: share of the words attacked; seed: of the attacks.
        confidence: of the intervals.
        macro_frames: frames with enough positive clusters, over which both figures are means.
        n_frames: of the codebook.
        clean: macro-F1 and mean average precision of the clean texts, without and with normalisation.
        attacks: in the order of the list of attacks.
        warnings: why the figures mislead.
    """

    model_id: str
    is_normalised: bool
    n: int
    n_clusters: int
    rate: float
    seed: int
    confidence: float
    macro_frames: tuple[str, ...]
    n_frames: int
    clean: dict[str, dict[str, float | None]]
    attacks: tuple[AttackResult, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def find_attacks(names: Sequence[str]) -> list[str]:
    """The names, once each; all attacks where none is named.

    Raises:
        ConfigError: no attack of that name.
    """
    for name in names:
        if name not in ATTACKS:
            raise ConfigError(f"--attack '{name}': no such attack; there are: {', '.join(ATTACKS)}")
    return list(dict.fromkeys(names or ATTACKS))


def measure_robustness(
    bundle: ModelBundle,
    data: LabelledData,
    attacks: Sequence[str],
    settings: EvaluationSettings,
    *,
    rate: float = RATE,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> RobustnessReport:
    """Attack labelled texts and compare what the model makes of them with what it made of the clean ones.

    Args:
        bundle: the model.
        data: labelled texts, best such as the model has not seen.
        attacks: names of what to try.
        settings: of the intervals.
        rate: share of the words attacked.
        seed: of attacks and intervals.
        progress: what is being done, steps done, steps in all.
    """
    texts, truth = list(data.table["text"]), data.indicator()
    clusters = cluster_rows(data)
    classifiers = {
        "before": without_normalisation(bundle.classifier),
        "after": with_normalisation(bundle.classifier),
    }
    judged = find_judged(truth, clusters)
    known = truth[:, judged]
    clean = {name: _decide(bundle, classifier, texts) for name, classifier in classifiers.items()}
    results = []
    for done, attack in enumerate(attacks):
        progress(f"attack: {attack}", done, len(attacks))
        attacked = [attack_text(text, attack, rate=rate, seed=seed) for text in texts]
        figures = {}
        for name, classifier in classifiers.items():
            calibrated, decided = _decide(bundle, classifier, attacked)
            compared = compare_decisions(
                truth,
                decided,
                clean[name][1],
                clusters=clusters,
                frame_ids=bundle.frame_ids,
                settings=settings,
                seed=seed,
            )
            figures[name] = Figures(
                macro_f1=compared.macro_f1.first,
                mean_average_precision=mean_average_precision(known, calibrated[:, judged]),
                loss=compared.macro_f1.gain,
                flipped=float((decided != clean[name][1]).any(axis=1).mean()),
            )
        changed = float(np.mean([one != other for one, other in zip(texts, attacked, strict=True)]))
        results.append(AttackResult(attack, changed, figures["before"], figures["after"]))
    progress("attacks", len(attacks), len(attacks))
    return RobustnessReport(
        model_id=bundle.model_id,
        is_normalised=isinstance(bundle.classifier, NormalisedText),
        n=len(texts),
        n_clusters=len(np.unique(clusters)),
        rate=rate,
        seed=seed,
        confidence=settings.confidence,
        macro_frames=names_of(bundle.frame_ids, judged),
        n_frames=len(judged),
        clean={
            name: {
                "macro_f1": float(total(count_decisions(known, decided[:, judged])).macro_f1)
                if judged.any()
                else None,
                "mean_average_precision": mean_average_precision(known, calibrated[:, judged]),
            }
            for name, (calibrated, decided) in clean.items()
        },
        attacks=tuple(results),
        warnings=warn_of_seen(
            bundle,
            texts,
            "use texts that it has not seen, or --test-fold",
        ),
    )


def _decide(
    bundle: ModelBundle, classifier: FittedClassifier, texts: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Calibrated probabilities and decisions, both (n_texts, n_frames)."""
    calibrated = bundle.decisions.calibrate(classifier.predict_proba(texts))
    return calibrated, bundle.decisions.decide(calibrated)
