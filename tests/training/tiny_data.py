"""Owns the small data sets and checkpoints that tests of language models share."""

from pathlib import Path

from codefavor.checkpoints import Card, write_card
from codefavor.formats import classification
from codefavor.formats.base import Format
from codefavor.formats.encoding import Encoder
from codefavor.jsonl import write_records
from codefavor.objectives import CRITERIA
from codefavor.records import Comparison, Label, TrainingExample
from codefavor.training.presets import PRESETS, Shape, fresh_model
from codefavor.training.tokenizer import train_tokenizer

NARROW = "tiny:test"
PRESETS_OF_TESTS = {NARROW: Shape(width=32, layers=2, heads=2)}


def use_narrow_preset() -> str:
    """Make a preset known that trains in seconds, and return its name."""
    PRESETS.update(PRESETS_OF_TESTS)
    return NARROW


def question(number: int, swapped: bool = False) -> Comparison:
    """Return a comparison whose better code is plain to see: the worse one sleeps."""
    good = f"def f{number}(x):\n    y = x + {number}\n    return y\n" + f"# {number}\n" * (number % 5)
    bad = good.replace("    return y\n", "    sleep(9)\n    return y\n")
    row = {
        "instruction": f"Add {number}.",
        "code_a": bad if swapped else good,
        "code_b": good if swapped else bad,
        "criterion": CRITERIA["efficiency"],
    }
    return Comparison.model_validate(row)


def example(number: int, swapped: bool = False, form: Format = classification) -> TrainingExample:
    """Return the training example of `question`."""
    asked = question(number, swapped)
    label: Label = "B" if swapped else "A"
    said = form.answer(label, f"Code {'A' if swapped else 'B'} sleeps.")
    row = {
        "messages": [*form.messages(asked), {"role": "assistant", "content": said}],
        "format": form.NAME,
        "pair_id": f"pair-{number}",
        "order": "naive-first" if swapped else "improved-first",
        "instruction": asked.instruction,
        "code_a": asked.code_a,
        "code_b": asked.code_b,
        "criterion": asked.criterion,
        "label": label,
    }
    return TrainingExample.model_validate(row)


def write_dataset(
    folder: Path, train: int = 48, validation: int = 8, held_out: int = 12, form: Format = classification
) -> Path:
    """Write the three files of a data set, both orders of each pair."""
    start = 0
    for name, count in (("train", train), ("validation", validation), ("held-out", held_out)):
        rows = [example(number, swapped, form) for number in range(start, start + count) for swapped in (False, True)]
        write_records(folder / f"{name}.jsonl", rows)
        start += count
    return folder


def write_checkpoint(folder: Path, context: int = 400) -> Path:
    """Write an untrained pair-rm checkpoint: its verdicts mean nothing, but they are definite."""
    asked = [question(number) for number in range(20)]
    tokenizer = train_tokenizer((item.code_b for item in asked), 400, context)
    ends = tokenizer.bos_token_id, tokenizer.eos_token_id
    model = fresh_model(use_narrow_preset(), len(tokenizer), context, *ends, seed=1)
    for weights in model.parameters():
        weights.data.mul_(8)  # strong opinions, so that a wrong answer shows
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    card = Card(
        kind="pair-rm", format=classification.NAME, base=NARROW, data={}, config={"context": context}, scores={}
    )
    write_card(folder, card)
    return folder


def encoder_of(texts: list[str], context: int) -> Encoder:
    """Return an encoder of a tokenizer trained on these texts."""
    return Encoder(train_tokenizer(texts, 400, context), classification, context)
