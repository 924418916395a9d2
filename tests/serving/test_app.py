"""Every endpoint, asked over HTTP by a client that knows its protocol only."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving.server import TOKEN, Client, Counting, serving

from codefavor.judges.load import load_judge
from codefavor.records import Verdict
from codefavor.serving.settings import ServingSettings


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A server with a judge that prefers larger numbers."""
    with serving(Counting()) as client:
        yield client


def test_a_comparison_is_answered_by_a_verdict(client: Client) -> None:
    """Scripts get the same record as from the command line."""
    answer = client.ask("/compare", {"code_a": "x=1", "code_b": "x=2", "criterion": "correctness"})

    verdict = Verdict.model_validate(answer.body)
    assert answer.status == 200
    assert (verdict.choice, verdict.p_a, verdict.judge) == ("B", 0.1, "counting")


def test_ranking_puts_the_best_first(client: Client) -> None:
    """Best of N needs the order and how sure it is."""
    answer = client.ask("/rank", {"candidates": ["x=1", "x=3", "x=2"]}).body

    assert answer["order"] == [1, 2, 0]
    low, high, middle = answer["scores"]
    assert low < middle < high
    assert answer["comparisons"] == 3


def test_ranking_keeps_its_budget(client: Client) -> None:
    """A judge may cost money."""
    asked = {"candidates": [f"x={number}" for number in range(10)], "budget": 20}

    assert client.ask("/rank", asked).body["comparisons"] <= 20
    assert client.ask("/rank", {**asked, "budget": 3}).body["comparisons"] <= 3


def test_openrlhf_gets_one_reward_a_query(client: Client) -> None:
    """Rewards are relative to the other responses of the same prompt, wherever they stand in the batch."""
    prompts = ["Set x.\n", "Set y.\n", "Set x.\n", "Set y.\n"]
    responses = ["```python\nx=1\n```", "y=7", "Sure:\n```python\nx=2\n```\nDone.", "y=5"]

    answer = client.ask(
        f"/get_reward?token={TOKEN}",  # it sends no header
        {
            "query": [p + r for p, r in zip(prompts, responses, strict=True)],
            "prompts": prompts,
            "labels": ["", None, 1, {}],
        },
        token=None,
    )

    assert answer.status == 200
    assert answer.body["rewards"] == pytest.approx([0.1, 0.9, 0.9, 0.1])
    assert answer.body["scores"] == answer.body["rewards"]
    assert all(len(values) == len(prompts) for values in answer.body["extra_logs"].values())


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_documents_are_reranked(client: Client, path: str) -> None:
    """The shape is that of Jina and vLLM, so that their clients work."""
    asked = {"model": "m", "query": "Set x.", "documents": ["x=1", {"text": "x=3"}, "x=2"], "top_n": 2}

    answer = client.ask(path, asked).body

    assert answer["model"] == "m"
    assert [(item["index"], item["document"]["text"]) for item in answer["results"]] == [(1, "x=3"), (2, "x=2")]
    assert answer["results"][0]["relevance_score"] == pytest.approx(0.9)
    assert answer["usage"] == {"prompt_tokens": 30, "total_tokens": 33}


def test_pairs_are_scored_in_their_order(client: Client) -> None:
    """One instruction for all codes, or one for each: codes of one instruction are held against each other."""
    one = client.ask("/score", {"model": "m", "text_1": "Set x.", "text_2": ["x=1", "x=2"]}).body
    each = client.ask("/v1/score", {"text_1": ["i", "j", "i"], "text_2": ["x=1", "x=9", "x=2"]}).body

    assert [(item["index"], item["object"], item["score"]) for item in one["data"]] == [
        (0, "score", pytest.approx(0.1)),
        (1, "score", pytest.approx(0.9)),
    ]
    assert [item["score"] for item in each["data"]] == pytest.approx([0.1, 0.5, 0.9])


def test_the_schema_tells_every_endpoint(client: Client) -> None:
    """Programs generate their clients from it."""
    schema = client.ask("/openapi.json").body

    asked = {"/compare", "/rank", "/get_reward", "/rerank", "/score"}
    assert asked <= schema["paths"].keys()
    assert all(
        {"401", "413", "422", "429", "503"} <= schema["paths"][path]["post"]["responses"].keys() for path in asked
    )


def test_metrics_are_text_that_prometheus_reads(client: Client) -> None:
    """Every line is a comment, or a name with a number."""
    client.ask("/compare", {"code_a": "x=1", "code_b": "x=2"})

    lines = client.ask("/metrics").body.splitlines()

    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(samples['codefavor_requests_total{route="/compare",status="200"}']) >= 1
    assert float(samples["codefavor_batch_comparisons_count"]) >= 1
    assert all(float(value) >= 0 for value in samples.values())


def test_a_judge_that_fails_is_503_and_gives_no_reward() -> None:
    """A trainer must not learn from a failure; it asks again."""
    with serving(Counting()) as client:
        one = client.ask("/compare", {"code_a": "unanswerable", "code_b": "x=2"})
        group = client.ask("/get_reward", {"query": ["pun x=1", "punanswerable"], "prompts": ["p", "p"]})

    assert one.status == group.status == 503
    assert "/secret/place" not in str(one.body)


def test_a_group_that_comes_one_a_request_is_judged_together() -> None:
    """Asynchronous trainers send each response as soon as it is there."""
    from concurrent.futures import ThreadPoolExecutor

    with serving(Counting(), ServingSettings(group_size=4, group_wait=20)) as client, ThreadPoolExecutor(4) as pool:
        rewards = list(
            pool.map(
                lambda number: client.ask("/get_reward", {"query": [f"p x={number}"], "prompts": ["p "]}).body[
                    "rewards"
                ],
                range(4),
            )
        )

    assert [reward for (reward,) in rewards] == pytest.approx([0.1, (0.9 + 0.1 + 0.1) / 3, (0.9 + 0.9 + 0.1) / 3, 0.9])


def test_a_group_that_never_fills_is_judged_when_its_time_is_up() -> None:
    """The rest of it may have been lost."""
    with serving(Counting(), ServingSettings(group_size=4, group_wait=0.2)) as client:
        answer = client.ask("/get_reward", {"query": ["p x=1", "p x=2"], "prompts": ["p ", "p "]})

    assert answer.body["rewards"] == pytest.approx([0.1, 0.9])


def test_verdicts_do_not_name_folders_of_the_server() -> None:
    """A checkpoint's place is nobody's affair."""
    with serving(Counting(name="pair-rm:/home/somebody/model")) as client:
        answer = client.ask("/compare", {"code_a": "x=1", "code_b": "x=2"})

    assert answer.body["judge"] == "pair-rm:model"


@pytest.mark.parametrize("kind", ["scripted", "auto"])
def test_judges_of_every_make_work_behind_the_server(kind: str, tmp_path: Path) -> None:
    """Chat models run a loop of their own, evidence runs threads and sandboxes; both must do so off the main thread."""
    replies = tmp_path / "replies.jsonl"
    replies.write_text('{"reply": "Code A is better."}\n')
    judge = load_judge(f"scripted:{replies}" if kind == "scripted" else kind)
    asked = {"code_a": "x = int(text)", "code_b": "x = eval(text)", "criterion": "security"}

    with serving(judge) as client:
        answers = [client.ask("/compare", asked) for _ in range(2)]

    assert [answer.body["choice"] for answer in answers] == ["A", "A"]
    assert str(tmp_path) not in str(answers)
