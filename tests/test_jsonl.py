"""Owns the checks of record files: reading, replacing, appending, and what a kill or a full disk leaves behind."""

import gzip
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codefavor.errors import (
    BrokenRecordError,
    EmptyInputError,
    InputError,
    MissingFileError,
    RunMismatchError,
    StorageError,
)
from codefavor.jsonl import (
    AppendLog,
    BlockLog,
    hash_file,
    read_all,
    read_json,
    read_records,
    read_rows,
    replace_file,
    write_bytes,
    write_json,
    write_records,
)
from codefavor.records import Function, Rejection

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")


def rejections(count: int, start: int = 0) -> list[Rejection]:
    return [Rejection(id=f"row-{number}", reason="test", detail="é" * 20) for number in range(start, start + count)]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: to a writer, the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def killed(work: Callable[[], None], after: float) -> None:
    """Do the work in a process of its own and end that with SIGKILL."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


# ── Reading ──


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_records_survive_every_compression(tmp_path: Path, suffix: str) -> None:
    """The suffix alone decides how a file is stored."""
    path = tmp_path / f"rows{suffix}"

    assert write_records(path, rejections(3000)) == 3000
    assert list(read_records(path, Rejection)) == rejections(3000)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_equal_records_give_equal_bytes(tmp_path: Path, suffix: str) -> None:
    """A compressed file must not hold its name or the time, or hashes of inputs would differ."""
    paths = [tmp_path / name / f"rows{suffix}" for name in ("one", "other")]
    for path in paths:
        write_records(path, rejections(50))

    assert hash_file(paths[0]) == hash_file(paths[1])


@pytest.mark.parametrize("suffix", SUFFIXES[1:])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_compressed_file_cut_short_is_an_error(tmp_path: Path, suffix: str, kept: float) -> None:
    """A half-copied file must not pass for a shorter one."""
    path = tmp_path / f"rows{suffix}"
    write_records(path, (Rejection(id=os.urandom(20).hex(), reason="test") for _ in range(5000)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])

    with pytest.raises(BrokenRecordError, match="damaged or cut short"):
        list(read_rows(path))


@pytest.mark.parametrize("suffix", SUFFIXES[1:])
def test_a_file_that_is_not_compressed_as_its_name_says_is_an_error(tmp_path: Path, suffix: str) -> None:
    """Renaming a file is an easy mistake."""
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(b'{"id": "1", "reason": "test"}\n')

    with pytest.raises(BrokenRecordError, match="line 1: the compressed file is damaged"):
        list(read_rows(path))


def test_files_compressed_in_several_parts_are_read_whole(tmp_path: Path) -> None:
    """`cat a.gz b.gz` and `cat a.zst b.zst` are valid files."""
    lines = [record.to_json() + b"\n" for record in rejections(40)]
    (tmp_path / "rows.jsonl.gz").write_bytes(b"".join(gzip.compress(line) for line in lines))
    (tmp_path / "rows.jsonl.zst").write_bytes(b"".join(zstandard.compress(line) for line in lines))

    assert list(read_records(tmp_path / "rows.jsonl.gz", Rejection)) == rejections(40)
    assert list(read_records(tmp_path / "rows.jsonl.zst", Rejection)) == rejections(40)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "1", "reas', "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"id": "1"}', "not a Rejection: field 'reason' is missing"),
        (b'{"id": "1", "reason": 7}', "field 'reason': input should be a valid string; got 7"),
        (b'{"id": "1", "reason": "\xff"}', "not JSON"),
        (b'{"id": "1", "reason": "' + b"x" * 200, r"got '.*x\.\.\.'"),
    ],
)
def test_a_broken_line_names_file_and_line(tmp_path: Path, line: bytes, reason: str) -> None:
    """A person has to find the line among a million."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"id": "0", "reason": "fine"}\n\n' + line + b"\n")

    with pytest.raises(BrokenRecordError, match=rf"rows.jsonl, line 3: .*{reason}"):
        list(read_records(path, Rejection))


