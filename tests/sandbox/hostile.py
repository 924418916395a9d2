"""Programs that try to get out of the sandbox, to exhaust the machine or to lie, and what each is to be reported as."""

from dataclasses import dataclass
from textwrap import dedent

from codefavor.sandbox import Job, Limits

QUICK = Limits(wall_seconds=3.0, cpu_seconds=2.0, call_cpu_seconds=1.0, memory_mb=256, output_bytes=4096, processes=8)
CANARY = "canary-7f3a91"
"""Stands in files and variables outside; no run may ever say it."""


@dataclass(frozen=True)
class Hostile:
    """One program."""

    name: str
    code: str
    statuses: tuple[str, ...] = ("ok",)
    """What the run may be reported as."""
    says: str = ""
    """What it must have printed: proof that it tried and was refused."""
    call: str = ""
    call_statuses: tuple[str, ...] = ()

    @property
    def job(self) -> Job:
        """The job to run."""
        calls = (self.call,) if self.call else ()
        return Job(dedent(self.code).replace("CANARY", "{canary}"), calls, limits=QUICK)


def _tried(body: str, errors: str = "OSError") -> str:
    """Return a program that says "refused" where the body raises, and "ESCAPED" where it does not."""
    lines = "\n    ".join(dedent(body).strip().splitlines())
    return f"import os, sys, socket\ntry:\n    {lines}\n    print('ESCAPED')\nexcept ({errors}) as error:\n    print('refused')\n"


_SYSCALL = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"

