"""`python -m codefavor` is the `codefavor` command."""

from codefavor.cli.main import run

run()
