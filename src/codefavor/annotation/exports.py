"""Owns the shapes in which a study leaves: CodePrefBench's columns, TRL's, and Label Studio's; without names."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from codefavor.annotation.assignment import shuffled
from codefavor.annotation.results import Answer, by_task, majority, verdicts
from codefavor.jsonl import write_bytes, write_json, write_records
from codefavor.records import Record

_WORDS: Final = {"A": "codeA", "B": "codeB", "tie": "Tie"}
BENCH: Final = "human-preference-people.jsonl"
TRL: Final = "trl.jsonl"
LABEL_STUDIO: Final = "label-studio.json"
LABEL_STUDIO_VIEW: Final = "label-studio.xml"
_VIEW: Final = """\
<View>
  <Header value="Instruction"/>
  <Text name="instruction" value="$instruction" valueType="text"/>
  <View style="display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; font-family: monospace">
    <View><Header value="Code A"/><Text name="code_a" value="$code_a" valueType="text"/></View>
    <View><Header value="Code B"/><Text name="code_b" value="$code_b" valueType="text"/></View>
  </View>
  <Header value="Criterion"/>
  <Text name="criterion" value="$criterion" valueType="text"/>
  <Header value="Which code better meets the criterion?"/>
  <Choices name="preference" toName="instruction" choice="single" showInline="true" required="true">
    <Choice value="A"/><Choice value="B"/><Choice value="tie"/>
  </Choices>
  <Header value="How sure are you?"/>
  <Choices name="confidence" toName="instruction" choice="single" showInline="true" required="true">
    <Choice value="low"/><Choice value="high"/><Choice value="very high"/>
  </Choices>
</View>
"""
"""What a Label Studio project needs to show the tasks: its labeling configuration."""


def pseudonyms(names: Iterable[str], seed: str) -> dict[str, str]:
    """Return name → "person-1" and so on, in an order drawn from a seed that stays in the database."""
    return {name: f"person-{number}" for number, name in enumerate(shuffled(names, "names", seed), start=1)}


def write_results(answers: Sequence[Answer], people: Sequence[str], seed: str, out: Path) -> dict[str, int]:
    """Write everything a study found, and return file → rows.

    Verdict files bear names, for whoever runs the study; the three data files bear none, and no notes. The labeling
    configuration that Label Studio's tasks are made for lies beside them.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = {}
    numbered = {f"human:{name}": number for number, name in enumerate(people, start=1)}
    for judge, found in verdicts(answers).items():
        name = f"{numbered[judge]:02d}-{_file_name(judge)}" if judge in numbered else "majority"
        written[f"{name}.jsonl"] = write_records(out / f"{name}.jsonl", found)
    aliases = pseudonyms(people, seed)
    groups = by_task(answers)
    rows = [row for group in groups.values() if (row := codeprefbench_row(group)) is not None]
    written[BENCH] = write_records(out / BENCH, rows)
    preferences = [row for group in groups.values() if (row := trl_row(group)) is not None]
    written[TRL] = write_records(out / TRL, preferences)
    studio = [label_studio_row(group, aliases) for group in groups.values()]
    write_json(out / LABEL_STUDIO, studio)
    write_bytes(out / LABEL_STUDIO_VIEW, _VIEW.encode())
    return {**written, LABEL_STUDIO: len(studio)}


def codeprefbench_row(group: Sequence[Answer]) -> Record | None:
    """Return a task with its people's answers in CodePrefBench's columns; None where they are even.

    `annotations` speak of the choices as this row has them; `shown` says, for each, in which order the person saw
    them, so that what was clicked can be had back.
    """
    choice = majority(answer.choice for answer in group)
    if choice not in ("A", "B"):
        return None
    task = group[0].task
    return Record.model_validate(
        {
            "task_id": task.task_id,
            "instruction": task.instruction,
            "choices": [task.code_a, task.code_b],
            "gt_choice": "AB".index(choice),
            "criteria": task.criterion,
            "annotations": [_WORDS[answer.choice] for answer in group],
            "shown": ["swapped" if answer.swapped else "given" for answer in group],
        }
    )


def trl_row(group: Sequence[Answer]) -> Record | None:
    """Return a task as TRL's preference trainers read it; None where people are even."""
    choice = majority(answer.choice for answer in group)
    if choice not in ("A", "B"):
        return None
    task = group[0].task
    better, worse = (task.code_a, task.code_b) if choice == "A" else (task.code_b, task.code_a)
    return Record.model_validate(
        {
            "prompt": f"{task.instruction}\n\n{task.criterion}",
            "chosen": better,
            "rejected": worse,
            "agreement": sum(answer.choice == choice for answer in group) / len(group),
        }
    )


def label_studio_row(group: Sequence[Answer], aliases: Mapping[str, str]) -> dict[str, Any]:
    """Return a task as Label Studio imports it, each person's answer an annotation."""
    task = group[0].task
    return {
        "data": {
            "id": task.id,
            "instruction": task.instruction,
            "criterion": task.criterion,
            "code_a": task.code_a,
            "code_b": task.code_b,
            # In the order of the annotations: Label Studio takes only its own users as those who completed one.
            "people": [aliases[answer.annotator] for answer in group],
        },
        "annotations": [
            {
                "result": [
                    _chosen("preference", answer.choice),
                    _chosen("confidence", answer.confidence),
                ],
                "lead_time": round(answer.seconds, 2),
            }
            for answer in group
        ],
    }


def _chosen(name: str, value: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "instruction", "type": "choices", "value": {"choices": [value]}}


def _file_name(judge: str) -> str:
    name = judge.removeprefix("human:")
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in name)[:60]
