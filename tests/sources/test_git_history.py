"""Owns the checks of mining histories: what becomes a record, what is refused and why, and that the counts add up."""

import gzip
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.sources.conftest import Repo

from codefavor.errors import EmptyInputError, InputError, MissingFileError, StorageError, UnknownNameError
from codefavor.jsonl import hash_file, read_all, read_records
from codefavor.records import Commit, Rejection
from codefavor.sources.git_history import HistoryConfig, HistorySummary, mine_git
from codefavor.sources.mined_file import rejections_path

MakeRepo = Callable[..., Repo]

BEFORE = (
    "def total(items):\n    result = 0\n    for item in items:\n        result = result + item\n    return result\n"
)
AFTER = "def total(items):\n    return sum(items)\n"
MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software …\n"
    "The above copyright notice and this permission notice shall be included in all copies\n"
)


def mined(tmp_path: Path, *repositories: Path, **settings: Any) -> tuple[list[Commit], dict[str, str], HistorySummary]:
    """Return the records, the reason for each refused "path" or commit message, and the counts."""
    out = tmp_path / "commits.jsonl"
    summary = mine_git(repositories, out, HistoryConfig(**settings))
    beside = rejections_path(out)
    assert beside is not None
    refusals = list(read_records(beside, Rejection))
    records = read_all(out, Commit)

    assert len(records) == summary.records
    assert Counter(item.reason for item in refusals) == summary.refused_commits + summary.refused_changes
    if settings.get("per") != "function":
        assert summary.files == summary.records + summary.refused_changes.total()
    reasons = {}
    for item in refusals:
        assert item.meta is not None
        reasons[item.meta.get("function") or item.meta.get("path") or item.meta.get("commit", "")] = item.reason
    return records, reasons, summary


def test_a_changed_file_is_one_record_with_its_texts_unchanged(tmp_path: Path, repo: MakeRepo) -> None:
    """Line ends, marks and white space stay: what is learnt from is what people wrote."""
    project = repo()
    before, after = "\ufeff" + BEFORE.replace("\n", "\r\n"), "\ufeff" + AFTER.replace("\n", "\r\n") + "\t\n"
    project.commit("Begin", {"src/total.py": before, "LICENSE": MIT})
    name = project.commit("Sum at once\n\nIt is faster.", {"src/total.py": after})

    records, reasons, summary = mined(tmp_path, project.path)

    (record,) = records
    assert (record.repo, record.commit, record.path) == ("project", name, "src/total.py")
    assert (record.old_contents, record.new_contents) == (before, after)
    assert (record.message, record.lang, record.license) == ("Sum at once\n\nIt is faster.", "python", "MIT")
    assert record.date == "2020-09-13T13:32:40+01:00"
    assert reasons == {"src/total.py": "added", "LICENSE": "language"}
    assert summary.commits == 2


def test_a_moved_file_is_told_by_its_place_after_the_commit(tmp_path: Path, repo: MakeRepo) -> None:
    """A file that was moved and changed was changed; one that was only moved was not."""
    project = repo()
    body = "".join(f"VALUE_{number} = {number}\n" for number in range(30))
    project.commit("Begin", {"old.py": body + BEFORE, "moved.py": BEFORE, "deep/kept.py": BEFORE})
    project.git("mv", "old.py", "new.py")
    project.git("mv", "moved.py", "deep/moved.py")
    project.git("rm", "-q", "deep/kept.py")
    project.commit("Move", {"new.py": body + AFTER})

    records, reasons, _ = mined(tmp_path, project.path)

    assert [(item.path, (item.model_extra or {})["old_path"]) for item in records] == [("new.py", "old.py")]
    assert records[0].old_contents == body + BEFORE
    assert reasons["deep/moved.py"] == "renamed-only"
    assert reasons["deep/kept.py"] in {"deleted", "added"}


