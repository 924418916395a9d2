import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.training.tiny_data import question, use_narrow_preset, write_checkpoint
from transformers import AutoModelForCausalLM

from codefavor.checkpoints import read_card, write_card
from codefavor.errors import CheckpointError, InputError, RunMismatchError
from codefavor.jsonl import read_json, write_json
from codefavor.judges import pairwise_model
from codefavor.judges.base import judge_in_order
from codefavor.training.merge import candidates, merge, normalised, search_weights
from codefavor.training.merge_methods import merge_by_method


@pytest.fixture
def parents(tmp_path: Path) -> list[Path]:
    """Three models of one shape with other weights, each with a card and a tokenizer."""
    use_narrow_preset()
    first = tmp_path / "first"
    write_checkpoint(first)
    folders = [first]
    for number in (1, 2):
        folder = tmp_path / f"other{number}"
        shutil.copytree(first, folder)
        generator = torch.Generator().manual_seed(number)
        tensors = load_file(first / "model.safetensors")
        other = {name: value + 0.1 * torch.randn(value.shape, generator=generator) for name, value in tensors.items()}
        save_file(other, folder / "model.safetensors", metadata={"format": "pt"})
        folders.append(folder)
    return folders


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: value for file in sorted(folder.glob("*.safetensors")) for name, value in load_file(file).items()}


def _change(folder: Path, name: str, value: torch.Tensor | None) -> None:
    tensors = load_file(folder / "model.safetensors")
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("shard_bytes", [2_000_000_000, 30_000])
def test_a_merge_is_the_average_computed_by_hand(parents: list[Path], tmp_path: Path, shard_bytes: int) -> None:
    merge(parents, tmp_path / "out", [1, 2, 5], shard_bytes)
    found, sources = _weights(tmp_path / "out"), [_weights(folder) for folder in parents]
    assert found.keys() == sources[0].keys()
    for name, value in found.items():
        by_hand = sources[0][name] * 0.125 + sources[1][name] * 0.25 + sources[2][name] * 0.625
        torch.testing.assert_close(value, by_hand, rtol=1e-6, atol=1e-7)
    assert (len(list((tmp_path / "out").glob("*.safetensors"))) > 1) == (shard_bytes < 100_000)
    AutoModelForCausalLM.from_pretrained(tmp_path / "out")


def test_half_precision_is_added_up_in_single(parents: list[Path], tmp_path: Path) -> None:
    name = next(iter(_weights(parents[0])))
    values = [torch.full_like(_weights(parents[0])[name], value).to(torch.bfloat16) for value in (1.0, 1.0078125, 1.0)]
    for folder, value in zip(parents, values, strict=True):
        _change(folder, name, value)
    merge(parents, tmp_path / "out")
    found = _weights(tmp_path / "out")[name]
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, torch.stack(values).float().mean(0).to(torch.bfloat16))


def test_a_merged_judge_works_and_its_card_records_the_parents(parents: list[Path], tmp_path: Path) -> None:
    card = merge(parents[:2], tmp_path / "out", [1, 3])
    assert card == read_card(tmp_path / "out", "pair-rm")
    assert card is not None
    listed = card.model_dump()["parents"]
    assert [(item["name"], item["weight"]) for item in listed] == [("first", 0.25), ("other1", 0.75)]
    assert listed[0]["weights_sha256"] != listed[1]["weights_sha256"]
    assert not card.scores
    verdicts = judge_in_order(pairwise_model.load(str(tmp_path / "out")), [question(1)])
    assert 0 < (verdicts[0].p_a or 0) < 1


def test_all_the_weight_on_one_model_is_that_model(parents: list[Path], tmp_path: Path) -> None:
    merge(parents[:2], tmp_path / "out", [0, 1])
    for name, value in _weights(tmp_path / "out").items():
        assert torch.equal(value, _weights(parents[1])[name])


