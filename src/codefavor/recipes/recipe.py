"""Owns what a run of the paper is: a file of a few lines over shared defaults, read and checked."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias

from pydantic import Field, PositiveFloat, PositiveInt

from codefavor.errors import UnknownNameError
from codefavor.formats import classification, generation
from codefavor.objectives import Wording
from codefavor.runs import Config

Modelling: TypeAlias = Literal["classification", "generation"]
Strength: TypeAlias = Literal["weak", "strong"]

FORMATS: Final[dict[Modelling, str]] = {"classification": classification.NAME, "generation": generation.NAME}
"""Modelling → the name of its text format, as it stands in the rows of a data set."""


class Base(Config):
    """A model that training starts from."""

    model: str
    """Its name on the Hugging Face hub, or its folder."""
    learning_rate: PositiveFloat = 5e-6
    pad_token: str | None = None
    """For a tokenizer that has none."""
    end_of_turn: str | None = None
    """What its chat template ends an answer with, where that is not the tokenizer's end of text."""


class Training(Config):
    """The paper's settings, the same for every run."""

    sequence_length: PositiveInt
    """Tokens of a packed sequence."""
    batch: PositiveInt
    """Packed sequences in a step of the optimiser, over all devices."""
    warmup_steps: PositiveInt
    weight_decay: float
    epochs: PositiveInt
    devices: PositiveInt


class Expected(Config):
    """What the paper reports, where it does: accuracy in per cent."""

    about: str
    """Which number of the paper it is, and what is not known of it."""
    correctness: float | None = None
    efficiency: float | None = None
    security: float | None = None
    average: float | None = None
    """Over those three."""
    human_preference: float | None = Field(default=None, alias="human-preference")

    def accuracies(self) -> dict[str, float]:
        """Return objective → accuracy, for what is stated."""
        return self.model_dump(exclude={"about"}, exclude_none=True, by_alias=True)


class Recipe(Config):
    """One run."""

    base: str
    """A name in `bases`, or any Hugging Face causal model."""
    data: Literal["commit-instruct", "critic-evol", "mixture", "merged"]
    """mixture: trained on both; merged: trained on each, and the weights averaged."""
    modelling: Modelling
    criterion: Wording = "specific"
    """How much a judge is told of what to look for."""
    comments_in_training: bool = False
    comments_in_tasks: bool = False
    """Also where the objective is verifiable; human preference always keeps them."""
    draft: Strength = "weak"
    """The model whose attempts Critic-Evol starts from."""
    critic: Strength = "strong"
    expected: Expected | None = None


class Defaults(Config):
    """What the recipes share."""

    base: str
    models: dict[Strength, str]
    """The teachers, as PROVIDER:MODEL."""
    addresses: dict[Strength, str]
    training: Training
    bases: dict[str, Base]

    def base_of(self, name: str) -> Base:
        """Return the base model of that name; any other name is a model of its own, with the usual settings."""
        return self.bases.get(name) or Base(model=name)


@cache
def load_defaults() -> Defaults:
    """Return what the recipes share."""
    return Defaults.model_validate(_read("defaults"))


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    folder = files("codefavor.recipes").joinpath("paper")
    names = [place.name.removesuffix(".toml") for place in folder.iterdir() if place.name.endswith(".toml")]
    return sorted(set(names) - {"defaults"})


def load_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in (known := recipe_names()):
        raise UnknownNameError.of("recipe", name, known)
    return Recipe.model_validate({"base": load_defaults().base, **_read(name)})


def _read(name: str) -> dict[str, Any]:
    text = files("codefavor.recipes").joinpath("paper", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
