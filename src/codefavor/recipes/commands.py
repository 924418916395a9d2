"""Owns the ordinary commands that run a recipe of the paper, in their order."""

import json
from pathlib import PurePath
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from codefavor.recipes.recipe import Recipe, Strength, load_defaults, load_recipe

Trainer: TypeAlias = Literal["codefavor", "axolotl"]
Command: TypeAlias = tuple[str, ...]

_PASS: Final = 4096
"""Tokens of one forward pass of `codefavor train`; as many are added up as make the paper's batch."""


class Made(NamedTuple):
    """Commands, and where what they make is."""

    commands: list[Command]
    place: str


def commands_of(name: str, recipe: Recipe, root: PurePath, trainer: Trainer = "codefavor") -> list[Command]:
    """Return the commands that run a recipe, as words; what recipes share has one place under `root`.

    Args:
        name: the recipe's name; its result's folder is called so.
        recipe: the run.
        root: where everything goes.
        trainer: what trains. Axolotl's own command is the only one that is not of `codefavor`.
    """
    both = recipe.data in ("mixture", "merged")
    pairs = {
        source: _pairs(source, recipe, root)
        for source in (("commit-instruct", "critic-evol") if both else (recipe.data,))
    }
    sets = {source: [made.place] for source, made in pairs.items()}
    if recipe.data == "mixture":
        sets = {"mixture": [made.place for made in pairs.values()]}
    models = [_model(name, data, places, recipe, root, trainer) for data, places in sets.items()]
    commands: list[Command] = [("codefavor", "bench", "download")]
    commands += [words for made in (*pairs.values(), *models) for words in made.commands]
    model = models[0].place
    if recipe.data == "merged":
        model = str(root / "models" / _called("merged", recipe))
        commands.append(("codefavor", "merge", *(made.place for made in models), "--out", model))
    return [*commands, _evaluation(name, model, recipe, root)]


def settings_file(recipe: Recipe) -> str:
    """Return the paper's settings as the text of a TOML file for `codefavor train --config`.

    Warm-up is a share of the steps there, so the paper's 40 steps have no counterpart and its default stays.
    """
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in _settings(recipe).items())


def _settings(recipe: Recipe) -> dict[str, Any]:
    defaults = load_defaults()
    shared = defaults.training
    return {
        "learning_rate": defaults.base_of(recipe.base).learning_rate,
        "weight_decay": shared.weight_decay,
        "epochs": shared.epochs,
        "context": shared.sequence_length,
        "batch_tokens": _PASS,
        "accumulate": shared.batch * shared.sequence_length // _PASS,
        "precision": "bf16",
    }


def _called(data: str, recipe: Recipe) -> str:
    """Return what a model is called: recipes that differ only in how it is asked share it."""
    base = PurePath(recipe.base).name if recipe.base not in load_defaults().bases else recipe.base
    return f"{base}-{_data_called(data, recipe)}"


def _data_called(data: str, recipe: Recipe) -> str:
    parts = [data, recipe.modelling]
    if data != "commit-instruct" and (recipe.draft, recipe.critic) != ("weak", "strong"):
        parts += [recipe.draft, recipe.critic]
    if recipe.comments_in_training:
        parts.append("with-comments")
    return "-".join(parts)


def _pairs(source: str, recipe: Recipe, root: PurePath) -> Made:
    """Return how the pairs of a source are made."""
    comments = ("--comments", "keep") if recipe.comments_in_training else ()
    suffix = "-with-comments" if recipe.comments_in_training else ""
    if source == "commit-instruct":
        commits, run = str(root / "commits.jsonl.zst"), str(root / "pairs" / f"commit-instruct{suffix}")
        commands: list[Command] = [
            ("codefavor", "mine", "editpackft", "--out", commits),
            ("codefavor", "synth", "commit-instruct", commits, *_asks("--teacher", "strong"), *comments, "--run", run),
        ]
        return Made(commands, run)
    instructions, attempts = str(root / "instructions.jsonl.zst"), root / "attempts" / recipe.draft
    run = str(root / "pairs" / f"critic-evol-{recipe.draft}-{recipe.critic}{suffix}")
    written, critic = str(attempts / "attempts.jsonl"), _asks("--teacher", recipe.critic)
    commands = [
        ("codefavor", "mine", "soss", "--out", instructions),
        ("codefavor", "synth", "attempts", instructions, *_asks("--model", recipe.draft), "--run", str(attempts)),
        ("codefavor", "synth", "critic-evol", written, *critic, *comments, "--run", run),
    ]
    return Made(commands, run)


def _asks(option: str, strength: Strength) -> Command:
    defaults = load_defaults()
    return option, defaults.models[strength], "--base-url", defaults.addresses[strength]


def _model(name: str, data: str, pairs: list[str], recipe: Recipe, root: PurePath, trainer: Trainer) -> Made:
    """Return how a model is made of pairs."""
    called, dataset = _called(data, recipe), str(root / "data" / _data_called(data, recipe))
    # The paper holds nothing back but its benchmark; a fiftieth is kept to watch with.
    shares = ("--held-out-share", "0", "--validation-share", "0.02")
    build = ("codefavor", "dataset", "build", *pairs, "--format", recipe.modelling, "--orders", "both", *shares)
    settings, model = str(root / "settings" / f"{called}.toml"), str(root / "models" / called)
    another = () if load_recipe(name).base == recipe.base else ("--base", recipe.base)
    base = load_defaults().base_of(recipe.base).model
    if trainer == "axolotl":
        folder = root / "axolotl" / called
        model = str(folder / "model")
        training: list[Command] = [
            ("codefavor", "recipe", "axolotl", name, *another, "--dataset", dataset, "--out", str(folder)),
            ("axolotl", "train", str(folder / "axolotl.yaml")),
        ]
    else:
        training = [
            ("codefavor", "recipe", "settings", name, *another, "--out", settings),
            ("codefavor", "train", dataset, "--base", base, "--config", settings, "--out", model),
        ]
    return Made([(*build, "--out", dataset), *training], model)


def _evaluation(name: str, model: str, recipe: Recipe, root: PurePath) -> Command:
    judge = f"{'pair-rm' if recipe.modelling == 'classification' else 'huggingface'}:{model}"
    criterion = () if recipe.criterion == "specific" else ("--criterion", recipe.criterion)
    comments = ("--comments", "keep") if recipe.comments_in_tasks else ()
    asked = ("codefavor", "eval", judge, "--bench", "codeprefbench", *criterion, *comments)
    return *asked, "--run", str(root / "eval" / name)
