"""Owns control groups: where root can set one, a bound on what a worker and all its runs use together."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_MEMORY: Final = 4 << 30
_PROCESSES: Final = 96


class ControlGroup:
    """The groups of one worker; without any where the machine offers none."""

    def __init__(self, name: str) -> None:
        self.folders: list[Path] = []
        self.reason = ""
        """Why there is none; empty where there is one."""
        limits = (
            ("memory", "memory.limit_in_bytes", "memory.max", _MEMORY),
            ("pids", "pids.max", "pids.max", _PROCESSES),
        )
        try:
            if (_ROOT / "cgroup.controllers").exists():
                folder = self._make(_ROOT / name)
                for _, _, file, value in limits:
                    (folder / file).write_text(str(value))
                return
            for controller, file, _, value in limits:
                (self._make(_ROOT / controller / name) / file).write_text(str(value))
        except OSError as error:
            self.close()
            self.reason = f"no control group can be made ({(error.strerror or str(error)).lower()})"

    def _make(self, folder: Path) -> Path:
        folder.mkdir()
        self.folders.append(folder)
        return folder

    def command(self, command: Sequence[str]) -> list[str]:
        """Return the command such that it and all it starts belong to the groups."""
        if not self.folders:
            return list(command)
        joins = "".join(f"echo $$ > '{folder}/cgroup.procs' && " for folder in self.folders)
        return ["/bin/sh", "-c", f'{joins}exec "$@"', "sh", *command]

    def close(self) -> None:
        """Remove the groups; those that still hold a process stay."""
        for folder in self.folders:
            for _ in range(40):  # the last process may still be on its way out
                with suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.005)
        self.folders = []
