"""Owns `codefavor doctor`: what this installation can and cannot do, and why."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer


class Finding(NamedTuple):
    """One thing looked at."""

    name: str
    works: bool
    detail: str


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what this installation can and cannot do, and why."""
    findings = [*_machine(), _judging(), *_sandbox(), *_language_models(), _benchmark(), _cache()]
    if as_json:
        import orjson

        typer.echo(orjson.dumps([item._asdict() for item in findings], option=orjson.OPT_INDENT_2).decode())
        return
    for item in findings:
        typer.echo(f"{'yes' if item.works else ' no'}  {item.name}: {item.detail}")


def _machine() -> list[Finding]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    detail = f"codefavor {version('codefavor')}, Python {platform.python_version()}, {cores} cores, {memory:.0f} GiB"
    git = shutil.which("git")
    return [
        Finding("machine", True, detail),
        Finding("git histories", git is not None, f"git at {git}" if git else "install git to mine commits"),
    ]


def _judging() -> Finding:
    from codefavor.errors import CodefavorError
    from codefavor.judges.load import load_judge

    try:
        load_judge("builtin")
    except CodefavorError as error:
        return Finding("judging at once (builtin)", False, str(error))
    return Finding("judging at once (builtin)", True, "codefavor judge A.py B.py works with no key, GPU or network")


def _sandbox() -> list[Finding]:
    from codefavor.errors import SandboxError
    from codefavor.sandbox import Sandbox
    from codefavor.sandbox.isolation import valgrind

    try:
        with Sandbox(1) as sandbox:
            layers = sandbox.layers
    except SandboxError as error:
        return [Finding("judging by evidence (sandbox)", False, str(error))]
    held = ", ".join(layer.name for layer in layers if layer.holds)
    missing = "; ".join(f"without {layer.name}: {layer.detail}" for layer in layers if not layer.holds)
    tool = valgrind()
    return [
        Finding("judging by evidence (sandbox)", True, f"held by {held}" + (f"; {missing}" if missing else "")),
        Finding(
            "counting instructions",
            tool is not None,
            f"by {tool}" if tool else "close costs are told apart by CPU time only (Debian: apt-get install valgrind)",
        ),
    ]


def _language_models() -> list[Finding]:
    found = {}
    for package in ("torch", "transformers", "tokenizers", "accelerate"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            return [
                Finding("language models", False, f"{package} is not installed: pip install 'codefavor[torch]'"),
                Finding("GPU", False, "not looked for: language models are not installed"),
            ]
    import torch

    models = Finding("language models", True, ", ".join(f"{name} {number}" for name, number in found.items()))
    if torch.cuda.is_available():
        return [models, Finding("GPU", True, torch.cuda.get_device_name(0))]
    if torch.backends.mps.is_available():
        return [models, Finding("GPU", True, "Apple silicon (mps)")]
    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    return [models, Finding("GPU", False, f"none is visible (torch is {built}); training and judging run on the CPU")]


def _benchmark() -> Finding:
    from codefavor.benchmark.tasks import where_is_codeprefbench

    place = where_is_codeprefbench()
    if place is None:
        return Finding("CodePrefBench", False, "not on this machine: codefavor bench download, or set CODEFAVOR_DATA")
    return Finding("CodePrefBench", True, f"in {place}")


def _cache() -> Finding:
    folder = Path(os.environ.get("CODEFAVOR_CACHE") or Path.home() / ".cache" / "codefavor")
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    works = os.access(nearest, os.W_OK)
    return Finding("cache", works, f"{folder}" if works else f"{folder} cannot be written; set CODEFAVOR_CACHE")
