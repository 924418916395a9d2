"""A real model of this machine, tiny and trained in the test, asked as any other."""

import asyncio
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch
from tests.llm.tiny_chat import SAID, TEMPLATE, one_thread, write_chat_model

from codefavor.cli.main import main
from codefavor.errors import CheckpointError, InputError, MissingFileError
from codefavor.judges.base import judge_in_order
from codefavor.judges.chat_model import ChatJudge
from codefavor.judges.settings import AskingSettings
from codefavor.llm.asking import Answer, Asker, Question
from codefavor.llm.client import Reply, RequestError, Sampling
from codefavor.llm.huggingface import HuggingFace
from codefavor.llm.settings import ChatSettings
from codefavor.records import Comparison

KNOWN = list(SAID)


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chat_model(tmp_path_factory.mktemp("chat"))


def load(folder: Path, batch_size: int = 8) -> HuggingFace:
    return HuggingFace(str(folder), ChatSettings(batch_size=batch_size), lambda _: None)


@pytest.fixture(scope="module")
def model(folder: Path) -> HuggingFace:
    return load(folder)


def ask(
    client: HuggingFace, texts: Sequence[str], sampling: Sampling | None = None, system: str = ""
) -> list[Reply | BaseException]:
    """Ask all at once."""
    head = [{"role": "system", "content": system}] if system else []

    async def together() -> list[Reply | BaseException]:
        asked = (client.ask([*head, {"role": "user", "content": text}], sampling or Sampling(60)) for text in texts)
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(together())


def said(client: HuggingFace, texts: Sequence[str], sampling: Sampling | None = None) -> list[Reply]:
    """Ask all at once; none may fail."""
    replies = [each for each in ask(client, texts, sampling) if isinstance(each, Reply)]
    assert len(replies) == len(texts)
    return replies


def with_template(folder: Path, to: Path, template: str | None) -> Path:
    """Return a copy of the model with another chat template."""
    copy = shutil.copytree(folder, to)
    (copy / "chat_template.jinja").unlink()
    if template is not None:
        (copy / "chat_template.jinja").write_text(template)
    return copy


def test_a_model_says_what_it_has_learnt(model: HuggingFace) -> None:
    """Questions of different lengths in one batch: padding on the left stays out of sight."""
    for reply, text in zip(said(model, KNOWN), SAID.values(), strict=True):
        thinking, _, answer = text.rpartition("</think>")
        assert reply.text == answer.strip()
        assert reply.thinking == thinking.removeprefix("<think>").strip()
        assert reply.finish == "stop"


def test_what_shares_a_batch_changes_no_answer(model: HuggingFace, folder: Path) -> None:
    """Greedy, all questions, also such as the model does not know: one by one, and by eight and by three."""
    questions = [*KNOWN, "Is this a question?", "x" * 90, "?", "def f(x):\n    return x\n" * 4]
    together = said(model, questions, Sampling(24))
    alone = [said(model, [each], Sampling(24))[0] for each in questions]

    assert together == alone == said(load(folder, 3), questions, Sampling(24))
    assert len({each.text for each in together}) > 6


def test_chance_is_each_rows_own(model: HuggingFace) -> None:
    """With a temperature too, a seed gives the same answer whatever is asked beside it, and another seed another."""
    sampling = Sampling(24, temperature=1.5, seed=4)
    together = said(model, KNOWN, sampling)

    assert together == [said(model, [each], sampling)[0] for each in KNOWN]
    assert together == said(model, KNOWN, sampling)
    assert together != said(model, KNOWN, Sampling(24, temperature=1.5, seed=5))
    assert together != said(model, KNOWN, Sampling(24))


def test_chance_follows_the_models_probabilities(folder: Path) -> None:
    """Of 600 draws, the shares of the first tokens are what the model says: no thumb on the scale."""
    client = load(folder, 100)
    expected = said(client, ["Which?"], Sampling(1, top_logprobs=3))[0].first_token

    async def draw() -> list[Reply]:
        turn = [{"role": "user", "content": "Which?"}]
        return await asyncio.gather(*(client.ask(turn, Sampling(1, 1.0, seed=seed)) for seed in range(600)))

    texts = [reply.text for reply in asyncio.run(draw())]
    for token, value in expected.items():
        share, p = texts.count(token.strip()) / 600, math.exp(value)
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 600) + 1e-9


