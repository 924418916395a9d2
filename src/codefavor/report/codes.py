"""Owns finding a run's tasks again, so that the codes behind its verdicts can be shown; nothing is ever fetched."""

from collections.abc import Sequence
from dataclasses import replace

from codefavor.benchmark.download import FILES, cache_folder
from codefavor.benchmark.evaluate import apply_comment_policy
from codefavor.benchmark.tasks import CODEPREFBENCH, Bench, data_folder, load_bench
from codefavor.errors import CodefavorError
from codefavor.report.evaluations import RunData


def with_codes(runs: Sequence[RunData]) -> list[RunData]:
    """Return the runs with the tasks they got wrong, as the judge saw them, where their benchmark is at hand.

    A benchmark that is no longer where it was, or was changed since, gives no codes: tasks are known by their ids.
    """
    benches: dict[tuple[str, ...], Bench | None] = {}
    found = []
    for run in runs:
        key = (run.summary.bench, *sorted(run.summary.objectives))
        if key not in benches:
            benches[key] = _load(run)
        bench = benches[key]
        if bench is None:
            found.append(run)
            continue
        known = {task.id: task for task in bench.tasks}
        wrong = [known.get(judgement.id) for judgement in run.judgements if judgement.correct == 0]
        policy = run.manifest.get("config", {}).get("comments", "auto")
        shown, _ = apply_comment_policy([task for task in wrong if task is not None], policy)
        at_hand = bool(shown) or not wrong
        found.append(replace(run, tasks={task.id: task for task in shown} if at_hand else None))
    return found


def _load(run: RunData) -> Bench | None:
    specs = run.summary.bench.split(", ")
    if CODEPREFBENCH in specs and data_folder() is None:
        wanted = [file.name for name, file in FILES.items() if name in run.summary.objectives]
        if not all((cache_folder() / name).is_file() for name in wanted):
            return None
    try:
        return load_bench(specs, sorted(run.summary.objectives))
    except CodefavorError:
        return None  # the numbers stand without the codes, and the page says that they are not at hand
