"""The same study on a PostgreSQL server of our own, where many write at once."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.annotation.studies import NAMES, answer, finish, make_tasks

from codefavor.annotation.store import Store
from codefavor.annotation.study import Study

pytestmark = [pytest.mark.slow]


@pytest.fixture
def address() -> Iterator[str]:
    """Start a server that listens on a socket in a folder of its own, and give its address."""
    pytest.importorskip("psycopg")
    if not all(map(shutil.which, ("initdb", "pg_ctl"))):
        pytest.skip("there is no PostgreSQL on this machine")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    who = {"user": "nobody", "cwd": folder} if os.geteuid() == 0 else {"cwd": folder}
    if os.geteuid() == 0:  # it does not run as root
        shutil.chown(folder, "nobody")
    data = str(folder / "data")
    started = ["pg_ctl", "-D", data, "-w", "-o", f"-k {folder} -c listen_addresses=''", "-l", f"{folder}/log", "start"]
    try:
        for command in (["initdb", "-D", data, "-U", "study", "-A", "trust"], started):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120, **who)
        yield f"postgresql+psycopg://study@/postgres?host={folder}"
    finally:
        stop = ["pg_ctl", "-D", data, "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, stdout=subprocess.DEVNULL, timeout=60, **who)
        shutil.rmtree(folder, ignore_errors=True)


def test_six_people_at_once_on_a_database_server(address: str) -> None:
    """Each from a connection pool of their own, as from machines of their own."""
    first = Store(address)
    first.add_tasks(make_tasks(12))
    first.add_annotators(NAMES)
    studies = {name: Study(Store(address)) for name in NAMES}
    threads = [threading.Thread(target=finish, args=(study, name)) for name, study in studies.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counts = Counter(kept.task for kept in first.history())
    assert counts == Counter(dict.fromkeys(first.tasks(), 3))
    assert first.undo("ann")
    shown = Study(first).next_task("ann")
    assert shown is not None
    answer(Study(first), "ann", shown, "tie")
    assert len(first.history()) == 38
    for study in studies.values():
        study.store.close()
    first.close()
