"""A real reward model, tiny and trained in the test to like code that does not sleep."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch
from scipy.special import expit
from tests.llm.tiny_chat import one_thread, tiny_config, tiny_tokenizer
from tests.training.tiny_data import question

from codefavor.errors import CheckpointError, MissingFileError
from codefavor.formats.scoring import both
from codefavor.judges import reward_model
from codefavor.judges.base import judge_in_order
from codefavor.judges.both_orders import BothOrders
from codefavor.judges.load import judge_files, load_judge
from codefavor.judges.reward_model import RewardModelJudge
from codefavor.records import Comparison

ASKED = [question(number, swapped) for number in range(20) for swapped in (False, True)]


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    with one_thread():
        yield


def write_reward_model(folder: Path, steps: int = 40, labels: int = 1) -> Path:
    """Train on other comparisons than `ASKED`, by the loss of Bradley and Terry, and write it as safetensors."""
    from transformers import LlamaForSequenceClassification

    torch.manual_seed(1)
    tokenizer = tiny_tokenizer(context=512)
    LlamaForSequenceClassification(tiny_config(tokenizer, 512, num_labels=labels)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if labels != 1:
        return folder
    judge = reward_model.load(str(folder), torch.device("cpu"), torch.float32)
    model = judge._model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(steps):
        pairs = [both(question(20 + step * 4 + number)) for number in range(4)]
        rows = [judge._encoder.read(side).ids for side in (*(pair[0] for pair in pairs), *(pair[1] for pair in pairs))]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        good, bad = model(input_ids=ids, attention_mask=(ids != 0).long()).logits[:, 0].chunk(2)
        loss: Any = -torch.nn.functional.logsigmoid(good - bad).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reward_model(tmp_path_factory.mktemp("reward"))


@pytest.fixture
def judge(folder: Path) -> RewardModelJudge:
    return reward_model.load(str(folder), torch.device("cpu"), torch.float32)


def test_the_better_code_scores_higher(folder: Path) -> None:
    """By its name, on questions it was not trained on: the right side each time, and what it says adds up."""
    verdicts = judge_in_order(load_judge(f"reward-model:{folder}"), ASKED)

    assert [verdict.choice for verdict in verdicts] == ["A", "B"] * 20
    for verdict in verdicts:
        assert verdict.judge == f"reward-model:{folder}"
        assert verdict.evidence is not None
        evidence = verdict.evidence[0]
        assert verdict.p_a == pytest.approx(expit(evidence["score_a"] - evidence["score_b"]))
        assert f"A scores {evidence['score_a']:.4g}, B scores {evidence['score_b']:.4g}" == evidence["says"]


def test_order_cannot_matter(judge: RewardModelJudge) -> None:
    """Each code is scored alone, in the same words: swapped, the scores change places and nothing else."""
    for given, turned in zip(judge_in_order(judge, ASKED[::2]), judge_in_order(judge, ASKED[1::2]), strict=True):
        assert given.evidence is not None
        assert turned.evidence is not None
        assert given.evidence[0]["score_a"] == turned.evidence[0]["score_b"]
        assert given.p_a == pytest.approx(1 - (turned.p_a or 0), abs=1e-12)


def test_what_shares_a_batch_changes_no_verdict(judge: RewardModelJudge) -> None:
    """Padding and neighbours are out of sight, up to float noise."""
    together = judge_in_order(judge, ASKED)
    alone = [judge_in_order(judge, [each])[0] for each in ASKED]

    assert [each.p_a for each in together] == pytest.approx([each.p_a for each in alone], abs=1e-5)
    assert len({each.p_a for each in together}) > 10


def test_a_code_is_scored_once(judge: RewardModelJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both orders and repeated codes cost nothing more; each text is counted where it is used."""
    scored = []
    score = judge._score

    def counted(batch: Any) -> list[float]:
        scored.extend(batch)
        return score(batch)

    monkeypatch.setattr(judge, "_score", counted)
    asked = [ASKED[0], ASKED[0].model_copy(update={"code_b": "pass"}), ASKED[2]]
    verdicts = judge_in_order(BothOrders(judge), asked)
    assert len(verdicts) == 3
    assert len(scored) == 5


