"""Owns what an instruction asks for: the function's name and parameters, the prose, and the examples it shows."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from codefavor.codetext.parsing import parse, parse_strictly
from codefavor.problems.entries import Function, Method, as_functions, methods_of
from codefavor.problems.examples import Example, called, find_examples
from codefavor.problems.literals import written

_DEF: Final = re.compile(r"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(")
_NAMED: Final = re.compile(
    r"(?:function|method)\s+(?:named|called)\s+[`'\"]?(\w+)|(?:named|called)\s+[`'\"](\w+)[`'\"]\s*\(?|"
    r"(?:function|method)\s+`(\w+)(?:\(|`)",
    re.IGNORECASE,
)
_LONGEST: Final = 30_000


@dataclass(frozen=True)
class Signature:
    """A function as a code defines it."""

    name: str
    parameters: tuple[str, ...]
    annotations: tuple[str, ...]
    """One for each parameter, empty where there is none."""
    required: int
    """Positional parameters without a default."""
    open_ended: bool
    """Whether it takes any number of arguments."""
    returns: str = ""
    """Its annotation of what it returns, empty where there is none."""

    def takes(self, count: int) -> bool:
        """Return whether it can be called with so many positional arguments."""
        return self.required <= count and (self.open_ended or count <= len(self.parameters))


@dataclass(frozen=True)
class Side:
    """One of the two codes, read."""

    code: str
    functions: dict[str, Signature]
    """Top-level functions by name, in order."""
    names: frozenset[str] = frozenset()
    """All names that are bound outside functions and classes, in whatever way."""
    problem: str = ""
    """Why it cannot be read as Python 3; empty where it can."""
    methods: dict[str, Method] = field(default_factory=dict, compare=False)
    """Methods that could be called as functions; `calling` makes them so."""

    def calling(self, names: Collection[str]) -> "Side":
        """Return the same code with some of its methods callable as functions of these names."""
        methods = [self.methods[name] for name in names]
        signatures = {method.node.name: _signature(method.node) for method in methods}
        code = self.code + as_functions((), methods)
        return replace(self, code=code, functions=self.functions | signatures, names=self.names | set(names))


@dataclass(frozen=True)
class Problem:
    """What both codes were asked to do."""

    statement: str
    """The instruction's prose, without its examples and signatures, in lower case."""
    entry_point: str | None
    """The function that is to be called."""
    signature: Signature | None
    """As the instruction gives it, else as a code defines it."""
    examples: tuple[Example, ...]
    a: Side
    b: Side
    returns: str = ""
    """What the function is to return, as the instruction annotates it; empty where it does not."""
    given: dict[str, str] = field(default_factory=dict)
    """Source by name of functions that the instruction gives in full. None is run but in the sandbox."""


def read_problem(instruction: str, code_a: str, code_b: str) -> Problem:
    """Return what an instruction asks, together with what the two codes define. Never raises."""
    text = instruction[:_LONGEST]
    a, b = read_side(code_a), read_side(code_b)
    methods = sorted(a.methods.keys() & b.methods.keys() - a.names - b.names)
    if methods:
        text = _of_no_class(text, [side.methods[name] for name in methods for side in (a, b)])
        a, b = a.calling(methods), b.calling(methods)
    asked = _signatures_in(text)
    both = _shared(a, b)
    either = [*both, *a.functions, *b.functions]
    names = [*asked, *both, *(word for found in _NAMED.findall(text) for word in found if word in either)]
    examples = find_examples(text, list(dict.fromkeys(names))) or find_examples(text)
    entry = _entry(text, examples, asked, a, b)
    examples = [_renamed(example, entry, either) for example in examples]
    if entry is not None:
        examples = [example for example in examples if entry in called(example.call)] or find_examples(text, [entry])
        examples = [example for example in examples if entry in called(example.call)]
    signature = asked.get(entry or "") or a.functions.get(entry or "") or b.functions.get(entry or "")
    returns = asked[entry].returns if entry in asked else ""
    return Problem(_prose(text), entry, signature, tuple(examples), a, b, returns, _given(text))


def read_side(code: str) -> Side:
    """Return what a code defines."""
    try:
        tree = parse_strictly(code)
    except SyntaxError as error:
        return Side(code, {}, problem=f"{error.msg} (line {error.lineno})")
    except (ValueError, MemoryError, RecursionError) as error:
        return Side(code, {}, problem=str(error) or type(error).__name__)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    coroutines = {node.name for node in found if isinstance(node, ast.AsyncFunctionDef)}
    functions = {node.name: _signature(node) for node in found}
    code += as_functions(sorted(coroutines), ())
    return Side(code, functions, frozenset(_bound(tree)), methods=methods_of(tree))


