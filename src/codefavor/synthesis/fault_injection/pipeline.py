"""Owns the fault-injection run: functions in, preference pairs and rejections out, resumable and in parallel.

Functions are cut into blocks by their place in the input. Workers make the candidates of a block, each from a seed
that is the function's id; one writer picks among them in input order (`sampling`) and puts whole blocks on disk.
The result depends on the input, the settings and the seed, not on the number of workers or on interruptions. Where
pairs are verified, workers do that before a candidate counts, so that another operator takes the place of a failure;
costs of slow-downs are measured, and near a limit another run may decide otherwise.
"""

import ast
import random
import signal
import warnings
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

from pydantic import NonNegativeInt, PositiveInt

from codefavor.codetext.trees import walk
from codefavor.errors import EmptyInputError, UnknownNameError
from codefavor.jsonl import BlockLog, hash_file, read_records, read_rows
from codefavor.objectives import CRITERIA
from codefavor.records import Function, PreferencePair, Rejection, content_id
from codefavor.runs import Config, Progress, Run, silent
from codefavor.synthesis.fault_injection.efficiency.algorithm_inputs import LARGE, SMALL
from codefavor.synthesis.fault_injection.efficiency.variants import variants
from codefavor.synthesis.fault_injection.instructions import instruction_for
from codefavor.synthesis.fault_injection.lengthen import lengthen
from codefavor.synthesis.fault_injection.operator import Change, Operator, print_tree
from codefavor.synthesis.fault_injection.operators import OPERATORS
from codefavor.synthesis.fault_injection.sampling import Balance
from codefavor.synthesis.fault_injection.verification.arguments import Given
from codefavor.synthesis.fault_injection.verification.verifier import Verification, Verifier, verifier_of

METHOD: Final = "fault-injection"
WHOLE_ALGORITHM: Final = "whole-algorithm"
"""What pairs from the library of algorithms say their operator is."""
_BLOCK: Final = 64
_SPARE: Final = 1.25
"""Functions that are drawn for each that would do if every objective found a pair in it; about 0.8 do."""
_Work: TypeAlias = list[Function] | int
"""A block of functions, or the number of a round of whole algorithms."""


class FaultInjectionConfig(Config):
    """How faults are injected."""

    speed_only: ClassVar[frozenset[str]] = frozenset({"workers", "unsafe"})

    objectives: tuple[str, ...] = ("correctness", "efficiency", "security")
    """Which objectives to make pairs for."""
    operators: tuple[str, ...] = ()
    """Names of the operators to use; all of the objectives where empty."""
    per_function: PositiveInt = 1
    """Pairs emitted from one function for one objective; an objective whose sites are rare may take as
    many as there are candidates until it has caught up."""
    algorithm_rounds: NonNegativeInt = 6
    """How often the library of whole algorithms is gone through, each time in other words, names and styles; only
    with the objective "efficiency"."""
    candidates: PositiveInt = 2
    """Operators that make a candidate for one function and objective; more gives an evener mix and costs time."""
    max_pairs: PositiveInt | None = None
    """Make about this many pairs, of functions drawn evenly from all, and of whole algorithms in proportion."""
    max_characters: PositiveInt = 4000
    """Longest code on either side; what is longer is rejected."""
    seed: int = 0
    """Chooses sites, wordings and operators, together with each function's id."""
    docstrings: bool = False
    """Give both sides the function's docstring back, for training with comments."""
    verify: bool = False
    """Run both sides of the pairs about correctness and efficiency, and reject those that are not what they say."""
    workers: PositiveInt = 1
    """Processes that make candidates. Changes speed, never results."""
    unsafe: bool = False
    """Run codes even where this machine cannot hold them."""


@dataclass
class Summary:
    """What a fault-injection run made."""

    functions: int = 0
    pairs: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    by_objective: Counter[str] = field(default_factory=Counter)
    by_operator: Counter[str] = field(default_factory=Counter)
    verification: Verification = field(default_factory=Verification)
    resumed: bool = False


@dataclass(frozen=True)
class _Outcome:
    """What one function offered."""

    candidates: list[PreferencePair]
    rejections: list[Rejection]
    whole: bool = False
    """Whether all candidates may be emitted, not only some for each objective."""


