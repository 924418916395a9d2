"""Owns bringing a group together whose members come one a request, as asynchronous trainers send them.

A response says nothing about its standing until others to the same prompt are there. So it waits, for as many as make
a group or for so long, whichever comes first; then all are judged at once and every request gets its own answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from codefavor.serving.rewards import Group

Scores: TypeAlias = list[float | None]
JudgeGroup: TypeAlias = Callable[[Group], Awaitable[Scores]]


@dataclass
class _Open:
    timer: asyncio.TimerHandle
    members: list[tuple[Sequence[str], "asyncio.Future[Scores]"]] = field(default_factory=list)

    def size(self) -> int:
        return sum(len(codes) for codes, _ in self.members)


class Gathering:
    """Groups that are being brought together, on one event loop.

    Args:
        size: codes that make a group.
        wait: seconds the first one waits for the others.
        judge: scores a whole group.
    """

    def __init__(self, size: int, wait: float, judge: JudgeGroup) -> None:
        self._size, self._wait, self._judge = size, wait, judge
        self._open: dict[tuple[str, str, str], _Open] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def scores(self, part: Group) -> Scores:
        """Return the scores of a part of a group, when the group has been judged.

        Raises:
            CodefavorError: as the judge of groups raises it, to every member.
        """
        loop = asyncio.get_running_loop()
        key = part.instruction, part.criterion, part.language
        if key not in self._open:
            self._open[key] = _Open(loop.call_later(self._wait, self._close, key))
        group = self._open[key]
        answer: asyncio.Future[Scores] = loop.create_future()
        member = part.codes, answer
        group.members.append(member)
        if group.size() >= self._size:
            self._close(key)
        try:
            return await answer
        except asyncio.CancelledError:
            with suppress(ValueError):  # one that hung up is not waited for
                group.members.remove(member)
            if not group.members and self._open.get(key) is group:
                group.timer.cancel()
                del self._open[key]
            raise

    def close(self) -> None:
        """Judge what has come of every group."""
        for key in list(self._open):
            self._close(key)

    def _close(self, key: tuple[str, str, str]) -> None:
        group = self._open.pop(key)
        group.timer.cancel()
        task = asyncio.create_task(self._answer(key, list(group.members)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(
        self, key: tuple[str, str, str], members: list[tuple[Sequence[str], "asyncio.Future[Scores]"]]
    ) -> None:
        instruction, criterion, language = key
        codes = [code for part, _ in members for code in part]
        try:
            scores = await self._judge(Group(instruction, codes, criterion, language))
        except Exception as error:  # every member is told, and whoever waits for it decides what it means
            for _, future in members:
                if not future.done():
                    future.set_exception(error)
            return
        start = 0
        for part, future in members:
            if not future.done():
                future.set_result(scores[start : start + len(part)])
            start += len(part)
