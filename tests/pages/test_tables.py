import pytest

from codefavor.pages.tables import Cell, Column, Group, Table, facts


def test_a_table_names_rows_and_columns_for_those_who_listen() -> None:
    """Screen readers say the heading of each number; they need scopes to know it."""
    html = str(Table([Column("Judge"), Column("Right", True)], [Group([["<b>", "1"]], "All")]).__html__())

    assert html.count('scope="col"') == 2
    assert '<th scope="row">&lt;b&gt;</th>' in html
    assert '<th scope="rowgroup" colspan="2">' in html
    assert '<td class="n">1</td>' in html


def test_what_follows_a_number_never_moves_it() -> None:
    """Decimal points stand under each other only if the whole column leaves the same room after them."""
    columns = [Column("Judge"), Column("Right", True)]
    html = str(Table(columns, [Group([["a", Cell("61.5", "±2.0")], ["b", "62.0"]])]).__html__())

    assert html.count('<td class="n room">') == 2


def test_a_row_of_the_wrong_length_is_refused() -> None:
    """A number under the wrong heading is worse than an error."""
    with pytest.raises(ValueError, match="1 cells in a table of 2 columns"):
        Table([Column("Judge"), Column("Right")], [Group([["a"]])])


def test_facts_are_escaped() -> None:
    """Values come from manifests, which hold what was typed."""
    assert "<dd>&lt;i&gt;</dd>" in facts([("model", "<i>")])
