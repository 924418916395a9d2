"""Owns what is asked of the sandbox and what comes back."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

CallStatus: TypeAlias = Literal[
    "returned", "raised", "timeout", "memory", "exited", "recursion", "unencodable", "unprepared", "not-run"
]
CodeStatus: TypeAlias = Literal[
    "ok", "syntax-error", "raised", "timeout", "memory", "exited", "recursion", "killed", "output", "protocol"
]


@dataclass(frozen=True)
class Limits:
    """What a run may use. CPU seconds decide before wall seconds do, so that a busy machine changes no outcome."""

    wall_seconds: float = 20.0
    """The whole run, by a clock outside it that nothing inside can stop."""
    cpu_seconds: float = 8.0
    """The whole run; a call that holds the interpreter beyond it ends the run."""
    call_cpu_seconds: float = 2.0
    """One call; past it the call is a time-out and the next one is evaluated."""
    memory_mb: int = 512
    """Address space of each process."""
    output_bytes: int = 65_536
    """Kept of standard output and standard error each; the rest is thrown away."""
    value_bytes: int = 1_000_000
    """Longest encoded value of one call."""
    disk_mb: int = 16
    """Largest file; the scratch folder as a whole holds four of these."""
    processes: int = 16
    """Processes and threads at once."""


@dataclass(frozen=True)
class Job:
    """Code to execute, and expressions to evaluate in its namespace afterwards."""

    code: str
    """Executed once as the module "candidate", so that `if __name__ == "__main__":` does not run."""
    calls: tuple[str, ...] = ()
    """Python expressions, evaluated in order, such as "f([3, 1], k=2)"."""
    prepare: tuple[str, ...] = ()
    """For each call, statements that run before it and do not count; empty, or as many as there are calls."""
    repeat: int = 1
    """Times each call is evaluated, less where that would pass its limit; the value is that of the first."""
    measure: bool = False
    """Collect garbage before each call and not during it, for steadier costs."""
    trace_memory: bool = False
    """Follow what each call allocates, which makes it several times slower: for runs whose costs are not wanted."""
    want_values: bool = True
    """Whether values are carried out; False for calls of which only the cost is wanted."""
    stdin: str = ""
    """Standard input, at most 60,000 bytes of it."""
    as_main: bool = False
    """Execute as "__main__"."""
    limits: Limits = Limits()
    seed: int = 0
    """Of `random`."""

    def __post_init__(self) -> None:
        if self.prepare and len(self.prepare) != len(self.calls):
            raise ValueError(f"{len(self.prepare)} prepare statements for {len(self.calls)} calls")


@dataclass(frozen=True)
class Opaque:
    """A value of a type that is not carried out: its type's name and its text, without addresses."""

    type_name: str
    text: str


@dataclass(frozen=True)
class CallOutcome:
    """What came of one call."""

    status: CallStatus
    value: Any = None
    """The value, when it returned: plain Python, or `Opaque`."""
    canonical: str = ""
    """Text that is equal for equal values of equal types, and for them only."""
    exception: str = ""
    """Name of the exception's class, when it raised."""
    message: str = ""
    costs: tuple[float, ...] = ()
    """CPU seconds, each time it was evaluated."""

    peak_bytes: int = 0
    """The most that the call held at once, its arguments aside, where memory was traced; else 0."""
    instructions: int = 0
    """What the processor executed for the call, where that was counted; else 0."""

    @property
    def cost(self) -> float:
        """The least of the costs; 0 where there is none."""
        return min(self.costs, default=0.0)


@dataclass(frozen=True)
class Outcome:
    """What came of a job. It is what the run claims: nothing in it is proof against code that lies about itself."""

    status: CodeStatus
    """Of executing the code; a run that ended early has its reason here, and calls that were "not-run"."""
    calls: tuple[CallOutcome, ...] = ()
    """One for each call."""
    stdout: str = ""
    stderr: str = ""
    exception: str = ""
    message: str = ""
    cut: bool = False
    """Whether more was printed than is kept."""
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    """Most memory the run's first process held."""
