"""Owns rules of files and processes: paths, archives, temporary files, rights, races, resources."""

import re
from collections.abc import Iterator
from typing import Final

from codefavor.judges.evidence.security.numbers import flags
from codefavor.judges.evidence.security.rule import Rule, Site, assigned, calls, either, strings
from codefavor.judges.evidence.security.source import Argument, Call, Source

_RUNS: Final = r"subprocess\.\w+|Popen|run|check_call|check_output|call"
_CHECKED: Final = frozenset((
    "realpath",
    "abspath",
    "commonpath",
    "commonprefix",
    "basename",
    "secure_filename",
    "resolve",
    "is_relative_to",
    "normpath",
    "safe_join",
))  # fmt: skip


def _unchecked_path(source: Source, call: Call) -> bool:
    first = call.positional(0)
    if first is None or first.string is not None or source.checked(first, _CHECKED):
        return False
    joined = source.built(first) or "join" in source.value(first).text
    return joined and (source.from_outside(first) or source.from_outside(source.value(first)))


def _opens_to_all(source: Source, call: Call) -> bool:
    """Return whether a mode lets the group or everybody write."""
    values = [source.value(argument).text for argument in call.arguments]
    modes = [flags(text) for text in values if not text.startswith("os.O_")]
    return any(
        mode is not None and 0o400 <= mode <= 0o7777 and (mode & 0o022 or mode & 0o777 == 0o755) for mode in modes
    ) or any(
        re.search(r"S_IW(?:GRP|OTH)|S_IRWX[GO]|\b0?(?:777|666|775|776|767|757|755|664)\b", text) for text in values
    )


def _unpacks_all(source: Source, call: Call) -> bool:
    """Return whether members of an archive are written wherever they say."""
    members = call.keyword("members")
    chosen = members is not None and re.search(r"(?:getmembers|infolist|namelist)\(\)$", members.text) is None
    if call.keyword("filter") is not None or chosen or source.mentions(*_CHECKED):
        return False
    return not call.path.endswith("extract") or (bool(call.arguments) and source.mentions("tarfile", "zipfile"))


def _lets_all_write(source: Source, argument: Argument | None) -> bool:
    mask = None if argument is None else flags(source.value(argument).text)
    return mask is not None and not mask & 0o002


def _asks_for_root(source: Source) -> Iterator[Site]:
    tokens = source.tokens
    for index, token in enumerate(tokens[:-4]):
        if token.text in ("getuid", "geteuid") and [item.text for item in tokens[index + 1 : index + 5]] == [
            "(",
            ")",
            "!=",
            "0",
        ]:
            yield Site(token.row)