def select_operators(config: FaultInjectionConfig) -> tuple[Operator, ...]:
    """Return the operators a configuration asks for.

    Raises:
        UnknownNameError: an objective or operator does not exist.
    """
    known = {operator.name for operator in OPERATORS} | {WHOLE_ALGORITHM}
    for name in config.operators:
        if name not in known:
            raise UnknownNameError.of("fault operator", name, known)
    objectives = {operator.objective for operator in OPERATORS}
    for name in config.objectives:
        if name not in objectives:
            raise UnknownNameError.of("objective for fault injection", name, objectives)
    wanted = set(config.operators) or known
    return tuple(item for item in OPERATORS if item.name in wanted and item.objective in config.objectives)


def inject_faults(source: Path, folder: Path, config: FaultInjectionConfig, progress: Progress = silent) -> Summary:
    """Make preference pairs from a file of functions in the run directory `folder`.

    Writes `pairs.jsonl`, `rejections.jsonl` and `manifest.json`; the same call goes on with an interrupted run.
    Every candidate is either a pair or a rejection, and a function without candidates is a rejection too.

    Raises:
        InputError: the file is missing, broken or empty, or a name in the configuration is unknown.
        SandboxError: pairs are to be verified, and this machine cannot hold codes nobody trusts.
        RunMismatchError: the folder holds a run with other settings or input.
        StorageError: the folder cannot be written.
    """
    operators = select_operators(config)
    digest = hash_file(source)
    total = sum(1 for _ in read_rows(source))
    if not total:
        raise EmptyInputError(f"{source} holds no functions; make some with `codefavor mine installed`")
    # The first record is checked before anything is made, so that a wrong file leaves no run behind.
    next(read_records(source, Function))
    share = _share(config, total)
    if share < 1:
        total = sum(1 for _ in _drawn(source, config.seed, share))
    if config.verify:
        verifier_of(config.unsafe)

    with (
        Run(folder, f"synth {METHOD}", config.fixed(), {source.name: digest}) as run,
        BlockLog(folder, ("pairs.jsonl", "rejections.jsonl"), run.fingerprint) as log,
    ):
        summary = Summary(resumed=run.resumed)
        balance = _recount(folder, summary)
        rounds = _algorithm_rounds(config, share)
        summary.functions = min(total, max(0, log.done - rounds) * _BLOCK)
        if log.finished:
            _conclude(run, config, summary)
            return summary
        work = _work_after(log.done, rounds, _drawn(source, config.seed, share))
        progress(summary.functions, total, f"{summary.pairs:,} pairs")
        for block in _outcomes(work, config, [item.name for item in operators]):
            for outcome in block:
                _emit(outcome, balance, config, log, summary)
            if log.done >= rounds:
                summary.functions += len(block)
            log.commit()
            progress(summary.functions, total, f"{summary.pairs:,} pairs")
            if config.max_pairs is not None and summary.pairs >= config.max_pairs:
                break
        log.finish()
        _conclude(run, config, summary)
    return summary


def _conclude(run: Run, config: FaultInjectionConfig, summary: Summary) -> None:
    if config.verify:
        run.conclude({"verification": summary.verification.as_json()})


def _share(config: FaultInjectionConfig, functions: int) -> float:
    """Return the share of the functions that is drawn, so that a small run is a thinned whole one."""
    if config.max_pairs is None:
        return 1.0
    return min(1.0, _SPARE * config.max_pairs / (functions * config.per_function * len(config.objectives)))


def _drawn(source: Path, seed: int, share: float) -> Iterator[Function]:
    for function in read_records(source, Function):
        if share == 1 or int(content_id(str(seed), function.id), 16) < share * 16**20:
            yield function


def _algorithm_rounds(config: FaultInjectionConfig, share: float) -> int:
    """Return how many blocks of whole algorithms stand before the blocks of functions."""
    wanted = "efficiency" in config.objectives and (not config.operators or WHOLE_ALGORITHM in config.operators)
    return round(config.algorithm_rounds * share) if wanted else 0


def _work_after(done: int, rounds: int, functions: Iterator[Function]) -> Iterator[_Work]:
    """Yield the pieces of work that follow the first `done`, rounds of whole algorithms first."""
    yield from range(done, rounds)
    functions = islice(functions, max(0, done - rounds) * _BLOCK, None)
    while block := list(islice(functions, _BLOCK)):
        yield block


def _recount(folder: Path, summary: Summary) -> Balance:
    """Rebuild the counts from what an earlier session wrote."""
    balance = Balance()
    for pair in read_records(folder / "pairs.jsonl", PreferencePair):
        balance.add(pair)
        _count_pair(pair, summary)
    for rejection in read_records(folder / "rejections.jsonl", Rejection):
        _count_rejection(rejection, summary)
    return balance