def merged(project: Repo) -> str:
    project.commit("Begin", {"a.py": BEFORE, "b.py": BEFORE})
    project.git("checkout", "-q", "-b", "side")
    project.commit("Side", {"a.py": AFTER})
    project.git("checkout", "-q", "main")
    project.commit("Main", {"b.py": AFTER})
    project.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    return project.git("rev-parse", "HEAD")


def test_merges_are_passed_over_and_their_sides_are_read(tmp_path: Path, repo: MakeRepo) -> None:
    """What a merge brings was a change of its own before."""
    project = repo()
    merge = merged(project)

    records, reasons, _ = mined(tmp_path, project.path)

    assert {(item.message, item.path) for item in records} == {("Side", "a.py"), ("Main", "b.py")}
    assert reasons[merge] == "merge"


def test_on_request_a_merge_is_one_change_to_its_first_parent(tmp_path: Path, repo: MakeRepo) -> None:
    """Where branches are squashed into merges, the merge is the change that was reviewed."""
    project = repo()
    merged(project)

    records, _, _ = mined(tmp_path, project.path, merges="first-parent")

    assert [(item.message, item.path) for item in records] == [("Merge side", "a.py"), ("Main", "b.py")]


@pytest.mark.parametrize("per", ["file", "function"])
def test_new_and_deleted_texts_are_kept_on_request(tmp_path: Path, repo: MakeRepo, per: str) -> None:
    """A commit without parents adds all of its files; there is no text before."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.git("rm", "-q", "a.py")
    project.commit("End", {"b.py": "x = 1\n"})

    records, _, _ = mined(tmp_path, project.path, per=per, waived=frozenset({"added", "deleted"}))

    texts = {(item.path, item.old_contents, item.new_contents) for item in records}
    whole = {("a.py", "", BEFORE), ("a.py", BEFORE, "")}
    assert (
        texts == whole | {("b.py", "", "x = 1\n")}
        if per == "file"
        else {(p, a.strip(), b.strip()) for p, a, b in whole}
    )


def test_functions_are_records_of_their_own(tmp_path: Path, repo: MakeRepo) -> None:
    """Each changed function is one record; those that are the same, new, gone or only laid out otherwise are none."""
    project = repo()
    method = (
        "class Shop:\n    @property\n    def price(self):\n        return {}\n\n    def {}(self):\n        return 1\n"
    )
    tail = "def laid(a):\n    return {}\n\n\ndef same():\n    return 0\n\n\nTOP = {}\n"
    project.commit("Begin", {"a.py": BEFORE + method.format("1", "old") + tail.format("a + 1", 1), "b.py": "X = 1\n"})
    project.commit(
        "Change",
        {"a.py": AFTER + method.format("2", "new") + tail.format("(a+1)", 2), "b.py": "X = 2\n", "c.py": "def"},
    )
    project.commit("Break", {"c.py": "def f(:\n"})

    records, reasons, _ = mined(tmp_path, project.path, per="function")

    assert [(item.model_extra or {})["function"] for item in records] == ["total", "Shop.price"]
    assert records[0].old_contents == BEFORE.rstrip()
    assert records[1].new_contents == "@property\ndef price(self):\n    return 2"
    assert reasons["Shop.new"] == "added"
    assert reasons["Shop.old"] == "deleted"
    assert reasons["laid"] == "formatting-only"
    assert reasons["c.py"] == "not-parseable"
    assert reasons["b.py"] in {"outside-functions", "added"}


def test_functions_that_changed_alike_have_names_of_their_own(tmp_path: Path, repo: MakeRepo) -> None:
    """A record's id is unique in its file."""
    project = repo()
    classes = "class One:\n    def f(self):\n        return {0}\n\n\nclass Two:\n    def f(self):\n        return {0}\n"
    project.commit("Begin", {"a.py": classes.format(1), "gen.py": "# Generated by x\n" + classes.format(1)})
    project.commit("Change", {"a.py": classes.format(2), "gen.py": "# Generated by x\n" + classes.format(2)})

    records, reasons, _ = mined(tmp_path, project.path, per="function")

    assert [(item.model_extra or {})["function"] for item in records] == ["One.f", "Two.f"]
    assert len({item.id for item in records}) == 2
    assert reasons["gen.py"] in {"generated", "added"}


