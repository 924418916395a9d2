"""Owns what people see: the start page, a task, the end of their share, and the owner's view of everybody.

A task's page holds nothing that tells where a code comes from: no name, no id, no label; what the page calls the task
is drawn at random. Everything that came from outside is shown as text.
"""

import secrets
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup

from codefavor.annotation.practice import PRACTICE
from codefavor.annotation.store import CONFIDENCES
from codefavor.annotation.study import Count, Shown
from codefavor.pages.code import plain, prose, side_by_side, visible
from codefavor.pages.layout import Html, Section, folded, notice, render
from codefavor.pages.tables import Column, Group, Table
from codefavor.records import Comparison

_SAID = (("A", "A is better", "A"), ("B", "B is better", "B"), ("tie", "Tie", "T"), ("skip", "Skip", "S"))


class Person(NamedTuple):
    """One line of the owner's view."""

    name: str
    progress: Count
    token: str


def start_page(guidelines: str) -> str:
    """Return what somebody sees first."""
    return _render(
        "Which code is better?",
        "Read this first. Two practice tasks follow, which count for nothing.",
        [
            Section("How to judge", _paragraphs(guidelines)),
            Section("Begin", [_button("begin", "Begin with two practice tasks")]),
        ],
    )


def practice_page(number: int) -> str:
    """Return a practice task, counted from 0."""
    parts = _question(PRACTICE[number].comparison)
    form = _form(Shown(f"practice-{number}", PRACTICE[number].comparison, None, False), "practise", 60)
    lead = "This one counts for nothing; afterwards you see what was asked for."
    return _render(f"Practice {number + 1} of {len(PRACTICE)}", lead, [*parts, _answer_section(form)], script=True)


def practised_page(number: int, choice: str) -> str:
    """Return what there is to say about a practice task's answer."""
    practice = PRACTICE[number]
    right = choice == practice.better
    said = "Tie" if choice == "tie" else "Skipped" if choice == "skip" else f"You chose {choice}"
    verdict = f"{said}. {'That is it' if right else 'Look again'}: {practice.better} is better."
    last = number + 1 == len(PRACTICE)
    return _render(
        f"Practice {number + 1} of {len(PRACTICE)}: the answer",
        verdict,
        [
            Section("Why", [practice.why, _codes(practice.comparison)]),
            Section("Go on", [_button("begin", "Begin with the tasks" if last else "Next practice task")]),
        ],
    )


def task_page(shown: Shown, count: Count, guidelines: str, idle: int, problem: str = "") -> str:
    """Return a task with the form to answer it."""
    total = count.done + count.skipped + count.left
    here = count.done + count.skipped
    progress = Markup(
        '<p class="progress"><progress value="{}" max="{}" aria-label="Tasks answered"></progress>'
        "<span>{} answered, {} skipped, {} left</span></p>"
    ).format(here, max(total, 1), count.done, count.skipped, count.left)
    answer: list[Html | str] = [notice(problem, "Not saved.")] if problem else []
    answer += [_form(shown, "answer", idle), _more_buttons(count)]
    sections = [
        *_question(shown.comparison),
        Section("Your answer", answer),
        Section("Help", [folded("Guidelines", Markup("").join(_paragraphs(guidelines)))]),
    ]
    return _render(f"Task {min(here + 1, max(total, 1))} of {total}", progress, sections, script=True)


def done_page(count: Count, others_left: int) -> str:
    """Return the end of somebody's share."""
    parts: list[Html | str] = [f"You answered {count.done} tasks and skipped {count.skipped}. Everything is saved."]
    if others_left:
        parts += [
            f"Others have {others_left} tasks left. You may take some over.",
            _button("more", "Take over one more"),
        ]
    return _render("Your share is done", "Thank you.", [Section("Done", [*parts, _more_buttons(count)])])


def problem_page(problem: str) -> str:
    """Return a page that says why something was not done."""
    return _render("That did not work", notice(problem, "Not done."), [Section("Go on", [_button("begin", "Go back")])])


def refused_page() -> str:
    """Return what somebody sees whose link is not one of the study's."""
    what = (
        "Open the link you were given again, to its last letter. If it still does not work, ask who sent it for yours."
    )
    return _render("This link is nobody's", "", [Section("What to do", [what, "What you have saved is safe."])])


