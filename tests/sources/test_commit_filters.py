"""Owns the checks of what a change is refused for, case by case."""

from pathlib import PurePosixPath

import pytest

from codefavor.sources.commit_filters import Version, change_reason, commit_reason, place_reason


def reason(old: str, new: str, language: str = "python") -> str | None:
    found = change_reason(
        Version(old), Version(new), language, max_characters=10_000, max_changed_lines=100, waived=frozenset()
    )
    return found[0] if found else None


@pytest.mark.parametrize(
    ("author", "email", "message", "expected"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", "Bump x", "bot"),
        ("Renovate Bot", "bot@renovateapp.com", "Update", "bot"),
        ("release-bot", "x@y.z", "Release", "bot"),
        ("pre-commit-ci", "x@y.z", "Autoupdate", "bot"),
        ("k8s-ci-robot", "x@y.z", "Bump", "bot"),
        ("GitHub Actions", "x@y.z", "Bump", "bot"),
        ("Jenkins", "ci@y.z", "Bump", "bot"),
        ("Tom Jenkins", "tom@y.z", "Sort once", None),
        ("Robot Framework Team", "x@y.z", "Sort once", None),
        ("Abbot Costello", "abbot@y.z", "Sort once", None),
        ("Botond", "123+botond@users.noreply.github.com", "Sort once", None),
        ("Ann", "a@b", 'Revert "Sort once"\n\nThis reverts commit 0123456789.', "revert"),
        ("Ann", "a@b", "revert: sort once", "revert"),
        ("Ann", "a@b", "Back out the cache", "revert"),
        ("Ann", "a@b", "Tidy\n\nThis reverts commit 0123456789.", "revert"),
        ("Ann", "a@b", "Reverted index is built once", "revert"),
        ("Ann", "a@b", "Add reverting of lists", None),
        ("Ann", "a@b", "fix(api)!: revert lookups", "revert"),
        ("Ann", "a@b", '[core] Revert "Sort once"', "revert"),
        ("Ann", "a@b", "Reverting the change of sorting", "revert"),
        ("Ann", "a@b", "Undo the last commit", "revert"),
        ("Ann", "a@b", "Revert", "revert"),
        ("Ann", "a@b", "Add undo to the editor", None),
        ("Ann", "a@b", "Undo stack: keep the cursor", None),
        ("Ann", "a@b", " \n", "no-message"),
    ],
)
def test_commits_are_told_by_who_made_them_and_what_they_say(
    author: str, email: str, message: str, expected: str | None
) -> None:
    """Programs and retractions show nobody's idea of better code."""
    assert commit_reason(author, email, message) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/sort.py", None),
        ("contest.py", None),
        ("latest/attestation.py", None),
        ("tests/test_sort.py", "test-module"),
        ("pkg/sort_test.go", "test-module"),
        ("web/sort.spec.ts", "test-module"),
        ("web/node_modules/x/index.js", "vendored"),
        ("third_party/x.py", "vendored"),
        ("api/x_pb2.py", "generated"),
        ("web/x.min.js", "generated"),
        ("admin.js", None),
        ("third-party/x.py", "vendored"),
        ("3rdparty/x.js", "vendored"),
        ("app/tests.py", "test-module"),
        ("web/__tests__/x.js", "test-module"),
        ("api/generated/x.py", "generated"),
        ("api/x.gen.go", "generated"),
        ("api/regenerated/x.py", None),
        ("latests.py", None),
    ],
)
def test_files_are_told_by_their_place(path: str, expected: str | None) -> None:
    """Folders and names say whose code it is, before it is read."""
    assert place_reason(PurePosixPath(path)) == expected


CODE = "import os\n\n\ndef f(a, b):\n    '''Say.'''\n    # why\n    return a + b\n\n\ndef g():\n    return 1\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (CODE, CODE.replace("a + b", "(a +\n            b)"), "formatting-only"),
        (CODE, CODE.replace("'''Say.'''", '"""Say."""'), "formatting-only"),
        (CODE, CODE.replace("\n\n\ndef g", "\n\ndef g"), "formatting-only"),
        (CODE, CODE.replace("# why", "# because"), "comments-only"),
        (CODE, CODE.replace("Say", "Tell"), "comments-only"),
        (CODE, CODE.replace("    '''Say.'''\n", ""), "comments-only"),
        (CODE, "'''Module.'''\n" + CODE, "comments-only"),
        (CODE, CODE + "# end\n", "comments-only"),
        (CODE, CODE.replace("a + b", "b + a"), None),
        (CODE, CODE.replace("return 1", "return '1'"), None),
        (CODE, CODE.replace("import os\n", "import os\nimport sys\n"), None),
        (CODE, CODE.replace("def g():", "@cache\ndef g():"), None),
        (CODE, CODE.replace("# why\n    return", "return"), "comments-only"),
        # A text that holds what looks like a function: its words are a docstring's.
        ('"""Doc.\ndef f():\n    x\n"""\n', '"""Doc.\ndef f():\n    y\n"""\n', "comments-only"),
        ('T = """Doc.\ndef f():\n    x\n"""\n', 'T = """Doc.\ndef f():\n    y\n"""\n', None),
        # Python 2 goes by tokens.
        ("print 'a'  # x\n", "print 'a'  # y\n", "comments-only"),
        ("if a:\n    print 'a' # x\n    b()\n", "if a:\n    print 'a' # x\nb()\n", None),
        ("if a:  \n    print 'a'\n", "if a:\n\n    print 'a'\n", "formatting-only"),
        ("\ufeffx = 1\n", "\ufeffx  =  1\n", "formatting-only"),
        ("x = 1\r\n", "x = 1\n", "formatting-only"),
        (CODE, CODE, "unchanged"),
    ],
)
def test_changes_that_leave_the_code_as_it_was_are_told(old: str, new: str, expected: str | None) -> None:
    """Syntax trees decide, so quotes, brackets and blank lines are layout, and the texts in code are not."""
    assert reason(old, new) == expected
    assert reason(new, old) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("f(1);", "f( 1 );", "formatting-only"),
        ("f(1); // a", "f(1); /* b */", "comments-only"),
        ("f('//a')", "f('//b')", None),
        ("f(1)", "f(2)", None),
        ("f('a b')", "f('ab')", None),
        ("f( 'a b' )", "f('a b')", "formatting-only"),
    ],
)
def test_other_languages_go_by_their_tokens(old: str, new: str, expected: str | None) -> None:
    """There is no tree to compare, but the lexer knows a comment from a text."""
    assert reason(old + "\n", new + "\n", "javascript") == expected


def test_size_is_counted_in_lines_that_differ() -> None:
    """Moving a block is no change of every line of it."""
    lines = [f"x{number} = {number}\n" for number in range(300)]
    moved = "".join(lines[150:] + lines[:150])

    assert reason("".join(lines), moved + "y = 1\n") is None
    assert reason("".join(lines[:101]), "x = 1\n") == "too-many-lines"
    assert reason("x = 1\n", "x = '" + "a" * 10_000 + "'\n") == "too-long"