def test_a_file_without_records_is_an_error_where_some_are_needed(tmp_path: Path) -> None:
    """Blank lines are no records."""
    path = tmp_path / "rows.jsonl"
    path.write_text("\n\n")

    assert list(read_records(path, Rejection)) == []
    with pytest.raises(EmptyInputError, match="holds no records"):
        read_all(path, Rejection)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    """The two mistakes have different remedies."""
    with pytest.raises(MissingFileError, match=r"there is no file .*gone\.jsonl"):
        list(read_rows(tmp_path / "gone.jsonl"))
    with pytest.raises(MissingFileError, match="is a folder"):
        list(read_rows(tmp_path))


def test_standard_input_has_no_hash() -> None:
    """It can be read only once."""
    with pytest.raises(InputError, match="cannot come from standard input"):
        hash_file("-")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec=None)), st.dictionaries(st.text("xyz", min_size=3), json_values, max_size=3))
def test_what_is_written_is_what_is_read(tmp_path: Path, text: str, unknown: dict[str, object]) -> None:
    """Whatever the text (half surrogate pairs, line separators, nothing) and the fields nobody declared."""
    row = {"package": "p", "module": "m", "qualname": "q", "code": text, "docstring": text, **unknown}
    written = Function.model_validate(row)
    write_records(tmp_path / "rows.jsonl", [written])

    assert list(read_records(tmp_path / "rows.jsonl", Function)) == [written]


# ── Whole files ──


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Whoever wrote the old one still has it."""
    path = tmp_path / "rows.jsonl"
    write_records(path, rejections(2))

    def broken() -> Iterator[Rejection]:
        yield from rejections(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_records(path, broken())
    assert [item.name for item in tmp_path.iterdir()] == ["rows.jsonl"]
    assert len(read_all(path, Rejection)) == 2


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """SIGKILL gives no time to clean up; the folder must not fill with remains."""
    path = tmp_path / "rows.jsonl"

    def forever() -> None:
        with replace_file(path) as stream:
            while True:
                stream.write(b"x" * 1000)
                time.sleep(0.001)

    killed(forever, after=0.1)
    left = [item.name for item in tmp_path.iterdir()]
    write_records(path, rejections(2))

    assert len(left) == 1
    assert left[0].startswith(".rows.jsonl.")
    assert [item.name for item in tmp_path.iterdir()] == ["rows.jsonl"]


def test_two_writers_of_one_file_leave_each_other_alone(tmp_path: Path) -> None:
    """The unfinished file of a living writer is not abandoned; the last to finish wins."""
    path = tmp_path / "rows.jsonl"
    with replace_file(path) as first:
        first.write(b"first")
        write_bytes(path, b"second")

        assert path.read_bytes() == b"second"

    assert path.read_bytes() == b"first"


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """Exit status 1: the command was right, and works again once there is room."""
    with largest_file(4096), pytest.raises(StorageError, match=r"cannot write .*rows\.jsonl: file too large") as caught:
        write_records(tmp_path / "rows.jsonl", rejections(1000))

    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Exit status 2: nothing was written at all. A file stands where a folder is needed, for root as for others."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "rows.jsonl", Path("/proc/codefavor/rows.jsonl")):
        with pytest.raises(StorageError, match=r"cannot write .*rows\.jsonl: .*; choose a place") as caught:
            write_records(path, rejections(1))

        assert caught.value.exit_code == 2


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`--out /dev/null` as root must not put a file in its place."""
    write_records(Path("/dev/null"), rejections(3))

    assert not Path("/dev/null").is_file()


def test_json_files_hold_one_object(tmp_path: Path) -> None:
    """A manifest that is a list, or no JSON at all, is not ours."""
    write_json(tmp_path / "a.json", {"b": [1, 2]})
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "torn.json").write_text('{"b": ')

    assert read_json(tmp_path / "a.json") == {"b": [1, 2]}
    with pytest.raises(InputError, match="does not hold a JSON object"):
        read_json(tmp_path / "list.json")
    with pytest.raises(InputError, match="is not JSON"):
        read_json(tmp_path / "torn.json")


# ── Appending ──


@pytest.mark.parametrize("torn", [b'{"id": "row-2", "rea', b"x" * 200_000])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    """A crash in the middle of a line costs that line and no other; lines may be longer than one read."""
    path = tmp_path / "rows.jsonl"
    with AppendLog(path) as log:
        log.append(*rejections(2))
    with path.open("ab") as stream:
        stream.write(torn)
    with AppendLog(path) as log:
        log.append(*rejections(1, start=2))

    assert read_all(path, Rejection) == rejections(3)


