"""Owns how strongly this machine can hold code that nobody trusts: the command that starts a worker, layer by layer.

With bubblewrap a run lives in namespaces of its own (processes, network, mounts, users or a user without rights), sees
a read-only interpreter and an empty scratch folder, and has neither /proc nor an environment. With or without it a run
gives up privileges, and landlock, seccomp and resource limits hold what they can.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from codefavor.errors import SandboxError

INSIDE: Final = Path(__file__).parent / "inside"
_USERS: Final = 1_879_048_192
"""First of the user ids that runs take when we are root: far above those of people and services."""
_SCRATCH: Final = "/tmp"
_LIBRARIES: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_DEVICES: Final = ("null", "zero", "urandom", "random", "full")


@dataclass(frozen=True)
class Layer:
    """One thing that stands between a run and the machine."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class Start:
    """How a worker is started."""

    command: tuple[str, ...]
    setup: dict[str, Any]
    user: int | None
    """The user the process itself runs as; None: our own."""
    scratch: Path | None
    """A folder on this machine that is the scratch folder, where there is no bubblewrap to make one."""


@cache
def bubblewrap() -> str | None:
    """Return where bubblewrap is, or None where it is missing or may not make namespaces."""
    found = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin:" + os.environ.get("PATH", ""))
    if found is None:
        return None
    tried = subprocess.run(
        [found, "--unshare-all", "--ro-bind", "/", "/", "--", "/bin/true"], env={}, capture_output=True, check=False
    )
    return found if tried.returncode == 0 else None


@cache
def valgrind() -> str | None:
    """Return where valgrind is, or None where it is not installed."""
    places = "/usr/bin:/usr/local/bin"  # Debian's valgrind is a shell script around the program
    return shutil.which("valgrind.bin", path=places) or shutil.which("valgrind", path=places)