def test_without_cards_there_is_none(parents: list[Path], tmp_path: Path) -> None:
    (parents[1] / "card.json").unlink()
    assert merge(parents[:2], tmp_path / "out") is None
    assert not (tmp_path / "out" / "card.json").exists()


def test_what_differs_is_named_and_nothing_is_written(parents: list[Path], tmp_path: Path) -> None:
    first, other, _ = parents
    name = min(_weights(other))
    whole = (other / "model.safetensors").read_bytes()

    def refused(words: str) -> None:
        with pytest.raises(CheckpointError, match=words):
            merge([first, other], tmp_path / "out")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "other1", "other2"]

    _change(other, name, None)
    refused(f"other1 has no tensor '{name}'")
    (other / "model.safetensors").write_bytes(whole)
    _change(other, "extra", torch.zeros(2))
    refused("first has no tensor 'extra'")
    (other / "model.safetensors").write_bytes(whole)
    _change(other, name, torch.zeros(3, 5))
    refused(rf"tensor '{name}' has the shapes .* and \[3, 5\]")
    (other / "model.safetensors").write_bytes(whole[:-5])
    refused("cut short")
    (other / "model.safetensors").write_bytes(whole)
    config = read_json(other / "config.json")
    write_json(other / "config.json", {**config, "rope_theta": 5})
    refused("config.json says rope_theta")
    write_json(other / "config.json", config)
    tokenizer = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(tokenizer + " ")
    refused("tokenizer.json differ")
    (other / "tokenizer.json").write_text(tokenizer)
    write_card(other, read_card(other).model_copy(update={"format": "other-1"}))
    refused("format 'classification-1' and 'other-1'" if read_card(first).format == "classification-1" else "format")


def test_whole_numbers_that_differ_have_no_average(parents: list[Path], tmp_path: Path) -> None:
    for folder, number in zip(parents, (1, 1, 2), strict=True):
        _change(folder, "steps", torch.tensor([number]))
    merge(parents[:2], tmp_path / "alike")
    with pytest.raises(CheckpointError, match="'steps' holds int64 numbers that differ"):
        merge(parents, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / ".out.merging").exists()


def test_weights_must_be_weights() -> None:
    assert normalised(None, 4) == [0.25] * 4
    for weights, words in (([1], "1 numbers for 2"), ([1, -1], "-1 is not"), ([0, 0], "all are zero")):
        with pytest.raises(InputError, match=words):
            normalised(weights, 2)
    with pytest.raises(InputError, match="not a weight"):
        normalised([1, float("nan")], 2)


