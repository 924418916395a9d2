"""The configurations for accelerate mean to accelerate what they say."""

import json
from pathlib import Path
from typing import Any

import pytest

from codefavor.cli.main import main
from codefavor.recipes.accelerate import NAMES
from codefavor.recipes.axolotl import ZERO3

pytest.importorskip("accelerate", reason="needs the torch extra")

_SETS: dict[str, dict[str, str | None]] = {
    "data-parallel": {"ACCELERATE_USE_FSDP": None, "ACCELERATE_USE_DEEPSPEED": None},
    "fsdp2": {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", "FSDP_RESHARD_AFTER_FORWARD": "true"},
    "zero3": {"ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_DEEPSPEED_ZERO3_INIT": "true"},
}


@pytest.fixture(params=NAMES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    path = tmp_path / f"{request.param}.yaml"
    assert main(["recipe", "accelerate", request.param, "--out", str(path)]) == 0
    return request.param, path


def test_accelerate_loads_it_and_keeps_every_key(written: tuple[str, Path]) -> None:
    """A key of another version is an error there, and a forgotten one a question at the terminal."""
    import yaml
    from accelerate.commands.config.config_args import load_config_from_file

    name, path = written
    said = yaml.safe_load(path.read_text())
    loaded: dict[str, Any] = load_config_from_file(str(path)).to_dict()
    kept = {**loaded, "distributed_type": str(getattr(loaded["distributed_type"], "value", loaded["distributed_type"]))}
    assert {key: kept[key] for key in said} == said, name


def test_accelerate_tells_the_processes_what_the_file_says(
    written: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reaches a process are environment variables, and `codefavor train` reads those."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    name, path = written
    monkeypatch.chdir(path.parent)
    (path.parent / "zero3.json").write_text(json.dumps(ZERO3))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    words = ["--config_file", str(path), "--num_processes", "2", "-m", "codefavor", "train"]

    arguments, _, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    assert arguments.num_processes == 2
    assert (arguments.multi_gpu, arguments.use_fsdp, arguments.use_deepspeed) == tuple(name == each for each in NAMES)
    told = prepare_multi_gpu_env(arguments) if name != "zero3" else _deepspeed_environment(arguments)
    for variable, value in _SETS[name].items():
        assert told.get(variable) == value


def _deepspeed_environment(arguments: Any) -> dict[str, str]:
    from accelerate.utils.launch import prepare_deepspeed_cmd_env

    arguments.deepspeed_fields_from_accelerate_config = "deepspeed_config_file,zero3_init_flag"
    _, told = prepare_deepspeed_cmd_env(arguments)
    return dict(told)


def test_an_unknown_name_says_which_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The names are few and not to be guessed."""
    assert main(["recipe", "accelerate", "fsdp", "--out", str(tmp_path / "x.yaml")]) == 2
    assert "did you mean 'fsdp2'? Known: data-parallel, fsdp2, zero3" in capsys.readouterr().err
