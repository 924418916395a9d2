"""The teacher's prompts: found by name, filled once, checked before anything is paid for."""

from pathlib import Path

import pytest

from codefavor.errors import InputError
from codefavor.synthesis.prompts import NEEDS, Prompts


def test_every_prompt_of_the_package_has_the_places_it_needs() -> None:
    """The same check as for a person's own."""
    prompts = Prompts(sorted(NEEDS))

    for name, needed in NEEDS.items():
        filled = prompts.fill(name, **{place: f"<{place}>" for place in needed})
        assert all(f"<{place}>" in filled for place in needed - {"language"})
        assert all(f"{{{place}}}" not in filled for place in needed)


def test_values_are_filled_in_once() -> None:
    """What a value holds is nobody's place."""
    said = Prompts(("attempt",)).fill("attempt", instruction="Return {language} as it is: {}", language="python")

    assert "Return {language} as it is: {}" in said
    assert "with python code" in said


def test_own_prompts_go_before_the_packages(tmp_path: Path) -> None:
    """And their hash tells the two apart."""
    (tmp_path / "attempt.txt").write_text("Do this: {instruction}\n")
    own, ours = Prompts(("attempt",), tmp_path), Prompts(("attempt",))

    assert own.fill("attempt", instruction="x", language="c") == "Do this: x"
    assert own.hashes.keys() == ours.hashes.keys() == {"prompts/attempt.txt"}
    assert own.hashes != ours.hashes


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"attempt.txt": "Do it."}, "has no place for {instruction}"),
        ({"atempt.txt": "{instruction}"}, "holds none of the prompts attempt.txt"),
    ],
)
def test_prompts_that_cannot_work_are_refused(files: dict[str, str], says: str, tmp_path: Path) -> None:
    """Before anything is asked."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    with pytest.raises(InputError, match=says):
        Prompts(("attempt",), tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """It is most likely a typing mistake."""
    with pytest.raises(InputError, match="is no folder"):
        Prompts(("attempt",), tmp_path / "missing")
