from pathlib import Path

import pytest
from markupsafe import Markup

from codefavor.checkpoints import Card, write_card
from codefavor.errors import CheckpointError, MissingFileError
from codefavor.jsonl import write_json
from codefavor.report.extras import data_sections, training_sections


def _text(section_parts: object) -> str:
    assert isinstance(section_parts, list)
    return "".join(str(Markup("{}").format(part)) for part in section_parts)


def test_a_data_set_is_shown_with_what_a_blind_rule_could_guess(tmp_path: Path) -> None:
    """Whoever reads a score on held-out pairs must see how easy those were made."""
    split = {
        "pairs": 9123,
        "examples": 18246,
        "groups": 200,
        "label_a": 0.5,
        "by_objective": {"security": 9123},
        "by_operator": {"weak-hash": 9123},
        "shorter_wins": {"security": 0.482},
    }
    card = {
        "config": {},
        "inputs": {},
        "rows": 9500,
        "splits": {"train": split},
        "rejected": {"too long": 377},
        "decontamination": {},
        "probes": {"n-grams": {"security": 0.61}},
        "files": {},
        "notes": ["a <note>"],
    }
    write_json(tmp_path / "card.json", card)

    [section] = data_sections([tmp_path])
    html = _text(section.parts)

    assert "9,500 pairs read, 9,123 kept" in html
    assert "9,123 · 48.2" in html
    assert "n-grams · security" in html
    assert "377" in html


def test_how_like_a_benchmark_the_data_is_is_drawn(tmp_path: Path) -> None:
    """As the paper does, for the better and the worse codes apart."""
    side = {"codes": 1302, "median": 0.31, "highest": 0.78, "near": 0, "curve": [[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]]}
    likeness = {"texts": 9, "similarity": {"better": side, "worse": side | {"near": 3, "highest": 0.91}}}
    card = {"config": {}, "inputs": {}, "rows": 1, "splits": {}, "rejected": {}, "probes": {}, "files": {}, "notes": []}
    write_json(tmp_path / "card.json", card | {"decontamination": likeness})

    (section,) = data_sections([tmp_path])
    shown = _text(section.parts)
    assert "worse codes: 1,302, half of them at 0.31 or more, the highest 0.91, 3 at 0.8 or more" in shown
    assert shown.count("<svg ") == 1


def test_a_checkpoint_is_shown_with_its_scores_and_settings(tmp_path: Path) -> None:
    """Both models of the recipe lead back to how they were trained."""
    scores = {"held-out": {"pairs": 1272, "security": 0.8193}, "parameters": 1_000_000}
    write_card(
        tmp_path, Card(kind="linear", format="features-1", base="linear", data={}, config={"l2": 3e-4}, scores=scores)
    )

    [section] = training_sections([tmp_path])
    html = _text(section.parts)

    assert section.title.startswith("Training linear:")
    assert all(found in html for found in ("1,272", "0.8193", "1,000,000", "0.0003"))


def test_a_folder_of_another_kind_is_named(tmp_path: Path) -> None:
    """One sentence, before any page is written."""
    with pytest.raises(MissingFileError, match=r"card\.json"):
        data_sections([tmp_path])
    with pytest.raises(CheckpointError, match=r"no card\.json"):
        training_sections([tmp_path])


def test_logged_losses_become_curves(tmp_path: Path) -> None:
    """The curve shows at a glance whether training had ended."""
    tensorboard = pytest.importorskip("torch.utils.tensorboard", reason="the torch extra is not installed")
    with tensorboard.SummaryWriter(str(tmp_path / "tensorboard")) as board:
        for step in range(5):
            board.add_scalar("train/loss", 0.7 - step / 10, step)
            board.add_scalar("validation/accuracy", 0.5 + step / 10, step)
    write_card(tmp_path, Card(kind="pair-rm", format="f", base="tiny", data={}, config={}, scores={}))

    [section] = training_sections([tmp_path])
    html = _text(section.parts)

    assert html.count("<svg") == 2
    assert "training: from 0.7 to 0.3" in html
