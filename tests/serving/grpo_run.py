"""A GRPO run of a few steps on a model made here: `python grpo_run.py FOLDER [JUDGE]`.

Prints one line of JSON: characters of a completion's code, as the judge sees it, at the start and at the end, and the
mean reward.
"""

import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

import codefavor
from codefavor.serving.rewards import code_in
from codefavor.training.presets import fresh_model
from codefavor.training.tokenizer import train_tokenizer

PROMPTS = ["Return the sum of a list.", "Return the larger of two numbers.", "Count the words of a text.", "Add one."]
BATCH = 16
CONTEXT = 128


def main(folder: Path, judge: str, steps: int = 14) -> None:
    torch.set_num_threads(2)
    tokenizer: Any = train_tokenizer([*PROMPTS, "def total(xs): return sum(xs)"], 300, CONTEXT)
    tokenizer.pad_token = tokenizer.eos_token
    begin, end = tokenizer.bos_token_id or tokenizer.eos_token_id, tokenizer.eos_token_id
    model = fresh_model("tiny", len(tokenizer), CONTEXT, begin, end, seed=0)
    reward, lengths, rewards = codefavor.trl_reward(judge), list[float](), list[float]()

    def watched(prompts: list[str], completions: list[str], **columns: object) -> list[float | None]:
        found = reward(prompts, completions, **columns)
        lengths.append(fmean(len(code_in(text)) for text in completions))
        rewards.extend(value for value in found if value is not None)
        return found

    trainer = GRPOTrainer(
        model=model,
        reward_funcs=watched,
        args=GRPOConfig(
            output_dir=str(folder),
            per_device_train_batch_size=BATCH,
            num_generations=8,
            max_completion_length=12,
            max_steps=steps,
            learning_rate=5e-3,
            lr_scheduler_type="constant",
            beta=0.0,
            report_to=[],
            logging_steps=1,
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
            bf16=False,
            seed=0,
        ),
        train_dataset=Dataset.from_dict({"prompt": PROMPTS * 64}),
        processing_class=tokenizer,
    )
    trainer.train()
    start, finish = fmean(lengths[:3]), fmean(lengths[-3:])
    print(  # noqa: T201
        json.dumps(
            {
                "characters at the start": start,
                "characters at the end": finish,
                "mean reward": fmean(rewards),
                "steps": len(lengths),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "baseline:shorter")