def test_an_answer_is_cut_where_it_was_told_to_end(model: HuggingFace) -> None:
    """At a stop string, which does not stand in the answer; at the limit, which is then the reason."""
    stopped, other = said(model, ["Count.", "Say hello."], Sampling(60, stop=("three", "zzz")))
    assert (stopped.text, stopped.finish) == ("one two ", "stop")
    assert (other.text, other.finish) == (SAID["Say hello."], "stop")
    assert stopped.output_tokens < said(model, ["Count."])[0].output_tokens

    cut = said(model, ["Count."], Sampling(5))[0]
    assert cut.finish == "length"
    assert cut.output_tokens == 5
    assert SAID["Count."].startswith(cut.text)


def test_a_stop_string_in_the_question_does_not_count(model: HuggingFace) -> None:
    """Only what the model writes can end its answer."""
    assert said(model, ["Count."], Sampling(60, stop=("Count.", "<|user|>")))[0].text == SAID["Count."]


def test_thinking_that_is_cut_is_no_answer(model: HuggingFace) -> None:
    """What the model said to itself must not be read as what it decided."""
    reply = said(model, ["Think of B."], Sampling(14))[0]

    assert reply.finish == "length"
    assert reply.text == ""
    assert reply.thinking.startswith("Maybe")


def test_a_template_may_open_the_thinking(folder: Path, tmp_path: Path) -> None:
    """Then the model only closes it, and never says that it has begun."""
    opened = TEMPLATE.replace("<|assistant|>{% endif %}", "<|assistant|><think>\n{% endif %}")
    client = load(with_template(folder, tmp_path / "copy", opened))

    whole, cut = said(client, ["Think first."])[0], said(client, ["Think first."], Sampling(6))[0]
    assert (whole.thinking, whole.text) == ("It is odd.", "It is seven.")
    assert cut.text == ""
    assert cut.thinking
    assert cut.finish == "length"


def test_the_first_token_has_probabilities(model: HuggingFace) -> None:
    """As a judge by log-probabilities needs them: natural logs, of the model's own distribution."""
    first = said(model, ["Which is better?", "Count."], Sampling(8, top_logprobs=20))[0].first_token

    assert max(first, key=lambda token: first[token]) == "A"
    assert 0.9 < sum(math.exp(value) for value in first.values()) <= 1 + 1e-6
    assert len(first) > 10
    noisy = said(model, ["Which is better?"], Sampling(8, 2.0, seed=1, top_logprobs=20))[0].first_token
    assert noisy == pytest.approx(first, abs=1e-4)


@pytest.mark.parametrize(
    "template",
    [
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE,
        TEMPLATE.replace("{% for message in messages %}", "{% for message in messages if message['role'] == 'user' %}"),
    ],
    ids=["refuses", "swallows"],
)
def test_a_template_without_a_system_turn(folder: Path, tmp_path: Path, template: str) -> None:
    """The system prompt then stands before the question: the same as one turn with both."""
    client = load(with_template(folder, tmp_path / "copy", template))

    assert ask(client, ["Count."], system="Be brief.") == ask(client, ["Be brief.\n\nCount."])
    assert ask(client, ["Count."], system="Be brief.") != ask(client, ["Count."])


def test_a_template_that_fails_fails_the_question_alone(folder: Path, tmp_path: Path) -> None:
    """A template is a program; where it breaks, nobody may wait for ever."""
    broken = "{% if 'Count' in messages[0]['content'] %}{{ raise_exception('no counting') }}{% endif %}" + TEMPLATE
    failed, answered = ask(load(with_template(folder, tmp_path / "copy", broken)), ["Count.", "Say hello."])

    assert isinstance(failed, RequestError)
    assert failed.fault == "bad-request"
    assert "no counting" in failed.reason
    assert isinstance(answered, Reply)


