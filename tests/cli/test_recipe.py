"""`codefavor recipe`: what it prints, and the files it writes."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.training.tiny_data import write_dataset

Run = Callable[..., subprocess.CompletedProcess[str]]
NAME = "gemma-2-9b-merged-classification"


def test_list_and_show_name_recipes_commands_and_numbers(codefavor: Run) -> None:
    """What a person reads and what a program reads are the same."""
    listed = codefavor("recipe", "list")
    shown = codefavor("recipe", "show", NAME)
    told = json.loads(codefavor("recipe", "show", NAME, "--json").stdout)

    assert f"{NAME} " in listed.stdout and "security 92.3" in listed.stdout  # noqa: PT018
    lines = shown.stdout.splitlines()
    assert [line for line in lines if line.startswith("codefavor ")] == [" ".join(words) for words in told["commands"]]
    assert told["recipe"]["expected"]["human-preference"] == 67.6
    assert "#   human-preference 67.6" in lines


def test_another_base_has_no_number_of_the_paper(codefavor: Run) -> None:
    """The paper measured four models, not the user's."""
    told = json.loads(codefavor("recipe", "show", NAME, "--base", "Qwen/Qwen3-8B", "--json").stdout)

    assert "expected" not in told["recipe"]
    train = next(words for words in told["commands"] if words[1] == "train")
    assert train[train.index("--base") + 1] == "Qwen/Qwen3-8B"


def test_the_settings_file_is_one_that_training_takes(codefavor: Run, tmp_path: Path) -> None:
    """With a data set that is not there, training says so only after it would have refused the settings."""
    written = codefavor("recipe", "settings", NAME, "--out", "deep/settings.toml")

    assert written.returncode == 0, written.stderr
    assert "learning_rate = 2e-06" in (tmp_path / "deep" / "settings.toml").read_text()


def test_axolotl_files_for_a_recipe_and_for_a_training_of_ones_own(codefavor: Run, tmp_path: Path) -> None:
    """Both lie beside each other, and the command that trains is printed."""
    write_dataset(tmp_path / "data")
    recipe = codefavor("recipe", "axolotl", NAME, "--dataset", "data", "--out", "a")
    own = codefavor("recipe", "axolotl", "--base", "my/model", "--dataset", "data", "--out", "b", "--devices", "2")

    assert recipe.stdout == "axolotl train a/axolotl.yaml\n"
    assert 'base_model: "google/gemma-2-9b-it"' in (tmp_path / "a" / "axolotl.yaml").read_text()
    assert own.returncode == 0, own.stderr
    text = (tmp_path / "b" / "axolotl.yaml").read_text()
    assert 'base_model: "my/model"' in text
    assert "gradient_accumulation_steps: 16" in text
    assert (tmp_path / "b" / "zero3.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say what is trained: a recipe's name, or --base MODEL"),
        ((NAME, "--format", "generation"), f"the recipe {NAME} is for classification"),
        (("--base", "m", "--format", "generation"), "data was built for classification, not generation"),
        (("--base", "m", "--devices", "5"), "a batch of 32 cannot be shared out among 5 devices"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    codefavor: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """And nothing is written."""
    write_dataset(tmp_path / "data")
    done = codefavor("recipe", "axolotl", *arguments, "--dataset", "data", "--out", "out")

    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()
