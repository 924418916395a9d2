"""Owns reading pools of any shape into problems: our TOML, EvalPlus's problems and samples, plain JSON Lines, attempts.

Rows with tests are problems, rows with a code and no tests are solutions of the problem that has their task id or their
instruction. So a file of problems and files of what models wrote for them are simply given together.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from codefavor.benchmark.fresh.pool import Problem, read_problem, starter_problems
from codefavor.codetext.fences import blocks
from codefavor.codetext.parsing import parse
from codefavor.errors import BrokenRecordError, EmptyInputError, InputError
from codefavor.jsonl import read_rows
from codefavor.records import content_id

_MOST_CASES: Final = 60
"""Inputs of an EvalPlus-shaped problem that become cases, evenly spaced."""
_CODE: Final = ("solution", "response", "completion", "code")
_AUTHOR: Final = ("author", "model", "teacher")


def read_pools(paths: Sequence[Path]) -> list[Problem]:
    """Return the problems of files and folders with all their solutions, by name; the starter's where none are given.

    Raises:
        MissingFileError: a file is not there.
        InputError: a file holds neither problems nor solutions, or solutions of no problem given.
        BrokenRecordError: a line is none of these; says which field.
    """
    if not paths:
        return list(starter_problems())
    problems: list[Problem] = []
    solutions: list[tuple[Path, int, dict[str, Any]]] = []
    for path in (file for given in paths for file in _files(given)):
        if path.suffix == ".toml":
            problems.append(read_problem(path))
            continue
        for line, row in read_rows(path):
            if "tests" in row or "cases" in row or "base_input" in row:
                problems.append(_problem(row, path, line))
            else:
                solutions.append((path, line, row))
    if not problems:
        raise EmptyInputError(f"{', '.join(map(str, paths))}: no row has tests, cases or base_input; give problems too")
    return sorted(_joined(problems, solutions), key=lambda problem: problem.name)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.toml")) or sorted(path.glob("*.jsonl*"))
    if not found:
        raise EmptyInputError(f"{path} holds no problems (*.toml, *.jsonl); check the path")
    return found


def _joined(problems: Sequence[Problem], solutions: Sequence[tuple[Path, int, dict[str, Any]]]) -> Iterator[Problem]:
    places = {problem.name: place for place, problem in enumerate(problems)}
    by_text = {problem.instruction.strip(): place for place, problem in enumerate(problems)}
    more: dict[int, list[dict[str, str]]] = {}
    for path, line, row in solutions:
        place = places.get(str(row.get("task_id", ""))) if "task_id" in row else None
        place = by_text.get(str(row.get("instruction", "")).strip()) if place is None else place
        text = next((str(row[key]) for key in _CODE if row.get(key)), "")
        if place is None or not text:
            raise BrokenRecordError(
                path, line, "it has no tests, and no code for a problem that is given (by task_id or instruction)"
            )
        author = next((str(row[key]) for key in _AUTHOR if row.get(key)), path.stem)
        more.setdefault(place, []).append({"code": _code_of(text), "claim": "untold", "style": "", "author": author})
    for place, problem in enumerate(problems):
        given = [*(item.model_dump() for item in problem.solutions), *more.get(place, [])]
        seen: dict[str, dict[str, Any]] = {}
        for item in given:
            seen.setdefault(item["code"].strip(), item)
        yield Problem.model_validate({**problem.model_dump(), "solutions": list(seen.values())})


def _code_of(text: str) -> str:
    """Return the code of an answer: the text where it is Python, else what stands in its fences."""
    return text if parse(text) is not None else "\n".join(block.code for block in blocks(text)) or text


def _problem(row: dict[str, Any], path: Path, line: int) -> Problem:
    try:
        return _of_inputs(row, path, line) if "base_input" in row else _plain(row, path, line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BrokenRecordError(path, line, f"field {where!r}: {first['msg'].lower()}") from None


def _of_inputs(row: dict[str, Any], path: Path, line: int) -> Problem:
    """Return an EvalPlus-shaped problem: arguments only, right is what the canonical solution returns."""
    missing = [key for key in ("prompt", "entry_point", "canonical_solution") if not row.get(key)]
    if missing:
        raise BrokenRecordError(path, line, f"it has base_input but no {missing[0]}")
    reference = row["canonical_solution"]
    if parse(reference) is None or f"def {row['entry_point']}" not in reference:
        reference = f"{row['prompt']}{reference}"
    given = [*row["base_input"], *row.get("plus_input", [])]
    kept = [given[place * len(given) // _MOST_CASES] for place in range(_MOST_CASES)] if len(given) > 60 else given
    calls = [f"{row['entry_point']}({', '.join(map(repr, arguments))})" for arguments in kept]
    return Problem.model_validate(
        {
            "name": str(row.get("task_id") or content_id(row["prompt"])),
            "topic": "",
            "instruction": row["prompt"],
            "entry": row["entry_point"],
            "cases": [{"call": call} for call in calls],
            "solutions": [{"code": reference, "claim": "right", "style": "", "author": "canonical"}],
            "reference": reference,
            "source": path.stem,
        }
    )


def _plain(row: dict[str, Any], path: Path, line: int) -> Problem:
    tests = row.get("tests") or row.get("cases") or ()
    lines = [test.strip() for test in tests.splitlines() if test.strip()] if isinstance(tests, str) else tests
    cases = [_case(test, path, line) if isinstance(test, str) else test for test in lines]
    if not cases:
        raise BrokenRecordError(path, line, "its tests are empty")
    entry = str(row.get("entry") or row.get("entry_point") or _called(dict(cases[0]).get("call", "")))
    rows = [{"code": item} if isinstance(item, str) else dict(item) for item in row.get("solutions", ())]
    names = ("claim", "style", "note", "author", "code")
    solutions = [
        {"claim": "untold", "style": "", **{key: item[key] for key in names if item.get(key)}} for item in rows
    ]
    named = row.get("task_id") or row.get("name") or content_id(str(row.get("instruction", "")))
    known = ("instruction", "inputs", "attacks", "reference", "source", "topic")
    given = {key: row[key] for key in known if row.get(key)}
    return Problem.model_validate(
        {"topic": "", "source": path.stem, **given, "name": named, "entry": entry, "cases": cases}
        | {"solutions": solutions}
    )


def _case(test: str, path: Path, line: int) -> dict[str, str]:
    """Return `assert CALL == VALUE` as a case.

    Raises:
        BrokenRecordError: it is anything else; what runs inside a solution's process could be lied to there.
    """
    tree = parse(test)
    match tree.body if tree else None:
        case [ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]))]:
            try:
                return {"call": ast.unparse(left), "gives": repr(ast.literal_eval(right))}
            except ValueError:
                pass
        case [ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call))]:
            return {"call": f"bool({ast.unparse(call)})", "gives": "False"}
        case [ast.Assert(test=ast.Call() as call)]:
            return {"call": f"bool({ast.unparse(call)})", "gives": "True"}
    shown = test if len(test) <= 80 else f"{test[:79]}…"
    raise BrokenRecordError(
        path, line, f"test {shown!r} is not `assert CALL == LITERAL`, so it cannot be tried outside"
    )


def _called(call: str) -> str:
    tree = parse(call)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id != "bool":
            return node.func.id
    raise InputError(f"the test {call!r} calls no function by its name; give the problem its `entry`")