def test_a_question_that_is_too_long_fails_alone(model: HuggingFace) -> None:
    """It is never cut in silence, and its neighbours are answered."""
    long, short = ask(model, ["why " * 300, "Count."])

    assert isinstance(long, RequestError)
    assert long.fault == "bad-request"
    assert "more than the 256 the model takes" in long.reason
    assert isinstance(short, Reply)
    assert short.text == SAID["Count."]


def test_code_cannot_close_its_turn(model: HuggingFace) -> None:
    """A control token that is spelt out in the question is read as its letters."""
    tokens = said(model, ["a<|end|><|assistant|>b"], Sampling(1))[0].input_tokens

    assert tokens > said(model, ["ab"], Sampling(1))[0].input_tokens + 12


def test_out_of_memory_halves_the_batch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as it takes; what does not fit alone fails alone."""
    client = load(folder)
    generate, sizes = client._model.generate, []

    def limited(input_ids: torch.Tensor, **rest: Any) -> Any:
        sizes.append(len(input_ids))
        if len(input_ids) > 2 or input_ids.shape[1] > 60:
            raise torch.OutOfMemoryError("too much")
        return generate(input_ids=input_ids, **rest)

    monkeypatch.setattr(client._model, "generate", limited)
    replies = ask(client, [*KNOWN[:6], "why " * 20])
    assert max(sizes) == 7
    assert replies[:6] == said(load(folder), KNOWN[:6])
    assert isinstance(replies[6], RequestError)
    assert "memory" in replies[6].reason


def test_another_failure_reaches_who_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error inside a callback of the event loop would otherwise leave them waiting."""
    client = load(folder)

    def broken(**_: Any) -> Any:
        raise RuntimeError("the device is gone")

    monkeypatch.setattr(client._model, "generate", broken)
    assert [str(each) for each in ask(client, KNOWN[:2])] == ["the device is gone"] * 2


def test_the_models_own_settings_do_not_touch_greedy(folder: Path, tmp_path: Path) -> None:
    """Many models ship a penalty for repetition and a temperature; the same questions must mean the same."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "generation_config.json"
    settings = {"do_sample": True, "temperature": 3.0, "repetition_penalty": 9.0, "max_length": 20, "top_k": 3}
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), **settings}))

    assert said(load(copy), KNOWN) == said(load(folder), KNOWN)


def _answers(folder: Path, run: Path | None, limit: int, sampling: Sampling | None = None) -> list[Answer]:
    questions = [
        Question(f"{number}-{sample}", [{"role": "user", "content": text}], sample)
        for number, text in enumerate(KNOWN)
        for sample in range(2)
    ]
    asker = Asker(load(folder, 4), sampling or Sampling(40), None, folder=run)
    answers = []
    for answer in asker.ask(questions):
        answers.append(answer)
        if len(answers) >= limit:
            break
    return sorted(answers, key=lambda answer: answer.index)


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_a_resumed_run_equals_an_unbroken_one(folder: Path, tmp_path: Path, temperature: float) -> None:
    """Killed within a batch, with half of it lost from the disk: it is asked as a whole again, with the same chance."""
    sampling = Sampling(16, temperature)
    whole = _answers(folder, tmp_path / "whole", 99, sampling)
    _answers(folder, tmp_path / "broken", 6, sampling)
    log = tmp_path / "broken" / "replies.jsonl"
    kept = log.read_bytes().splitlines(keepends=True)
    assert len(kept) == 8
    log.write_bytes(b"".join(kept[:6]))

    assert _answers(folder, tmp_path / "broken", 99, sampling) == whole
    first, second = whole[0], whole[1]
    assert (first.reply == second.reply) == (temperature == 0)


def test_whole_batches_are_generated(folder: Path, tmp_path: Path) -> None:
    """A batch that came apart would cost most of the speed."""
    client, sizes = load(folder, 4), []
    generate = client._model.generate

    def counted(input_ids: torch.Tensor, **rest: Any) -> Any:
        sizes.append(len(input_ids))
        return generate(input_ids=input_ids, **rest)

    client._model.generate = counted
    questions = [Question(str(number), [{"role": "user", "content": f"Is {number} odd?"}]) for number in range(10)]
    assert len(list(Asker(client, Sampling(2), None, concurrency=1).ask(questions))) == 10
    assert sizes == [4, 4, 2]


def test_a_judge_by_log_probabilities(folder: Path, tmp_path: Path) -> None:
    """A whole judge: both letters of the first token, p_a from them, one verdict for each comparison."""
    asked = [
        Comparison.model_validate(
            {"instruction": f"Add {each}.", "code_a": f"a+{each}", "code_b": f"{each}", "criterion": "short"}
        )
        for each in range(5)
    ]
    client = load(write_chat_model(tmp_path / "wide", context=512), 2)
    judge = ChatJudge(client, AskingSettings(scoring="logprobs"))

    verdicts = judge_in_order(judge, asked)
    assert judge.block == 2
    assert all(verdict.status == "ok" and verdict.p_a is not None for verdict in verdicts)
    assert all(verdict.cost_usd in (None, 0) for verdict in verdicts)


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """The name of a model on the Hub is no folder; nothing is downloaded behind a person's back."""
    with pytest.raises(MissingFileError, match=r"no folder somebody/model; .*`hf download"):
        load(Path("somebody/model"))


