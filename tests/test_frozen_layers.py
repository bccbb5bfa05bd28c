"""Lower layers that do not learn: computed once, they give what the whole encoder gives; checkpoints leave them out."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import FRAMES, each_its_own_cluster, quiet_context, toy_rows, write_tiny_encoder
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

from pipeline.classifiers.transformer import transformer
from pipeline.classifiers.transformer.frozen_layers import FrozenLayers, pad
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.config.model import TransformerSettings
from pipeline.errors import ConfigError

SIZES: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 42,
    "pad_token_id": 1,
}


@pytest.mark.parametrize(
    "kind", [(BertModel, BertConfig), (RobertaModel, RobertaConfig)], ids=["bert", "roberta"]
)
@pytest.mark.parametrize("n_frozen", [1, 3])
def test_the_layers_above_give_what_the_whole_encoder_gives(kind: Any, n_frozen: int) -> None:
    torch.manual_seed(0)
    new_model, new_config = kind
    encoder = new_model(new_config(**SIZES)).eval()
    generator = np.random.default_rng(0)
    token_ids = [generator.integers(5, 50, n).tolist() for n in (40, 3, 17, 1)]
    with tempfile.TemporaryFile() as file, torch.inference_mode():
        frozen = FrozenLayers(encoder, n_frozen, padding_id=1, device="cpu", file=file)
        frozen.compute(token_ids[:2])
        frozen.compute(token_ids)
        upper, whole = frozen.new_upper().eval(), pad(token_ids, 1)
        mask = whole["attention_mask"].bool()
        expected = encoder(**whole).last_hidden_state[mask]
        found = upper(**frozen.read(token_ids)).last_hidden_state[mask]
        torch.testing.assert_close(found, expected, atol=5e-3, rtol=0)
        assert torch.equal(frozen.complete(upper)(**whole).last_hidden_state[mask], expected)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


def fit(encoder: Path, work: Path, **changes: Any) -> tuple[FineTunedTransformer, dict[str, float]]:
    recipe = TransformerSettings.model_validate(
        {
            "encoder": str(encoder),
            "epochs": 1,
            "max_tokens": 32,
            "tokens_per_batch": 64,
            "inner_folds": 2,
            "device": "cpu",
            **changes,
        }
    )
    model, rows = FineTunedTransformer(recipe, FRAMES, single_label=False), toy_rows(40)
    return model, model.fit(rows, None, each_its_own_cluster(rows), quiet_context(work)).figures


def test_frozen_layers_stay_as_they_were_and_no_checkpoint_holds_them(encoder: Path, tmp_path: Path) -> None:
    model, figures = fit(encoder, tmp_path / "work", checkpoint_every_steps=1)
    (tmp_path / "model").mkdir()
    model.save(tmp_path / "model")
    before = load_file(encoder / "model.safetensors")
    after = load_file(tmp_path / "model" / "model.safetensors")
    learnt = {
        name for name in before if not torch.equal(before[name].float(), after[f"encoder.{name}"].float())
    }
    layers = {name for name in before if name.startswith("encoder.layer.")}
    assert figures["frozen_layers"] == 1  # of two
    assert learnt == {name for name in layers if name.startswith("encoder.layer.1.")}
    checkpoint = load_file(next((tmp_path / "work").glob("checkpoint-*")) / "model.safetensors")
    assert {name for name in checkpoint if "embeddings" in name} == set()
    assert {name for name in checkpoint if ".layer." in name} == {
        f"encoder.{name.replace('.1.', '.0.')}" for name in learnt
    }
    assert [path for path in (tmp_path / "work").iterdir() if path.is_file()] == []


def store_in_half(encoder: Path, folder: Path) -> Path:
    shutil.copytree(encoder, folder)
    weights = load_file(encoder / "model.safetensors")
    halves = {
        name: weight.half() if "word_embeddings" in name else weight for name, weight in weights.items()
    }
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize("n_frozen", [0, 1])
def test_words_that_came_in_half_precision_stay_in_it_and_the_same_model_comes_out(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_frozen: int
) -> None:
    stored = store_in_half(encoder, tmp_path / "encoder")

    def train(name: str) -> tuple[torch.Tensor, dict[str, bytes]]:
        model, _ = fit(stored, tmp_path / f"work-{name}", frozen_layers=n_frozen)
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
        files = {file.name: file.read_bytes() for file in (tmp_path / name).rglob("*") if file.is_file()}
        return model.network.network.encoder.embeddings.word_embeddings.weight, files

    words, files = train("half")
    monkeypatch.setattr(transformer, "narrow_words", lambda _network: None)
    same_words, same_files = train("single")
    assert (words.dtype, same_words.dtype) == (torch.float16, torch.float32)
    assert files == same_files


def test_words_with_digits_that_half_precision_would_lose_are_left_as_they_are(
    encoder: Path, tmp_path: Path
) -> None:
    model, _ = fit(encoder, tmp_path)
    words = model.network.network.encoder.embeddings.word_embeddings.weight
    assert torch.equal(words, load_file(encoder / "model.safetensors")["embeddings.word_embeddings.weight"])


def test_embeddings_that_learn_leave_no_layer_frozen(encoder: Path, tmp_path: Path) -> None:
    _, figures = fit(encoder, tmp_path, freeze_embeddings=False)
    assert figures["frozen_layers"] == 0


def test_more_layers_than_there_are_cannot_be_frozen(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model.frozen_layers is 3, but the encoder '.*' has 2 layers"):
        fit(encoder, tmp_path, frozen_layers=3)
