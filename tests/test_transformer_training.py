"""Fine-tuning: batches within their budget, the best epoch kept, and runs that are killed lose nothing."""

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import FRAMES, each_its_own_cluster, quiet_context, toy_rows, write_tiny_encoder
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModel

from pipeline.classifiers.encoder.token_batches import TokenBatchSampler, batch_sizes, batches_by_length
from pipeline.classifiers.encoder.token_windows import TokenWindows
from pipeline.classifiers.protocols import FitContext, FitSummary
from pipeline.classifiers.transformer.checkpoints import newest_whole_checkpoint
from pipeline.classifiers.transformer.crossed_networks import complete_recipe
from pipeline.classifiers.transformer.fine_tuning import (
    TrainingOutcome,
    fine_tune,
)
from pipeline.classifiers.transformer.frozen_layers import pad
from pipeline.classifiers.transformer.transformer import FineTunedTransformer
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.config.model import TransformerSettings
from pipeline.errors import ConfigError

lengths = st.lists(st.integers(1, 120), min_size=1, max_size=80)
modest = settings(deadline=None, max_examples=60)


# Batches


@modest
@given(lengths, st.integers(64, 512))
def test_batches_for_prediction_hold_every_row_once_within_the_budget(found: list[int], budget: int) -> None:
    batches = list(batches_by_length(found, budget))
    assert sorted(int(i) for batch in batches for i in batch) == list(range(len(found)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(found[i] for i in batch) <= budget


@modest
@given(lengths, st.integers(64, 512), st.integers(0, 99))
def test_every_epoch_holds_every_row_once_in_as_many_batches(
    found: list[int], budget: int, seed: int
) -> None:
    sampler = TokenBatchSampler(found, budget, seed)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        assert len(batches) == len(sampler)
        assert sorted(i for batch in batches for i in batch) == list(range(len(found)))


@modest
@given(lengths, st.integers(64, 512))
def test_training_batches_stay_near_the_budget(found: list[int], budget: int) -> None:
    """Jitter moves a text by a tenth and one token either way, so a batch holds at most (1.1 L + 2) / 0.9."""
    for batch in TokenBatchSampler(found, budget, seed=1):
        padded = len(batch) * max(found[i] for i in batch)
        assert len(batch) == 1 or padded <= (1.1 * budget + 2 * len(batch)) / 0.9


def test_order_depends_on_seed_and_epoch_alone() -> None:
    found = [5 + i % 17 for i in range(60)]
    drawn = TokenBatchSampler(found, 64, seed=1)
    first = list(drawn)
    assert first == list(drawn)
    assert first == list(TokenBatchSampler(found, 64, seed=1))
    assert first != list(TokenBatchSampler(found, 64, seed=2))
    drawn.set_epoch(1)
    assert first != list(drawn)


def test_texts_meet_other_neighbours_in_another_epoch() -> None:
    drawn = TokenBatchSampler([10] * 40, 64, seed=1)
    first = {frozenset(batch) for batch in drawn}
    drawn.set_epoch(1)
    assert first.isdisjoint(frozenset(batch) for batch in drawn)


def test_batch_sizes_worked_example() -> None:
    """Budget 10: 2 2 3 padded to 3 is 9; 4 4 padded to 4 is 8; 11 exceeds the budget on its own."""
    assert batch_sizes([2, 2, 3, 4, 4, 11], 10) == [3, 2, 1]
    assert batch_sizes([], 10) == []


def test_padding_is_masked() -> None:
    batch = pad([[5, 6, 7], [8]], padding_id=9)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


# Early stopping, with scores of dev that the test writes itself


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


@dataclass
class ScriptedDev:
    """Gives these scores in turn and remembers the weights that each was given for."""

    scores: Sequence[float]
    weights: list[dict[str, torch.Tensor]]

    def __call__(self, network: FrameNetwork) -> float:
        self.weights.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return self.scores[len(self.weights) - 1]


def fine_tune_toy(
    encoder: Path, work: Path, score_dev: Callable[[FrameNetwork], float] | None, **changes: Any
) -> tuple[FrameNetwork, TrainingOutcome]:
    torch.manual_seed(0)
    network = FrameNetwork(
        AutoModel.from_pretrained(encoder),
        len(FRAMES),
        vector_scale=8.0,
        dropout=0.1,
        positive_weights=[1.0] * len(FRAMES),
        single_label=False,
    )
    generator = np.random.default_rng(0)
    token_ids = [generator.integers(4, 40, size=size).tolist() for size in generator.integers(4, 12, 24)]
    labels = generator.integers(0, 2, (24, len(FRAMES))).astype(float).tolist()
    recipe = TransformerSettings.model_validate(
        {
            "epochs": 6,
            "learning_rate": 2e-4,
            "tokens_per_batch": 64,
            "checkpoint_every_steps": 1000,
            "device": "cpu",
            **changes,
        }
    )
    outcome = fine_tune(
        network,
        Dataset.from_dict({"input_ids": token_ids, "labels": labels}),
        padding_id=0,
        settings=recipe,
        context=quiet_context(work),
        score_dev=score_dev,
    )
    return network, outcome


def assert_same_weights(network: FrameNetwork, expected: dict[str, torch.Tensor]) -> None:
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, expected[name]), name


def test_training_stops_when_patience_runs_out_and_keeps_the_best_epoch(
    encoder: Path, tmp_path: Path
) -> None:
    dev = ScriptedDev([0.3, 0.5, 0.4, 0.5, 0.9, 0.9], [])  # the fourth only equals the second: no gain
    network, outcome = fine_tune_toy(encoder, tmp_path, dev, patience=2)
    assert (outcome.best_epoch, outcome.best_score) == (2, 0.5)
    assert len(dev.weights) == 4
    assert_same_weights(network, dev.weights[1])


def test_more_patience_reaches_a_later_best_epoch(encoder: Path, tmp_path: Path) -> None:
    dev = ScriptedDev([0.3, 0.5, 0.4, 0.5, 0.9, 0.8], [])
    network, outcome = fine_tune_toy(encoder, tmp_path, dev, patience=3)
    assert (outcome.best_epoch, len(dev.weights)) == (5, 6)
    assert_same_weights(network, dev.weights[4])


def test_without_dev_the_last_epoch_is_kept(encoder: Path, tmp_path: Path) -> None:
    _, outcome = fine_tune_toy(encoder, tmp_path, None, epochs=2)
    assert (outcome.best_epoch, outcome.best_score) == (2, None)


@pytest.mark.parametrize(
    ("steps", "epochs"),
    [(1, 16), (2, 16), (5, 10), (11, 5), (12, 4), (250, 4), (340, 3), (400, 2), (5000, 2)],
)
def test_passes_are_as_many_as_the_rows_want_unless_a_number_is_set(steps: int, epochs: int) -> None:
    texts = TokenWindows([[1] * 64] * steps, np.arange(steps), np.zeros(steps, bool))
    recipe = TransformerSettings(tokens_per_batch=64)
    assert complete_recipe(recipe, texts, 1).epochs == epochs
    assert complete_recipe(recipe.model_copy(update={"epochs": 7}), texts, 1).epochs == 7


@pytest.mark.parametrize(
    ("windows", "processes", "rate"), [(40, 1, 2e-4), (20, 1, 2e-4), (5, 1, 5e-5), (5, 2, 1e-4), (5, 8, 2e-4)]
)
def test_steps_of_few_windows_learn_more_slowly_unless_a_rate_is_set(
    windows: int, processes: int, rate: float
) -> None:
    """A quarter of 20 windows: a quarter of the rate. Two processes make one step of two batches."""
    texts = TokenWindows([[1] * 32] * windows * 8, np.arange(windows * 8), np.zeros(windows * 8, bool))
    recipe = TransformerSettings(tokens_per_batch=32 * windows)
    assert complete_recipe(recipe, texts, processes).learning_rate == pytest.approx(rate)
    set_by_hand = recipe.model_copy(update={"learning_rate": 3e-5})
    assert complete_recipe(set_by_hand, texts, processes).learning_rate == 3e-5


def test_a_training_with_more_passes_than_usual_says_so(encoder: Path, tmp_path: Path) -> None:
    recipe = TransformerSettings(
        encoder=str(encoder), device="cpu", max_tokens=32, tokens_per_batch=64, inner_folds=2, scoring="torch"
    )
    rows = toy_rows(20)
    model = FineTunedTransformer(recipe, FRAMES, single_label=False)
    done = model.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path))
    assert 4 < done.figures["epochs"] <= 16
    assert done.figures["steps"] >= 48
    passes = f"{done.figures['epochs']:.0f} passes over the training rows in place of 4"
    assert f"{passes}, which would take less than 48 steps" in done.notes[-1]


