"""Owns reading a parameter's shape: from its annotation, from its name, and from what a code does with it."""

import ast
import re
import string
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from codefavor.codetext.parsing import parse, parse_expression
from codefavor.codetext.trees import walk
from codefavor.judges.evidence.shapes import (
    COUNT,
    NUMBERS,
    WORDS,
    Form,
    Items,
    Listed,
    OneOf,
    Real,
    Row,
    Shape,
    Table,
    Text,
    Truth,
    Whole,
)
from codefavor.problems.literals import literal

# ── Annotations ──

_PLAIN: Final[dict[str, Shape]] = {
    "int": Whole(), "float": Real(), "complex": Real(), "str": Text(), "bool": Truth(), "list": NUMBERS,
    "tuple": Items(tuple, Whole()), "set": Items(set, Whole()), "frozenset": Items(frozenset, Whole()),
    "dict": Items(dict, WORDS, Whole()), "None": Listed((None,)), "Number": Whole(), "AnyStr": Text(),
    "Counter": Items(dict, WORDS, Whole(0)),
}  # fmt: skip
_MANY: Final[dict[str, type]] = {
    "list": list, "List": list, "Sequence": list, "MutableSequence": list, "Iterable": list, "Collection": list,
    "Container": list, "Reversible": list, "set": set, "Set": set, "MutableSet": set, "AbstractSet": set,
    "frozenset": frozenset, "FrozenSet": frozenset,
}  # fmt: skip
_MAPPINGS: Final = ("dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict", "OrderedDict")


_DEEPEST: Final = 5
"""Brackets at most: values of deeper types are large, and no function of one file takes them."""


def read_annotation(text: str) -> Shape | None:
    """Return the shape that an annotation gives; None where it gives none.

    >>> read_annotation("Optional[bool]")
    OneOf(options=(Truth(), Listed(values=(None,))))
    """
    if text.count("[") > _DEEPEST:
        return None
    body = parse_expression(text.strip())
    return None if body is None else _annotated(body)


def _annotated(node: ast.expr) -> Shape | None:
    match node:
        case ast.Constant(value=None):
            return _PLAIN["None"]
        case ast.Constant(value=str() as inner):
            return read_annotation(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            if name in _PLAIN:
                return _PLAIN[name]
            if name in _MANY:
                return Items(_MANY[name], Whole())
            return _PLAIN["dict"] if name in _MAPPINGS else _PLAIN["tuple"] if name == "Tuple" else None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either([left, right])
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            parts = list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]
            return _subscribed(name, parts)
    return None


def _either(nodes: Sequence[ast.expr]) -> Shape | None:
    options: list[Shape] = []
    for node in nodes:
        shape = _annotated(node)
        if shape is not None:
            options += shape.options if isinstance(shape, OneOf) else [shape]
    return OneOf(tuple(options)) if len(options) > 1 else options[0] if options else None


def _subscribed(name: str, parts: list[ast.expr]) -> Shape | None:
    if not parts:
        return None
    if name in ("Annotated", "Final"):
        return _annotated(parts[0])
    if name == "Literal":
        try:
            return Listed(tuple(literal(ast.unparse(part)) for part in parts))
        except ValueError:
            return None
    if name == "Optional":
        shape = _annotated(parts[0])
        return None if shape is None else OneOf((shape, Listed((None,))))
    if name == "Union":
        return _either(parts)
    dots = isinstance(parts[-1], ast.Constant) and parts[-1].value is ...
    if name in ("tuple", "Tuple"):
        shapes = [_annotated(part) or Whole() for part in (parts[:-1] if dots else parts)]
        return Items(tuple, shapes[0]) if dots and shapes else Row(tuple(shapes))
    if name in _MANY:
        item = _annotated(parts[0]) or Whole()  # of anything, of a type variable: numbers are as good as any
        kind = _MANY[name]
        return Items(kind, item if kind is list or _hashable(item) else Whole())
    if name in _MAPPINGS and len(parts) == 2:
        return Items(dict, _as_key(_annotated(parts[0])), _annotated(parts[1]) or Whole())
    return None


def _as_key(shape: Shape | None) -> Shape:
    if isinstance(shape, Text):
        return replace(shape, letters=string.ascii_lowercase, least=1)
    return shape if shape is not None and _hashable(shape) else WORDS


