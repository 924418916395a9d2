"""Which pairs are emitted."""

from hypothesis import given
from hypothesis import strategies as st

from codefavor.records import PreferencePair
from codefavor.synthesis.fault_injection.sampling import Balance, length_step


def _pair(naive: int, improved: int, operator: str = "op") -> PreferencePair:
    return PreferencePair.model_validate(
        {
            "instruction": "i",
            "criterion": "c",
            "naive_code": "n" * naive,
            "improved_code": "i" * improved,
            "feedback": "f",
            "method": "m",
            "meta": {"operator": operator, "objective": "correctness"},
        }
    )


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=60))
def test_length_never_decides_whatever_is_offered(sizes: list[tuple[int, int]]) -> None:
    """A judge that counts characters must stay near chance even if the candidates all lean one way."""
    balance = Balance()
    emitted = [pair for a, b in sizes for pair in balance.choose([_pair(a, b)], 1)[0]]

    steps = [length_step(pair) for pair in emitted]
    bins = 6

    assert abs(sum(steps)) <= 3 * bins


def test_operators_seen_least_go_first() -> None:
    """A rare operator must not be crowded out by one that fires on every function."""
    balance = Balance()
    balance.operators["common"] = 10

    chosen, left = balance.choose([_pair(5, 5, "common"), _pair(5, 5, "rare")], 1)

    assert [(pair.meta or {})["operator"] for pair in chosen] == ["rare"]
    assert [reason for _, reason in left] == ["enough-from-this-function"]


def test_every_candidate_is_a_pair_or_has_a_reason() -> None:
    """Nothing is dropped silently."""
    balance = Balance()
    offered = [_pair(size, 30) for size in range(1, 60)]

    chosen, left = balance.choose(offered, 1000)

    assert len(chosen) + len(left) == len(offered)
    assert {reason for _, reason in left} == {"length-balance"}
