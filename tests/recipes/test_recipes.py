"""The paper's recipes: every file is one, and every command they print is one that exists."""

import tomllib
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import pytest
import typer

from codefavor.cli.main import app
from codefavor.errors import UnknownNameError
from codefavor.recipes.commands import Command, commands_of, settings_file
from codefavor.recipes.recipe import load_defaults, load_recipe, recipe_names
from codefavor.training.config import TrainingConfig


@cache
def _root() -> Any:
    return typer.main.get_command(app)


def _parsed(words: Command) -> dict[str, Any]:
    """Return the values a command's own parser takes from its words."""
    command = _root()
    rest = list(words[1:])
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    parsed: dict[str, Any] = command.make_context(words[0], rest).params
    return parsed


@pytest.mark.parametrize("trainer", ["codefavor", "axolotl"])
@pytest.mark.parametrize("name", recipe_names())
def test_every_printed_command_parses(name: str, trainer: Any) -> None:
    """Options come and go; a recipe that names a lost one is worth nothing."""
    for words in commands_of(name, load_recipe(name), PurePath("paper"), trainer):
        if words[0] == "axolotl":
            assert words[1] == "train"
        else:
            _parsed(words)


def test_a_lost_option_is_noticed() -> None:
    """The test above must be able to fail."""
    with pytest.raises(Exception, match="No such option"):
        _parsed(("codefavor", "eval", "builtin", "--no-such-option"))


@pytest.mark.parametrize("name", recipe_names())
def test_what_a_command_reads_an_earlier_one_makes(name: str) -> None:
    """A recipe is run from top to bottom on a bare machine."""
    root = PurePath("paper")
    made: set[str] = set()
    for words in commands_of(name, load_recipe(name), root):
        outs = {words[place + 1] for place, word in enumerate(words) if word in ("--out", "--run")}
        for word in words:
            read = word.partition(":")[2] if word.startswith(("pair-rm:", "huggingface:")) else word
            if read.startswith(f"{root}/") and word not in outs:
                assert any(read == place or PurePath(read).is_relative_to(place) for place in made), read
        made |= outs


def test_there_is_a_recipe_for_every_cell_of_the_papers_grid() -> None:
    """Four bases, four ways to use the data, two modellings."""
    grid = {
        f"{base}-{data}-{modelling}"
        for base in load_defaults().bases
        for data in ("commit-instruct", "critic-evol", "mixture", "merged")
        for modelling in ("classification", "generation")
    }

    assert len(grid) == 32 and grid <= set(recipe_names())  # noqa: PT018
    for name in grid:
        recipe = load_recipe(name)
        assert f"{recipe.base}-{recipe.data}-{recipe.modelling}" == name


def test_the_stated_average_is_that_of_the_three_verifiable_objectives() -> None:
    """A slip of the pen in a number would send somebody looking for a fault that is none."""
    stated = [recipe.expected for recipe in map(load_recipe, recipe_names()) if recipe.expected]
    with_numbers = [each for each in stated if each.accuracies()]

    assert len(with_numbers) == 8  # the trained rows of the main table
    for each in with_numbers:
        told = each.accuracies()
        mean = (told["correctness"] + told["efficiency"] + told["security"]) / 3
        assert abs(mean - told["average"]) < 0.11


def test_the_settings_are_settings_of_training_and_keep_the_papers_batch() -> None:
    """32 packed sequences of 2048 tokens a step, however many passes that takes."""
    for name in recipe_names():
        config = TrainingConfig(**tomllib.loads(settings_file(load_recipe(name))))

        assert config.batch_tokens * config.accumulate == 32 * 2048
        assert config.learning_rate == (2e-6 if name.startswith("gemma") else 5e-6)


def test_only_what_differs_is_made_twice() -> None:
    """Asking by another criterion needs no other model."""
    root = Path("paper")
    usual = commands_of(
        "mistral-nemo-12b-merged-classification", load_recipe("mistral-nemo-12b-merged-classification"), root
    )
    asked = commands_of("criterion-empty-classification", load_recipe("criterion-empty-classification"), root)
    kept = commands_of("comments-kept-classification", load_recipe("comments-kept-classification"), root)

    def models(commands: list[Command]) -> list[str]:
        return [words[-1] for words in commands if words[1] in ("train", "merge")]

    assert models(usual) == models(asked)
    assert not set(models(usual)) & set(models(kept))


def test_an_unknown_recipe_is_answered_with_near_ones() -> None:
    """Names are long, and nobody types them right at once."""
    with pytest.raises(UnknownNameError, match="did you mean 'gemma-2-9b-merged-classification'"):
        load_recipe("gemma-2-9b-merge-classification")


def test_the_page_shows_the_numbers_of_the_recipes() -> None:
    """Numbers that stand in two places are kept the same by this."""
    page = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
    for name in recipe_names():
        expected = load_recipe(name).expected
        if expected is not None and expected.accuracies():
            numbers = " | ".join(f"{value:.1f}" for value in expected.accuracies().values())

            assert f"| `{name}` | {numbers} |" in page