def _count_pair(pair: PreferencePair, summary: Summary) -> None:
    meta = pair.meta or {}
    summary.pairs += 1
    summary.by_objective[meta["objective"]] += 1
    summary.by_operator[meta["operator"]] += 1
    summary.verification.add_pair(pair)


def _count_rejection(rejection: Rejection, summary: Summary) -> None:
    summary.rejected[rejection.reason] += 1
    summary.verification.add_rejection(rejection)


def _emit(outcome: _Outcome, balance: Balance, config: FaultInjectionConfig, log: BlockLog, summary: Summary) -> None:
    rejections = list(outcome.rejections)
    for objective in config.objectives:
        offered = [pair for pair in outcome.candidates if (pair.meta or {})["objective"] == objective]
        most = config.per_function
        if summary.by_objective[objective] < 0.7 * max(summary.by_objective.values(), default=0):
            most = max(most, config.candidates)
        chosen, left = balance.choose(offered, len(offered) if outcome.whole else most)
        for pair in chosen:
            log.add("pairs.jsonl", pair)
            _count_pair(pair, summary)
        rejections += [Rejection(id=pair.id, reason=reason, meta=pair.meta) for pair, reason in left]
    for rejection in rejections:
        log.add("rejections.jsonl", rejection)
        _count_rejection(rejection, summary)


# ── Candidates, in this process or in workers ──