def test_a_run_that_had_stopped_early_is_not_trained_further(encoder: Path, tmp_path: Path) -> None:
    dev = ScriptedDev([0.5, 0.4, 0.3, 0.2, 0.1, 0.0], [])
    network, outcome = fine_tune_toy(encoder, tmp_path, dev, patience=1, checkpoint_every_steps=1)
    again, resumed = fine_tune_toy(encoder, tmp_path, dev, patience=1, checkpoint_every_steps=1)
    assert len(dev.weights) == 2
    assert resumed == replace(outcome, resumed_at_step=outcome.steps)
    assert_same_weights(again, network.state_dict())


def test_an_interrupted_run_remembers_its_best_epoch_and_its_patience(encoder: Path, tmp_path: Path) -> None:
    first = ScriptedDev([0.3, 0.9], [])  # the third epoch finds no score and breaks off
    with pytest.raises(IndexError):
        fine_tune_toy(encoder, tmp_path, first, patience=2, checkpoint_every_steps=1)
    second = ScriptedDev([0.4, 0.5, 0.6, 0.7], [])
    network, outcome = fine_tune_toy(encoder, tmp_path, second, patience=2, checkpoint_every_steps=1)
    assert outcome.resumed_at_step > 0
    assert (outcome.best_epoch, outcome.best_score, len(second.weights)) == (2, 0.9, 2)
    assert_same_weights(network, first.weights[1])


