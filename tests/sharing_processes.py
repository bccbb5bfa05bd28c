"""What test_distributed_training starts with torchrun: trains small networks and writes what each process saw."""

import hashlib
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from builders import FRAMES, each_its_own_cluster, quiet_context, toy_rows
from datasets import Dataset
from transformers import AutoModel

from pipeline.classifiers.processes import Processes, join_processes
from pipeline.classifiers.transformer.checkpoints import save_weights
from pipeline.classifiers.transformer.fine_tuning import fine_tune
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.config.model import TransformerSettings
from pipeline.config.run_config import load_run_config
from pipeline.tracking.tracker import NullTracker
from pipeline.training.fit_model import assist_training
from pipeline.training.run_training import run_training

SEED, ROWS, EPOCHS = 3, 30, 2
RECIPE = {
    "epochs": EPOCHS,
    "learning_rate": 2e-4,
    "tokens_per_batch": 64,
    "dropout": 0.0,
    "device": "cpu",
    "precision": "fp32",
}


def new_network(encoder: Path) -> FrameNetwork:
    torch.manual_seed(0)
    return FrameNetwork(
        AutoModel.from_pretrained(encoder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0),
        len(FRAMES),
        vector_scale=8.0,
        dropout=0.0,
        positive_weights=[1.0] * len(FRAMES),
        single_label=False,
    )


def make_rows() -> Dataset:
    generator = np.random.default_rng(0)
    token_ids = [generator.integers(4, 40, size=size).tolist() for size in generator.integers(4, 12, ROWS)]
    labels = generator.integers(0, 2, (ROWS, len(FRAMES))).astype(float).tolist()
    return Dataset.from_dict({"input_ids": token_ids, "labels": labels})


def digest(network: FrameNetwork) -> str:
    content = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        content.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return content.hexdigest()


def train_on_recorded_batches(encoder: Path, folder: Path, processes: Processes) -> dict[str, Any]:
    """Numbers of the rows of each batch that this process was given."""
    network, rows = new_network(encoder), make_rows()
    numbers = {tuple(ids): number for number, ids in enumerate(rows["input_ids"])}
    batches = []

    def record(_module: Any, _args: Any, batch: dict[str, torch.Tensor]) -> None:
        rows_of_batch = zip(batch["input_ids"], batch["attention_mask"], strict=True)
        batches.append([numbers[tuple(ids[mask.bool()].tolist())] for ids, mask in rows_of_batch])

    network.register_forward_pre_hook(record, with_kwargs=True)
    context = replace(quiet_context(folder / "work", SEED), processes=processes)
    recipe = TransformerSettings.model_validate(RECIPE)
    outcome = fine_tune(network, rows, padding_id=0, settings=recipe, context=context)
    if not processes.rank:
        save_weights(network, folder / "trained.safetensors")
    return {"batches": batches, "steps": outcome.steps, "digest": digest(network)}


def train_with_disagreeing_dev(encoder: Path, folder: Path, processes: Processes) -> dict[str, Any]:
    """The first process finds the second epoch best and stops after the third, the other would train to the end."""
    network = new_network(encoder)
    scores = iter([0.3, 0.5, 0.4, 0.4, 0.4] if not processes.rank else [0.1, 0.2, 0.3, 0.4, 0.5])
    context = replace(quiet_context(folder / "dev", SEED), processes=processes)
    recipe = TransformerSettings.model_validate({**RECIPE, "epochs": 5, "patience": 1, "dropout": 0.1})
    outcome = fine_tune(
        network,
        make_rows(),
        padding_id=0,
        settings=recipe,
        context=context,
        score_dev=lambda _: next(scores),
    )
    return {"best_epoch": outcome.best_epoch, "steps": outcome.steps, "digest": digest(network)}


def train_out_of_fold(encoder: Path, processes: Processes) -> dict[str, Any]:
    recipe = TransformerSettings.model_validate(
        {**RECIPE, "encoder": str(encoder), "max_tokens": 64, "inner_folds": 2, "scoring": "torch"}
    )
    model, rows = FineTunedTransformer(recipe, FRAMES, single_label=False), toy_rows(40)
    with tempfile.TemporaryDirectory() as own_folder:  # the first process lends its own to all
        context = replace(quiet_context(Path(own_folder), SEED), processes=processes)
        summary = model.fit(rows, None, each_its_own_cluster(rows), context)
        processes.gather(None)
    assert model._network is not None
    return {
        "digest": digest(model._network.network),
        "out_of_fold": np.asarray(summary.out_of_fold).round(6).tolist(),
    }


def train_by_config(path: Path, processes: Processes) -> dict[str, Any]:
    """The command's work without its records."""
    config = load_run_config(path)
    if processes.rank:
        assist_training(config, processes)
        return {}
    result = run_training(config, NullTracker(), lambda *_: None, processes)
    return {"bundle": str(result.bundle)}


def main() -> None:
    encoder, folder, config = map(Path, sys.argv[1:])
    with join_processes() as processes:
        seen = {
            "recorded": train_on_recorded_batches(encoder, folder, processes),
            "dev": train_with_disagreeing_dev(encoder, folder, processes),
            "out_of_fold": train_out_of_fold(encoder, processes),
            "config": train_by_config(config, processes),
        }
        (folder / f"seen-{processes.rank}.json").write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main()
