import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.training.tiny_data import example, use_narrow_preset, write_checkpoint

from codefavor.cli.main import main
from codefavor.jsonl import write_records
from codefavor.records import BenchmarkTask


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    use_narrow_preset()
    write_checkpoint(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    weights = load_file(tmp_path / "one" / "model.safetensors")
    save_file({name: value * 1.5 for name, value in weights.items()}, tmp_path / "two" / "model.safetensors",
              metadata={"format": "pt"})  # fmt: skip
    return [str(tmp_path / "one"), str(tmp_path / "two")]


def test_merge_writes_a_checkpoint(two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "merged"
    assert main(["merge", *two, "--out", str(out), "--weights", "1,3"]) == 0
    assert "2 models are merged" in capsys.readouterr().out
    before, after = load_file(tmp_path / "one" / "model.safetensors"), load_file(out / "model.safetensors")
    for name, value in after.items():
        torch.testing.assert_close(value, before[name] * 1.375)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--weights", "1,x"], "write them like 1,3"),
        (["--weights", "1,2,3"], "3 numbers for 2 models"),
        (["--method", "ties"], "give --base"),
        (["--search", "nowhere.jsonl", "--weights", "1,1"], "leave out --weights"),
        (["--search", "nowhere.jsonl"], "nowhere.jsonl"),
    ],
)
def test_bad_wishes_are_one_sentence_and_nothing_written(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main(["merge", *two, "--out", str(tmp_path / "merged"), *options]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_search_chooses_weights_and_says_so_in_the_card(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [example(number, swapped) for number in range(3) for swapped in (False, True)]
    tasks = [
        BenchmarkTask.model_validate(
            {"instruction": row.instruction, "code_a": row.code_a, "code_b": row.code_b, "criterion": row.criterion,
             "label": row.label, "objective": "efficiency", "cluster": row.pair_id, "source": "test"}
        )
        for row in rows
    ]  # fmt: skip
    write_records(tmp_path / "held-out.tasks.jsonl", tasks)
    out = tmp_path / "merged"
    words = ["merge", *two, "--out", str(out), "--search", str(tmp_path / "held-out.tasks.jsonl"), "--steps", "2"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    losses = [item["loss"] for item in told["tried"]]
    assert len(losses) == 3
    assert losses == sorted(losses)
    assert told["weights"] == told["tried"][0]["weights"]
    card = json.loads((out / "card.json").read_text())
    assert card["config"]["merge"]["search"]["on"] == "held-out.tasks.jsonl"
    assert [path.name for path in tmp_path.glob(".*")] == []