def _of_no_class(text: str, methods: list[Method]) -> str:
    """Return an instruction in which methods are called as functions are: `Shop().price(3)` is `price(3)`."""
    for method in methods:
        owner = re.escape(method.owner)
        holders = [rf"{owner}\(\)", owner]
        if method.steady:
            holders += [re.escape(name) for name in re.findall(rf"\b(\w+)\s*=\s*{owner}\(\)", text)]
        text = re.sub(rf"(?<![\w.])(?:{'|'.join(holders)})\.({method.node.name})\(", r"\1(", text)
    return text


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names a module binds: also in branches and loops, but not inside functions and classes."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
        waiting += ast.iter_child_nodes(node)


def _signature(node: Function) -> Signature:
    parameters = [*node.args.posonlyargs, *node.args.args]
    if parameters and parameters[0].arg in ("self", "cls"):
        parameters = parameters[1:]
    annotations = tuple(written(item.annotation) if item.annotation else "" for item in parameters)
    required = max(0, len(parameters) - len(node.args.defaults))
    names = tuple(item.arg for item in parameters)
    returns = written(node.returns) if node.returns else ""
    return Signature(node.name, names, annotations, required, node.args.vararg is not None, returns)


def _signatures_in(text: str) -> dict[str, Signature]:
    """Return the functions whose heads stand in an instruction."""
    found: dict[str, Signature] = {}
    for match in _DEF.finditer(text):
        head = text[match.start() :].lstrip()
        for end in [place.end() for place in re.finditer(r":[ \t]*(?:#[^\n]*)?\n", head[:2000] + "\n")][:6]:
            tree = parse(head[:end].rstrip() + " pass")
            if tree is None:
                continue
            node = tree.body[0]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(node.name, _signature(node))
            break
    return found


def _given(text: str) -> dict[str, str]:
    """Return the functions an instruction defines at the left edge, where they do more than say what they are for."""
    found: dict[str, str] = {}
    for match in re.finditer(r"(?m)^def (\w+)\(", text):
        rest = text[match.start() :]
        end = re.search(r"\n(?=\S)", rest)
        source = rest[: end.start()] if end else rest
        tree = parse(source)
        body = tree.body[0].body if tree is not None and isinstance(tree.body[0], ast.FunctionDef) else []
        if any(not isinstance(part, ast.Pass | ast.Expr) for part in body):
            found[match[1]] = source
    return found


def _entry(text: str, examples: list[Example], asked: dict[str, Signature], a: Side, b: Side) -> str | None:
    """Return the function to call: the last the instruction opens, else that of the examples, else a shared one."""
    defined = {**a.functions, **b.functions}
    for name in reversed(asked):
        if name in defined or len(asked) == 1:
            return name
    counts: dict[str, int] = {}
    for example in examples:
        for name in called(example.call):
            counts[name] = counts.get(name, 0) + 1
    known = {name: count for name, count in counts.items() if name in defined}
    if known:
        return max(known, key=lambda name: known[name])
    for found in _NAMED.findall(text):
        for word in found:
            if word in defined:
                return str(word)
    shared = [name for name in _shared(a, b) if not name.startswith("_")]
    return shared[-1] if shared else None


def _shared(a: Side, b: Side) -> list[str]:
    """Return the functions both codes define, later ones last; the same whichever code comes first."""
    places_a, places_b = ({name: place for place, name in enumerate(side.functions)} for side in (a, b))
    return sorted(places_a.keys() & places_b.keys(), key=lambda name: (places_a[name] + places_b[name], name))


def _renamed(example: Example, entry: str | None, known: list[str]) -> Example:
    """Return an example that calls a name nobody defines as a call of the entry point."""
    names = called(example.call)
    if entry is None or entry in names or names & set(known) or len(names) != 1:
        return example
    name = next(iter(names))
    call = re.sub(rf"\b{re.escape(name)}\(", f"{entry}(", example.call)
    return Example(call, example.expected, example.raises, example.form, example.arguments, example.tolerance)


def _prose(text: str) -> str:
    """Return the words of an instruction: no fences, heads, doctests, asserts or imports."""
    kept: list[str] = []
    for line in text.split("\n"):
        bare = line.strip()
        if re.match(r"```|>>>|\.\.\. |assert\b|(?:from|import)\s|(?:async\s+)?def\s|\"\"\"$|'''$|@", bare):
            if bare.startswith(('"""', "'''")):
                kept.append(bare[3:])
            continue
        kept.append(bare.removeprefix('"""').removeprefix("'''").removesuffix('"""').removesuffix("'''"))
    return " ".join(" ".join(kept).split()).lower()