def test_paths_may_hold_anything(tmp_path: Path, repo: MakeRepo) -> None:
    """Newlines, quotes, tabs and bytes that are no text are all legal in a path."""
    project = repo()
    names: list[bytes] = [b'a"b.py', b"new\nline.py", b"tab\there.py", b"caf\xe9.py", "日本.py".encode(), b":colon.py"]
    for name in names:
        project.write(name, BEFORE)
    project.commit("Begin")
    for name in names:
        project.write(name, AFTER)
    project.commit("Change")

    records, _, _ = mined(tmp_path, project.path)

    paths = {'a"b.py', "new\nline.py", "tab\there.py", "caf\\xe9.py", "日本.py", ":colon.py"}
    assert {item.path for item in records} == paths
    assert all(item.new_contents == AFTER for item in records)


def test_encodings_are_read_or_refused(tmp_path: Path, repo: MakeRepo) -> None:
    """A text is never shown with letters that its author did not write."""
    project = repo()

    def texts(value: str) -> dict[str, str | bytes]:
        return {
            "western.py": f"name = 'José {value}'\n".encode("cp1252"),
            "said.py": f"# -*- coding: koi8-r -*-\nname = 'Привет {value}'\n".encode("koi8-r"),
            "wide.py": f"name = 'José {value}'\n".encode("utf-16"),
            "unsaid.py": f"name = '日本語のテキスト {value}'\n".encode("shift_jis"),
            "data.py": b"\x00\x01" + value.encode(),
        }

    project.commit("Begin", texts("1"))
    project.commit("Change", texts("2"))

    records, reasons, _ = mined(tmp_path, project.path, waived=frozenset())

    found = {item.path: (item.new_contents, (item.model_extra or {})["encoding"]) for item in records}
    assert found == {
        "western.py": ("name = 'José 2'\n", "cp1252"),
        "said.py": ("# -*- coding: koi8-r -*-\nname = 'Привет 2'\n", "koi8-r"),
        "wide.py": ("name = 'José 2'\n", "utf-16"),
    }
    assert (reasons["unsaid.py"], reasons["data.py"]) in {("not-decodable", "binary"), ("added", "added")}
    again, _, summary = mined(tmp_path, project.path)
    assert summary.refused_changes == {"added": 5, "not-decodable": 1, "binary": 1}
    assert again == records