def test_another_merge_in_the_place_is_refused(parents: list[Path], tmp_path: Path) -> None:
    merge(parents, tmp_path / "out")
    before = (tmp_path / "out" / "model.safetensors").stat().st_mtime_ns
    assert merge(parents, tmp_path / "out") == read_card(tmp_path / "out")
    assert (tmp_path / "out" / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(RunMismatchError, match="does not hold this merge"):
        merge(parents[:2], tmp_path / "out")


_KILLED = """
import os, signal, sys
from pathlib import Path
from codefavor.training.merge import merge
def kill(done, total=None, note=""):
    if done == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
merge([Path(sys.argv[1]), Path(sys.argv[2])], Path(sys.argv[3]), [1, 2], 30_000, kill)
"""


def test_a_killed_merge_goes_on_to_the_same_bytes(parents: list[Path], tmp_path: Path) -> None:
    merge(parents[:2], tmp_path / "whole", [1, 2], 30_000)
    total = len(_weights(parents[0]))
    for stop in (3, total // 2, total - 1):
        done = subprocess.run(
            [sys.executable, "-c", _KILLED, *map(str, (*parents[:2], tmp_path / "out", stop))], check=False
        )
        assert done.returncode == -9
        assert not (tmp_path / "out").exists()
    begun = {path.name: path.stat().st_mtime_ns for path in (tmp_path / ".out.merging").glob("model-*")}
    assert begun
    merge(parents[:2], tmp_path / "out", [1, 2], 30_000)
    assert not (tmp_path / ".out.merging").exists()
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes(), path.name
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == when for name, when in begun.items())


_MEASURED = """
import resource, sys
from pathlib import Path
from codefavor.training.merge import merge
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
merge([Path(sys.argv[1])] * int(sys.argv[3]), Path(sys.argv[2]), None, 8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_models(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.mkdir()
    save_file({f"layer{number:02}": torch.randn(1000, 1000) for number in range(60)}, big / "model.safetensors")

    def grown(out: str, count: int) -> float:
        words = [sys.executable, "-c", _MEASURED, str(big), str(tmp_path / out), str(count)]
        return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout) / 1024

    # Sixty tensors of 4 MB: 240 MB in each model. Pages of a mapped file count too, those of one tensor at a time.
    assert grown("two", 2) < 120
    assert grown("six", 6) < 120


def test_weights_are_searched_for_and_found(parents: list[Path], tmp_path: Path) -> None:
    name = min(_weights(parents[0]))
    wanted = 0.25 * _weights(parents[0])[name] + 0.75 * _weights(parents[1])[name]
    asked: list[Path] = []

    def score(folder: Path) -> tuple[float, float]:
        asked.append(folder)
        return float((_weights(folder)[name] - wanted).abs().sum()), 0.5

    tried = search_weights(parents[:2], tmp_path / "search", score, "held-out", 4)
    assert tried[0].weights == (0.25, 0.75)
    assert len(tried) == len(asked) == 5
    search_weights(parents[:2], tmp_path / "search", score, "held-out", 4)
    assert len(asked) == 5, "what was scored is not scored again"


def test_candidates_sum_to_one() -> None:
    assert all(abs(sum(weights) - 1) < 1e-9 for weights in candidates(3, 4))
    assert len(set(candidates(3, 4))) == 15


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what mergekit imports
@pytest.mark.parametrize("method", ["slerp", "ties", "dare"])
def test_mergekit_methods_give_a_model_that_judges(parents: list[Path], tmp_path: Path, method: str) -> None:
    pytest.importorskip("mergekit", reason="the extra mergekit is not installed")
    base = None if method == "slerp" else parents[0]
    folders = parents[:2] if method == "slerp" else parents[1:]
    card = merge_by_method(folders, tmp_path / "out", method, [1, 3], base)
    assert card is not None
    assert card.config["merge"]["method"] == method
    found, sources = _weights(tmp_path / "out"), [_weights(folder) for folder in folders]
    assert any(not torch.equal(found[name], sources[0][name]) for name in found)
    verdicts = judge_in_order(pairwise_model.load(str(tmp_path / "out")), [question(1)])
    assert 0 < (verdicts[0].p_a or 0) < 1
    if method == "slerp":
        name = max(found, key=lambda item: found[item].numel())
        one, two = (source[name].flatten().double() for source in sources)
        angle = torch.arccos((one @ two) / (one.norm() * two.norm()))
        by_hand = (torch.sin(0.25 * angle) * one + torch.sin(0.75 * angle) * two) / torch.sin(angle)
        torch.testing.assert_close(found[name].flatten().double(), by_hand, rtol=1e-4, atol=1e-5)


def test_a_method_says_what_it_cannot_take(parents: list[Path], tmp_path: Path) -> None:
    for words, arguments in (
        ("slerp goes between two models, not 3", (parents, tmp_path / "out", "slerp")),
        ("ties merges differences from one base", (parents, tmp_path / "out", "ties")),
        ("slerp takes no --base", (parents[:2], tmp_path / "out", "slerp", None, parents[2])),
        ("--density 0 is not a share", (parents[:2], tmp_path / "out", "ties", None, parents[2], 0)),
    ):
        with pytest.raises(InputError, match=words):
            merge_by_method(*arguments)
