"""Owns CodePrefBench as a task of inspect_ai: `inspect eval codefavor.benchmark.inspect_task --model PROVIDER/NAME`.

inspect_ai is not installed with this package; only this module needs it.
"""

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

from codefavor.benchmark.evaluate import EvaluationConfig, shown_tasks
from codefavor.benchmark.tasks import CODEPREFBENCH, load_bench
from codefavor.formats import generation
from codefavor.formats.reading import read
from codefavor.records import BenchmarkTask


@task
def codefavor(
    bench: str = CODEPREFBENCH, objective: str | None = None, comments: str = "auto", limit: int | None = None
) -> Task:
    """Return a benchmark of ours as a task: which of two codes better meets a criterion.

    Args:
        bench: as `codefavor eval --bench` takes it.
        objective: only this one.
        comments: "auto" strips them for the verifiable objectives, as the paper does; "keep" or "strip".
        limit: only so many tasks of each objective, evenly spaced.
    """
    config = EvaluationConfig.model_validate({"comments": comments, "limit": limit})
    asked = shown_tasks(load_bench([bench], [objective] if objective else []), config)
    return Task(dataset=MemoryDataset([_sample(each) for each in asked]), solver=generate(), scorer=verdict())


@scorer(metrics=[accuracy(), stderr(cluster="cluster")])
def verdict() -> Scorer:
    """Score a reply as `codefavor eval` does: right 1, wrong 0, undecided a half; errors over source problems."""

    async def score(state: TaskState, target: Target) -> Score:
        found = read(state.output.completion)
        value = float(found.choice == target.text) if found.choice in ("A", "B") else 0.5
        return Score(value=value, answer=found.choice, explanation=found.reason, metadata=state.metadata)

    return score


def _sample(asked: BenchmarkTask) -> Sample:
    return Sample(
        id=asked.id,
        input=generation.messages(asked)[-1]["content"],
        target=asked.label,
        metadata={"cluster": asked.cluster, "objective": asked.objective, "task_id": asked.task_id},
    )