def test_a_message_may_be_in_another_encoding(tmp_path: Path, repo: MakeRepo) -> None:
    """A commit can say how its message is written; older ones do not."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.write("a.py", AFTER)
    project.git("add", "-A")
    project.git("-c", "i18n.commitEncoding=latin1", "commit", "-q", "-F", "-", data="Façade".encode("latin1"))
    project.write("a.py", BEFORE)
    project.git("commit", "-aq", "-F", "-", data="Retour à l'an passé".encode("latin1"))

    records, _, _ = mined(tmp_path, project.path)

    assert [item.message for item in records] == ["Retour à l'an passé", "Façade"]


def test_what_is_no_text_is_refused(tmp_path: Path, repo: MakeRepo) -> None:
    """Submodules, links, huge files and bare changes of mode have no code to compare."""
    inner = repo("inner")
    inner.commit("Begin", {"x.py": BEFORE})
    project = repo()
    project.commit("Begin", {"a.py": BEFORE, "huge.py": b"x = 1\n" * 400_000, "mode.py": BEFORE, "target.py": BEFORE})
    project.git("submodule", "--quiet", "add", str(inner.path), "module.py")
    (project.path / "link.py").symlink_to("target.py")
    project.commit("Add")
    (project.path / "link.py").unlink()
    (project.path / "link.py").symlink_to("a.py")
    inner.commit("Next", {"x.py": AFTER})
    project.git("-C", "module.py", "pull", "-q")
    (project.path / "mode.py").chmod(0o755)
    project.commit("Change", {"a.py": AFTER, "huge.py": b"x = 1\n" * 400_000 + b"y = 1\n"})

    records, _, summary = mined(tmp_path, project.path)

    assert [item.path for item in records] == ["a.py"]
    assert summary.refused_changes == {
        "submodule": 2,
        "symbolic-link": 2,
        "too-large": 1,
        "mode-only": 1,
        "added": 4,
        "language": 1,
    }


def test_each_filter_gives_its_reason(tmp_path: Path, repo: MakeRepo) -> None:
    """What a person does not get, they can look up; what they want all the same, they can keep."""
    project = repo()
    places = [
        "ok.py",
        "tests/test_a.py",
        "vendor/lib.py",
        "api_pb2.py",
        "gen.py",
        "laid.py",
        "said.py",
        "long.py",
        "key.py",
    ]
    head = {"gen.py": "# Generated by a tool, do not edit.\n"}
    project.commit("Begin", {path: head.get(path, "") + BEFORE for path in places})
    key = "".join(("AK", "IA", "Q3EGRIBW7LPTZ5MV"))
    project.commit(
        "Change",
        {
            **{path: head.get(path, "") + AFTER for path in places},
            "laid.py": BEFORE.replace("result + item", "(result +\n                  item)"),
            "said.py": BEFORE.replace("result = 0", "result = 0  # nothing yet"),
            "long.py": "".join(f"x{number} = {number}\n" for number in range(250)),
            "key.py": AFTER + f"KEY = '{key}'\n",
        },
    )
    project.commit("Update", {"ok.py": BEFORE}, author="dependabot[bot]")
    project.commit('Revert "Change"', {"ok.py": BEFORE + "\n"})
    project.commit("", {"ok.py": BEFORE + "\n\n"})
    project.commit("Nothing")

    records, reasons, summary = mined(tmp_path, project.path)

    assert [item.path for item in records] == ["ok.py"]
    assert summary.refused_commits == {"bot": 1, "revert": 1, "no-message": 1, "empty-commit": 1}
    assert summary.refused_changes == {
        "added": 9,
        "test-module": 1,
        "vendored": 1,
        "generated": 2,
        "formatting-only": 1,
        "comments-only": 1,
        "too-many-lines": 1,
        "secret": 1,
    }
    for path in tmp_path.glob("commits*"):
        assert key not in path.read_text()

    waived = frozenset({"test-module", "vendored", "generated", "formatting-only", "comments-only", "bot"})
    kept, _, _ = mined(tmp_path, project.path, waived=waived, max_changed_lines=500)
    assert len(kept) == 10 - 1  # all of the first change but the key, and the bot's
    assert set(reasons) >= {"key.py"}


def test_size_and_number_of_files_are_limited(tmp_path: Path, repo: MakeRepo) -> None:
    """A commit that touches many files says little about each."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE, "b.py": BEFORE})
    project.commit("Both", {"a.py": AFTER, "b.py": AFTER})
    project.commit("One", {"a.py": BEFORE})

    records, _, summary = mined(tmp_path, project.path, max_files=1)

    assert [item.message for item in records] == ["One"]
    assert summary.refused_commits == {"too-many-files": 2}
    with pytest.raises(EmptyInputError, match="too-long 3"):
        mined(tmp_path, project.path, max_characters=10)


