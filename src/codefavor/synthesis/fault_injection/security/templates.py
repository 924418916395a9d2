"""Owns security templates: a further duty, put into or beside a real function, in secure and insecure versions.

A template is source text. `$name` stands for a name or word drawn from a pool, the same on both sides, also within
strings; `[[a||b]]` for one of several spellings. Texts are parsed and printed, and never run.
"""

import ast
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.operator import (
    Change,
    Operator,
    copy_tree,
    free_name,
    function_of,
    names_in,
)

EXAMPLE: Final = "def total(prices):\n    return sum(prices)"
"""The function all examples of templates start from."""

_POOLS: Final[dict[str, str]] = {
    "path": "path filename file_path location source_path target file_name settings_path",
    "file": "handle stream file source f infile fh",
    "folder": "folder directory base_dir root target_dir upload_dir output_dir workdir",
    "value": "value text raw expression content setting payload_text given",
    "data": "data payload blob content raw body message",
    "name": "name label title identifier wanted given_name entry_name chosen",
    "out": "result output loaded found answer fetched outcome info",
    "items": "rows records entries results matches items",
    "query": "query statement sql stmt request_text lookup",
    "db": "conn connection db database cnx",
    "cursor": "cursor cur c db_cursor",
    "session": "session db_session engine_session",
    "url": "url address endpoint link service_url uri",
    "host": "host hostname server target_host machine remote",
    "user": "user username account member uid person",
    "password": "password secret passphrase pwd",
    "token": "token code reset_code session_id ticket",
    "archive": "archive bundle package archive_path upload backup_file",
    "request": "request req",
    "response": "response reply resp",
    "command": "command cmd line command_line call args",
    "flag": "ok valid allowed done success",
    "key": "key option field setting_name attribute",
    "config": "config settings options preferences conf",
    "obj": "obj record instance profile entity model",
    "html": "html page markup content fragment block",
    "template": "template tmpl page_template layout view",
    "root": "tree root document doc dom xml_root",
    "node": "node element entry item child",
    "log": "logger log LOG LOGGER",
    "module": "module plugin handler backend extension",
    "temp": "tmp temp tmp_path temp_path scratch temp_file",
    "fd": "fd handle descriptor temp_fd",
    "limit": "limit size count maximum n_bytes",
    "table": "users orders customers products articles accounts invoices sessions employees comments",
    "column": "name email status title city sku username category owner",
    "view": "show_profile search_page details lookup render_page get_item handle_request user_page",
    "app": "app application server_app",
    "route": "search profile items details lookup export upload view preview download",
    "word": "settings report cache session profile state history snapshot catalog",
    "cls": "Store Service Repository Loader Manager Handler Backend Worker",
    "tool": "convert ffmpeg pandoc tesseract gzip wkhtmltopdf",
    "digest": "checksum digest fingerprint hash_value hashed file_hash",
    "crypt": "key aes_key cipher_key data_key encryption_key",
    "salt": "salt pepper user_salt random_salt",
    "cipher": "cipher encryptor box engine aead",
    "secret": "secret api_key signing_key shared_secret app_key",
    "mac": "signature mac given_mac received_signature sig",
    "ctx": "context ctx ssl_context tls_context",
    "sock": "sock s listener connection_socket",
    "port": "port port_number listen_port",
    "number": "count quantity amount size pages width",
    "client": "client ssh remote_client api_client",
    "account": "account owner profile_record person_record",
    "pid": "process child proc worker_process",
}
_DECOYS: Final = (
    "import subprocess\nsubprocess.run(['git', 'status', '--short'], check=False)",
    "import subprocess\nsubprocess.check_output(['uname', '-a'], text=True)",
    "import hashlib\nhashlib.sha256(b'start').hexdigest()",
    "import os\nos.environ.get('APP_SECRET', '')",
    "import json\njson.loads('{}')",
    "import re\nre.compile('eval|exec|os\\\\.system')",
    "import ast\nast.literal_eval('[1, 2]')",
    "import logging\nlogging.getLogger(__name__).debug('password check skipped for tests')",
    "import tempfile\ntempfile.gettempdir()",
    "import random\nrandom.shuffle([1, 2, 3])",
    "import os\nos.path.join(os.getcwd(), 'eval.log')",
    "import logging\nlogging.debug('exec finished')",
)
_SINKS: Final = (
    "", "", "print($x)", "logging.info('%s', $x)", "logger.debug('got %r', $x)", "self.$x = $x",
    "if $x is None:\n    print('nothing')",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """One duty and the ways to do it; any naive text goes with any improved one."""

    duty: Sequence[str]
    """Sentences for the instruction, true of both sides; one is drawn."""
    naive: Sequence[str]
    """Insecure texts."""
    improved: Sequence[str]
    """Secure texts."""
    inputs: str = ""
    """Placeholders that come from outside, such as "$path $name"; they become arguments."""
    result: str = ""
    """The placeholder that holds what was made, if any."""
    helper: str = "prepare"
    """Names for a function of its own, separated by spaces."""
    before: str = ""
    """Lines on both sides before the texts."""
    after: str = ""
    """Lines on both sides after them."""


def template(
    name: str, cwe: str, summary: str, marks: Sequence[str], feedback: Sequence[str], scenes: Sequence[Scene]
) -> Operator:
    """Return the operator that draws a scene, one text for each side and a place in or beside the function.

    `marks` are regular expressions of which at least one matches every printed naive text; `$mark` in the feedback
    becomes the line where it does.
    """
    patterns = tuple(marks)

    def rewrite(tree: ast.Module, rng: random.Random) -> Change | None:
        return _stage(tree, rng, rng.choice(scenes), patterns, rng.choice(feedback))

    first = _print(_fill(_whole(scenes[0], scenes[0].naive[0], random.Random(0)), _first_names()))
    MARKS[name] = patterns
    return Operator(
        name=name,
        objective="security",
        summary=summary,
        rewrite=rewrite,
        cwe=cwe,
        family=cwe.lower(),
        example=(EXAMPLE, marked_line(first, patterns)),
    )


MARKS: Final[dict[str, tuple[str, ...]]] = {}
"""What the insecure side of each operator looks like, by the operator's name."""


def marked_line(code: str, marks: Sequence[str]) -> str:
    """Return the first line of the code that a mark matches, or "" where none does."""
    for line in code.splitlines():
        if any(_compiled(mark).search(line) for mark in marks):
            return line.strip()
    return ""


def quote_mark(code: str, marks: Sequence[str], limit: int = 90) -> str:
    """Return the insecure construct in backticks: its line, or what the mark matches where the line is long."""
    line = marked_line(code, marks)
    if len(line) <= limit:
        return f"`{line}`"
    for mark in marks:
        if match := _compiled(mark).search(line):
            return f"`{match.group().strip()}`"
    return f"`{line[:limit]}`"


@lru_cache(maxsize=1024)
def _compiled(mark: str) -> re.Pattern[str]:
    return re.compile(mark)


# ── From text to trees ──


def _whole(scene: Scene, text: str, rng: random.Random) -> str:
    return "\n".join(_spell(part.strip("\n"), rng) for part in (scene.before, text, scene.after) if part)


def _spell(text: str, rng: random.Random) -> str:
    return re.sub(r"\[\[(.*?)\]\]", lambda found: rng.choice(found.group(1).split("||")), text)


def _first_names() -> dict[str, str]:
    return {key: pool.split()[0] for key, pool in _POOLS.items()}


def _fill(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\$([a-z]+)", lambda found: names[found.group(1)], text)


def _print(text: str) -> str:
    return ast.unparse(ast.parse(text))


def _keys(*texts: str) -> list[str]:
    return sorted({key for text in texts for key in re.findall(r"\$([a-z]+)", text)})


def _stage(tree: ast.Module, rng: random.Random, scene: Scene, marks: tuple[str, ...], feedback: str) -> Change:
    before, after = (_spell(part.strip("\n"), rng) for part in (scene.before, scene.after))
    texts = [
        "\n".join(part for part in (before, _spell(text.strip("\n"), rng), after) if part)
        for text in _drawn(scene, rng)
    ]
    duty = rng.choice(scene.duty)
    names, given = _names(tree, rng, scene, [*texts, duty])
    codes = [ast.parse(_fill(text, names)) for text in texts]
    place = _Place(rng, tree, scene, names, given, codes, marks)
    naive, improved = (place.put(code) for code in codes)
    construct = quote_mark(ast.unparse(codes[0]), marks)
    return Change(naive, improved, feedback.replace("$mark", construct), _fill(duty, names))


def _drawn(scene: Scene, rng: random.Random) -> tuple[str, str]:
    """Return a naive and an improved text; a coin says which is the longer one, where the scene has such texts."""
    both = [(naive, improved) for naive in scene.naive for improved in scene.improved]
    wanted = rng.random() < 0.5
    fitting = [(naive, improved) for naive, improved in both if (_length(naive) > _length(improved)) == wanted]
    if not fitting:
        fitting = sorted(both, key=lambda item: abs(_length(item[0]) - _length(item[1])))[: max(2, len(both) // 4)]
    return rng.choice(fitting)


def _length(text: str) -> int:
    """Return the number of characters with the first spelling of every choice."""
    return len(re.sub(r"\[\[(.*?)\|\|.*?\]\]", r"\1", text))


def _names(tree: ast.Module, rng: random.Random, scene: Scene, texts: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return a name for every placeholder, and those inputs that the function does not have as arguments yet."""
    function = function_of(tree)
    own = [item.arg for item in (*function.args.posonlyargs, *function.args.args) if item.arg not in {"self", "cls"}]
    inputs = _keys(scene.inputs)
    taken = names_in(tree)
    names: dict[str, str] = {}
    given: list[str] = []
    # A drawn name must not hide what the texts import or use by its own name.
    used = {word for text in texts for word in re.findall(r"(?<![$\w])[A-Za-z_]\w*", text)}
    for key in sorted({*inputs, *_keys(*texts, scene.result)}):
        pool = [item for item in _POOLS[key].split() if item not in used] or [f"given_{key}"]
        rng.shuffle(pool)
        fitting = [item for item in own if item in pool and item not in names.values()]
        if key in inputs and fitting:
            names[key] = fitting[0]
            continue
        free = [item for item in pool if item not in names.values()]
        names[key] = free_name(taken, *(free or pool))
        if key in inputs:
            given.append(key)
    return names, given


class _Place:
    """Where the text stands: drawn once, then done to either side in the same way."""

    def __init__(
        self,
        rng: random.Random,
        tree: ast.Module,
        scene: Scene,
        names: dict[str, str],
        given: list[str],
        codes: list[ast.Module],
        marks: tuple[str, ...],
    ) -> None:
        self.tree, self.names, self.given = tree, names, given
        self.inputs = [names[key] for key in re.findall(r"\$([a-z]+)", scene.inputs)]
        self.result = names[scene.result.strip("$")] if scene.result else ""
        taken = names_in(tree)
        self.helper = free_name(taken, *rng.sample(helpers := scene.helper.split(), len(helpers)))
        self.cls = free_name(taken, *rng.sample(classes := _POOLS["cls"].split(), len(classes)))
        kinds = ["start", "start", "end", "end", "helper", "helper", "beside", "method"]
        if any(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for item in _tops(codes)):
            kinds = ["module"]
        elif any(isinstance(item, ast.Return) for code in codes for item in walk(code)):
            kinds = ["helper", "helper", "beside", "method"]
        self.kind = rng.choice(kinds)
        self.above = rng.random() < 0.6
        self.imports = rng.choices(("module", "function", "none"), (60, 15, 25))[0]
        self.sink = self._sink(rng)
        decoys = [item for item in _DECOYS if not any(_compiled(mark).search(item) for mark in marks)]
        self.decoy = rng.choice(decoys) if decoys and rng.random() < 0.15 else ""

    def _sink(self, rng: random.Random) -> str:
        sink = rng.choice(_SINKS)
        if "self" in sink and "self" not in names_in(self.tree):
            return ""
        return _sink_text(sink, self.result)

    def put(self, code: ast.Module) -> ast.Module:
        """Return a module with the function and the code; nothing is shared with the trees given."""
        module = copy_tree(self.tree)
        function = function_of(module)
        code = copy_tree(code)
        imports: list[ast.stmt] = [item for item in code.body if isinstance(item, ast.Import | ast.ImportFrom)]
        body = [item for item in code.body if not isinstance(item, ast.Import | ast.ImportFrom)]
        if self.decoy:
            found = ast.parse(self.decoy).body
            imports += found[:-1]
            function.body[:0] = found[-1:]
        inner = imports if self.imports == "function" and self.kind != "module" else []
        if self.kind in {"start", "end"}:
            _add_arguments(function, [self.names[key] for key in self.given])
            body += ast.parse(self.sink).body
            at = 0 if self.kind == "start" else len(function.body) - isinstance(function.body[-1], _LEAVES)
            function.body[at:at] = body
            function.body[:0] = inner
        elif self.kind == "module":
            at = module.body.index(function)
            module.body[at if self.above else at + 1 : at if self.above else at + 1] = body
        else:
            self._define(module, function, [*inner, *body])
        if self.imports == "module" or (self.imports == "function" and self.kind == "module"):
            module.body[:0] = _unique(imports)
        return module

    def _define(
        self, module: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef, body: list[ast.stmt]
    ) -> None:
        """Put the code into a function of its own, or into a method of a class, above or below the function."""
        if self.result and not isinstance(body[-1], ast.Return):
            body = [*body, *ast.parse(f"return {self.result}").body]
        arguments = (["self"] if self.kind == "method" else []) + self.inputs
        made = ast.parse(f"def {self.helper}({', '.join(arguments)}): pass").body[0]
        assert isinstance(made, ast.FunctionDef)
        made.body = body
        new: ast.stmt = made
        if self.kind == "method":
            holder = ast.parse(f"class {self.cls}: pass").body[0]
            assert isinstance(holder, ast.ClassDef)
            holder.body = [made]
            new = holder
        at = module.body.index(function)
        module.body.insert(at if self.above else at + 1, new)
        if self.kind == "helper":
            _add_arguments(function, [self.names[key] for key in self.given])
            call = f"{self.helper}({', '.join(self.inputs)})"
            text = f"{self.result} = {call}\n{self.sink}" if self.result else call
            function.body[:0] = ast.parse(text).body


_LEAVES: Final = (ast.Return, ast.Raise, ast.Pass)


def _tops(codes: list[ast.Module]) -> list[ast.stmt]:
    return [item for code in codes for item in code.body]


def _sink_text(sink: str, result: str) -> str:
    return sink.replace("$x", result) if result else ""


def _unique(imports: list[ast.stmt]) -> list[ast.stmt]:
    seen: dict[str, ast.stmt] = {}
    for item in imports:
        seen.setdefault(ast.unparse(item), item)
    return list(seen.values())


def _add_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef, names: list[str]) -> None:
    """Add arguments; by keyword only where the signature leaves no other place."""
    arguments = function.args
    for name in names:
        if arguments.defaults or arguments.vararg or arguments.kwonlyargs:
            arguments.kwonlyargs.append(ast.arg(name))
            arguments.kw_defaults.append(None)
        else:
            arguments.args.append(ast.arg(name))
