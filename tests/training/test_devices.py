"""Several processes train one model: the losses and weights of one process, to float noise."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.training.families import write_family
from tests.training.launch import together
from tests.training.tiny_data import use_narrow_preset, write_dataset

from codefavor.checkpoints import WEIGHTS, read_card
from codefavor.errors import InputError
from codefavor.formats import generation
from codefavor.recipes.accelerate import accelerate_config
from codefavor.training import team
from codefavor.training.batches import Pair, Row, epoch_batches
from codefavor.training.config import TrainingConfig
from codefavor.training.language_model import train_language_model
from codefavor.training.sharding import is_wanted

_SETTINGS: dict[str, Any] = {
    "modelling": "classification",
    "epochs": 2,
    "batch_tokens": 450,
    "accumulate": 2,
    "context": 400,
    "vocabulary": 400,
    "learning_rate": 2e-3,
    "evaluations": 2,
    "checkpoint_every": 2,
    "precision": "fp32",
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """What is forked must have used one thread only."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"), 18, 3, 3, generation)


def _losses(out: Path, name: str = "train/loss") -> list[float]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(out / "tensorboard"))
    board.Reload()
    return [event.value for event in board.Scalars(name)]


def _same(one: Path, other: Path) -> None:
    """Assert equal losses and weights, but for the order in which floats were added."""
    assert _losses(other) == pytest.approx(_losses(one), rel=1e-4)
    before, now = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    assert now.keys() == before.keys()
    for name, weights in before.items():
        torch.testing.assert_close(now[name], weights, rtol=1e-3, atol=2e-4)
    assert (other / "config.json").read_bytes() == (one / "config.json").read_bytes()
    scores = read_card(one).scores["held-out"], read_card(other).scores["held-out"]
    assert scores[1]["loss"] == pytest.approx(scores[0]["loss"], rel=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"sharding": "none"},
        pytest.param({"sharding": "fsdp"}, marks=pytest.mark.slow),
        pytest.param({"sharding": "fsdp", "lm_steps": 2, "recompute": True}, marks=pytest.mark.slow),
        pytest.param({"modelling": "generation"}, marks=pytest.mark.slow),
        {"modelling": "generation", "sharding": "fsdp"},
        pytest.param({"modelling": "reward", "sharding": "fsdp"}, marks=pytest.mark.slow),
        pytest.param({"lora": {"rank": 2}}, marks=pytest.mark.slow),
        {"lora": {"rank": 2}, "sharding": "fsdp"},
        pytest.param({"packing": True, "sharding": "fsdp"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_two_processes_give_what_one_gives(dataset: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    """Which of them a pair goes to must change nothing."""
    base = str(write_family("llama-3", tmp_path / "base")) if "lora" in settings else use_narrow_preset()
    config = TrainingConfig.model_validate({**_SETTINGS, **settings})

    train_language_model(dataset, base, tmp_path / "one", config)
    assert together(2, lambda: train_language_model(dataset, base, tmp_path / "two", config)) == [0, 0]
    _same(tmp_path / "one", tmp_path / "two")
    assert len(_losses(tmp_path / "one")) >= 6


def _killed_at(step: int) -> Any:
    def kill(done: int, total: int | None = None, note: str = "") -> None:
        if note.startswith("loss") and done == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


@pytest.mark.parametrize(
    ("before", "after", "sharding"),
    [
        (2, 2, "none"),
        (2, 1, "fsdp"),
        pytest.param(1, 2, "none", marks=pytest.mark.slow),
        pytest.param(2, 1, "none", marks=pytest.mark.slow),
        pytest.param(1, 2, "fsdp", marks=pytest.mark.slow),
        pytest.param(2, 2, "fsdp", marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_goes_on_with_any_number_of_processes(
    dataset: Path, tmp_path: Path, before: int, after: int, sharding: str
) -> None:
    """SIGKILL one step after a checkpoint, in the middle of the first epoch; a cluster gives what it has that day."""
    config = TrainingConfig.model_validate({**_SETTINGS, "sharding": sharding})
    base = use_narrow_preset()
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    assert together(after, lambda: train_language_model(dataset, base, whole, config)) == [0] * after
    ends = together(before, lambda: train_language_model(dataset, base, killed, config, None, _killed_at(3)))
    assert ends[0] == -signal.SIGKILL
    assert not (killed / WEIGHTS).exists()
    assert together(after, lambda: train_language_model(dataset, base, killed, config)) == [0] * after
    if before == after:
        assert (killed / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    steps = min(len(_losses(whole)), len(_losses(killed)))
    assert steps >= 6
    assert _losses(killed)[-2:] == pytest.approx(_losses(whole)[-2:], rel=1e-4)
    weights = load_file(whole / WEIGHTS)
    for name, found in load_file(killed / WEIGHTS).items():
        torch.testing.assert_close(found, weights[name], rtol=1e-3, atol=2e-4)


def test_processes_that_somebody_connected_are_taken_as_they_are() -> None:
    """Ray connects its workers itself, and a second time is an error."""

    def connected() -> None:
        torch.distributed.init_process_group("gloo")
        with team.joined() as here:
            assert (here.size, here.total(here.rank + 1)) == (2, 3)
        assert torch.distributed.is_initialized(), "who connects lets go"
        torch.distributed.destroy_process_group()

    assert together(2, connected) == [0, 0]


def test_shared_out_weights_are_parts_and_gathered_ones_the_whole(tmp_path: Path) -> None:
    """A process that held them all would give the same loss, and nobody would notice what was saved."""

    def hold() -> None:
        from codefavor.training import state
        from codefavor.training.presets import fresh_model
        from codefavor.training.sharding import Sharded

        with team.joined() as here:
            model = fresh_model(use_narrow_preset(), 400, 64, 1, 2, seed=0)
            before = {name: value.detach().clone() for name, value in model.named_parameters()}
            sharded = Sharded(model, torch.device("cpu"), set())
            held = sum(value.to_local().numel() for value in model.parameters())
            assert held == sum(value.numel() for value in before.values()) / 2
            assert all(torch.equal(value, before[name]) for name, value in state.weights_of(model).items())
            sharded.undo(keep=here.first)
            now = dict(model.named_parameters())
            assert all(value.numel() == (before[name].numel() if here.first else 0) for name, value in now.items())

    assert together(2, hold) == [0, 0]


def test_more_processes_than_pairs_in_a_step_are_refused(dataset: Path, tmp_path: Path) -> None:
    """Devices that are paid for and never work would go unnoticed."""

    def refused() -> None:
        config = TrainingConfig.model_validate({**_SETTINGS, "batch_tokens": 1, "accumulate": 1})
        with pytest.raises(InputError, match=r"2 processes share steps of at most 1 pairs.*raise batch_tokens"):
            train_language_model(dataset, use_narrow_preset(), tmp_path / "out", config)

    assert together(2, refused) == [0, 0]


def test_processes_with_other_data_are_refused(dataset: Path, tmp_path: Path) -> None:
    """Each machine of a cluster may have a data set of its own under the same path."""
    write_dataset(tmp_path / "other", 4, 1, 1, generation)

    def refused() -> None:
        given = tmp_path / "other" if os.environ["RANK"] == "1" else dataset
        config = TrainingConfig.model_validate(_SETTINGS)
        with pytest.raises(InputError, match="process 1 has another command or data set than process 0"):
            train_language_model(given, use_narrow_preset(), tmp_path / "out", config)

    assert together(2, refused) == [0, 0]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"WORLD_SIZE": "2"}, "RANK and MASTER_ADDR do not say"),
        ({"WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "localhost"}, "RANK and MASTER_ADDR do not say"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two', not a number"),
        ({"ACCELERATE_USE_DEEPSPEED": "true"}, "does not run DeepSpeed"),
    ],
)
def test_a_launch_that_makes_no_sense_is_one_sentence(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    """Left alone, torch would wait half an hour for a process that nobody started."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InputError, match=says):
        train_language_model(dataset, use_narrow_preset(), tmp_path / "out", TrainingConfig())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", [2, 3, 4])
def test_each_pair_of_a_step_is_run_by_one_process(dataset: Path, size: int) -> None:
    """A pair that none or two of them run changes the gradient."""
    pairs = [Pair([Row(np.zeros(width, dtype=np.int32), 1.0)] * 2, "efficiency") for width in (9, 40, 12, 33, 8, 21, 5)]
    for cut in epoch_batches(pairs, 100, 0, 0):
        batches = [[pairs[index] for index in cut]]
        parts = [team.Team(rank, size).part(batches, 100) for rank in range(size)]
        assert len({len(part) for part in parts}) == 1
        run = [id(pair) for part in parts for batch, weight in part if weight for pair in batch]
        assert sorted(run) == sorted(id(pair) for pair in batches[0])


@pytest.mark.parametrize(
    ("setting", "launcher", "wanted"),
    [("auto", "true", True), ("auto", "false", False), ("none", "true", False), ("fsdp", "false", True)],
)
def test_settings_come_before_what_the_launcher_was_told(
    monkeypatch: pytest.MonkeyPatch, setting: str, launcher: str, wanted: bool
) -> None:
    """A file for accelerate that says FSDP and a training that ignores it would run out of memory."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", launcher)
    config = TrainingConfig.model_validate({"sharding": setting})

    assert is_wanted(config, processes=2) is wanted
    assert is_wanted(config, processes=1) is False


@pytest.mark.slow
@pytest.mark.parametrize(
    "launcher",
    [["torch.distributed.run", "--nproc_per_node", "2"], ["accelerate.commands.launch", "--config_file", "fsdp2.yaml"]],
    ids=["torchrun", "accelerate"],
)
def test_the_same_command_runs_under_a_launcher(dataset: Path, tmp_path: Path, launcher: list[str]) -> None:
    """What the page on clusters says, as it is typed."""
    base = str(write_family("qwen-2.5", tmp_path / "base"))
    (tmp_path / "fsdp2.yaml").write_text(accelerate_config("fsdp2").replace("num_processes: 8", "num_processes: 2"))
    (tmp_path / "settings.toml").write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in _SETTINGS.items() if key != "vocabulary")
    )
    command = ["-m", "codefavor", "train", str(dataset), "--base", base, "--config", "settings.toml", "--out"]

    def started(words: list[str]) -> str:
        # A launcher adds the working folder to the path of modules; nothing else is to come from here.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, *words]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    started([*command, "one"])
    told = started(["-m", *launcher, *command, "two"])
    assert told.count("is trained: two") == 1, "only the first process tells"
    _same(tmp_path / "one", tmp_path / "two")