def start(number: int, packages: Sequence[str], with_bubblewrap: bool = True, counter: str | None = None) -> Start:
    """Return how to start worker `number`.

    Args:
        number: tells workers of one process apart.
        packages: importable packages that runs may use beside the standard library.
        with_bubblewrap: use bubblewrap where it works.
        counter: where valgrind is, for a worker that counts instructions.

    Raises:
        SandboxError: this is not Linux, or a package is not installed.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxError(f"code that nobody trusts is run on Linux only, not on {sys.platform}")
    root = os.geteuid() == 0
    user = _USERS + (os.getpid() * 16 + number) % 100_000_000 if root else None
    places = _package_places(packages)
    python, prefix = _interpreter()
    bwrap = bubblewrap() if with_bubblewrap else None
    readable = [*_LIBRARIES, *prefix, "/dev", "/etc/localtime", "/usr/share/zoneinfo"]
    inside = "/inside" if bwrap else str(INSIDE)
    packages_path = ["/packages"] if places and bwrap else [str(path.parent) for path in places]
    setup: dict[str, Any] = {
        "user": user,
        "keep_root": root and bwrap is not None,
        "own_processes": bwrap is not None,
        "landlock": True,
        "seccomp": True,
        "valgrind": counter is not None,
        "packages_path": sorted(set(packages_path)),
        "preload": list(packages),
        "readable": [*readable, inside, *(["/packages"] if bwrap else map(str, places))],
    }
    tool = [counter, *_VALGRIND] if counter else []
    if counter:
        setup["readable"] += ["/usr/bin", "/usr/libexec"]
    if bwrap is None:
        scratch = Path(tempfile.mkdtemp(prefix="codefavor-run-"))
        if user is not None:
            os.chown(scratch, user, user)
        setup["scratch"] = str(scratch)
        return Start((*tool, python, "-S", "-B", "-X", "utf8", f"{inside}/zygote.py"), setup, user, scratch)
    setup["scratch"] = _SCRATCH
    command = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    # Not --die-with-parent: the kernel takes the thread that started it for its parent. A worker ends with its input.
    command += ["--new-session", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if root:
        for name in ("SETUID", "SETGID", "KILL", "DAC_OVERRIDE", "FOWNER"):
            command += ["--cap-add", f"CAP_{name}"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    parents = dict.fromkeys(
        str(parent) for place in prefix for parent in reversed(Path(place).parents) if parent != Path("/")
    )
    for parent in parents:  # bubblewrap would make them for its own user only
        if not any(parent == place or parent.startswith(f"{place}/") for place in (*_LIBRARIES, *prefix)):
            command += ["--perms", "0755", "--dir", parent]
    for place in dict.fromkeys((*_LIBRARIES, *prefix)):
        command += ["--ro-bind-try", place, place]
    if counter:
        # It reads its own memory map when it starts; landlock keeps /proc from the runs all the same.
        command += ["--ro-bind-try", "/usr/bin", "/usr/bin", "--ro-bind-try", "/usr/libexec", "/usr/libexec"]
        command += ["--proc", "/proc"]
    command += ["--ro-bind", str(INSIDE), "/inside"]
    for path in places:
        command += ["--ro-bind", str(path), f"/packages/{path.name}"]
    command += ["--tmpfs", "/dev"]
    for name in _DEVICES:
        command += ["--dev-bind-try", f"/dev/{name}", f"/dev/{name}"]
    command += ["--remount-ro", "/dev", "--perms", "1777", "--size", str(64 << 20), "--tmpfs", _SCRATCH]
    command += ["--chdir", _SCRATCH, "--remount-ro", "/", "--"]
    command += [*tool, python, "-S", "-B", "-X", "utf8", "/inside/zygote.py"]
    return Start(tuple(command), setup, None, None)


_VALGRIND: Final = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


def _interpreter() -> tuple[str, list[str]]:
    """Return the interpreter beneath any virtual environment, and the places it needs."""
    python = os.path.realpath(sys.executable)
    places = {python, sysconfig.get_path("stdlib")}
    base = Path(sys.base_prefix)
    if base != Path("/usr"):
        places |= {str(base / "lib"), str(base / "lib64")}
    return python, sorted(place for place in places if place and Path(place).exists())


def _package_places(packages: Sequence[str]) -> list[Path]:
    places: list[Path] = []
    for name in packages:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise SandboxError(f"the package {name} is not installed here, so runs cannot have it; install it first")
        origin = Path(spec.origin)
        place = origin.parent if origin.name == "__init__.py" else origin
        places.append(place)
        libraries = place.parent / f"{name}.libs"  # shared libraries that wheels bring along
        if libraries.is_dir():
            places.append(libraries)
    return places


def layers_of(start: Start, probed: dict[str, str]) -> tuple[Layer, ...]:
    """Return which layers a worker's runs really have, by what a child inside it found.

    Args:
        start: how the worker was started.
        probed: layer → why it does not hold, empty where it does.
    """
    contained = start.scratch is None

    def layer(name: str, key: str, detail: str) -> Layer:
        reason = probed.get(key, "not probed")
        return Layer(name, not reason, reason or detail)

    missing = "bubblewrap is not installed or may not make namespaces (Debian: apt-get install bubblewrap)"
    spaces = "own processes, network, mounts, IPC and host name; read-only interpreter; no /proc; empty environment"
    return (
        Layer("namespaces", contained, spaces if contained else missing),
        layer("unprivileged user", "user", "runs belong to a user that owns nothing"),
        layer("no new privileges", "privileges", "set-user-id programs gain nothing"),
        layer("landlock", "landlock", "files below the interpreter and the scratch folder only; no TCP"),
        layer("seccomp", "seccomp", "no sockets, tracing, mounts, sessions, namespaces or kernel interfaces"),
        layer("signals", "signals", "runs cannot signal their parent"),
        layer("control group", "cgroup", "4 GiB and 96 processes for a worker with all its runs together"),
        layer("limits", "limits", "memory, CPU, file size, processes, descriptors; wall clock from outside"),
    )


def enough(layers: Sequence[Layer]) -> bool:
    """Return whether code that nobody trusts may run: files, sockets and privileges must be out of its reach.

    That is, an unprivileged user that gains nothing, with seccomp, and either namespaces or landlock.
    """
    holds = {layer.name for layer in layers if layer.holds}
    return {"unprivileged user", "no new privileges", "seccomp"} <= holds and bool(holds & {"namespaces", "landlock"})
