"""Owns `codefavor quickstart`: the recipe's commands, one after the other."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.cli.progress import duration
from codefavor.errors import ShortfallError, UnknownNameError

if TYPE_CHECKING:
    from codefavor.recipes.quickstart import Done, Step


def quickstart_command(
    out: Annotated[Path, typer.Option(help="Where everything goes; the same folder again goes on.")] = Path(
        "quickstart"
    ),
    until: Annotated[str, typer.Option(help="Stop after this step, such as linear.")] = "",
) -> None:
    """Run the whole recipe on this machine: real code, pairs, dataset, two models, scores, report.

    Needs no key, no GPU and no network. Every step is an ordinary command, shown as it is run; stop it at any time
    with Ctrl-C and start it again with the same folder.
    """
    from codefavor.errors import storage_errors
    from codefavor.recipes.quickstart import Done, load_steps

    steps, began = load_steps(out), time.monotonic()
    if until:
        names = [step.name for step in steps]
        if until not in names:
            raise UnknownNameError.of("step", until, names)
        steps = steps[: names.index(until) + 1]
    with storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    done = Done(out)
    missing: set[str] = set()
    for number, step in enumerate(steps, 1):
        head = f"[{number:>{len(str(len(steps)))}}/{len(steps)}]"
        if step.needs in missing:
            typer.echo(f"{head} {step.says}: left out, there is no {step.needs}")
            continue
        if done.has(step) and step.name != "report":
            typer.echo(f"{head} {step.says}: done before")
            continue
        left = duration(sum(later.seconds for later in steps[number - 1 :] if not done.has(later)))
        typer.echo(f"{head} {step.says} (about {left} left in all)")
        if _run(step, steps, done):
            done.add(step)
        else:
            missing.add(step.name)
            typer.echo(f"{head} going on without {step.name}")
    if until:
        return
    typer.echo(f"\nfinished in {duration(time.monotonic() - began)}; the report: {out / 'report.html'}")
    typer.echo(f"next: codefavor judge A.py B.py --judge linear:{out / 'linear'}")


def _run(step: "Step", steps: list["Step"], done: "Done") -> bool:
    """Run one command in a process of its own, so that what it held in memory is given back."""
    from codefavor.recipes.quickstart import runs_of

    words = [word for part in step.command for word in (runs_of(steps, done) if part == "{runs}" else [part])]
    shown = shlex.join(words) if len(words) < 20 else f"{shlex.join(words[:3])} ... {shlex.join(words[-4:])}"
    typer.echo(f"      $ codefavor {shown}")
    sys.stdout.flush()
    status = subprocess.run([sys.executable, "-m", "codefavor", *words], env=os.environ, check=False).returncode
    if status == 0:
        return True
    if status in (130, -2):
        raise KeyboardInterrupt
    if step.optional:
        return False
    raise ShortfallError(f"the step '{step.name}' stopped with status {status}; the same command goes on from there")
