"""Owns `codefavor recipe …`: the paper's runs by name, their commands, and the files other trainers take."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from codefavor.errors import InputError

if TYPE_CHECKING:
    from codefavor.recipes.recipe import Recipe

app = typer.Typer(help="The paper's runs, as ordinary commands and as files for Axolotl.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name that `codefavor recipe list` shows.")]
AnyBase = Annotated[str | None, typer.Option(help="Another base: a name of ours, or any Hugging Face causal model.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the recipes: base, data, modelling, and what the paper reports of it."""
    from codefavor.recipes.recipe import load_recipe, recipe_names

    recipes = {name: load_recipe(name) for name in recipe_names()}
    if as_json:
        _print_json({name: recipe.model_dump(exclude_none=True, by_alias=True) for name, recipe in recipes.items()})
        return
    width = max(map(len, recipes))
    for name, recipe in recipes.items():
        numbers = recipe.expected.accuracies() if recipe.expected else {}
        shown = ", ".join(f"{objective} {value:g}" for objective, value in numbers.items())
        typer.echo(f"{name:{width}}  {shown or (recipe.expected.about if recipe.expected else '')}".rstrip())


@app.command("show")
def show_command(
    name: Name,
    out: Annotated[Path, typer.Option(help="Where everything goes; recipes share what they have in common.")] = Path(
        "paper"
    ),
    base: AnyBase = None,
    trainer: Annotated[
        Literal["codefavor", "axolotl"], typer.Option(help="What trains; Axolotl is installed on its own.")
    ] = "codefavor",
    as_json: AsJson = False,
) -> None:
    """Print the commands that run a recipe, from mining to scores, and the paper's numbers where it has any."""
    import shlex

    from codefavor.recipes.commands import commands_of

    recipe = _recipe(name, base)
    commands = commands_of(name, recipe, out, trainer)
    if as_json:
        told = recipe.model_dump(exclude_none=True, by_alias=True)
        _print_json({"name": name, "recipe": told, "commands": commands})
        return
    typer.echo(f"# {name}: {recipe.base}, {recipe.data}, {recipe.modelling}")
    for command in commands:
        typer.echo(shlex.join(command))
    if recipe.expected is not None:
        typer.echo(f"# The paper: {recipe.expected.about}")
        for objective, value in recipe.expected.accuracies().items():
            typer.echo(f"#   {objective} {value:g}")


@app.command("settings")
def settings_command(
    name: Name,
    out: Annotated[Path, typer.Option(help="The TOML file to write, for `codefavor train --config`.")],
    base: AnyBase = None,
) -> None:
    """Write a recipe's training settings as `codefavor train` takes them."""
    from codefavor.jsonl import write_bytes
    from codefavor.recipes.commands import settings_file

    write_bytes(out, settings_file(_recipe(name, base)).encode())
    typer.echo(f"settings of {name}: {out}")


@app.command("axolotl")
def axolotl_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A recipe; left out for a training of your own.")
    ] = None,
    *,
    dataset: Annotated[Path, typer.Option(help="A folder that `codefavor dataset build` made.")],
    out: Annotated[Path, typer.Option(help="The folder for axolotl.yaml, zero3.json and the model.")],
    base: AnyBase = None,
    text_format: Annotated[
        Literal["classification", "generation"] | None,
        typer.Option("--format", help="What the data set must teach; what it does teach, where this is left out."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(min=1e-12, help="Another than the base's own.")] = None,
    pad_token: Annotated[str | None, typer.Option(help="For a tokenizer that has none.")] = None,
    end_of_turn: Annotated[
        str | None, typer.Option(help="What the chat template ends an answer with, if not the end of text.")
    ] = None,
    devices: Annotated[int | None, typer.Option(min=1, help="GPUs that share a batch; the paper's 8.")] = None,
) -> None:
    """Write the files with which Axolotl trains: the paper's settings, the loss on the answer only."""
    from codefavor.recipes.axolotl import modelling_of, write_axolotl
    from codefavor.recipes.recipe import load_defaults, load_recipe

    defaults = load_defaults()
    recipe = None if name is None else load_recipe(name)
    if recipe is not None and text_format not in (None, recipe.modelling):
        raise InputError(f"the recipe {name} is for {recipe.modelling}, not {text_format}; leave --format out")
    base = base or (recipe.base if recipe else None)
    if base is None:
        raise InputError("say what is trained: a recipe's name, or --base MODEL")
    chosen = defaults.base_of(base)
    told = {"learning_rate": learning_rate, "pad_token": pad_token, "end_of_turn": end_of_turn}
    chosen = chosen.model_copy(update={key: value for key, value in told.items() if value is not None})
    training = defaults.training.model_copy(update={"devices": devices or defaults.training.devices})
    modelling = recipe.modelling if recipe else text_format or modelling_of(dataset)
    typer.echo(f"axolotl train {write_axolotl(chosen, modelling, dataset, out, training)}")


@app.command("accelerate")
def accelerate_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="data-parallel, fsdp2 or zero3.")],
    out: Annotated[Path, typer.Option(help="The YAML file to write, for `accelerate launch --config_file`.")],
) -> None:
    """Write a configuration with which `accelerate launch` starts several processes."""
    from codefavor.jsonl import write_bytes
    from codefavor.recipes.accelerate import accelerate_config

    write_bytes(out, accelerate_config(name).encode())
    typer.echo(f"accelerate configuration {name}: {out}")


def _recipe(name: str, base: str | None) -> "Recipe":
    from codefavor.recipes.recipe import load_recipe

    recipe = load_recipe(name)
    return recipe if base is None else recipe.model_copy(update={"base": base, "expected": None})


def _print_json(value: object) -> None:
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
