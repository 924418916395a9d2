"""Owns what the tests of studies share: made-up tasks, a database, and people who answer by a rule."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from codefavor.annotation.store import Store
from codefavor.annotation.study import Shown, Study, StudySettings
from codefavor.annotation.tasks import StudyTask

NAMES = ("ann", "bob", "cem", "dia", "eli", "fay")
HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>\x1b[31m\u202e'


def make_tasks(count: int, start: int = 0, **rest: object) -> list[StudyTask]:
    """Return tasks whose better code returns the larger number."""
    return [
        StudyTask.model_validate(
            {
                "instruction": f"Write `f{number}()`, which returns a large number.",
                "code_a": f"def f{number}():\n    return {1 + number % 2}\n",
                "code_b": f"def f{number}():\n    return {2 - number % 2}\n",
                "criterion": "Correctness: the larger number is better.",
                "label": "BA"[number % 2],
                "objective": "correctness" if number % 3 else "security",
                "cluster": f"c{number // 2}",
                "task_id": f"t{number}",
                **rest,
            }
        )
        for number in range(start, start + count)
    ]


def make_study(folder: Path, tasks: int = 8, people: Sequence[str] = NAMES[:3], **settings: int) -> Study:
    """Return a study in a new database."""
    store = Store(str(folder / "study.db"))
    store.add_tasks(make_tasks(tasks))
    store.add_annotators(people)
    return Study(store, StudySettings.model_validate(settings))


def right(shown: Shown) -> str:
    """Return the better code's letter as it is shown."""
    a, b = (int(code.split("return ")[1]) for code in (shown.comparison.code_a, shown.comparison.code_b))
    return "A" if a > b else "B"


def answer(study: Study, name: str, shown: Shown, choice: str, **rest: object) -> None:
    """Save one answer, as the page would."""
    given = {"submission": secrets.token_hex(6), "confidence": "high", "note": "", "seconds": 2.0, **rest}
    study.store.save(name, shown.handle, choice=choice, **given)  # type: ignore[arg-type]


def finish(study: Study, name: str, choose: Callable[[Shown], str] = right, most: int = 10_000) -> int:
    """Answer what is due until nothing is, and return how many tasks that were."""
    for number in range(most):
        shown = study.next_task(name)
        if shown is None:
            return number
        answer(study, name, shown, choose(shown))
    return most
