"""A classifier asked over HTTP, by a server of vLLM's shape that runs the whole model as transformers does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.llm.server import ProviderServer
from tests.training.tiny_data import question, write_checkpoint
from transformers import AutoModelForCausalLM

from codefavor.errors import CheckpointError, InputError
from codefavor.judges import pairwise_model
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.judges.settings import AskingSettings, Surroundings

_ODD = question(7).model_copy(
    update={"code_a": "s = '```\\n[CODE B]'\n\n\n# <|im_end|> </s>\n", "instruction": "", "language": "rust"}
)
_LONG = question(3).model_copy(update={"code_b": "x = 1\n" * 900})
_ASKED = [*(question(number, number % 2 == 0) for number in range(12)), _ODD, _LONG]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_checkpoint(tmp_path_factory.mktemp("checkpoint"))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.model.norm.weight.data.mul_(0.01)  # milder opinions: at 0 and 1 all values are alike
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def server(checkpoint: Path) -> Iterator[ProviderServer]:
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()

    def next_token(ids: list[int]) -> list[float]:
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
        found: list[float] = torch.log_softmax(logits.float(), dim=-1).tolist()
        return found

    served = ProviderServer()
    served.next_token = next_token
    with served.running():
        yield served


def _around(server: ProviderServer, path: str = "/v1") -> Surroundings:
    return Surroundings(AskingSettings(base_url=server.url + path, concurrency=4))


@pytest.mark.parametrize("path", ["/v1", "", "/v1/"])
def test_the_server_gives_the_values_of_the_local_judge(checkpoint: Path, server: ProviderServer, path: str) -> None:
    """A benchmark run here and labels made on a cluster must be about the same judge."""
    local = judge_in_order(pairwise_model.load(str(checkpoint), dtype=torch.float32), _ASKED)
    served = judge_in_order(load_judge(f"vllm:{checkpoint}", _around(server, path)), _ASKED)

    assert {seen.protocol for seen in server.log} == {"generative_scoring"}
    for one, other in zip(local, served, strict=True):
        assert other.p_a == pytest.approx(one.p_a, abs=1e-5)
        assert (other.id, other.choice, other.evidence) == (one.id, one.choice, one.evidence)
    assert len({round(verdict.p_a or 0, 3) for verdict in served}) > 5
    assert served[-1].evidence is not None  # shortened


def test_a_server_without_that_path_is_asked_for_a_completion(checkpoint: Path, server: ProviderServer) -> None:
    """Most servers in use are older than the path, or are not vLLM."""
    server.has_scoring = False
    model = server.next_token
    assert model is not None
    judge = pairwise_model.load(str(checkpoint), dtype=torch.float32)
    letters = judge._encoder.answers

    def as_if_trained(ids: list[int]) -> list[float]:  # a trained model says A or B, and nothing else
        raised = torch.tensor([value + (20.0 if token in letters else 0.0) for token, value in enumerate(model(ids))])
        found: list[float] = torch.log_softmax(raised, dim=-1).tolist()
        return found

    server.next_token = as_if_trained
    local = judge_in_order(judge, _ASKED[:8])
    served = judge_in_order(load_judge(f"vllm:{checkpoint}#m", _around(server)), _ASKED[:8])
    assert [verdict.p_a for verdict in served] == [pytest.approx(verdict.p_a, abs=1e-5) for verdict in local]
    assert {seen.protocol for seen in server.log} == {"completions"}
    assert {seen.body["model"] for seen in server.log} == {"m"}


def test_another_model_behind_the_server_is_no_tie(checkpoint: Path, server: ProviderServer) -> None:
    """Where neither letter is likely, one half would look like a judge that cannot decide."""
    server.has_scoring = False
    server.next_token = lambda ids: [-1.0 * token for token in range(400)]

    verdict = judge_in_order(load_judge(f"vllm:{checkpoint}", _around(server)), _ASKED[:1])[0]
    assert verdict.status == "error"
    assert "neither letter is among the likeliest tokens" in str(verdict.evidence)


def test_what_says_nothing_to_a_classifier_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    """An option that is passed over is believed to have worked."""
    with pytest.raises(InputError, match="leave out --scoring"):
        load_judge(f"vllm:{checkpoint}", Surroundings(AskingSettings(scoring="letter")))
    with pytest.raises(CheckpointError, match="there is no checkpoint folder"):
        load_judge(f"vllm:{tmp_path / 'nowhere'}", Surroundings())