def test_the_licence_is_that_of_the_commit(tmp_path: Path, repo: MakeRepo) -> None:
    """A project that changed its licence gave its older code under the older one."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("None yet", {"a.py": AFTER})
    project.commit("Free", {"a.py": BEFORE, "COPYING": "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007"})
    project.git("rm", "-q", "COPYING")
    project.commit("Freer", {"a.py": AFTER, "LICENSE.md": MIT, "LICENSE-APACHE": "Apache License\nVersion 2.0"})

    records, _, _ = mined(tmp_path, project.path)
    permissive, _, summary = mined(tmp_path, project.path, licences=("permissive",))
    named, _, _ = mined(tmp_path, project.path, licences=("mit", "apache-2.0"))

    assert [item.license for item in records] == ["Apache-2.0 AND MIT", "GPL-3.0", None]
    assert permissive == named == records[:1]
    assert summary.refused_changes["licence"] == 2


def test_other_languages_are_taken_on_request(tmp_path: Path, repo: MakeRepo) -> None:
    """Comments and layout are told apart there too, by the lexer."""
    project = repo()
    project.commit("Begin", {"a.go": "a := 1\n", "b.js": "f(1);\n", "c.js": "f(1)\n", "d.md": "# x\n"})
    project.commit("Change", {"a.go": "a := 2\n", "b.js": "f(1); // once\n", "c.js": "f( 1 )\n", "d.md": "# y\n"})

    records, _, summary = mined(tmp_path, project.path, languages=("go", "js"))
    everything, _, _ = mined(tmp_path, project.path, languages=("all",))

    assert [(item.path, item.lang) for item in records] == [("a.go", "go")]
    assert summary.refused_changes == {"added": 3, "language": 2, "comments-only": 1, "formatting-only": 1}
    assert everything == records


# ── Repositories of every kind ──


def test_bare_linked_and_shallow_repositories_are_read(tmp_path: Path, repo: MakeRepo) -> None:
    """The first commit of a shallow clone looks as if it added everything; what it changed is not known."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("Middle", {"a.py": AFTER})
    project.commit("End", {"a.py": BEFORE})
    project.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))
    project.git("clone", "-q", "--depth", "2", f"file://{project.path}", str(tmp_path / "shallow"))

    whole, _, _ = mined(tmp_path, project.path)
    for name in ("bare.git", "linked"):
        records, _, _ = mined(tmp_path, tmp_path / name)
        assert [item.commit for item in records] == [item.commit for item in whole]
    shallow, reasons, _ = mined(tmp_path, tmp_path / "shallow", waived=frozenset({"added"}))

    assert [item.message for item in shallow] == ["End"]
    assert set(reasons.values()) == {"shallow-boundary"}


def test_a_partial_clone_lacks_texts_and_nothing_is_fetched(tmp_path: Path, repo: MakeRepo) -> None:
    """Reading must never reach out to wherever the clone came from."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("Middle", {"a.py": AFTER})
    project.commit("End", {"a.py": BEFORE + "x = 1\n"})
    project.git("config", "uploadpack.allowFilter", "true")
    project.git("clone", "-q", "--filter=blob:none", f"file://{project.path}", str(tmp_path / "partial"))

    with pytest.raises(EmptyInputError, match="missing-object 2, added 1"):
        mined(tmp_path, tmp_path / "partial")


def test_empty_repositories_are_told_and_do_not_stop_the_others(tmp_path: Path, repo: MakeRepo) -> None:
    """Of a thousand repositories some are always empty."""
    empty, project = repo("empty"), repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("Change", {"a.py": AFTER})

    records, _, summary = mined(tmp_path, empty.path, project.path)

    assert len(records) == 1
    assert summary.refused_commits == {"empty-repository": 1}
    with pytest.raises(EmptyInputError, match="empty-repository 1"):
        mined(tmp_path, empty.path)


def test_newer_hashes_are_read(tmp_path: Path, repo: MakeRepo) -> None:
    """Some repositories name things by SHA-256."""
    project = repo("newer", "--object-format=sha256")
    project.commit("Begin", {"a.py": BEFORE, "LICENSE": MIT})
    name = project.commit("Change", {"a.py": AFTER})

    records, _, _ = mined(tmp_path, project.path)

    assert [(item.commit, item.license) for item in records] == [(name, "MIT")]
    assert len(name) == 64


def test_the_name_is_that_of_where_it_was_cloned_from_without_passwords(tmp_path: Path, repo: MakeRepo) -> None:
    """An address may hold a password, which is nobody's business."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("Change", {"a.py": AFTER})
    names = {}
    for address in (
        "https://ann:hush@host.org/team/tool.git",
        "git@host.org:team/tool.git",
        "ssh://git@host.org:22/team/tool",
        "https://ann:hush@host.org/tool",
        "/srv/team/tool",
    ):
        project.git("config", "remote.origin.url", address)
        names[address] = mined(tmp_path, project.path)[0][0].repo

    assert list(names.values()) == ["team/tool"] * 3 + ["project"] * 2