def _hashable(shape: Shape) -> bool:
    """Return whether values of a shape may stand in a set."""
    match shape:
        case Table():
            return False
        case Items(kind=kind, item=item):
            return kind in (tuple, frozenset) and _hashable(item)
        case OneOf(options=parts) | Row(parts=parts):
            return all(map(_hashable, parts))
    return True


# ── Names ──


def _numbered(low: int, high: int) -> tuple[str, ...]:
    return tuple(f"{number:02}" for number in range(low, high + 1))


_DATE: Final = Form((("19", "20"), _numbered(0, 99), ("-",), _numbered(1, 12), ("-",), _numbered(1, 28)))
_BY_NAME: Final[tuple[tuple[str, Shape], ...]] = (
    (
        r"(?:is|has|should|use|with|ignore|include|allow)_\w+|flag|ascending|descending|"
        r"strict|verbose",
        Truth(),
    ),
    (r"dates?|day_str|birthday|date_string|date_str", _DATE),
    (r"time_str|time_string|clock|timestamp_str", Form((_numbered(0, 23), (":",), _numbered(0, 59)))),
    (
        r"e?mails?|email_address",
        Form((("ann", "bob.ray", "c3"), ("@",), ("mail", "work-place"), (".com", ".org", ".co.uk"))),
    ),
    (
        r"urls?|uri|link",
        Form((("http://", "https://"), ("www.", ""), ("shop", "news"), (".com", ".org"), ("", "/", "/a/b", "/a?b=1"))),
    ),
    (
        r"ip|ip_address|ipv4",
        Form((("0", "10", "192", "255", "256"), (".",), ("0", "168", "01"), (".",), ("0", "1"), (".",), ("1", "255"))),
    ),
    (r"binary|bits|bit_string|binary_string|bin_str|bitstring", Text("01", 1)),
    (r"hex|hex_string|hex_str|hex_color|hexadecimal", Text("0123456789abcdef", 1)),
    (
        r"roman|roman_numeral",
        Form(
            (("", "M", "MM"), ("", "C", "CD", "DC", "CM"), ("", "X", "XL", "LX", "XC"), ("I", "IV", "V", "VIII", "IX"))
        ),
    ),
    (r"digits|number_str|num_str|number_string|isbn|phone|card|card_number", Text(string.digits, 1)),
    (r"dna|rna|strand|genome", Text("ACGT")),
    (r"brackets|parens|parentheses|paren_string", Text("()[]{}")),
    (
        r"expr|expression|formula|equation",
        Form((("1", "12", "3"), ("+", "*", "-"), ("2", "7"), ("", "+4", "*5", "-6"))),
    ),
    (r"vowels?|letters?|chars?|character|ch|c|symbol|sep|separator|delimiter", Form((tuple("abcde,"),))),
    (r"grid|board|maze|image|matrix\d?|mat|mat\d|rows", Table(Whole(0, 9))),
    (
        r"points|coordinates|coords|pairs|intervals|ranges|edges|meetings|segments|tuples|"
        r"tuple_list|list_of_tuples",
        Items(list, Row((Whole(0, 20), Whole(0, 20)))),
    ),
    (r"matrices|nested|nested_list|list_of_lists|lists|sublists|groups", Items(list, Items(list, Whole()))),
    (r"point|pair|interval|coordinate|position|range_", Row((Whole(0, 20), Whole(0, 20)))),
    (
        r"words|strings|strs|names|lines|sentences|texts|tokens|keys|tags|labels|paths|"
        r"files|str_list|word_list|list_of_strings|dictionary_words",
        Items(list, WORDS),
    ),
    (r"flags|bools|booleans", Items(list, Truth())),
    (r"records|people|users|students|employees|rows_of_dicts|dicts", Items(list, Items(dict, WORDS, Whole()))),
    (r"graph|adjacency|adj|tree", Items(dict, Whole(0, 5), Items(list, Whole(0, 5)))),
    (
        r"d|dic|dict\w*|mapping|map_|table|inventory|counts|scores_by\w*|grades|lookup|"
        r"config|settings",
        Items(dict, WORDS, Whole()),
    ),
    (r"word|w", WORDS),
    (
        r"s|t|str\w*|string\w*|text\w*|sentence|phrase|line|paragraph|message|msg|name|"
        r"title|pattern|prefix|suffix|substring|sub|haystack|needle|content|document|"
        r"input_str\w*|input_string|password|username|query|first_name|last_name|path|filename|"
        r"file_name|label|code|key|source|plaintext|cipher\w*|encoded\w*|encrypted\w*",
        Text(),
    ),
    (r"tup\w*|test_tup\w*|t\d", Items(tuple, Whole())),
    (r"set_?\w?|set\d", Items(set, Whole())),
    (r"year|years", Whole(1900, 2100)),
    (r"month", Whole(1, 12)),
    (r"day", Whole(1, 28)),
    (r"hours?|hh", Whole(0, 23)),
    (r"minutes?|seconds?|mm|ss", Whole(0, 59)),
    (
        r"n|k|m|size|length|len|count|times|limit|depth|width|height|rows?_count|rows?|"
        r"cols?|columns?|num_\w+|n_\w+|max_\w+|capacity|steps|level|digits?_count|places|"
        r"decimals|precision|rounds|iterations|terms",
        COUNT,
    ),
    (r"base|radix", Whole(2, 16)),
    (r"exponent|exp|power|degree", Whole(0, 8)),
    (
        r"price|amount|rate|ratio|weight|distance|radius|side|temperature|temp|celsius|"
        r"fahrenheit|kelvin|percentage|percent|speed|salary|income|balance|probability|tolerance"
        r"|epsilon|threshold|factor|principal|discount|tax\w*|mass|volume|area",
        Real(0.0, 100.0),
    ),
    (
        r"num\d*|number\d*|integer|i|j|x\d?|y\d?|z|a|b|p|q|r|val\d*|value|target|"
        r"low|high|lo|hi|left|right|start|end|begin|stop|step|index|idx|pos|position|"
        r"first|second|third|lower|upper|minimum|maximum|total|goal|dividend|divisor|"
        r"numerator|denominator|score|age|id|seed|shift|offset",
        Whole(),
    ),
    (
        r"nums?\d*|numbers|integers|arr\w*|array\w*|lst\w*|l\d?|li|list\w*|values|vals|items"
        r"|data|seq\w*|sequence|elements|xs|ys|heights|weights|prices|scores|costs|sizes|"
        r"lengths|ages|coins|stones|candidates|temperatures|grades_list|input_list|\w+_list|"
        r"\w+_array|vector|v\d?|vec\w*|samples|measurements|distances|amounts|digits_list|"
        r"collection|iterable|stack|queue|stock_prices|profits",
        NUMBERS,
    ),
)


