from pathlib import Path

import pytest
from tests.studies.test_plan import STUDY, write

from codefavor.errors import UnknownNameError
from codefavor.studies.plan import load_study
from codefavor.studies.steps import Steps, Workshop, steps_of


def _steps(folder: Path, text: str = STUDY) -> Steps:
    study, at = load_study(write(folder, text))
    return steps_of(study, at, with_codeprefbench=False)


def test_a_step_that_two_arms_share_is_done_once(tmp_path: Path) -> None:
    names = [step.name for step in _steps(tmp_path).all.values()]
    assert names.count("build a data set of pairs") == 2, "one for the bench and the plain arm, one for the other seed"
    # The feature model leaves nothing to chance, so both seeds are one training.
    assert sum(name.startswith("train plain") for name in names) == 1
    assert len([name for name in names if name.startswith("score")]) == 2


def test_what_a_step_builds_on_decides_its_name(tmp_path: Path) -> None:
    before = _steps(tmp_path)
    (tmp_path / "other").mkdir()
    again = _steps(tmp_path / "other")
    assert list(before.all) == list(again.all), "where files lie does not matter"
    changed = _steps(tmp_path, STUDY.replace("l2 = 0.1", "l2 = 0.2"))
    assert len(set(before.all) - set(changed.all)) == 2, "one training and its evaluation"
    (tmp_path / "pairs.jsonl").write_text("{ }\n")
    study, at = load_study(str(tmp_path / "study.toml"))
    assert not set(before.all) & set(steps_of(study, at, with_codeprefbench=False).all), "another input changes all"


def test_words_name_places(tmp_path: Path) -> None:
    steps = _steps(tmp_path)
    workshop = Workshop(tmp_path / "steps")
    for step in steps.all.values():
        words = workshop.words(step, steps)
        assert not any("{" in word for word in words)
        assert str(workshop.place(step)) in words
    score = next(step for step in steps.all.values() if step.name.startswith("score plain"))
    train = next(step for step in steps.all.values() if step.name.startswith("train plain"))
    words = workshop.words(score, steps)
    assert words[1] == f"linear:{workshop.place(train)}"
    assert words[3].endswith("/held-out.tasks.jsonl")


def test_a_generator_that_is_to_be_trained_is_named_as_one(tmp_path: Path) -> None:
    """A plan shows the commands as they will run."""
    text = STUDY.replace('base = "linear"', 'base = "tiny"')
    said = []
    for changed in (text, text.replace("[[arm]]", '[[arm]]\nbuild = ["--format", "generation"]', 1)):
        steps = _steps(tmp_path, changed)
        score = next(step for step in steps.all.values() if step.name.startswith("score plain"))
        said.append(Workshop(tmp_path / "steps").words(score, steps)[1].partition(":")[0])
    assert said == ["pair-rm", "huggingface"]


def test_a_merge_builds_on_its_parts(tmp_path: Path) -> None:
    text = STUDY.replace('base = "linear"', 'base = "tiny"') + '[[arm]]\nname = "both"\nmerge = ["plain", "strong"]\n'
    steps = _steps(tmp_path, text)
    merges = [step for step in steps.all.values() if step.name.startswith("merge")]
    assert len(merges) == 2, "one for each seed"
    trained = {step.key for step in steps.all.values() if step.name.startswith("train")}
    assert all({word[1:-1] for word in step.words[1:3]} <= trained for step in merges)


def test_arms_may_begin_from_a_model_that_a_source_makes(tmp_path: Path) -> None:
    """Only models with one beginning, and one tokenizer, can be averaged."""
    text = STUDY.replace(
        "[defaults]",
        '[source.data]\ncommand = ["dataset", "build", "{pairs}", "--out", "{out}"]\n'
        '[source.start]\ncommand = ["train", "{data}", "--base", "tiny", "--out", "{out}"]\n[defaults]',
    ).replace('base = "linear"', 'base = "{start}"')
    steps = _steps(tmp_path, text)

    start = next(step for step in steps.all.values() if step.name == "make start")
    trained = [step for step in steps.all.values() if step.name.startswith("train")]
    assert len(trained) == 4
    assert all(step.words[3] == f"{{{start.key}}}" for step in trained)
    assert not start.file, "a checkpoint is a folder"
    with pytest.raises(UnknownNameError, match="begin"):
        _steps(tmp_path, text.replace('base = "{start}"', 'base = "{begin}"'))


def test_two_studies_may_share_a_folder_at_the_same_time(tmp_path: Path) -> None:
    """What one has done since the other began must not be forgotten when the other writes."""
    text = STUDY.replace(
        "[[bench]]",
        '[source.one]\ncommand = ["mine", "installed", "--limit", "2", "--out", "{out}"]\n'
        '[source.two]\ncommand = ["mine", "installed", "--limit", "3", "--out", "{out}"]\n[[bench]]',
        1,
    ).replace('pairs = ["pairs"]\n', 'pairs = ["pairs", "one", "two"]\n')
    steps = _steps(tmp_path, text)
    one, two = (next(step for step in steps.all.values() if step.name == f"make {name}") for name in ("one", "two"))
    first, second = Workshop(tmp_path / "steps"), Workshop(tmp_path / "steps")

    first.do(one, steps)
    second.do(two, steps)

    for workshop in (first, second, Workshop(tmp_path / "steps")):
        assert workshop.has(one)
        assert workshop.has(two)
        assert workshop.seconds(one) > 0
