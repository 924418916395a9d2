"""Owns the command reference in the docs: `python -m codefavor.cli.reference` prints it, a test keeps it true."""

import contextlib
import io
import os
import sys
from typing import Any


def reference() -> str:
    """Return the help of every command as one page of Markdown."""
    import typer

    from codefavor.cli.main import app

    root = typer.main.get_command(app)
    parts = [
        "# Commands\n",
        "Written by `make docs` from the program's own help, and held against it by a test.\n",
    ]
    parts += [f"## {' '.join(path)}\n\n```text\n{_help(path)}\n```\n" for path in _paths(root, ("codefavor",))]
    return "\n".join(parts)


def _paths(command: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:  # noqa: ANN401 (typer's own command type)
    found = [path]
    for name, child in getattr(command, "commands", {}).items():
        found += _paths(child, (*path, name))
    return found


def _help(path: tuple[str, ...]) -> str:
    from codefavor.cli.main import main

    out = io.StringIO()
    before = {name: os.environ.get(name) for name in ("COLUMNS", "TERMINAL_WIDTH", "NO_COLOR")}
    os.environ.update(COLUMNS="100", TERMINAL_WIDTH="100", NO_COLOR="1")
    try:
        with contextlib.redirect_stdout(out):
            main([*path[1:], "--help"])
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


if __name__ == "__main__":
    sys.stdout.write(reference())