HOSTILE = (
    # ── Files ──
    Hostile("write outside", _tried("open('{outside}/written', 'w')"), says="refused"),
    Hostile("read a secret file", _tried("print(open('{outside}/secret').read())"), says="refused"),
    Hostile("list the home of root", _tried("print(os.listdir('/root'))\nassert os.listdir('/root') == ['.pyenv']", "OSError, AssertionError")),
    Hostile("read the password file", _tried("print(open('/etc/passwd').read())"), says="refused"),
    Hostile("write into the interpreter", _tried("open(os.__file__, 'a')"), says="refused"),
    Hostile("replace a module of the interpreter", _tried("os.rename(os.__file__, os.__file__ + '.old')"), says="refused"),
    Hostile("link out and write", _tried("os.symlink('{outside}', 'link'); open('link/written', 'w')"), says="refused"),
    Hostile("hard link to a secret", _tried("os.link('{outside}/secret', 'mine')"), says="refused"),
    Hostile("climb out by dots", _tried("open('../../../../../../../{outside}/written', 'w')"), says="refused"),
    Hostile("other people's scratch", _tried("open('/var/tmp/x', 'w')"), says="refused"),
    Hostile("shared memory", _tried("open('/dev/shm/x', 'w')"), says="refused"),
    Hostile("a device", _tried("open('/dev/sda', 'rb')"), says="refused"),
    Hostile("make a device", _tried("os.mknod('disk', 0o600 | 0o060000, os.makedev(8, 0))"), says="refused"),
    Hostile("kernel settings", _tried("open('/proc/sys/kernel/hostname', 'w')"), says="refused"),
    # ── Secrets ──
    Hostile("environment", "import os\nprint(dict(os.environ))\nassert 'SECRET' not in os.environ"),
    Hostile("environment of the parents", "import os\nfor pid in range(1, 40):\n    try:\n        print(open(f'/proc/{pid}/environ', 'rb').read())\n    except OSError:\n        pass\nprint('done')", says="done"),
    Hostile("command lines of others", _tried("print(open('/proc/1/cmdline').read())"), says="refused"),
    Hostile("memory of the parent", _tried("open(f'/proc/{os.getppid()}/mem', 'rb')"), says="refused"),
    Hostile("nothing to inherit", "import os\nleft = []\nfor number in range(4, 256):\n    try:\n        os.fstat(number)\n        left.append(number)\n    except OSError:\n        pass\nprint('left', left)", says="left []"),
    # ── Network ──
    Hostile("network by number", _tried("socket.create_connection(('1.1.1.1', 53), 1)"), says="refused"),
    Hostile("network by name", _tried("socket.create_connection(('example.org', 80), 1)"), says="refused"),
    Hostile("this machine's ports", _tried("socket.create_connection(('127.0.0.1', {port}), 1)"), says="refused"),
    Hostile("a datagram", _tried("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"), says="refused"),
    Hostile("a listening port", _tried("socket.socket().bind(('0.0.0.0', 0))"), says="refused"),
    Hostile("unix socket", _tried("socket.socket(socket.AF_UNIX).connect('{outside}/socket')"), says="refused"),
    Hostile("abstract unix socket", _tried("socket.socket(socket.AF_UNIX).connect('\\0codefavor-canary-{port}')"), says="refused"),
    Hostile("netlink", _tried("socket.socket(16, socket.SOCK_RAW, 0)"), says="refused"),
    # ── Processes and kernel ──
    Hostile("kill the parent", _tried("os.kill(os.getppid(), 9)"), says="refused"),
    Hostile("kill everybody", _tried("os.kill(-1, 9)"), says="refused"),
    Hostile("kill the group of the parent", _tried("os.killpg(os.getpgid(os.getppid()), 9)"), says="refused"),
    Hostile("become root", _tried("os.setuid(0)"), says="refused"),
    Hostile("a session of its own", _tried("os.setsid()"), says="refused"),
    Hostile("change root", _tried("os.chroot('.')"), says="refused"),
    Hostile("trace the parent", _SYSCALL + "import os\nprint('refused' if libc.ptrace(16, os.getppid(), 0, 0) == -1 else 'ESCAPED')", says="refused"),
    Hostile("new namespaces", _SYSCALL + "print('refused' if libc.unshare(0x10000000) == -1 else 'ESCAPED')", says="refused"),
    Hostile("mount", _SYSCALL + "print('refused' if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == -1 else 'ESCAPED')", says="refused"),
    Hostile("raise its limits", "import resource\ntry:\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\n    print('ESCAPED')\nexcept (ValueError, OSError):\n    print('refused')", says="refused"),
    Hostile("memory in the kernel", _tried("os.memfd_create('x')"), says="refused"),
    # ── Exhausting the machine ──
    Hostile("fork bomb", "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass", ("timeout",)),
    Hostile("thread bomb", "import threading, time\ntry:\n    while True:\n        threading.Thread(target=time.sleep, args=(60,)).start()\nexcept RuntimeError:\n    print('refused')\nimport os\nos._exit(0)", ("exited",), says=""),
    Hostile("memory hog", "held = []\nwhile True:\n    held.append(bytearray(1 << 20))", ("memory",)),
    Hostile("one huge block", "held = bytearray(1 << 34)", ("memory",)),
    Hostile("a huge power", "number = 10 ** (10 ** 10)", ("timeout", "memory", "killed")),
    Hostile("disk hog", "with open('big', 'wb') as out:\n    while True:\n        out.write(bytes(1 << 20))", ("raised", "output")),
    Hostile("many files", "try:\n    for number in range(10**6):\n        open(str(number), 'w').write('x' * 4096)\nexcept OSError:\n    print('full')", ("ok", "timeout")),
    Hostile("sleeper", "import time\ntime.sleep(1000)", ("timeout",)),
    Hostile("spinner", "while True:\n    pass", ("timeout",)),
    Hostile("signal eater", "import signal\nfor number in range(1, 64):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\nwhile True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass", ("timeout",)),
    Hostile("exception eater", "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass", ("timeout",)),
    Hostile("daemon that holds the pipes", "import os, time\nif os.fork() == 0:\n    if os.fork() == 0:\n        time.sleep(1000)\n    os._exit(0)\nprint('left it')", says="left it"),
    Hostile("threads left running", "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\nprint('left it')", says="left it"),
    Hostile("giant output", "import sys\nwhile True:\n    sys.stdout.write('x' * 65536)", ("timeout", "output")),
    Hostile("much output", "print('x' * 10**6)", says="xxx"),
    Hostile("bytes that are no text", "import sys\nsys.stdout.buffer.write(b'\\x00\\xff\\xfe' * 10)\nprint()\nprint('after')", says="after"),
    Hostile("folders without end", "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\nprint('deep')", says="deep"),
    Hostile("folders nobody may open", "import os\nos.mkdir('d')\nopen('d/f', 'w')\nos.chmod('d', 0)\nprint('shut')", says="shut"),
    Hostile("hashes that collide", "def f():\n    return {k * (2**61 - 1) for k in range(20_000)}", ("ok", "timeout"), call="f()", call_statuses=("returned", "timeout")),
    # ── Ends of all kinds ──
    Hostile("deep recursion", "def f(n):\n    return f(n + 1)\nf(0)", ("recursion",)),
    Hostile("recursion in C", "import sys\nsys.setrecursionlimit(10**9)\ndef f(n):\n    return [f(n + 1)]\nf(0)", ("killed", "memory", "recursion", "timeout", "raised")),
    Hostile("os._exit", "import os\nos._exit(0)", ("exited",)),
    Hostile("sys.exit", "import sys\nsys.exit(3)", ("exited",)),
    Hostile("abort", "import os\nos.abort()", ("killed",)),
    Hostile("segmentation fault", "import ctypes\nctypes.string_at(0)", ("killed",)),
    Hostile("keyboard interrupt", "raise KeyboardInterrupt", ("raised",)),
    Hostile("an exception of an exception", "class E(BaseException):\n    def __str__(self):\n        raise self\nraise E", ("raised",)),
    # ── Lies ──
    Hostile("faked results on standard output", "print('[\"00\", {\"call\": 0, \"status\": \"returned\", \"value\": 42}]')\ndef f():\n    return 1", call="f()", call_statuses=("returned",)),
    Hostile("faked results on the channel", "import os\nos.write(3, b'[\"0000000000000000\", {\"call\": 0, \"status\": \"returned\", \"value\": 42}]\\n' * 10)\ndef f():\n    return 1", call="f()", call_statuses=("returned",)),
    Hostile("noise on the channel", "import os\nos.write(3, bytes(range(256)) * 100 + b'\\n')\ndef f():\n    return 1", call="f()", call_statuses=("returned",)),
    Hostile("channel closed", "import os\nos.close(3)\ndef f():\n    return 1", ("exited",), call="f()"),
    Hostile("all descriptors closed", "import os\nos.closerange(0, 256)\ndef f():\n    return 1", ("exited",), call="f()"),
    Hostile("time replaced", "import time\ntime.thread_time_ns = lambda: 0\ntime.perf_counter = lambda: 0\ndef f():\n    return sum(range(10**6))", call="f()", call_statuses=("returned",)),
    Hostile("built-ins replaced", "import builtins, json, sys\nbuiltins.isinstance = lambda *_: True\nbuiltins.len = lambda _: 0\njson.dumps = lambda *_: 'lie'\nsys.exit = lambda *_: None\ndef f():\n    return 1", ("ok", "raised", "exited", "killed"), call="f()", call_statuses=("returned", "not-run", "unencodable", "raised", "exited", "killed")),
    Hostile("a value with teeth", "class V:\n    def __repr__(self):\n        raise SystemExit\n    __reduce__ = __eq__ = __hash__ = __repr__\ndef f():\n    return V()", call="f()", call_statuses=("exited", "unencodable")),
    Hostile("a value without end", "def f():\n    x = []\n    x.append(x)\n    return x", call="f()", call_statuses=("returned",)),
    Hostile("a value that is too large", "def f():\n    return ['x' * 1000] * 10**6", call="f()", call_statuses=("unencodable", "memory")),
    Hostile("an import that writes", _tried("sys.path.insert(0, '.'); open('evil.py', 'w').write(\"open('{outside}/written', 'w')\"); import evil"), says="refused"),
    Hostile("exit handlers", "import atexit\natexit.register(lambda: open('{outside}/written', 'w'))\nprint('set')", says="set"),
    Hostile("what the runner left in memory", "import gc\nfound = [o for o in gc.get_objects() if isinstance(o, dict) and 'expected' in o]\nprint('found', len(found))", says="found 0"),
)  # fmt: skip
