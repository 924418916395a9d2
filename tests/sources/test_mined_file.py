"""Owns the checks of where refusals go."""

from pathlib import Path

import pytest

from codefavor.sources.mined_file import rejections_path


@pytest.mark.parametrize(
    ("out", "beside"),
    [
        ("a.jsonl", "a.rejections.jsonl"),
        ("x/a.jsonl.gz", "x/a.rejections.jsonl.gz"),
        ("a.b.txt", "a.b.rejections.txt"),
        ("commits", "commits.rejections.jsonl"),
        ("-", None),
        ("/dev/null", None),
    ],
)
def test_refusals_go_beside_the_records(out: str, beside: str | None) -> None:
    """Beside a pipe or a device there is no place."""
    assert rejections_path(Path(out)) == (Path(beside) if beside else None)