def _outcomes(blocks: Iterable[_Work], config: FaultInjectionConfig, names: Sequence[str]) -> Iterator[list[_Outcome]]:
    """Yield the outcomes of each block, in order, with a bounded number of blocks under way."""
    if config.workers == 1:
        yield from (_work(block, config, names) for block in blocks)
        return
    # Not fork: the caller may have threads (torch, a progress bar), and a forked copy of them can hang.
    with ProcessPoolExecutor(
        config.workers,
        mp_context=get_context("spawn"),
        initializer=partial(signal.signal, signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        under_way: deque[Future[list[_Outcome]]] = deque()
        try:
            for block in blocks:
                under_way.append(pool.submit(_work, block, config, names))
                if len(under_way) > 2 * config.workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _work(block: _Work, config: FaultInjectionConfig, names: Sequence[str]) -> list[_Outcome]:
    verifier = verifier_of(config.unsafe) if config.verify else None
    if isinstance(block, int):
        return [_algorithms(block, config, verifier)]
    wanted = set(names)
    operators = [item for item in OPERATORS if item.name in wanted]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mined code may hold invalid escapes; that is its author's business
        return [candidates_of(function, operators, config, verifier) for function in block]


def _algorithms(number: int, config: FaultInjectionConfig, verifier: Verifier | None = None) -> _Outcome:
    """Return the pairs of one round through the library of algorithms."""
    chance = random.Random(f"{config.seed}:{number}")
    pairs: list[PreferencePair] = []
    rejections: list[Rejection] = []
    for instruction, fast, slow, feedback, name in variants(config.seed * 1000 + number):
        naive, improved = _evened(Change(ast.parse(slow), ast.parse(fast), feedback), chance)
        meta = {"operator": WHOLE_ALGORITHM, "family": WHOLE_ALGORITHM, "objective": "efficiency", "function": name}
        pair = _pair(instruction, naive, improved, feedback, f"algorithms:{name}", meta)
        result = _run_on_its_inputs(pair, name, verifier) if verifier else pair
        if isinstance(result, PreferencePair):
            pairs.append(result)
        else:
            rejections.append(result)
    chance.shuffle(pairs)
    return _Outcome(pairs, rejections, whole=True)


def _run_on_its_inputs(pair: PreferencePair, algorithm: str, verifier: Verifier) -> PreferencePair | Rejection:
    function = Function.model_validate(
        {
            "package": "",
            "module": "algorithms",
            "qualname": algorithm,
            "code": pair.improved_code,
        }
    )
    small, large = SMALL[algorithm], LARGE[algorithm]
    return verifier.verified(
        pair, function, Given(tuple(map(_between_parentheses, small)), _between_parentheses(large))
    )


def _between_parentheses(arguments: tuple[Any, ...]) -> str:
    return "".join(f"{argument!r}, " for argument in arguments)


def _pair(
    instruction: str, naive: str, improved: str, feedback: str, source: str, meta: dict[str, str]
) -> PreferencePair:
    return PreferencePair.model_validate(
        {
            "instruction": instruction,
            "criterion": CRITERIA[meta["objective"]],
            "naive_code": naive,
            "improved_code": improved,
            "feedback": feedback,
            "method": METHOD,
            "source": source,
            "meta": meta,
        }
    )


def candidates_of(
    function: Function, operators: Sequence[Operator], config: FaultInjectionConfig, verifier: Verifier | None = None
) -> _Outcome:
    """Return the candidate pairs of one function and why others did not come about."""
    try:
        base = _without_docstring(ast.parse(function.code))
        text = ast.unparse(base)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _Outcome([], [Rejection(id=function.id, reason="does-not-parse", detail=type(error).__name__)])
    if len(text) > config.max_characters:
        return _Outcome([], [Rejection(id=function.id, reason="too-long", detail=f"{len(text)} characters")])
    candidates: list[PreferencePair] = []
    rejections: list[Rejection] = []
    for objective in config.objectives:
        chance = random.Random(content_id(function.id, objective, str(config.seed)))
        mine = [item for item in operators if item.objective == objective]
        chance.shuffle(mine)
        found = 0
        tree: ast.Module | None = None
        for operator in mine:
            if found == config.candidates:
                break
            tree = tree or ast.parse(text)
            result = _apply(function, base, tree, operator, chance, config)
            if result is not None:
                tree = None  # without a site it is as it was, and the next operator may have it
            if verifier and isinstance(result, PreferencePair):
                result = verifier.verified(result, function)
            if isinstance(result, PreferencePair):
                candidates.append(result)
                found += 1
            elif result is not None:
                rejections.append(result)
        if not found:
            reason = Rejection(id=function.id, reason="no-site", meta={"objective": objective})
            rejections.append(reason)
    return _Outcome(candidates, rejections)


def _apply(
    function: Function,
    base: ast.Module,
    tree: ast.Module,
    operator: Operator,
    chance: random.Random,
    config: FaultInjectionConfig,
) -> PreferencePair | Rejection | None:
    """Return what an operator makes of the function, whose `tree` it may use up; None where it has no site."""
    meta = {
        "operator": operator.name,
        "family": operator.family or operator.name,
        "objective": operator.objective,
        "function": function.id,
        **({"cwe": operator.cwe} if operator.cwe else {}),
        **({"license": function.license} if function.license else {}),
    }
    try:
        change = operator.rewrite(tree, chance)
        if change is None:
            return None
        naive, improved = _evened(change, chance)
        ast.parse(naive), ast.parse(improved)
    except (
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
        AttributeError,
        TypeError,
        IndexError,
        KeyError,
    ) as error:
        detail = f"{operator.name}: {type(error).__name__}: {error}"[:200]
        return Rejection(id=function.id, reason="operator-error", detail=detail, meta=meta)
    if naive == improved:
        return Rejection(id=function.id, reason="same-code", detail=operator.name, meta=meta)
    if max(len(naive), len(improved)) > config.max_characters:
        return Rejection(id=function.id, reason="too-long", detail=operator.name, meta=meta)
    if config.docstrings and function.docstring:
        told = _with_docstring(naive, function), _with_docstring(improved, function)
        if told[0] != naive and told[1] != improved:  # an operator may have given one side another name
            naive, improved = told
    instruction = instruction_for(function, base, chance, change.requirement)
    return _pair(instruction, naive, improved, change.feedback, f"{function.package}:{function.module}", meta)


def _evened(change: Change, chance: random.Random) -> tuple[str, str]:
    """Return both sides, printed by the same printer; a coin draws which is to be the longer one.

    The longer side's local names grow by the gap the change left and a margin, whichever side that is.
    """
    naive, improved = print_tree(change.naive), print_tree(change.improved)
    gap = abs(len(naive) - len(improved))
    if naive == improved or (not gap and chance.random() < 0.5):
        return naive, improved
    margin = 1 + int(len(improved) * 0.02 * chance.lognormvariate(0, 1))
    if chance.random() < 0.5:
        tree = ast.parse(naive)
        return (print_tree(tree) if lengthen(tree, chance, gap + margin) else naive), improved
    tree = ast.parse(improved)
    return naive, (print_tree(tree) if lengthen(tree, chance, gap + margin) else improved)


def _with_docstring(code: str, function: Function) -> str:
    """Put the function's own docstring back; what an operator wrote around it has none."""
    tree = ast.parse(code)
    name = function.qualname.rpartition(".")[2]
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            node.body.insert(0, ast.Expr(ast.Constant(function.docstring)))
            break
    return ast.unparse(tree)


def _without_docstring(tree: ast.Module) -> ast.Module:
    """Drop docstrings: what they say is in the instruction, and judges see verifiable tasks without comments."""
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return tree