# Killed and taken up again


def fit(
    work: Path, encoder: Path, progress: Callable[[str, int, int], None]
) -> tuple[FineTunedTransformer, FitSummary]:
    recipe = TransformerSettings(
        encoder=str(encoder),
        epochs=3,
        tokens_per_batch=96,
        max_tokens=64,
        checkpoint_every_steps=4,
        device="cpu",
        patience=3,
    )
    model = FineTunedTransformer(recipe, FRAMES, single_label=False)
    rows = toy_rows(56)
    context = FitContext(11, work, lambda _name, _value, _step: None, progress)
    return model, model.fit(rows, toy_rows(20, seed=1), each_its_own_cluster(rows), context)


def fit_in_lockstep(work: Path, encoder: Path, line: Connection) -> None:
    """Runs in a process of its own and asks for leave after every step."""

    def progress(_what: str, done: int, _total: int) -> None:
        line.send(done)
        line.recv()

    fit(work, encoder, progress)


@dataclass
class Killed:
    """A process that is training; ends by being killed, whatever happens to the test."""

    process: Any
    line: Connection

    def run_to(self, step: int) -> None:
        """Give leave until `step` is reached; the process then waits, with the step done and nothing recorded."""
        while self.line.recv() < step:
            self.line.send(None)

    def give_leave(self) -> None:
        self.line.send(None)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


