"""Examples in the documentation are run."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from codefavor.cli.main import app
from codefavor.errors import SandboxError

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that fails is worse than none."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    for language, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            try:
                exec(compile(code, page.name, "exec"), names)
            except SandboxError as error:
                pytest.skip(str(error))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_command_examples_name_real_commands_and_options(page: Path) -> None:
    """Options come and go; the docs must go with them."""
    root = typer.main.get_command(app)
    for language, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language not in {"bash", "console"}:
            continue
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            words = words[words[:1] == ["srun"] :]
            if words and words[0] in LAUNCHERS:
                module = words.index("-m")
                assert _options(words[:module]) <= LAUNCHERS[words[0]](), line
                words = words[module + 1 :]
            if words[:1] != ["codefavor"]:
                continue
            command = root
            for word in words[1:]:
                command = getattr(command, "commands", {}).get(word, command)
            default = getattr(command, "default_verb", "")
            command = getattr(command, "commands", {}).get(default, command)
            known = {option for parameter in command.params for option in parameter.opts}
            assert _options(words) <= known | {"--help", "--version"}, line


def _options(words: list[str]) -> set[str]:
    return {word for word in words if word.startswith("--")}


def _torchrun() -> set[str]:
    run = pytest.importorskip("torch.distributed.run", reason="needs the torch extra")
    return set(run.get_args_parser()._option_string_actions)


def _accelerate() -> set[str]:
    launch = pytest.importorskip("accelerate.commands.launch", reason="needs the torch extra")
    return set(launch.launch_command_parser()._option_string_actions)


LAUNCHERS = {"torchrun": _torchrun, "accelerate": _accelerate}
"""What starts commands in several processes → the options that it knows."""


def test_links_between_pages_lead_somewhere() -> None:
    """A dead link stops a reader."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