def test_a_model_without_a_template_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    """A base model would only babble."""
    with pytest.raises(CheckpointError, match="no chat template"):
        load(with_template(folder, tmp_path / "copy", None))


def test_pickles_are_not_opened(folder: Path, tmp_path: Path) -> None:
    """Reading one may run code."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")

    with pytest.raises(CheckpointError, match=r"only as pytorch_model.bin, a pickle"):
        load(copy)


def test_code_that_comes_with_a_model_is_not_run(folder: Path, tmp_path: Path) -> None:
    """A folder that wants its own code is refused, without a question on the terminal."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    settings = orjson.loads((copy / "config.json").read_bytes())
    own = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    (copy / "config.json").write_bytes(orjson.dumps({**settings, "model_type": "own", "auto_map": own}))
    (copy / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Config: ...\nclass Model: ...\n")

    with pytest.raises(CheckpointError, match="does not hold a whole model"):
        load(copy)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_folder_is_one_sentence(folder: Path, tmp_path: Path, name: str) -> None:
    """A copy that broke off is the likeliest damage."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])

    with pytest.raises(InputError, match="copy it again"):
        load(copy)


def test_a_part_of_the_weights_is_not_a_model(folder: Path, tmp_path: Path) -> None:
    """The library would fill in what is missing at random."""
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folder, tmp_path / "copy")
    weights = load_file(copy / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, copy / "model.safetensors", {"format": "pt"})

    with pytest.raises(CheckpointError, match=r"lacks the weights model.layers.1.mlp.up_proj.weight"):
        load(copy)


def test_the_command_scores_a_local_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the name on the command line to the table; a second call asks nothing."""
    path = write_chat_model(tmp_path / "model", context=512)
    row = {"instruction": "Add.", "code_a": "a+b", "code_b": "b", "criterion": "short", "label": "A"}
    rows = [
        {**row, "instruction": f"Add {each}.", "objective": "correctness", "cluster": f"c{each}"} for each in range(4)
    ]
    (tmp_path / "tasks.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in rows))
    command = ["eval", f"huggingface:{path}", "--bench", str(tmp_path / "tasks.jsonl"), "--scoring", "logprobs"]
    command += ["--run", str(tmp_path / "run"), "--batch-size", "3", "--json"]

    assert main(command) == 0
    first = orjson.loads(capsys.readouterr().out)
    monkeypatch.setattr(HuggingFace, "ask", None)
    assert main(command) == 0
    assert orjson.loads(capsys.readouterr().out) == first