@pytest.fixture
def start(encoder: Path) -> Iterator[Callable[[Path], Killed]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([FineTunedTransformer.__module__])
    running: list[Killed] = []

    def start_training(work: Path) -> Killed:
        ours, theirs = context.Pipe()
        process = context.Process(target=fit_in_lockstep, args=(work, encoder, theirs))
        process.start()
        theirs.close()
        running.append(Killed(process, ours))
        return running[-1]

    yield start_training
    for training in running:
        training.kill()


@dataclass
class Uninterrupted:
    weights: bytes
    summary: FitSummary
    steps_per_epoch: int


def test_several_processes_are_refused(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match=r"one of 2 .*start it without torchrun"):
        fine_tune_toy(encoder, tmp_path, None)


def weights_of(model: FineTunedTransformer, folder: Path) -> bytes:
    folder.mkdir()
    model.save(folder)
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    folder = tmp_path_factory.mktemp("uninterrupted")
    model, summary = fit(folder / "work", encoder, lambda _what, _done, _total: None)
    return Uninterrupted(weights_of(model, folder / "model"), summary, int(summary.figures["steps"]) // 3)


def assert_resumes_to_the_same_model(
    work: Path, encoder: Path, uninterrupted: Uninterrupted, *, resumed_at: Callable[[int], bool]
) -> None:
    model, summary = fit(work, encoder, lambda _what, _done, _total: None)
    assert resumed_at(int(summary.figures["resumed_at_step"])), summary.figures
    same = {**summary.figures, "resumed_at_step": 0.0}
    assert same == uninterrupted.summary.figures
    assert weights_of(model, work.parent / "model") == uninterrupted.weights


def test_killed_at_a_random_step(
    start: Callable[[Path], Killed], encoder: Path, uninterrupted: Uninterrupted, tmp_path: Path
) -> None:
    work, step = (
        tmp_path / "work",
        random.randint(5, 3 * uninterrupted.steps_per_epoch - 1),
    )  # the first save is at 4
    training = start(work)
    training.run_to(step)
    training.give_leave()  # killed somewhere in the midst of what follows
    training.kill()
    assert training.process.exitcode == -9
    assert_resumes_to_the_same_model(work, encoder, uninterrupted, resumed_at=lambda at: 4 <= at <= step)


def test_killed_while_a_checkpoint_is_written(
    start: Callable[[Path], Killed], encoder: Path, uninterrupted: Uninterrupted, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    training = start(work)
    training.run_to(8)
    training.give_leave()
    while not (work / "checkpoint-8").exists():
        assert training.process.is_alive()
    training.kill()
    assert_resumes_to_the_same_model(work, encoder, uninterrupted, resumed_at=lambda at: at in {4, 8})


@pytest.mark.parametrize("later", [0, 1])
def test_killed_at_the_end_of_an_epoch(
    start: Callable[[Path], Killed], encoder: Path, uninterrupted: Uninterrupted, tmp_path: Path, later: int
) -> None:
    """Before the epoch's score is taken; and after its checkpoint, at the first step of the next epoch."""
    assert uninterrupted.steps_per_epoch % 4 == 0, "checkpoints must fall on the ends of epochs in this test"
    work, step = tmp_path / "work", 2 * uninterrupted.steps_per_epoch
    training = start(work)
    training.run_to(step + later)
    training.kill()
    expected = step if later else step - 4
    assert_resumes_to_the_same_model(work, encoder, uninterrupted, resumed_at=lambda at: at == expected)


def test_fitting_again_in_the_folder_of_a_finished_run_gives_its_model(
    encoder: Path, uninterrupted: Uninterrupted, tmp_path: Path
) -> None:
    fit(tmp_path / "work", encoder, lambda _what, _done, _total: None)
    assert_resumes_to_the_same_model(tmp_path / "work", encoder, uninterrupted, resumed_at=lambda at: at > 0)


def write_checkpoint(folder: Path, state: str = "{}") -> Path:
    folder.mkdir()
    (folder / "optimizer.pt").write_bytes(b"")
    (folder / "trainer_state.json").write_text(state, encoding="utf-8")
    return folder


def test_the_newest_whole_checkpoint_is_taken_and_half_written_ones_are_removed(tmp_path: Path) -> None:
    assert newest_whole_checkpoint(tmp_path) is None
    whole = [write_checkpoint(tmp_path / f"checkpoint-{step}") for step in (90, 100)]
    without_state = tmp_path / "checkpoint-110"
    without_state.mkdir()
    half_a_state = write_checkpoint(tmp_path / "checkpoint-120", '{"epoch": 3, "glob')
    assert newest_whole_checkpoint(tmp_path) == whole[1]
    assert whole[0].exists()
    assert not without_state.exists()
    assert not half_a_state.exists()
