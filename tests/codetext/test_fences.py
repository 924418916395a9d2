"""Code goes into a fence and comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from codefavor.codetext.fences import blocks, fenced


@given(st.text(alphabet="`~ab \n"))
def test_no_code_breaks_out_of_its_fence(code: str) -> None:
    """Code that holds fences itself, such as a docstring in Markdown, must not end its block."""
    found = list(blocks("before\n" + fenced(code, "python") + "\nafter"))

    assert [block.code for block in found] == [code if code.endswith("\n") else code + "\n"]


def test_blocks_are_read_in_order_with_their_language() -> None:
    """Replies hold several blocks, and tilde fences are fences too."""
    text = "```py title=x\na\n```\n\n~~~\nb\n```\n~~~\n```\nnever closed"

    assert [(block.code, block.language) for block in blocks(text)] == [
        ("a\n", "py"),
        ("b\n```\n", ""),
        ("never closed", ""),
    ]
