"""Owns a judge as a reward function of TRL's trainers (GRPO, RLOO): in this process, with nothing to serve."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from codefavor.judges.base import Judge, judge_in_order
from codefavor.judges.load import load_judge
from codefavor.serving.rewards import Group, RoundRobin, by_prompt, code_in

Turns: TypeAlias = str | Sequence[Mapping[str, Any]]
"""A text, or a conversation of messages with `role` and `content`."""
Reward: TypeAlias = Callable[..., list[float | None]]


def trl_reward(
    judge: str | Judge, *, criterion: str = "correctness", language: str = "python", opponents: int | None = None
) -> Reward:
    """Return a reward function for `GRPOTrainer(reward_funcs=…)`.

    A completion's reward is the share it would win, by the judge's probability, of comparisons with the other
    completions of its prompt in the batch: from 0 to 1, one half on the average. Where the data set has columns named
    `instruction`, `criterion` or `language`, they go before the prompt and the arguments here. A completion about
    which the judge could not be asked gets None, which TRL leaves out.

    Args:
        judge: KIND:NAME, or a judge that is already loaded.
        criterion: an objective's name, or a criterion in words.
        language: what the completions are written in.
        opponents: other completions that each is compared with; all of them by default.

    Raises:
        InputError: there is no such judge, or it cannot be used.

    >>> reward = trl_reward("baseline:shorter")
    >>> reward(prompts=["p", "p"], completions=["x = 1", "x = 1 + 0"])
    [1.0, 0.0]
    """
    asked = load_judge(judge) if isinstance(judge, str) else judge

    def reward(prompts: Sequence[Turns], completions: Sequence[Turns], **columns: Any) -> list[float | None]:  # noqa: ANN401
        instructions = columns.get("instruction") or [_task(prompt) for prompt in prompts]
        criteria = columns.get("criterion") or [criterion] * len(prompts)
        languages = columns.get("language") or [language] * len(prompts)
        codes = [code_in(_answer(completion)) for completion in completions]
        # The same prompt with another criterion is another question.
        places = by_prompt(list(zip(instructions, criteria, languages, strict=True)))
        groups = [
            Group(instructions[group[0]], [codes[place] for place in group], criteria[group[0]], languages[group[0]])
            for group in places
        ]
        plan = RoundRobin(groups, opponents)
        scores = plan.scores(judge_in_order(asked, plan.comparisons))
        rewards: list[float | None] = [None] * len(codes)
        for group, found in zip(places, scores, strict=True):
            for place, score in zip(group, found, strict=True):
                rewards[place] = score
        return rewards

    reward.__name__ = f"codefavor_{asked.name.partition(':')[0]}"  # TRL logs it under this name
    return reward


def _task(prompt: Turns) -> str:
    """Return what the prompt asks for: a text as it is, of a conversation what the user said."""
    if isinstance(prompt, str):
        return prompt
    said = [_content(turn) for turn in prompt if turn.get("role") == "user"]
    return "\n\n".join(said or map(_content, prompt))


def _answer(completion: Turns) -> str:
    """Return what the model said last."""
    if isinstance(completion, str):
        return completion
    return next((_content(turn) for turn in reversed(completion) if turn.get("role", "assistant") == "assistant"), "")


def _content(turn: Mapping[str, Any]) -> str:
    content = turn.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content)  # parts, of which some may be pictures