def owner_page(people: Sequence[Person], tasks: int, gold: int) -> str:
    """Return how far everybody is, with everybody's link; only the study's owner may see it."""
    columns = [Column("Person"), Column("answered", True), Column("skipped", True), Column("left", True)]
    rows = [
        [plain(person.name), str(person.progress.done), str(person.progress.skipped), str(person.progress.left)]
        for person in people
    ]
    links = Markup("").join(
        Markup('<li><a href="?token={}">{}</a></li>').format(person.token, prose(person.name)) for person in people
    )
    return _render(
        "The study",
        f"{tasks} tasks and {gold} gold tasks, {len(people)} people.",
        [
            Section("Progress", [Table(columns, [Group(rows)], "Everybody's share")]),
            Section(
                "Links",
                ["Give each person their own link; it lets nobody else in.", Markup("<ul>{}</ul>").format(links)],
            ),
        ],
    )


def _paragraphs(text: str) -> list[Markup]:
    return [Markup("<p>{}</p>").format(prose(line)) for line in text.split("\n") if line.strip()]


def _question(comparison: Comparison) -> list[Section]:
    instruction = Markup('<div class="instruction" tabindex="0" role="group" aria-label="Instruction text">{}</div>')
    lines = Markup("\n").join(visible(line, len(line)) for line in comparison.instruction.split("\n"))
    criterion = Markup('<p class="criterion">{}</p>').format(prose(comparison.criterion))
    return [
        Section("Instruction", [instruction.format(lines)]),
        Section("Criterion", [criterion]),
        Section("Codes", [_codes(comparison)]),
    ]


def _codes(comparison: Comparison) -> Markup:
    return side_by_side(comparison.code_a, comparison.code_b, ("Code A", "Code B"), comparison.language or "text")


def _answer_section(form: Markup) -> Section:
    return Section("Your answer", [form])


def _form(shown: Shown, action: str, idle: int) -> Markup:
    before = shown.before
    chosen = "" if before is None else before.choice
    if shown.swapped:
        chosen = {"A": "B", "B": "A"}.get(chosen, chosen)
    said = _options("choice", _SAID, chosen)
    sure = [(word, word.capitalize(), str(number)) for number, word in enumerate(CONFIDENCES, start=1)]
    return Markup(
        '<form method="post" data-handle="{}" data-revision="{}" data-idle="{}" autocomplete="off">'
        '<input type="hidden" name="action" value="{}"><input type="hidden" name="handle" value="{}">'
        '<input type="hidden" name="submission" value="{}"><input type="hidden" name="seconds" value="">'
        '<fieldset><legend>Which code better meets the criterion?</legend><div class="options">{}</div></fieldset>'
        '<fieldset><legend>How sure are you?</legend><div class="options">{}</div></fieldset>'
        '<label class="note">Note, if you like<textarea name="note" rows="2">\n{}</textarea></label>'
        '<div class="row"><button>Save and go on <span aria-hidden="true">↵</span></button>'
        '<label class="switch"><input type="checkbox" id="keys" checked>Keys A, B, T, S, 1 to 3, U</label></div>'
        '<p id="status" role="status"></p></form>'
    ).format(
        shown.handle,
        0 if before is None else before.number,
        idle,
        action,
        shown.handle,
        secrets.token_urlsafe(12),
        said,
        _options("confidence", sure, "" if before is None else before.confidence),
        "" if before is None else before.note,
    )


def _options(name: str, options: Sequence[tuple[str, str, str]], chosen: str) -> Markup:
    required = Markup(" required") if name == "choice" else Markup("")
    return Markup("").join(
        Markup(
            '<label><input type="radio" name="{}" value="{}"{}{}>{} <kbd aria-hidden="true">{}</kbd></label>'
        ).format(name, value, required, Markup(" checked") if value == chosen else Markup(""), words, key)
        for value, words, key in options
    )


def _more_buttons(count: Count) -> Markup:
    if not count.can_undo:
        return Markup("")
    return Markup('<div class="row">{}</div>').format(_button("undo", "Undo the last answer", quiet=True))


def _button(action: str, words: str, *, quiet: bool = False) -> Markup:
    kind = Markup(' class="quiet" id="undo"') if quiet else Markup("")
    return Markup('<form method="post"><button name="action" value="{}"{}>{}</button></form>').format(
        action, kind, words
    )


def _render(title: str, lead: Html | str, sections: Sequence[Section], *, script: bool = False) -> str:
    folder = files("codefavor.annotation") / "templates"
    style = (folder / "annotate.css").read_text(encoding="utf-8")
    lead = Markup("<p>{}</p>").format(lead) if isinstance(lead, str) and not isinstance(lead, Markup) else lead
    code = (folder / "annotate.js").read_text(encoding="utf-8") if script else ""
    return render(title, lead, sections, style, code, contents=False)