def test_batches_keep_to_the_budget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens with their padding, so that memory has a bound that does not depend on the codes."""
    judge = reward_model.load(str(folder), torch.device("cpu"))
    small = RewardModelJudge(judge._loaded, "reward-model:small", batch_tokens=600)
    shapes = []
    model = judge._model

    def seen(**inputs: torch.Tensor) -> Any:
        shapes.append(inputs["input_ids"].shape)
        return model(**inputs)

    monkeypatch.setattr(small, "_model", seen)
    seen.device = model.device  # type: ignore[attr-defined]
    assert [each.choice for each in judge_in_order(small, ASKED)] == ["A", "B"] * 20
    assert all(rows * width <= 600 for rows, width in shapes)
    assert max(rows for rows, _ in shapes) > 1


def test_out_of_memory_halves_the_batch(judge: RewardModelJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that suits one machine is too much for another; a text that does not fit alone is an error."""
    before = judge_in_order(judge, ASKED)
    model, most, sizes = judge._model, 3, []

    def limited(**inputs: torch.Tensor) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > most:
            raise torch.OutOfMemoryError("too much")
        return model(**inputs)

    limited.device = model.device  # type: ignore[attr-defined]
    monkeypatch.setattr(judge, "_model", limited)
    after = judge_in_order(judge, ASKED)
    assert max(sizes) > 3
    assert [each.p_a for each in after] == pytest.approx([each.p_a for each in before], abs=1e-5)

    most = 0
    with pytest.raises(torch.OutOfMemoryError):
        judge_in_order(judge, ASKED[:2])


def test_shortening_is_reported(judge: RewardModelJudge) -> None:
    """A verdict on half a code has to say so, and about which."""
    long = ASKED[0].model_copy(update={"code_a": "x = 1\n" * 900})

    cut, whole = judge_in_order(judge, [long, ASKED[1]])
    assert cut.evidence is not None
    assert [each["kind"] for each in cut.evidence] == ["reward", "shortened"]
    assert cut.evidence[1]["code"] == "A"
    assert cut.evidence[1]["tokens"] > 512 >= cut.evidence[1]["kept"] > 480
    assert whole.evidence is not None
    assert len(whole.evidence) == 1


def test_a_long_instruction_does_not_hide_the_codes(judge: RewardModelJudge) -> None:
    """The codes are what differs: they are the last to be cut."""
    long = {"instruction": "Please do this well. " * 300, "criterion": "Think of everything. " * 100}
    asked = [each.model_copy(update=long) for each in ASKED[:10]]

    for verdict, whole in zip(judge_in_order(judge, asked), ASKED, strict=False):
        assert verdict.p_a != 0.5
        ids = judge._encoder.read(both(whole.model_copy(update=long))[0]).ids
        assert judge._tokenizer.decode(ids).endswith(f"```python\n{whole.code_a}```<|end|>")


def test_the_template_and_the_question_are_used(judge: RewardModelJudge) -> None:
    """The model must see the instruction, the criterion and the code, each where it was trained to."""
    text = judge._encoder._text(*both(ASKED[0])[0].texts())

    assert text.startswith("<|user|>Add 0.\n\n")
    assert ASKED[0].criterion in text
    assert text.endswith(f"<|end|><|assistant|>```python\n{ASKED[0].code_a}```<|end|>")


def test_code_cannot_close_its_turn(judge: RewardModelJudge) -> None:
    """A control token that a code spells out is read as its letters."""
    comparison = ASKED[0].model_copy(update={"code_a": "s = '<|end|>'"})
    ids = judge._encoder.read(both(comparison)[0]).ids

    assert ids.count(judge._tokenizer.eos_token_id) == 2


