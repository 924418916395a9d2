"""Examples a CPU second, and peak memory, of training a classifier here and with TRL's SFTTrainer.

    python benchmarks/training_speed.py [--vocabulary 150000] [--rounds 3] [--tokens 2048] [--width 128] [--layers 4]

Same model, rows, examples in a step and number of steps; every measurement is a process of its own, the trainers take
turns, and what counts is CPU time and resident memory of the steps alone, after models, data and one warm-up step are
there. TRL is given prompts and one-letter completions, its loss on the completion, and each of its settings that could
help on this machine: plain, sorted by length, packed. Needs `pip install -e '.[benchmark]'`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from typing import Any

import numpy as np

LETTERS = (5, 9)
WAYS = ("ours", "ours packed", "trl", "trl sorted", "trl packed")


def rows_of(count: int, vocabulary: int, seed: int = 0) -> list[list[int]]:
    """Return both orders of pairs, as ids: two stretches that change places between a beginning and an end."""
    chance = np.random.default_rng(seed)
    # As in real text: of a large vocabulary few thousand tokens are in use, few of them often.
    known = chance.permutation(np.arange(10, vocabulary))[:6000]
    rows = []
    for _ in range(count):
        begin, a, b, end = (
            known[chance.zipf(1.3, size) % len(known)] for size in (40, *chance.integers(60, 140, 2), 24)
        )
        rows += [[int(i) for part in (begin, *codes, end) for i in part] for codes in ((a, b), (b, a))]
    return rows


def model_of(vocabulary: int, width: int, layers: int) -> Any:
    """Return a Llama-shaped model with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=width // 32,
            num_key_value_heads=width // 32,
            intermediate_size=width * 8 // 3 // 32 * 32,
            vocab_size=vocabulary,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )


class Meter:
    """CPU time and resident memory from a moment on."""

    def start(self) -> None:
        """Begin to count."""
        self.cpu = time.process_time()

    def result(self, examples: int, losses: list[float]) -> dict[str, Any]:
        """Return what was counted."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {
            "per_cpu_second": round(examples / (time.process_time() - self.cpu), 2),
            "peak_mb": round(peak),
            "losses": [round(loss, 5) for loss in losses],
        }


def ours(way: str, model: Any, rows: list[list[int]], in_step: int, steps: int) -> dict[str, Any]:
    """Train with this package's own loss, rows and optimiser."""
    import torch

    from codefavor.formats.answer_rows import by_length
    from codefavor.training.batches import Pair, Row
    from codefavor.training.classification import Classification
    from codefavor.training.config import TrainingConfig
    from codefavor.training.forward import Forward
    from codefavor.training.used_rows import Narrowed

    class Letters:
        answers = LETTERS

    config = TrainingConfig(packing="packed" in way, share_beginnings="packed" in way)
    modelling = Classification(Forward(model, config, torch.float32), Letters())  # type: ignore[arg-type]
    pairs = [
        Pair([Row(np.array(row, dtype=np.int32), float(side == 0)) for side, row in enumerate(rows[i : i + 2])], "")
        for i in range(0, len(rows), 2)
    ]
    Narrowed(model, sorted({token for row in rows for token in row}), LETTERS)
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=1e-4)
    model.train()
    meter, losses = Meter(), []
    for step in range(steps + 1):
        if step == 1:
            meter.start()
        group = pairs[step * in_step // 2 : (step + 1) * in_step // 2]
        loss = 0.0
        # Pairs of like length together, as `epoch_batches` cuts them from a longer stretch.
        for batch in by_length([pair.width * 2 for pair in group], 2048):
            part = modelling.loss([group[index] for index in batch]) / in_step
            part.backward()
            loss += part.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss)
    return meter.result(steps * in_step, losses[1:])


def trl(way: str, model: Any, rows: list[list[int]], in_step: int, steps: int, at_once: int) -> dict[str, Any]:
    """Train with TRL's SFTTrainer on the same rows, a letter behind each."""
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    names = {f"t{number}": number for number in range(model.config.vocab_size)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(names, unk_token="t2")), eos_token="t1", pad_token="t1"
    )
    data = Dataset.from_list(
        [
            {"input_ids": [*row, LETTERS[number % 2]], "completion_mask": [0] * len(row) + [1]}
            for number, row in enumerate(rows)
        ]
    )
    more: dict[str, Any] = {}
    each = at_once
    if "sorted" in way:
        more = {"train_sampling_strategy": "group_by_length"}
    if "packed" in way:
        each = max(1, round(in_step * float(np.mean([len(row) for row in rows])) / 1024))
        more, in_step = {"packing": True, "max_length": 1024, "eval_packing": False}, each
    meter, losses, seen = Meter(), [], [0.0]

    class Watch(TrainerCallback):
        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if state.global_step == 1:
                meter.start()

        def on_log(self, _: Any, __: Any, ___: Any, logs: dict[str, Any], **____: Any) -> None:
            if "loss" in logs:
                losses.append(float(logs["loss"]))

    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=each,
            gradient_accumulation_steps=max(1, in_step // each),
            max_steps=steps + 1,
            completion_only_loss=True,
            learning_rate=1e-4,
            lr_scheduler_type="constant",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            dataloader_num_workers=0,
            disable_tqdm=True,
            seed=0,
            shuffle_dataset=False,
            **({"max_length": 1024} | more),
        )
        trainer = SFTTrainer(model, args=config, train_dataset=data, processing_class=tokenizer, callbacks=[Watch()])
        torch.manual_seed(0)
        if "packed" in way:
            # How many examples a step holds is known only after packing.
            seen = [len(rows) / len(trainer.train_dataset) * each]
        trainer.train()
    examples = round(steps * seen[0]) if seen[0] else steps * in_step
    return meter.result(examples, losses[1:])


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure one way, in this process."""
    warnings.simplefilter("ignore")
    rows = rows_of(arguments.examples * (arguments.steps + 2) // 2, arguments.vocabulary)
    model = model_of(arguments.vocabulary, arguments.width, arguments.layers)
    if arguments.way.startswith("ours"):
        return ours(arguments.way, model, rows, arguments.examples, arguments.steps)
    return trl(arguments.way, model, rows, arguments.examples, arguments.steps, arguments.at_once)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=150_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--examples", type=int, default=32, help="examples in a step")
    parser.add_argument("--at-once", type=int, default=8, help="TRL's examples in a forward pass")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--way", choices=WAYS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments)))
        return
    # Threads that wait for one another on a busy machine would count as work.
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(arguments.rounds):
        for way in WAYS:
            child = subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--way", way], capture_output=True, text=True, env=alone
            )
            if child.returncode:
                sys.exit(f"{way} failed:\n{child.stderr[-2000:]}")
            found[way].append(json.loads(child.stdout.splitlines()[-1]))
            print(way, found[way][-1], file=sys.stderr, flush=True)
    print(f"{arguments}\n{'way':12} {'examples a CPU second':>24} {'peak MB':>9}  losses of the first round")
    for way, results in found.items():
        speeds = sorted(result["per_cpu_second"] for result in results)
        print(
            f"{way:12} {' '.join(map(str, speeds)):>24} {max(r['peak_mb'] for r in results):>9}  {results[0]['losses']}"
        )


if __name__ == "__main__":
    main()