def test_appending_goes_on_after_the_disk_was_full(tmp_path: Path) -> None:
    """The row that did not fit is not half there, and does not come back when the file is closed."""
    path = tmp_path / "rows.jsonl"
    with AppendLog(path) as log:
        log.append(*rejections(10))
        with largest_file(path.stat().st_size + 20), pytest.raises(StorageError, match="free some space"):
            log.append(*rejections(1, start=10))

        assert read_all(path, Rejection) == rejections(10)
        log.append(*rejections(1, start=11))

    assert read_all(path, Rejection) == [*rejections(10), *rejections(1, start=11)]


def test_an_append_log_survives_kills(tmp_path: Path) -> None:
    """Nothing that was reported as written is lost, nothing is there twice."""
    path = tmp_path / "rows.jsonl"

    def work() -> None:
        known = len(list(read_rows(path))) if path.exists() else 0
        with AppendLog(path) as log:
            for number in range(known, 10_000):
                log.append(*rejections(1, start=number))

    for attempt in range(6):
        killed(work, after=0.02 + attempt / 100)
        AppendLog(path).close()

    written = read_all(path, Rejection)
    assert written == rejections(len(written))


# ── Blocks ──

NAMES = ("kept.jsonl", "left.jsonl")


def work_in_blocks(folder: Path, blocks: int = 60, pause: float = 0.0) -> None:
    """Write blocks of uneven size into two files; some blocks leave one of the files alone."""
    with BlockLog(folder, NAMES, "same") as log:
        for block in range(log.done, blocks):
            for record in rejections(block % 4, start=10 * block):
                log.add("kept.jsonl", record)
            for record in rejections(block % 3, start=10 * block + 5):
                log.add("left.jsonl", record)
            log.commit()
            time.sleep(pause)
        log.finish()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_killed_and_resumed_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """The files of a run do not tell how often it was interrupted."""
    work_in_blocks(tmp_path / "unbroken")
    for attempt in range(8):
        killed(lambda: work_in_blocks(tmp_path / "killed", pause=0.002), after=0.01 + attempt / 200)
    work_in_blocks(tmp_path / "killed")

    assert contents(tmp_path / "killed") == contents(tmp_path / "unbroken")


def test_rows_of_an_uncommitted_block_are_cut_off(tmp_path: Path) -> None:
    """Also in a file that the next block does not touch: its end must be known again after that block."""
    work_in_blocks(tmp_path / "run", blocks=10)
    before = contents(tmp_path / "run")["left.jsonl"]
    with (tmp_path / "run" / "left.jsonl").open("ab") as stream:
        stream.write(b'{"id": "torn", "reason": "te')
    with BlockLog(tmp_path / "run", NAMES, "same") as log:
        log.add("kept.jsonl", rejections(1)[0])
        log.commit()
    with BlockLog(tmp_path / "run", NAMES, "same") as log:
        assert log.done == 11

    assert contents(tmp_path / "run")["left.jsonl"] == before


def test_a_full_disk_stops_at_a_whole_block(tmp_path: Path) -> None:
    """What is on disk can be gone on from, and the result is that of an undisturbed run."""
    work_in_blocks(tmp_path / "unbroken")
    with largest_file(2000), pytest.raises(StorageError, match="what was finished is kept"):
        work_in_blocks(tmp_path / "full")
    work_in_blocks(tmp_path / "full")

    assert contents(tmp_path / "full") == contents(tmp_path / "unbroken")


def test_blocks_of_other_work_are_left_alone(tmp_path: Path) -> None:
    """Going on with other settings would mix two results in one file."""
    work_in_blocks(tmp_path / "run", blocks=3)
    before = contents(tmp_path / "run")

    with pytest.raises(RunMismatchError, match="other settings or input"):
        BlockLog(tmp_path / "run", NAMES, "other")
    assert contents(tmp_path / "run") == before


def test_a_file_shortened_by_hand_is_noticed(tmp_path: Path) -> None:
    """Rows that were counted as written are gone; going on would lose them silently."""
    work_in_blocks(tmp_path / "run", blocks=3)
    (tmp_path / "run" / "kept.jsonl").write_bytes(b"")

    with pytest.raises(RunMismatchError, match="shorter than"):
        BlockLog(tmp_path / "run", NAMES, "same")
