"""How many requests are in flight: less while a server is busy, more again after."""

import asyncio

import pytest

from codefavor.llm.concurrency import Gate


def test_the_limit_falls_once_for_many_that_are_turned_away_together_and_climbs_by_one_a_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was sent at once says one thing; a server that goes on being busy is asked less and less, never nothing."""
    now = 0.0
    monkeypatch.setattr("codefavor.llm.concurrency.time.monotonic", lambda: now)
    gate = Gate(100)
    for _ in range(50):
        gate.busy()
    assert gate.limit == pytest.approx(70)
    for _ in range(70):
        gate.answered()
    assert 70.5 < gate.limit < 71.5
    for _ in range(40):
        now += 1.1
        gate.busy()
    assert gate.limit == 1.0
    for _ in range(10_000):
        gate.answered()
    assert gate.limit == 100


def test_who_is_let_through_and_cancelled_in_the_same_moment_gives_the_place_back() -> None:
    """Else the limit would shrink with every request that is given up."""

    async def run() -> int:
        gate = Gate(1)
        async with gate:
            first, second = (asyncio.create_task(_through(gate)) for _ in range(2))
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first, second], timeout=5)
        assert second.done()
        assert not second.cancelled()
        return gate.active

    assert asyncio.run(run()) == 0


async def _through(gate: Gate) -> None:
    async with gate:
        await asyncio.sleep(0)
