"""Owns what a run gives up before it executes a line nobody trusts: files, sockets, signals, privileges, resources.

Runs inside the sandbox on the standard library alone; nothing here may import the package.
Each step returns a reason where the kernel does not offer it, so that the caller can say which layers hold.
"""

import ctypes
import errno
import os
import resource
import struct
from collections.abc import Iterable

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 38, 22
_libc = ctypes.CDLL(None, use_errno=True)

# Numbers of system calls by machine; what is not in a machine's table does not exist there.
_CALLS = {
    "x86_64": {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
        "pidfd_send_signal": 424, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "tkill": 200,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
        "mount_setattr": 442, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "request_key": 249,
        "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
        "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
        "reboot": 169, "swapon": 167, "swapoff": 168, "sethostname": 170, "setdomainname": 171,
        "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "clock_adjtime": 305, "acct": 163, "quotactl": 179,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "personality": 135, "memfd_create": 319,
        "memfd_secret": 447, "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "msgget": 68, "mq_open": 240,
        "fanotify_init": 300, "mknod": 133, "mknodat": 259, "setsid": 112, "setpgid": 109, "mlock": 149,
        "mlockall": 151, "mlock2": 325,
        "socket": 41, "connect": 42, "accept": 43, "accept4": 288, "bind": 49, "listen": 50,
        "iopl": 172, "ioperm": 173, "syslog": 103, "vhangup": 153, "setpriority": 141, "sched_setscheduler": 144,
        "sched_setattr": 314, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279,
    },
    "aarch64": {
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "pidfd_getfd": 438,
        "pidfd_send_signal": 424, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "tkill": 130,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
        "mount_setattr": 442, "bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217, "request_key": 218,
        "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
        "kexec_load": 104, "kexec_file_load": 294, "init_module": 105, "finit_module": 273, "delete_module": 106,
        "reboot": 142, "swapon": 224, "swapoff": 225, "sethostname": 161, "setdomainname": 162,
        "settimeofday": 170, "clock_settime": 112, "adjtimex": 171, "clock_adjtime": 266, "acct": 89, "quotactl": 60,
        "name_to_handle_at": 264, "open_by_handle_at": 265, "personality": 92, "memfd_create": 279,
        "memfd_secret": 447, "shmget": 194, "shmat": 196, "shmctl": 195, "semget": 190, "msgget": 186, "mq_open": 180,
        "fanotify_init": 262, "mknodat": 33, "setsid": 157, "setpgid": 154, "mlock": 228, "mlockall": 230,
        "mlock2": 284, "socket": 198, "connect": 203, "accept": 202, "accept4": 242, "bind": 200, "listen": 201,
        "syslog": 116, "vhangup": 58, "setpriority": 140, "sched_setscheduler": 119, "sched_setattr": 274,
        "ioprio_set": 30, "migrate_pages": 238, "move_pages": 239,
    },
}  # fmt: skip
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# number of: kill, tgkill, clone, clone3, prlimit64
_CHECKED = {"x86_64": (62, 234, 56, 435, 302), "aarch64": (129, 131, 220, 435, 261)}
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW… flag
_ALLOW, _KILL = 0x7FFF0000, 0x80000000


def _refuse(number: int) -> int:
    return 0x00050000 | number


