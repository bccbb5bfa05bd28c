"""What several test files build: labelled rows, a context that records nothing, a transformer of toy size."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle, load_bundle, save_bundle
from pipeline.classifiers.protocols import FitContext, FittedClassifier
from pipeline.config.decisions import DecisionSettings
from pipeline.data.codebooks.codebook import Codebook, Frame
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.measures.decision_rule import fit_decision_rule

FRAMES = ("order", "threat", "украïна/мир")
WORDS = {
    "order": ["great", "powers", "balance", "order", "capitals"],
    "threat": ["missile", "border", "base", "shells", "army"],
    "украïна/мир": ["переговоры", "мир", "перемирие", "договор", "гарантии"],
}
NEUTRAL = ["the", "weather", "and", "football", "today", "market", "погода", "новости", "сегодня"]


def codebook(**options: Any) -> Codebook:
    frames = tuple(Frame(id=f, name=f, definition=f"Speaks of {f}.", examples=(f,)) for f in FRAMES)
    return Codebook(name="toy", frames=frames, **options)


def labelled(texts: Sequence[str], labels: Iterable[tuple[str, ...]]) -> LabelledData:
    n = len(texts)
    table = pd.DataFrame(
        {
            "id": [f"row-{i}" for i in range(n)],
            "text": list(texts),
            "labels": list(labels),
            "source": [None] * n,
            "date": pd.Series([pd.NaT] * n, dtype="datetime64[us, UTC]"),
            "group": [None] * n,
            "lang": [None] * n,
        }
    )
    return LabelledData(table, FRAMES, Path("toy.jsonl"))


def toy_rows(n: int = 60, *, seed: int = 0, single_label: bool = False) -> LabelledData:
    """Texts whose words give their frames away; every frame is carried by about a third of them."""
    generator = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        carried = [FRAMES[i % 3]] if single_label else [f for f in FRAMES if generator.random() < 0.35]
        words = list(generator.choice(NEUTRAL, size=int(generator.integers(3, 12))))
        for frame in carried:
            words += list(generator.choice(WORDS[frame], size=3))
        generator.shuffle(words)
        texts.append(" ".join(words))
        labels.append(tuple(carried))
    return labelled(texts, labels)


def each_its_own_cluster(data: LabelledData) -> NDArray[np.int64]:
    return np.arange(len(data), dtype=np.int64)


def quiet_context(folder: Path, seed: int = 3) -> FitContext:
    return FitContext(seed, folder, lambda _name, _value, _step: None, lambda _what, _done, _total: None)


def write_tiny_encoder(folder: Path) -> Path:
    """A random two-layer BERT with a small WordPiece vocabulary, in the files that an encoder has."""
    import torch  # noqa: PLC0415 - most tests need no torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast  # noqa: PLC0415

    words = sorted({word.lower() for part in (*WORDS.values(), NEUTRAL) for word in part})
    letters = sorted({letter for word in words for letter in word})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words, *letters, *(f"##{c}" for c in letters)]
    ids = {token: i for i, token in enumerate(dict.fromkeys(vocabulary))}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    fast_tokenizer: Any = PreTrainedTokenizerFast  # the library leaves its constructor untyped
    fast_tokenizer(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(ids),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def save_plain_bundle(
    folder: Path,
    name: str,
    classifier: FittedClassifier,
    frames: Codebook,
    *,
    threshold: float = 0.4,
    **content: Any,
) -> ModelBundle:
    """A bundle without calibration, with one threshold and no figures; `content` as `save_bundle` takes it."""
    truth = np.zeros((1, len(frames.frames)))
    rule = DecisionSettings(calibration="none", threshold=threshold)
    save_bundle(
        folder,
        name=name,
        classifier=classifier,
        codebook=frames,
        config={},
        metrics={},
        **{
            "provenance": {},
            "decisions": fit_decision_rule(truth, truth, rule, single_label=False, parents=frames.parents),
            **content,
        },
    )
    return load_bundle(folder)