RULES: Final = (
    Rule(
        "path-traversal", 22, 0.5, "a name with .. in it leaves the folder",
        "resolve the path and check that it is still inside",
        calls(r"open|file|(?:.*\.)?(?:send_file|FileResponse)|os\.(?:remove|unlink|listdir|rename)|shutil\.(?:rmtree|copy\w*|move)|io\.open",
              _unchecked_path),
        "def read(name):\n    return open(os.path.join(ROOT, name)).read()",
        "def read(name):\n    path = os.path.realpath(os.path.join(ROOT, name))\n"
        "    if os.path.commonpath([ROOT, path]) != ROOT:\n        raise ValueError(name)\n    return open(path).read()",
    ),
    Rule(
        "archive-unpacked", 73, 0.65, "members of an archive can name places outside the folder",
        "check each member, or unpack with filter='data'",
        calls(r"(?:.*\.)?extract(?:all)?|shutil\.unpack_archive", _unpacks_all),
        "import tarfile\ntarfile.open(name).extractall()", 'import tarfile\ntarfile.open(name).extractall(filter="data")',
    ),
    Rule(
        "temporary-name", 377, 0.75, "another process can take the name before the file is made",
        "use mkstemp or NamedTemporaryFile",
        calls(r"(?:tempfile\.)?mktemp|os\.(?:tempnam|tmpnam)"),
        "import tempfile\nname = tempfile.mktemp()", "import tempfile\nhandle, name = tempfile.mkstemp()",
    ),
    Rule(
        "fixed-temporary", 379, 0.55, "everybody may write there, and the name is known",
        "make the file with the tempfile module",
        strings(r"^[rRbBuUfF]*['\"]{1,3}/(?:var/)?tmp(?:/|['\"])"),
        'open("/tmp/report.txt", "w")', "import tempfile\ntempfile.NamedTemporaryFile()",
    ),
    Rule(
        "open-rights", 732, 0.65, "every user may change the file",
        "give rights to the owner only",
        either(calls(r"os\.(?:chmod|fchmod|lchmod|mkdir|makedirs|open|mkfifo)|(?:.*\.)?(?:chmod|mkdir|touch)", _opens_to_all),
               calls(_RUNS, lambda source, call: re.search(r"\bchmod\b.*(?:\b0?(?:777|666|775|776|767|757|755|664)\b|[ao]\+r?w|\+w)", call.text) is not None)),
        "import os\nos.chmod(path, 0o777)", "import os\nos.chmod(path, 0o600)",
    ),
    Rule(
        "cleared-mask", 276, 0.55, "new files are open to everybody",
        "set a mask of 0o077",
        either(calls(r"os\.umask", lambda source, call: _lets_all_write(source, call.positional(0))),
               calls(_RUNS, lambda source, call: _lets_all_write(source, call.keyword("umask"))),
               strings(r"\bumask\s+0+\b")),
        "import os\nos.umask(0)", "import os\nos.umask(0o077)",
    ),
    Rule(
        "check-then-use", 367, 0.35, "the file can be exchanged between the check and the use",
        "open it and handle the error",
        calls(r"os\.(?:access|path\.exists|path\.isfile)", lambda source, call: call.path == "os.access"
              or any(other.path in ("open", "os.remove", "os.mkdir", "os.makedirs", "os.unlink") and 0 < other.row - call.row <= 2
                     for other in source.calls)),
        'import os\nif os.access(path, os.W_OK):\n    open(path, "w")', 'try:\n    open(path, "x")\nexcept FileExistsError:\n    pass',
    ),
    Rule(
        "link-followed", 59, 0.35, "a link planted there is followed",
        "refuse links (os.path.islink, follow_symlinks=False)",
        calls(r"os\.chown|shutil\.copytree", lambda source, call: not call.says("follow_symlinks", "False") and not call.says("symlinks", "True")),
        "import os\nos.chown(path, user, group)", "import os\nos.chown(path, user, group, follow_symlinks=False)",
    ),
    Rule(
        "partial-path", 426, 0.25, "which program is started depends on the search path",
        "name the program by its full path",
        calls(r"os\.(?:execlp|execvp|spawnlp|spawnvp)e?|os\.startfile"),
        'import os\nos.execvp("ls", ["ls"])', 'import os\nos.execv("/bin/ls", ["ls"])',
    ),
    Rule(
        "path-of-programs", 427, 0.4, "modules are taken from a place others can write",
        "install the package instead",
        calls(r"sys\.path\.(?:append|insert)", lambda source, call: re.search(r"['\"](?:\.|/tmp|\.\.)", call.text) is not None),
        'import sys\nsys.path.insert(0, ".")', "import package",
    ),
    Rule(
        "runs-as-root", 250, 0.5, "the program takes or keeps all rights",
        "drop to an unprivileged user",
        either(calls(r"os\.set(?:e?uid|e?gid|reuid|resuid)", lambda source, call: call.text.split(",")[0] == "0"),
               strings(r"\bsudo\s|^[rRbBuU]*['\"](?:/usr/bin/)?(?:sudo|doas)['\"]$|^['\"]--privileged['\"]$"),
               assigned(r"(?i)user|username|user_name|remote_user", r"['\"]root['\"]"), assigned("privileged", "True"),
               calls(_RUNS, lambda source, call: call.says("user", "0")), _asks_for_root),
        "import os\nos.setuid(0)", "import os\nos.setuid(nobody)",
    ),
    Rule(
        "rights-kept", 269, 0.3, "the group's rights are kept when the user's are dropped",
        "set the groups first",
        calls(r"os\.setuid", lambda source, call: call.text != "0"
              and not any(other.path in ("os.setgid", "os.setgroups", "os.initgroups") for other in source.calls)),
        "import os\nos.setuid(user)", "import os\nos.setgid(group)\nos.setuid(user)",
    ),
    Rule(
        "unbounded-read", 770, 0.3, "what is sent decides how much memory is taken",
        "read at most so many bytes",
        calls(r"(?:.*\.)?(?:rfile|stream|raw)\.read|(?:.*)urlopen\(\)\.read|(?:.*)\(\)\.read",
              lambda source, call: (not call.arguments and "urlopen" in source.line(call.row)) or (not call.arguments and "rfile" in call.path)),
        "def do_POST(self):\n    data = self.rfile.read()", "def do_POST(self):\n    data = self.rfile.read(10_000)",
    ),
    Rule(
        "file-served", 552, 0.35, "the whole folder is served",
        "serve named files only",
        calls(r"(?:http\.server\.|SimpleHTTPServer\.)?SimpleHTTPRequestHandler|(?:.*\.)?StaticFiles",
              lambda source, call: (call.path.endswith("StaticFiles") and call.says("directory", '"/"')) or "Simple" in call.path),
        'app.mount("/", StaticFiles(directory="/"))', 'app.mount("/static", StaticFiles(directory="static"))',
    ),
    Rule(
        "environment-library", 114, 0.35, "a library is loaded by a name from outside",
        "load it by a full path of your own",
        calls(r"ctypes\.(?:CDLL|cdll\.LoadLibrary|WinDLL)", lambda source, call: (first := call.positional(0)) is not None
              and first.string is None and source.from_outside(first)),
        "import ctypes\n\ndef load(name):\n    return ctypes.CDLL(name)", 'import ctypes\nlibrary = ctypes.CDLL("/usr/lib/libm.so.6")',
    ),
    Rule(
        "upload-unchecked", 434, 0.5, "an uploaded file keeps the name its sender gave it",
        "use secure_filename and a list of endings",
        calls(r"(?:.*\.)?save", lambda source, call: "filename" in call.text and not source.mentions(*_CHECKED)),
        "def upload(item):\n    item.save(FOLDER + item.filename)",
        "def upload(item):\n    item.save(FOLDER + secure_filename(item.filename))",
    ),
    Rule(
        "division-unchecked", 369, 0.2, "a zero from outside ends the program",
        "check the divisor",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens) if token.text in ("/", "//") and index + 1 < len(source.tokens)
                        and source.tokens[index + 1].text == "int" and index + 3 < len(source.tokens) and source.tokens[index + 3].text == "input"),
        "share = total / int(input())", "count = int(input())\nshare = total / count if count else 0",
    ),
    Rule(
        "masked-write", 668, 0.25, "a whole address space is opened for writing and running",
        "map it for reading only",
        assigned(r"prot", r".*PROT_EXEC.*"),
        "import mmap\nmmap.mmap(-1, 10, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)", "import mmap\nmmap.mmap(-1, 10, prot=mmap.PROT_READ)",
    ),
)  # fmt: skip