def read_name(name: str) -> Shape | None:
    """Return the shape that a parameter's name suggests; None where it suggests none.

    The name as a whole comes first, then its last word: `first_word` is a word, as `input_numbers` are numbers.

    >>> read_name("flag"), read_name("base"), read_name("frobnicate") is None
    (Truth(), Whole(low=2, high=16), True)
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_")
    for part in (plain, re.sub(r"_?\d+$", "", plain), plain.rpartition("_")[2]):
        for pattern, shape in _BY_NAME:
            if re.fullmatch(pattern, part):
                return shape
    return None


# ── Uses ──

_BY_METHOD: Final[tuple[tuple[str, Shape], ...]] = (
    ("split lower upper strip lstrip rstrip isalpha isdigit isalnum isspace isupper islower startswith endswith "
     "replace find title capitalize swapcase splitlines casefold encode", Text()),
    ("items keys values get setdefault", Items(dict, WORDS, Whole())),
    ("append sort extend insert reverse", NUMBERS),
    ("union intersection difference issubset add", Items(set, Whole())),
)  # fmt: skip
_BY_CALL: Final[dict[str, Shape]] = {"range": COUNT, "sum": NUMBERS, "ord": Form((tuple("abcde,"),)), "bin": COUNT}


def read_use(code: str, function: str, name: str) -> Shape | None:
    """Return the shape that a function's own use of a parameter shows; None where none or several are shown.

    >>> read_use("def f(q): return range(q)", "f", "q")
    Whole(low=0, high=40)
    """
    tree = parse(code)
    heads = [node for node in walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function] if tree else []
    found: list[Shape] = []
    for node in walk(heads[0]) if heads else ():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=holder), attr=method)) if holder == name:
                found += [shape for methods, shape in _BY_METHOD if method in methods.split()]
            case ast.Call(func=ast.Name(id=called), args=[ast.Name(id=given)]) if given == name and called in _BY_CALL:
                found.append(_BY_CALL[called])
            case ast.BinOp(left=ast.Name(id=left), op=ast.Mod() | ast.FloorDiv() | ast.Sub() | ast.Pow()) if (
                left == name
            ):
                found.append(COUNT)
    return found[0] if found and all(shape == found[0] for shape in found) else None