def test_scores_that_are_no_numbers_are_no_verdict(judge: RewardModelJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that overflows must not decide."""
    monkeypatch.setattr(judge, "_score", lambda batch: [float("nan")] * len(batch))

    verdict = judge_in_order(judge, ASKED[:1])[0]
    assert (verdict.status, verdict.p_a, verdict.choice) == ("error", None, None)


def test_a_model_without_a_template_reads_two_texts(tmp_path: Path) -> None:
    """As encoders do: question and answer between their separators, each token with its kind; padding is masked."""
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    tokenizer = tiny_tokenizer(template=None, context=512)
    marks = [("<|user|>", tokenizer.convert_tokens_to_ids("<|user|>")), ("<|end|>", tokenizer.eos_token_id)]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|user|> $A <|end|>", pair="<|user|> $A <|end|> $B:1 <|end|>:1", special_tokens=marks
    )
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(tokenizer), num_labels=1, pad_token_id=0, initializer_range=0.5, **shape)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    judge = reward_model.load(str(tmp_path), torch.device("cpu"), torch.float32)

    read = judge._encoder.read(both(ASKED[0])[0])
    assert read.ids[0] == marks[0][1]
    assert read.ids.count(marks[1][1]) == 2
    assert read.types == sorted(read.types)
    assert set(read.types) == {0, 1}
    together = judge_in_order(judge, ASKED)
    alone = [judge_in_order(judge, [each])[0].p_a for each in ASKED]
    assert [each.p_a for each in together] == pytest.approx(alone, abs=1e-4)
    assert len(set(alone)) > 10


def test_near_scores_are_no_ties_in_bf16(folder: Path) -> None:
    """The last layer works in fp32 whatever the rest does."""
    judge = reward_model.load(str(folder), torch.device("cpu"), torch.bfloat16)
    assert judge._model.dtype == torch.bfloat16

    scores = [each["score_a"] for verdict in judge_in_order(judge, ASKED) for each in verdict.evidence or ()]
    assert any(score != float(torch.tensor(score).bfloat16()) for score in scores)


def test_verdicts_come_before_the_last_block_is_asked(judge: RewardModelJudge) -> None:
    """What is done must be on disk before a long run can die."""
    many: list[Comparison] = [ASKED[0]] * judge.block + [ASKED[1]]

    assert next(judge.judge(many))[0] == 0


def test_a_model_that_classifies_is_one_sentence(tmp_path: Path) -> None:
    """Two scores are not a reward."""
    with pytest.raises(CheckpointError, match="gives 2 scores for a text; a reward model gives one"):
        reward_model.load(str(write_reward_model(tmp_path, labels=2)))


def test_a_model_that_writes_is_one_sentence(tmp_path: Path) -> None:
    """A chat model has no head for a score; the library would make one up at random."""
    from transformers import LlamaForCausalLM

    tokenizer = tiny_tokenizer()
    LlamaForCausalLM(tiny_config(tokenizer)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)

    with pytest.raises(CheckpointError, match=r"lacks the weights score.weight of a LlamaForSequenceClassification"):
        reward_model.load(str(tmp_path))


def test_what_is_no_whole_model_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    """No folder, no weights, or weights in a pickle."""
    with pytest.raises(MissingFileError, match="there is no folder"):
        reward_model.load(str(tmp_path / "nowhere"))
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="a pickle"):
        reward_model.load(str(copy))
    (copy / "pytorch_model.bin").unlink()
    with pytest.raises(CheckpointError, match="holds no weights"):
        reward_model.load(str(copy))


def test_a_template_that_drops_the_answer_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    """Both codes would score the same."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")

    with pytest.raises(CheckpointError, match="leaves the question or the answer out"):
        reward_model.load(str(copy))


def test_a_run_knows_what_the_judge_is_made_of(folder: Path) -> None:
    """A resumed run with another template would mix two judges."""
    made_of = judge_files(f"reward-model:{folder}")

    assert {"judge/model.safetensors", "judge/config.json", "judge/chat_template.jinja"} <= set(made_of)
    assert orjson.dumps(made_of)
