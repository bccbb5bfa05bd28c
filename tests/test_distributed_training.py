"""Training in two processes that torchrun starts: shared gradients, one run, one bundle, exact resumption."""

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import FRAMES, toy_rows, write_tiny_encoder
from safetensors.torch import load_file
from sharing_processes import EPOCHS, RECIPE, SEED, make_rows, new_network
from transformers import TrainingArguments, get_linear_schedule_with_warmup
from typer.testing import CliRunner

from pipeline.bundle import load_bundle
from pipeline.classifiers.encoder.token_batches import TokenBatchSampler
from pipeline.classifiers.processes import join_processes
from pipeline.classifiers.transformer.checkpoints import mark_whole, newest_whole_checkpoint
from pipeline.classifiers.transformer.fine_tuning import PaddingCollator
from pipeline.classifiers.transformer.shared_work import require_same_work, share_folder
from pipeline.classifiers.transformer.transformer_network import parameter_groups
from pipeline.cli import app
from pipeline.config.model import TransformerSettings
from pipeline.config.run_config import load_run_config
from pipeline.errors import ConfigError
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

pytestmark = pytest.mark.fault

WORKER = Path(__file__).with_name("sharing_processes.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
SECONDS = 300  # far more than it takes: a hang ends here


def environment() -> dict[str, str]:
    root = str(WORKER.parent.parent)
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{root}{os.pathsep}{WORKER.parent}"}


@contextmanager
def starting(*arguments: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A launcher, which ends with its processes at the end of the block."""
    launcher = subprocess.Popen(
        [*TORCHRUN, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield launcher
    finally:
        for process in (*children_of(launcher.pid).values(), launcher.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        launcher.communicate()


@dataclass
class Finished:
    returncode: int
    output: str
    errors: str


def torchrun(*arguments: str, folder: Path) -> Finished:
    with starting(*arguments, folder=folder) as launcher:
        output, errors = launcher.communicate(timeout=SECONDS)
        return Finished(launcher.returncode, output, errors)


def children_of(launcher: int) -> dict[str, int]:
    """Process ids by rank."""
    found: dict[str, int] = {}
    with suppress(FileNotFoundError):  # it has ended
        for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
            variables = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
            found |= {v.decode().partition("=")[2]: int(child) for v in variables if v.startswith(b"RANK=")}
    return found


def own_errors(stderr: str) -> list[str]:
    """Our messages, between those of the launcher."""
    return [line for line in stderr.splitlines() if line.startswith("Error: ")]


# Batches


@pytest.mark.parametrize("sharing", [2, 3, 8])
def test_processes_get_as_many_batches_and_no_row_is_left_out(sharing: int) -> None:
    """36 texts of 8 tokens, 4 to a batch: 9 batches; shared by 2, 3 and 8 these are 5, 3 and 2 steps."""
    alone = TokenBatchSampler([8] * 36, 32, seed=1)
    shared = TokenBatchSampler([8] * 36, 32, seed=1, share_among=sharing)
    assert (alone.steps, shared.steps) == (9, {2: 5, 3: 3, 8: 2}[sharing])
    batches = list(shared)
    assert len(batches) == len(shared) == shared.steps * sharing
    assert batches[:9] == list(alone)
    assert batches[9:] == batches[: len(batches) - 9]


# Two processes, one network


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder"))


CODEBOOK = "name: toy\nframes:\n" + "".join(
    f"  - {{id: {frame}, name: {frame}, definition: Speaks of it., examples: [a]}}\n" for frame in FRAMES
)


@pytest.fixture(scope="module")
def project(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    table = toy_rows(90).table
    rows = [
        {"id": f"{i}", "text": f"{text} {i}", "labels": list(labels)}
        for i, (text, labels) in enumerate(zip(table["text"], table["labels"], strict=True))
    ]
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    model = {
        **RECIPE,
        "kind": "transformer",
        "encoder": str(encoder),
        "dropout": 0.1,
        "max_tokens": 32,
        "inner_folds": 2,
        "scoring": "torch",
        "checkpoint_every_steps": 3,
    }
    config = {
        "name": "whole",
        "data": {"codebook": str(folder / "codebook.yaml"), "labelled": str(folder / "labelled.jsonl")},
        "model": model,
        "evaluation": {"bootstrap_samples": 100},
        "tracking": {"uri": f"sqlite:///{folder}/runs.db"},
        "output": str(folder / "runs"),
    }
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    return folder


@dataclass
class Shared:
    folder: Path
    seen: tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def shared(encoder: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    folder = tmp_path_factory.mktemp("shared")
    done = torchrun(str(WORKER), str(encoder), str(folder), str(project / "config.yaml"), folder=folder)
    assert done.returncode == 0, done.errors
    first, second = (json.loads((folder / f"seen-{rank}.json").read_text()) for rank in (0, 1))
    return Shared(folder, (first, second))


def test_each_process_gets_other_batches_and_together_they_are_those_of_one(shared: Shared) -> None:
    first, second = (seen["recorded"]["batches"] for seen in shared.seen)
    rows = make_rows()
    sampler = TokenBatchSampler([len(ids) for ids in rows["input_ids"]], 64, SEED)
    assert len(sampler) % 2 == 1, "one batch has to come twice in this test"
    for epoch in range(EPOCHS):
        sampler.set_epoch(epoch)
        expected = list(sampler)
        steps = slice(epoch * len(first) // 2, (epoch + 1) * len(first) // 2)
        given = [batch for pair in zip(first[steps], second[steps], strict=True) for batch in pair]
        assert given == [*expected, expected[0]]


def train_alone(encoder: Path, choose: Callable[[list[Any]], list[Any]]) -> dict[str, torch.Tensor]:
    """A plain loop in one process, whose step follows the mean gradient of what is chosen of each two batches."""
    recipe, network, rows = TransformerSettings.model_validate(RECIPE), new_network(encoder), make_rows()
    sampler = TokenBatchSampler([len(ids) for ids in rows["input_ids"]], 64, SEED, share_among=2)
    for name, parameter in network.encoder.named_parameters():
        parameter.requires_grad_(not name.startswith("pooler."))
    groups = parameter_groups(
        network,
        learning_rate=recipe.learning_rate,
        head_learning_rate=recipe.head_learning_rate,
        layer_decay=recipe.layer_decay,
        weight_decay=recipe.weight_decay,
    )
    optimiser = torch.optim.AdamW(groups, eps=1e-6)
    n_steps = recipe.epochs * sampler.steps
    scheduled: Any = get_linear_schedule_with_warmup  # the library leaves it untyped
    schedule = scheduled(optimiser, math.ceil(recipe.warmup_share * n_steps), n_steps)
    network.train()
    for epoch in range(recipe.epochs):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        for pair in zip(batches[::2], batches[1::2], strict=True):
            chosen = choose(list(pair))
            for batch in chosen:
                inputs = PaddingCollator(0)([rows[i] for i in batch])
                (network(**inputs)["loss"] / len(chosen)).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
    return network.state_dict()


def largest_difference(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


def test_a_step_follows_the_mean_gradient_of_the_batches_of_all_processes(
    shared: Shared, encoder: Path
) -> None:
    """Sums are taken in another order, so weights agree to single precision; the first's batches alone go elsewhere."""
    trained = load_file(shared.folder / "trained.safetensors")
    averaged = largest_difference(trained, train_alone(encoder, lambda pair: pair))
    of_first = largest_difference(trained, train_alone(encoder, lambda pair: pair[:1]))
    assert averaged < 1e-5
    assert of_first > 1e-3


@pytest.mark.parametrize("training", ["recorded", "dev", "out_of_fold"])
def test_all_processes_end_with_the_same_network(shared: Shared, training: str) -> None:
    first, second = (seen[training] for seen in shared.seen)
    assert first["digest"] == second["digest"]


def test_all_stop_when_the_first_process_is_out_of_patience(shared: Shared) -> None:
    steps = TokenBatchSampler([len(ids) for ids in make_rows()["input_ids"]], 64, SEED, share_among=2).steps
    for seen in shared.seen:
        assert (seen["dev"]["best_epoch"], seen["dev"]["steps"]) == (2, 3 * steps)


def test_every_row_is_scored_out_of_fold_by_one_of_the_processes(shared: Shared) -> None:
    first, second = (np.array(seen["out_of_fold"]["out_of_fold"]) for seen in shared.seen)
    assert np.array_equal(first, second)
    assert (abs(first - 0.5) > 1e-4).all(), "a logit of exactly 0 is one that nobody computed"


def test_a_checkpoint_counts_when_every_process_has_written_its_part(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint-4"
    checkpoint.mkdir()
    (checkpoint / "optimizer.pt").write_bytes(b"")
    (checkpoint / "trainer_state.json").write_text("{}", encoding="utf-8")
    mark_whole(checkpoint, 2)
    assert newest_whole_checkpoint(tmp_path, 2) == checkpoint
    assert newest_whole_checkpoint(tmp_path, 3) is None
    assert not checkpoint.exists()


# The command


TRAIN = ["-m", "pipeline.cli", "train", "config.yaml", "--json"]


def runs_of(project: Path) -> list[str]:
    with sqlite3.connect(project / "runs.db") as store:
        return [status for (status,) in store.execute("SELECT status FROM runs ORDER BY start_time")]


def test_the_bundle_of_several_processes_predicts_and_says_how_many_they_were(shared: Shared) -> None:
    bundle = load_bundle(Path(shared.seen[0]["config"]["bundle"]))
    probabilities = bundle.classifier.predict_proba(["missile border army shells", "football today"])
    assert probabilities.shape == (2, len(FRAMES))
    assert bundle.manifest["processes"] == 2
    assert bundle.manifest["figures"]["fit_processes"] == 2


@pytest.mark.long("trains twice, for most of a minute: --long")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the processes of a launcher in /proc")
def test_a_killed_process_ends_all_and_the_same_command_goes_on_to_the_same_bundle(
    shared: Shared, project: Path
) -> None:
    with starting(*TRAIN, folder=project) as launcher:
        patience = time.monotonic() + SECONDS
        while not list(project.glob("runs/.work/*/fold-0/checkpoint-*/shared-by-2")):
            assert launcher.poll() is None, launcher.communicate()
            assert time.monotonic() < patience
            time.sleep(0.005)
        os.kill(children_of(launcher.pid)["1"], signal.SIGKILL)
        _, errors = launcher.communicate(timeout=60)
    assert launcher.returncode != 0
    (message,) = own_errors(errors)
    assert "lost another process" in message
    assert "goes on from the last checkpoint" in message
    assert runs_of(project) == ["FAILED"]

    uninterrupted = Path(shared.seen[0]["config"]["bundle"])
    assert list(project.glob("runs/whole-*")) == [uninterrupted]
    again = torchrun(*TRAIN, folder=project)
    assert again.returncode == 0, again.errors
    printed = json.loads(again.output)  # one object: only one process prints
    assert printed["bundle_hash"] == load_bundle(uninterrupted).bundle_hash
    assert set(project.glob("runs/whole-*")) == {uninterrupted, project / printed["bundle"]}
    assert runs_of(project) == ["FAILED", "FINISHED"]
    assert not list(project.glob("runs/.work/*"))


def test_an_error_of_all_processes_is_told_once(tmp_path: Path) -> None:
    done = torchrun("-m", "pipeline.cli", "train", "none.yaml", folder=tmp_path)
    assert done.returncode != 0
    assert own_errors(done.errors) == ["Error: none.yaml: no such config file"]


@pytest.mark.parametrize("command", [["models"], ["predict", "posts.csv", "--model", "m", "-o", "scores"]])
def test_all_other_commands_are_refused(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "this command is work for one process, but this is one of 2" in result.stderr


def test_a_model_without_a_transformer_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    config = load_run_config(project / "config.yaml", ["model={kind: tfidf}"])
    with pytest.raises(ConfigError, match=r"training with model.kind: tfidf is work for one process"):
        run_training(config, NullTracker(), lambda *_: None, Two())


def test_processes_that_cannot_find_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(ConfigError, match=r"WORLD_SIZE is 2, but .*MASTER_ADDR"), join_processes():
        pass


# Machines that do not fit together


@dataclass
class Two:
    """Two processes, the other of which gives what the test says."""

    rank: int = 0
    size: int = 2
    other: Callable[[Any], Any] = lambda value: value

    def gather(self, value: Any) -> list[Any]:
        return [value, self.other(value)] if not self.rank else [self.other(value), value]

    def sum(self, part: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return part


def test_other_rows_on_another_machine_are_refused(tmp_path: Path) -> None:
    def differ(given: Any) -> Any:
        node, work = given
        return [f"not-{node}", {**work, "rows": "0000"}]

    recipe = TransformerSettings.model_validate(RECIPE)
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    require_same_work(make_rows(), recipe, arguments, Two())
    with pytest.raises(ConfigError, match=r"must have the same rows: process 0 on .*, process 1 on not-"):
        require_same_work(make_rows(), recipe, arguments, Two(other=differ))


def test_a_folder_that_the_other_machine_does_not_see_is_refused(tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "elsewhere" / "seen-1")
    with pytest.raises(
        ConfigError, match=r"elsewhere: process 0 made this folder, but .* `output` on a disk"
    ):
        share_folder(tmp_path, Two(rank=1, other=lambda _: elsewhere))