# ── Strangers ──


def test_nothing_a_repository_names_is_run(tmp_path: Path, repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository's settings can name programs in a dozen places."""
    project = repo()
    mark = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{mark}'\ncat\n")
    program.chmod(0o755)
    project.commit("Begin", {"a.py": BEFORE, ".gitattributes": "*.py diff=mine filter=mine\n"})
    project.commit("Change", {"a.py": AFTER})
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).write_text(program.read_text())
        (hooks / name).chmod(0o755)
    run = str(program)
    for name, value in {
        "core.hooksPath": str(hooks),
        "core.fsmonitor": run,
        "core.pager": run,
        "pager.log": run,
        "core.sshCommand": run,
        "core.askPass": run,
        "core.editor": run,
        "diff.external": run,
        "diff.mine.command": run,
        "diff.mine.textconv": run,
        "filter.mine.smudge": run,
        "filter.mine.clean": run,
        "filter.mine.process": run,
        "gpg.program": run,
        "log.showSignature": "true",
        "alias.log": f"!{run}",
        "alias.rev-parse": f"!{run}",
        "uploadpack.packObjectsHook": run,
        "credential.helper": run,
    }.items():
        project.git("config", name, value)
    tree, parent = project.git("rev-parse", "HEAD^{tree}"), project.git("rev-parse", "HEAD")
    signed = f"tree {tree}\nparent {parent}\nauthor A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n"
    signed += "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nSigned\n"
    name = project.git("hash-object", "-t", "commit", "-w", "--stdin", data=signed.encode())
    mark.unlink(missing_ok=True)  # making the repository may well have run them
    head = project.path / ".git" / "refs" / "heads" / "main"
    head.write_text(name + "\n")
    for variable in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS"):
        monkeypatch.setenv(variable, run)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor={run}'")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[gpg]\nprogram = {run}\n[core]\nfsmonitor = {run}\n")
    monkeypatch.setenv("HOME", str(home))

    records, reasons, _ = mined(tmp_path, project.path)

    assert [item.message for item in records] == ["Change"]
    assert reasons[name] == "empty-commit"
    assert not mark.exists(), mark.read_text()
    # The trap works: git itself, asked plainly, springs it.
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(["git", "-C", str(project.path), "log", "-1"], env=plain, capture_output=True, check=False)
    assert mark.exists()


def test_a_missing_text_is_not_fetched_by_a_program(tmp_path: Path, repo: MakeRepo) -> None:
    """A clone that says it is partial makes git fetch what is missing, by a command the repository names."""
    project = repo()
    mark = tmp_path / "ran"
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("Change", {"a.py": AFTER})
    blob = project.git("rev-parse", "HEAD:a.py")
    (project.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::touch {mark}",
        "protocol.ext.allow": "always",
    }.items():
        project.git("config", name, value)

    with pytest.raises(EmptyInputError, match="missing-object 1"):
        mined(tmp_path, project.path)

    assert not mark.exists()
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(
        ["git", "-C", str(project.path), "cat-file", "-p", blob], env=plain, capture_output=True, check=False
    )
    assert mark.exists()