def _filter() -> bytes | str:
    """Return the seccomp program for this process as bytes, or a reason in words."""
    machine = os.uname().machine
    if machine not in _CALLS:
        return f"no table of system calls for {machine}"
    kill, tgkill, clone, clone3, prlimit = _CHECKED[machine]
    own = os.getpid()
    code: list[bytes] = []

    def add(op: int, jt: int, jf: int, k: int) -> None:
        code.append(struct.pack("=HBBI", op, jt, jf, k & 0xFFFFFFFF))

    load, jeq, jge, jset, ret = 0x20, 0x15, 0x35, 0x45, 0x06
    add(load, 0, 0, 4)
    add(jeq, 1, 0, _ARCH[machine])
    add(ret, 0, 0, _KILL)
    add(load, 0, 0, 0)
    add(jge, 0, 1, 0x40000000)  # the x32 calling convention would pass every number below
    add(ret, 0, 0, _KILL)
    for number in sorted(_CALLS[machine].values()):
        add(jeq, 0, 1, number)
        add(ret, 0, 0, _refuse(errno.EPERM))
    add(jeq, 0, 1, clone3)  # its flags lie in memory a filter cannot read; the C library then takes clone
    add(ret, 0, 0, _refuse(errno.ENOSYS))
    for number in (kill, tgkill):  # a run may only signal itself
        add(jeq, 0, 4, number)
        add(load, 0, 0, 16)
        add(jeq, 0, 1, own)
        add(ret, 0, 0, _ALLOW)
        add(ret, 0, 0, _refuse(errno.EPERM))
    add(jeq, 0, 4, clone)
    add(load, 0, 0, 16)
    add(jset, 0, 1, _NEW_NAMESPACES)
    add(ret, 0, 0, _refuse(errno.EPERM))
    add(ret, 0, 0, _ALLOW)
    add(jeq, 0, 4, prlimit)  # of other processes
    add(load, 0, 0, 16)
    add(jeq, 1, 0, 0)
    add(ret, 0, 0, _refuse(errno.EPERM))
    add(ret, 0, 0, _ALLOW)
    add(ret, 0, 0, _ALLOW)
    return b"".join(code)


def no_new_privileges() -> str:
    """Let no program this process starts gain rights, by set-user-id bits for one."""
    return "" if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 else os.strerror(ctypes.get_errno())


def seccomp() -> str:
    """Refuse system calls that no ordinary program needs; return a reason where that cannot be done."""
    program = _filter()
    if isinstance(program, str):
        return program
    held = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(held))
    buffer = ctypes.create_string_buffer(fprog, len(fprog))
    if _libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(buffer), 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    return ""


_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ = (1 << 0) | (1 << 2) | (1 << 3)  # execute, read files, read folders
_FILE_ONLY = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)


def landlock(readable: Iterable[str], writable: Iterable[str]) -> str:
    """Allow files below these places only, and no TCP; return a reason where that cannot be done.

    Which of it the kernel knows depends on its version: files from 5.13, truncation 6.2, TCP 6.7, signals 6.12.
    """
    version = _libc.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return os.strerror(ctypes.get_errno())
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    files = (1 << bits) - 1
    attributes = struct.pack("QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _libc.syscall(_CREATE, attributes, size, 0)
    if rules < 0:
        return os.strerror(ctypes.get_errno())
    try:
        for places, rights in ((readable, _READ), (writable, files)):
            for place in places:
                try:
                    where = os.open(place, os.O_PATH | os.O_CLOEXEC)
                except OSError:
                    continue
                allowed = rights & files
                if not os.path.isdir(place):
                    allowed &= _FILE_ONLY
                rule = struct.pack("=Qi", allowed, where)
                failed = _libc.syscall(_ADD, rules, 1, rule, 0)
                os.close(where)
                if failed:
                    return os.strerror(ctypes.get_errno())
        if _libc.syscall(_RESTRICT, rules, 0):
            return os.strerror(ctypes.get_errno())
    finally:
        os.close(rules)
    return ""


def limits(memory: int, cpu: int, disk: int, processes: int) -> str:
    """Set the resource limits of this process and its children; sizes in bytes, CPU in whole seconds.

    Returns which could not be set.
    """
    failed: list[str] = []
    for name, soft, hard in (
        ("RLIMIT_AS", memory, memory),
        ("RLIMIT_CPU", cpu, cpu + 1),
        ("RLIMIT_FSIZE", disk, disk),
        ("RLIMIT_NPROC", processes, processes),
        ("RLIMIT_NOFILE", 64, 64),
        ("RLIMIT_CORE", 0, 0),
        ("RLIMIT_MEMLOCK", 0, 0),
        ("RLIMIT_MSGQUEUE", 0, 0),
    ):
        which = getattr(resource, name, None)
        if which is None:
            continue
        most = resource.getrlimit(which)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        try:
            resource.setrlimit(which, (soft, hard))
        except (ValueError, OSError):
            failed.append(name)
    return ", ".join(failed)


def hide_memory() -> None:
    """Keep other processes of the same user from reading this one through /proc."""
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def become(user: int) -> None:
    """Give up root for a user that owns nothing; groups too."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
