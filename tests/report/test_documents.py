import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codefavor.pages.tables import Cell, Column, Group, Table
from codefavor.records import BenchmarkTask
from codefavor.report.documents import latex_table, latex_text, markdown_table, write_latex, write_markdown
from codefavor.report.evaluations import RunData
from codefavor.report.tables import measure

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]

_EVIL = "a_b & 50% $x$ #1 {y} ^~ \\input{/etc/passwd} | [z] * <w> --- `c` ?`\n\x00\u4e2d é"
_TABLE = Table(
    [Column("Judge"), Column("Accuracy", True, "%")],
    [Group([["[one]", Cell("75.4", "±1.2", "71.8–78.5", ["part"])], [_EVIL, "–"]], "Group", "a note")],
    "A caption",
)


def test_markdown_by_hand() -> None:
    """What stands beneath a value on the page follows it in brackets."""
    lines = markdown_table(_TABLE).splitlines()

    assert lines[2:6] == [
        "| Judge | Accuracy (%) |",
        "| --- | --: |",
        "| **Group** |  |",
        r"| \[one\] | 75.4 ±1.2 (71.8–78.5, part) |",
    ]
    # A bar that is not escaped would make a third cell.
    assert len(re.findall(r"(?<!\\)\|", lines[6])) == 3
    assert "a note" in lines[-1]


def test_latex_by_hand() -> None:
    """What stands beneath a value stands beneath it there too, in a row of its own."""
    lines = latex_table(_TABLE, 3, ["Part: some"]).splitlines()

    assert r"\caption{A caption. Part: some. Group: a note.}" in lines
    assert r"\begin{tabular}{lr}" in lines
    place = lines.index(r"{[}one] & 75.4 $\pm$1.2 \\")
    assert lines[place + 1 : place + 3] == [r" & {\scriptsize 71.8--78.5} \\", r" & {\scriptsize part} \\"]


@pytest.mark.parametrize("special", list('&%$#_^~|<>"`*[-{}\\'))
def test_no_special_character_reaches_latex_bare(special: str) -> None:
    """Names are what strangers wrote; each of these would be a command, a ligature or an option."""
    assert latex_text(special) != special


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no pdflatex on this machine")
def test_latex_compiles_with_hostile_names(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """The proof of escaping is that LaTeX reads it."""
    tasks = make_tasks()
    runs = [make_run("linear:x", tasks), make_run("baseline:shorter", tasks), make_run("baseline:longer", tasks)]
    runs[0] = RunData(_EVIL, {}, runs[0].summary.model_copy(update={"judge": _EVIL}), runs[0].judgements)
    write_latex(measure(runs), tmp_path / "table.tex", _EVIL)
    packages = r"\usepackage[T1]{fontenc}\usepackage{booktabs}"
    document = rf"\documentclass{{article}}{packages}\begin{{document}}\input{{table}}\end{{document}}"
    (tmp_path / "all.tex").write_text(document)
    done = subprocess.run(
        ["pdflatex", "-draftmode", "-halt-on-error", "all.tex"], cwd=tmp_path, capture_output=True, timeout=120
    )

    assert done.returncode == 0, done.stdout[-2000:]


def test_both_hold_every_score_and_what_to_know_before(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """A table torn from its page must still say that it is of a part, and of an incomplete run."""
    tasks = make_tasks(count=30)
    runs = [make_run("linear:x", tasks, failed=3), make_run("linear:y", tasks, skill=0.3)]
    write_markdown(measure(runs), tmp_path / "t.md", "T")
    write_latex(measure(runs), tmp_path / "t.tex", "T")

    for name in ("t.md", "t.tex"):
        text = (tmp_path / name).read_text()
        assert "3 tasks could not be asked" in text
        assert "30 of 660 correctness" in text
        for run in runs:
            for score in run.summary.objectives.values():
                assert score.accuracy is not None
                assert f"{100 * score.accuracy:.1f}" in text