def test_a_damaged_repository_is_one_sentence_and_leaves_nothing(tmp_path: Path, repo: MakeRepo) -> None:
    """Whatever is broken, no half of a file is left, and no process."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    project.commit("Change", {"a.py": AFTER})
    tree = project.git("rev-parse", "HEAD^{tree}")
    place = project.path / ".git" / "objects" / tree[:2] / tree[2:]
    place.chmod(0o644)
    place.write_bytes(b"nonsense")
    out = tmp_path / "out" / "commits.jsonl"

    with pytest.raises(InputError, match=r"project cannot be read \(.+\); `git fsck` there says what is damaged"):
        mine_git([project.path], out)

    assert list(out.parent.iterdir()) == []


# ── Files and settings ──


def test_equal_histories_give_equal_bytes_in_every_form(tmp_path: Path, repo: MakeRepo) -> None:
    """A file can be made again, and compressed by its name; the refusals follow it."""
    project = repo()
    project.commit("Begin", {f"m{number}.py": BEFORE for number in range(30)})
    for number in range(30):
        project.commit(f"Change {number}", {f"m{number}.py": AFTER, f"m{(number + 1) % 30}.py": AFTER})
    plain, packed, again = (tmp_path / name for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.gz"))

    for out in (plain, packed, again):
        mine_git([project.path], out)

    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert hash_file(packed) == hash_file(again)
    assert hash_file(tmp_path / "b.rejections.jsonl.gz") == hash_file(tmp_path / "c.rejections.jsonl.gz")


def test_a_limit_stops_early_and_leaves_no_process(tmp_path: Path, repo: MakeRepo) -> None:
    """Trying a setting on a large history must be quick."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    for number in range(5):
        project.commit(f"Change {number}", {"a.py": f"x = {number}\n"})
    out = tmp_path / "commits.jsonl"

    summary = mine_git([project.path], out, HistoryConfig(limit=2))

    assert summary.records == 2
    assert [item.message for item in read_all(out, Commit)] == ["Change 4", "Change 3"]


def test_an_interrupted_run_leaves_nothing_and_starts_again(tmp_path: Path, repo: MakeRepo) -> None:
    """Neither half a file nor a git process nor its temporary repository stays behind."""
    project = repo()
    project.commit("Begin", {"a.py": BEFORE})
    for number in range(5):
        project.commit(f"Change {number}", {"a.py": f"x = {number}\n"})
    out = tmp_path / "out" / "commits.jsonl"
    children = Path(f"/proc/self/task/{os.getpid()}/children")

    def interrupt(done: int, total: int | None = None, note: str = "") -> None:
        if done == 3:
            raise KeyboardInterrupt

    before = set(Path(tempfile.gettempdir()).glob("codefavor-git-*"))
    others = set(children.read_text().split()) if children.exists() else set()  # of tests before, in this process
    with pytest.raises(KeyboardInterrupt):
        mine_git([project.path], out, progress=interrupt)

    assert list(out.parent.iterdir()) == []
    assert not children.exists() or set(children.read_text().split()) <= others
    assert not set(Path(tempfile.gettempdir()).glob("codefavor-git-*")) - before
    assert mine_git([project.path], out).records == 5


def test_bad_input_is_told_before_anything_is_written(tmp_path: Path, repo: MakeRepo) -> None:
    """One wrong name among many must not cost the hours spent on the others."""
    project = repo()
    project.commit("Begin", {"inside/a.py": BEFORE})
    project.commit("Change", {"inside/a.py": AFTER})
    out = tmp_path / "out" / "commits.jsonl"

    with pytest.raises(MissingFileError, match=r"there is no folder .*nowhere; give a repository"):
        mine_git([project.path, tmp_path / "nowhere"], out)
    with pytest.raises(MissingFileError, match=r"inside is not a git repository"):
        mine_git([project.path / "inside"], out)
    with pytest.raises(InputError, match="there is no commit '--all'"):
        mine_git([project.path], out, HistoryConfig(ref="--all"))
    with pytest.raises(UnknownNameError, match="there is no reason to waive 'bots'; did you mean 'bot'"):
        HistoryConfig(waived=frozenset({"bots"}))
    with pytest.raises(InputError, match="is a folder; give a file"):
        mine_git([project.path], tmp_path)
    with pytest.raises(StorageError, match="cannot write"):
        mine_git([project.path], Path("/proc/codefavor/commits.jsonl"))
    assert not out.parent.exists()
