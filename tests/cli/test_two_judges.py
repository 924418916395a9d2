"""Owns the check that the documented way from one set of pairs to two scored judges works, command for command."""

import re
import shlex
from pathlib import Path

import pytest
import torch

from codefavor.checkpoints import read_card
from codefavor.cli.main import main
from codefavor.examples import read_examples
from codefavor.jsonl import read_json, read_records
from codefavor.records import Judgement

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
SECTION = re.compile(r"## The same pairs, a classifier and a generator\n(.*?)\n## ", re.DOTALL)
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
LIMIT = 4


@pytest.mark.slow
def test_a_classifier_and_a_generator_learn_the_same_pairs_and_both_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who types the page's commands gets two judges and a report of both."""
    pytest.importorskip("transformers", reason="needs the torch extra")
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    section = SECTION.search(PAGE.read_text(encoding="utf-8"))
    assert section is not None
    blocks = dict(BLOCK.findall(section[1]))
    Path("small.toml").write_text(blocks["toml"], encoding="utf-8")
    commands = [shlex.split(line)[1:] for line in blocks["bash"].splitlines()]

    assert [command[0] for command in commands].count("eval") == 2
    try:
        for command in commands:
            assert main(command) == 0, command
    finally:
        torch.set_num_threads(threads)
    of = {name: {row.pair_id for row in read_examples(Path(name, "train.jsonl"))} for name in ("letters", "feedback")}
    assert of["feedback"]
    assert len(of["letters"] & of["feedback"]) >= 0.8 * len(of["feedback"])
    read_card(Path("classifier"), "pair-rm")
    read_card(Path("generator"), "huggingface")
    for name in ("classifier", "generator"):
        run = Path("scores", name)
        judgements = list(read_records(run / "judgements.jsonl", Judgement))
        assert len(judgements) == sum(part["n"] for part in read_json(run / "summary.json")["objectives"].values())
        assert len(judgements) >= LIMIT
        assert (run / "failures.jsonl").read_bytes() == b""
    assert all(
        each.choice in ("A", "B") for each in read_records(Path("scores/classifier/judgements.jsonl"), Judgement)
    )
    page = Path("judges.html").read_text(encoding="utf-8")
    assert "classifier" in page
    assert "generator" in page
