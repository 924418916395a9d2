from pathlib import Path

import pytest

from codefavor.errors import InputError
from codefavor.studies.plan import load_study, shipped

STUDY = """
title = "Two ways"
question = "Which is better?"
seeds = [0, 1]
[source.pairs]
file = "pairs.jsonl"
[defaults]
pairs = ["pairs"]
build = ["--orders", "both"]
base = "linear"
[defaults.train]
l2 = 0.001
[[bench]]
name = "held-out"
pairs = ["pairs"]
[[arm]]
name = "plain"
[[arm]]
name = "strong"
build = ["--seed", "3"]
[arm.train]
l2 = 0.1
"""


def write(folder: Path, text: str = STUDY) -> str:
    (folder / "pairs.jsonl").write_text("{}\n")
    path = folder / "study.toml"
    path.write_text(text)
    return str(path)


def test_arms_take_what_they_do_not_say_from_the_defaults(tmp_path: Path) -> None:
    study, folder = load_study(write(tmp_path))
    plain, strong = study.arms
    assert folder == tmp_path
    assert (plain.base, plain.pairs, plain.train) == ("linear", ("pairs",), {"l2": 0.001})
    assert strong.build == ("--orders", "both", "--seed", "3")
    assert strong.train == {"l2": 0.1}
    assert study.compared == [("strong", "plain")]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "Two ways"\n', "", "field 'title'"),
        ('name = "strong"', 'name = "plain"', "two of arm 'plain'"),
        ('build = ["--seed"', 'bild = ["--seed"', "field 'arm.1.bild'"),
        ('file = "pairs.jsonl"', 'file = "nowhere.jsonl"', "nowhere.jsonl"),
        ('file = "pairs.jsonl"', 'file = "pairs.jsonl"\ncommand = ["mine"]', "either a command or a file"),
        ('pairs = ["pairs"]\nbuild', 'pairs = ["pears"]\nbuild', "'pears'"),
        ("seeds = [0, 1]", "seeds = []", "at least one"),
        ("seeds = [0, 1]", "seeds = [0, 1", "not TOML"),
        ('[[arm]]\nname = "plain"', '[[arm]]\nname = "plain"\nmerge = ["stronk"]', "'stronk'"),
        ("seeds = [0, 1]", 'seeds = [0, 1]\ncompare = [["plain", "x"]]', "'x'"),
    ],
)
def test_a_wrong_study_is_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in STUDY
    with pytest.raises(InputError, match=words) as caught:
        load_study(write(tmp_path, STUDY.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_an_unknown_study_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="or one of"):
        load_study("no-such-study")
    with pytest.raises(InputError, match="nowhere"):
        load_study(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize("name", shipped())
def test_shipped_studies_are_whole(name: str) -> None:
    study, _ = load_study(name)
    assert len(study.arm) > 1
    assert study.published
