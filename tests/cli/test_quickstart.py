"""The quickstart recipe: a list of ordinary commands that can be stopped and resumed."""

from pathlib import Path

import pytest
import typer

from codefavor.cli import quickstart
from codefavor.cli.main import app
from codefavor.recipes.quickstart import Done, Step, load_steps, runs_of


def test_every_step_is_a_command_that_exists(tmp_path: Path) -> None:
    """The recipe must not drift from the commands it joins."""
    root = typer.main.get_command(app)
    for step in load_steps(tmp_path):
        command = root
        for word in step.command:
            command = getattr(command, "commands", {}).get(word, command)
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in step.command if word.startswith("--")} <= options, step.name


def test_step_names_are_unique(tmp_path: Path) -> None:
    """A step that shares a name with another would be taken for done."""
    names = [step.name for step in load_steps(tmp_path)]

    assert len(set(names)) == len(names)


def test_a_finished_step_is_not_done_again_and_a_changed_one_is(tmp_path: Path) -> None:
    """Resuming must skip what is there and must not skip what was asked differently."""
    step = Step("mine", "", ("mine", "installed"), 1)
    Done(tmp_path).add(step)

    assert Done(tmp_path).has(step)
    assert not Done(tmp_path).has(Step("mine", "", ("mine", "installed", "json"), 1))


def test_a_step_whose_result_is_gone_is_done_again(tmp_path: Path) -> None:
    """Someone who removes a model to train it again must not be told that all is done."""
    step = Step("train", "", ("train", "data", "--out", str(tmp_path / "model")), 1)
    (tmp_path / "model").mkdir()
    Done(tmp_path).add(step)
    before = Done(tmp_path).has(step)
    (tmp_path / "model").rmdir()

    assert before
    assert not Done(tmp_path).has(step)


def test_the_report_takes_the_runs_that_were_made(tmp_path: Path) -> None:
    """Where the benchmark is not at hand its runs are not in the report."""
    steps = load_steps(tmp_path)
    done = Done(tmp_path)
    made = next(step for step in steps if step.command[0] == "eval")
    assert made.place is not None
    made.place.mkdir(parents=True)
    done.add(made)

    assert runs_of(steps, done) == [made.command[made.command.index("--run") + 1]]


def test_a_failing_step_stops_the_recipe_and_an_optional_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the network there is no benchmark, and everything else still happens."""
    steps = [
        Step("version", "say the version", ("--version",), 1),
        Step("extra", "fetch", ("no-such-command",), 1, optional=True),
        Step("after", "use it", ("--version",), 1, needs="extra"),
        Step("broken", "break", ("no-such-command",), 1),
    ]
    monkeypatch.setattr("codefavor.recipes.quickstart.load_steps", lambda out: steps)

    with pytest.raises(Exception, match="the step 'broken' stopped with status 2"):
        quickstart.quickstart_command(tmp_path / "out")

    said = capsys.readouterr().out
    assert "going on without extra" in said
    assert "left out, there is no extra" in said
    assert Done(tmp_path / "out").has(steps[0])
