"""Rewards for TRL's trainers, alone and in a real run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serving.server import Counting

import codefavor


def test_completions_are_held_against_others_of_their_prompt() -> None:
    """In the order in which they came, whatever else the trainer hands over."""
    reward = codefavor.trl_reward(Counting())

    rewards = reward(
        prompts=["i", "j", "i", "j"], completions=["x=1", "x=9", "```python\nx=2\n```", "x=9"], completion_ids=[[1]] * 4
    )

    assert rewards == [pytest.approx(0.1), 0.5, pytest.approx(0.9), 0.5]
    assert reward.__name__ == "codefavor_counting"


def test_conversations_are_read() -> None:
    """The instruction is what the user said, the code what the assistant said last."""
    asked: list[str] = []
    judge = Counting(hook=lambda comparison: asked.append(comparison.instruction))
    prompt = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Set x."}]},
    ]

    rewards = codefavor.trl_reward(judge)(
        prompts=[prompt, prompt],
        completions=[[{"role": "assistant", "content": "x=1"}], [{"role": "assistant", "content": "x=2"}]],
    )

    assert rewards == [pytest.approx(0.1), pytest.approx(0.9)]
    assert asked == ["Set x."]


def test_columns_of_the_data_set_go_first() -> None:
    """Rows may be about different things."""
    seen: list[tuple[str, str, str]] = []
    judge = Counting(hook=lambda asked: seen.append((asked.instruction, asked.criterion[:8], asked.language)))

    codefavor.trl_reward(judge)(
        prompts=["long chat template"] * 4,
        completions=["x=1", "x=2", "x=3", "x=4"],
        instruction=["Set x."] * 4,
        criterion=["security", "security", "efficiency", "efficiency"],
        language=["python", "python", "rust", "rust"],
    )

    assert seen == [("Set x.", "Security", "python"), ("Set x.", "Efficien", "rust")]


def test_a_failure_is_no_reward() -> None:
    """TRL leaves out None; a number would be learnt from."""
    rewards = codefavor.trl_reward(Counting())(prompts=["i"] * 3, completions=["x=1", "x=2", "unanswerable"])

    assert rewards == [pytest.approx(0.1), pytest.approx(0.9), None]


@pytest.mark.slow
def test_a_model_learns_from_it_in_a_real_grpo_run(tmp_path: Path) -> None:
    """A model made here, on the CPU: what the judge prefers becomes more frequent, and no reward is missing.

    The mean reward cannot show it, for it is one half by construction; the judge prefers shorter codes, so length does.
    In a process of its own: trainers set up more than a test may leave behind.
    """
    pytest.importorskip("trl")
    script = Path(__file__).with_name("grpo_run.py")

    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False, timeout=900)

    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["mean reward"] == pytest.approx(0.5, abs=1e-6)
    assert found["characters at the end"] < 0.8 * found["characters at the start"]
