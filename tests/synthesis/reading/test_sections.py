"""The sections of a teacher's reply, in the shapes models write them."""

import json
import time

import pytest

from codefavor.synthesis.reading.sections import read_sections
from codefavor.synthesis.reading.wanted import CRITERION, FEEDBACK, IMPROVED, INSTRUCTION, NAIVE

ALL = (INSTRUCTION, CRITERION, NAIVE, IMPROVED, FEEDBACK)
ASK = "Write `total(rows)`, which adds up the `n` of each row."
BY = "Efficiency: one pass over the rows."
OLD = "def total(rows):\n    picked = []\n    for row in rows:\n        picked.append(row.n)\n    return sum(picked)\n"
NEW = "def total(rows):\n    return sum(row.n for row in rows)\n"
WHY = "The naive code builds a list first; the improved code does not."
F_OLD, F_NEW = f"```python\n{OLD}```", f"```python\n{NEW}```"

WHOLE = {"instruction": ASK, "criterion": BY, "naive_code": OLD, "improved_code": NEW, "feedback": WHY}


def written(*headings: str, fence: str = "python", between: str = "\n") -> str:
    """Return the five sections under these headings."""
    opening = f"```{fence}\n" if fence != "none" else ""
    closing = "```" if fence != "none" else ""
    texts = (ASK, BY, f"{opening}{OLD}{closing}", f"{opening}{NEW}{closing}", WHY)
    return "\n\n".join(f"{heading}{between}{text}" for heading, text in zip(headings, texts, strict=True))


SHAPES = {
    "brackets, as asked": written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]"),
    "brackets with spaces": written("[INSTRUCTION]", "[CRITERION]", "[NAIVE CODE]", "[IMPROVED CODE]", "[FEEDBACK]"),
    "brackets and colon": written("[INSTRUCTION]:", "[CRITERION]:", "[NAIVE_CODE]:", "[IMPROVED_CODE]:", "[FEEDBACK]:"),
    "brackets on the same line": written(
        "[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]", between=" "
    ),
    "brackets with a colon on the same line": written(
        "[Instruction]:", "[Criterion]:", "[Naive_Code]:", "[Improved_Code]:", "[Feedback]:", between=" "
    ),
    "lower case brackets": written("[instruction]", "[criterion]", "[naive code]", "[improved code]", "[feedback]"),
    "double brackets": written(
        "[[INSTRUCTION]]", "[[CRITERION]]", "[[NAIVE_CODE]]", "[[IMPROVED_CODE]]", "[[FEEDBACK]]"
    ),
    "bold brackets": written(
        "**[INSTRUCTION]**", "**[CRITERION]**", "**[NAIVE_CODE]**", "**[IMPROVED_CODE]**", "**[FEEDBACK]**"
    ),
    "brackets in a heading": written(
        "### [INSTRUCTION]", "### [CRITERION]", "### [NAIVE_CODE]", "### [IMPROVED_CODE]", "### [FEEDBACK]"
    ),
    "markdown 2": written("## Instruction", "## Criterion", "## Naive Code", "## Improved Code", "## Feedback"),
    "markdown 3 with colons": written(
        "### Instruction:", "### Criterion:", "### Naive Code:", "### Improved Code:", "### Feedback:"
    ),
    "markdown 1": written("# Instruction", "# Criterion", "# Naive code", "# Improved code", "# Feedback"),
    "markdown without a space": written(
        "##Instruction", "##Criterion", "##Naive Code", "##Improved Code", "##Feedback"
    ),
    "markdown closed": written(
        "## Instruction ##", "## Criterion ##", "## Naive code ##", "## Improved code ##", "## Feedback ##"
    ),
    "bold headings in markdown": written(
        "### **Instruction**", "### **Criterion**", "### **Naive Code**", "### **Improved Code**", "### **Feedback**"
    ),
    "bold": written("**Instruction**", "**Criterion**", "**Naive Code**", "**Improved Code**", "**Feedback**"),
    "bold with the colon inside": written(
        "**Instruction:**", "**Criterion:**", "**Naive Code:**", "**Improved Code:**", "**Feedback:**"
    ),
    "bold with the colon outside": written(
        "**Instruction**:", "**Criterion**:", "**Naive Code**:", "**Improved Code**:", "**Feedback**:"
    ),
    "bold on the same line": written(
        "**Instruction:**", "**Criterion:**", "**Naive Code:**\n", "**Improved Code:**\n", "**Feedback:**", between=" "
    ),
    "bold on the same line, no colon": written(
        "**Instruction**", "**Criterion**", "**Naive Code**\n", "**Improved Code**\n", "**Feedback**", between=" "
    ),
    "italic": written("*Instruction*", "*Criterion*", "*Naive code*", "*Improved code*", "*Feedback*"),
    "underlined bold": written(
        "__Instruction__", "__Criterion__", "__Naive code__", "__Improved code__", "__Feedback__"
    ),
    "bare words": written("Instruction", "Criterion", "Naive code", "Improved code", "Feedback"),
    "bare words and colons": written("Instruction:", "Criterion:", "Naive code:", "Improved code:", "Feedback:"),
    "capitals": written("INSTRUCTION:", "CRITERION:", "NAIVE CODE:", "IMPROVED CODE:", "FEEDBACK:"),
    "capitals with underscores": written("INSTRUCTION", "CRITERION", "NAIVE_CODE", "IMPROVED_CODE", "FEEDBACK"),
    "bare words on the same line": written(
        "Instruction:", "Criterion:", "Naive code:\n", "Improved code:\n", "Feedback:", between=" "
    ),
    "a fence behind the colon": written(
        "Instruction:", "Criterion:", "Naive code:", "Improved code:", "Feedback:", between=" "
    ),
    "numbered": written(
        "1. Instruction", "2. Criterion", "3. Naive code", "4. Improved code", "5. Feedback"
    ),
    "numbered, with brackets behind": written(
        "1) Instruction:", "2) Criterion:", "3) Naive code:", "4) Improved code:", "5) Feedback:"
    ),
    "numbered and bold": written(
        "1. **Instruction:**", "2. **Criterion:**", "3. **Naive code:**", "4. **Improved code:**", "5. **Feedback:**"
    ),
    "numbered markdown": written(
        "## 1. Instruction", "## 2. Criterion", "## 3. Naive code", "## 4. Improved code", "## 5. Feedback"
    ),
    "steps": written(
        "Step 1: Instruction", "Step 2: Criterion", "Step 3: Naive code", "Step 4: Improved code", "Step 5: Feedback"
    ),
    "bullets": written(
        "- **Instruction**:", "- **Criterion**:", "- **Naive code**:", "- **Improved code**:", "- **Feedback**:"
    ),
    "letters": written("a) Instruction", "b) Criterion", "c) Naive code", "d) Improved code", "e) Feedback"),
    "rules around": written(
        "--- Instruction ---", "--- Criterion ---", "--- Naive code ---", "--- Improved code ---", "--- Feedback ---"
    ),
    "equals around": written(
        "=== INSTRUCTION ===", "=== CRITERION ===", "=== NAIVE CODE ===", "=== IMPROVED CODE ===", "=== FEEDBACK ==="
    ),
    "rules between": written(
        "## Instruction", "---\n## Criterion", "---\n## Naive code", "---\n## Improved code", "---\n## Feedback"
    ),
    "underlined by a rule": written(
        "Instruction\n-----------", "Criterion\n---------", "Naive code\n----------", "Improved code\n-------------",
        "Feedback\n--------",
    ),
    "tags": (
        f"<instruction>\n{ASK}\n</instruction>\n<criterion>{BY}</criterion>\n<naive_code>\n{F_OLD}\n</naive_code>\n"
        f"<improved_code>\n{F_NEW}\n</improved_code>\n<feedback>\n{WHY}\n</feedback>"
    ),
    "tags without fences": (
        f"<INSTRUCTION>{ASK}</INSTRUCTION>\n<CRITERION>{BY}</CRITERION>\n<NAIVE_CODE>\n{OLD}</NAIVE_CODE>\n"
        f"<IMPROVED_CODE>\n{NEW}</IMPROVED_CODE>\n<FEEDBACK>{WHY}</FEEDBACK>"
    ),
    "closed brackets": (
        f"[INSTRUCTION]\n{ASK}\n[/INSTRUCTION]\n[CRITERION]\n{BY}\n[/CRITERION]\n[NAIVE_CODE]\n{F_OLD}\n[/NAIVE_CODE]\n"
        f"[IMPROVED_CODE]\n{F_NEW}\n[/IMPROVED_CODE]\n[FEEDBACK]\n{WHY}\n[/FEEDBACK]"
    ),
    "wide brackets": written("【Instruction】", "【Criterion】", "【Naive code】", "【Improved code】", "【Feedback】"),
    "quoted headings": written('"Instruction":', '"Criterion":', '"Naive code":', '"Improved code":', '"Feedback":'),
    "arrows": written("Instruction →", "Criterion →", "Naive code →\n", "Improved code →\n", "Feedback →", between=" "),
    "dashes": written(
        "**Instruction** –", "**Criterion** –", "**Naive code** –", "**Improved code** –", "**Feedback** –"
    ),
    "an accent": written("Instruction:", "Criterion:", "Naïve Code:", "Improved Code:", "Feedback:"),
    "the": written("The instruction:", "The criterion:", "The naive code:", "The improved code:", "The feedback:"),
    "words in brackets": written(
        "Instruction:", "Criterion:", "Code (naive):", "Code (improved):", "Feedback:"
    ).replace("Code (naive)", "Naive code (before)").replace("Code (improved)", "Improved code (after)"),
    "other names": written(
        "## Task", "## Evaluation Criterion", "## Naive Implementation", "## Improved Implementation", "## Explanation"
    ),
    "more names": written("Prompt:", "Criteria:", "Original code:", "Optimized code:", "Rationale:"),
    "dashes in names": written("instruction:", "criterion:", "naive-code:", "improved-code:", "feedback:"),
    "one word": written("Instruction:", "Criterion:", "NaiveCode:", "ImprovedCode:", "Feedback:"),
    "no language": written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]", fence=""),
    "language py": written("## Instruction", "## Criterion", "## Naive Code", "## Improved Code", "## Feedback", fence="py"),
    "language in capitals": written(
        "## Instruction", "## Criterion", "## Naive Code", "## Improved Code", "## Feedback", fence="Python3"
    ),
    "no fences": written(
        "[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]", fence="none"
    ),
    "no fences, markdown": written(
        "### Instruction", "### Criterion", "### Naive Code", "### Improved Code", "### Feedback", fence="none"
    ),
    "tildes": written("## Instruction", "## Criterion", "## Naive Code", "## Improved Code", "## Feedback").replace(
        "```", "~~~"
    ),
    "longer fences": written("## Instruction", "## Criterion", "## Naive Code", "## Improved Code", "## Feedback").replace(
        "```", "````"
    ),
    "windows line ends": written(
        "[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]"
    ).replace("\n", "\r\n"),
    "chatter around": "Certainly! Here is the preference pair you asked for:\n\n"
    + written("**Instruction:**", "**Criterion:**", "**Naive code:**", "**Improved code:**", "**Feedback:**"),
    "chatter around the codes": (
        f"[INSTRUCTION]\n{ASK}\n[CRITERION]\n{BY}\n[NAIVE_CODE]\nThis is how a beginner would do it:\n{F_OLD}\nIt works.\n"
        f"[IMPROVED_CODE]\nAnd this is shorter.\n\n{F_NEW}\nNote the generator.\n[FEEDBACK]\n{WHY}"
    ),
    "thinking first": "<think>\n[INSTRUCTION]\nSomething else?\n</think>\n"
    + written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]"),
    "another order": (
        f"[FEEDBACK]\n{WHY}\n[IMPROVED_CODE]\n{F_NEW}\n[NAIVE_CODE]\n{F_OLD}\n[CRITERION]\n{BY}\n[INSTRUCTION]\n{ASK}"
    ),
    "all in one fence": "```markdown\n"
    + written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]", fence="none")
    + "\n```",
    "all in one longer fence": "Here you are.\n````text\n"
    + written("## Instruction", "## Criterion", "## Naive Code", "## Improved Code", "## Feedback")
    + "\n````",
    "a fence that is never closed": (
        f"[INSTRUCTION]\n{ASK}\n[CRITERION]\n{BY}\n[NAIVE_CODE]\n```python\n{OLD}[IMPROVED_CODE]\n```python\n{NEW}```\n"
        f"[FEEDBACK]\n{WHY}"
    ),
    "a heading twice": (
        f"[INSTRUCTION]\n**Instruction:** {ASK}\n[CRITERION]\nCriterion: {BY}\n[NAIVE_CODE]\nNaive code:\n{F_OLD}\n"
        f"[IMPROVED_CODE]\nImproved code:\n{F_NEW}\n[FEEDBACK]\nFeedback: {WHY}"
    ),
    "quoted texts": (
        f'Instruction: "{ASK}"\nCriterion: "{BY}"\nNaive code:\n{F_OLD}\nImproved code:\n{F_NEW}\nFeedback: "{WHY}"'
    ),
    "indented codes": (
        f"1. **Instruction**: {ASK}\n2. **Criterion**: {BY}\n3. **Naive code**:\n"
        + "\n".join(f"   {line}" for line in F_OLD.split("\n"))
        + "\n4. **Improved code**:\n"
        + "\n".join(f"   {line}" for line in F_NEW.split("\n"))
        + f"\n5. **Feedback**: {WHY}"
    ),
    "JSON": json.dumps(WHOLE),
    "JSON in a fence": f"Here it is:\n```json\n{json.dumps(WHOLE, indent=2)}\n```\nLet me know!",
    "JSON with other keys": json.dumps(
        {"Instruction": ASK, "Criterion": BY, "Naive Code": OLD, "Improved Code": NEW, "Feedback": WHY}
    ),
    "JSON with fences inside": json.dumps({**WHOLE, "naive_code": F_OLD, "improved_code": F_NEW}),
    "JSON with real newlines": json.dumps(WHOLE).replace("\\n", "\n"),
    "JSON around": json.dumps({"pair": {**WHOLE, "id": 1}}),
    "JSON with codes as objects": json.dumps(
        {**WHOLE, "naive_code": {"language": "python", "code": OLD}, "improved_code": {"code": NEW}}
    ),
    "JSON with lines": json.dumps({**WHOLE, "naive_code": OLD.rstrip("\n").split("\n")}),
    "parenthetical": written("### Instruction","### Criterion","### Naive Code (with weakness)","### Improved Code (without weakness)","### Feedback"),
    "subtitle": written("### Instruction","### Criterion","### Naive Code: building a list","### Improved Code: a generator","### Feedback"),
    "num brackets": written("#### 1. [INSTRUCTION]","#### 2. [CRITERION]","#### 3. [NAIVE_CODE]","#### 4. [IMPROVED_CODE]","#### 5. [FEEDBACK]"),
    "lang paren": written("[INSTRUCTION]","[CRITERION]","[NAIVE_CODE] (python)","[IMPROVED_CODE] (python)","[FEEDBACK]"),
    "lang paren2": written("Instruction:","Criterion:","Naive Code (Python):","Improved Code (Python):","Feedback:"),
    "num in bold": written("**1. Instruction**","**2. Criterion**","**3. Naive Code**","**4. Improved Code**","**5. Feedback**"),
    "section in bold": written("**Section 1: Instruction**","**Section 2: Criterion**","**Section 3: Naive Code**","**Section 4: Improved Code**","**Section 5: Feedback**"),
    "lead-in": written("Instruction:","Criterion:","Here is the naive code:","And here is the improved code:","Feedback:"),
    "colon before bold end, spaces": written("** Instruction : **","** Criterion : **","** Naive Code : **","** Improved Code : **","** Feedback : **"),
    "html bold": written("<b>Instruction</b>","<b>Criterion</b>","<b>Naive Code</b>","<b>Improved Code</b>","<b>Feedback</b>"),
    "html h3": written("<h3>Instruction</h3>","<h3>Criterion</h3>","<h3>Naive Code</h3>","<h3>Improved Code</h3>","<h3>Feedback</h3>"),
    "roman": written("I. Instruction","II. Criterion","III. Naive Code","IV. Improved Code","V. Feedback"),
    "emoji": written("📝 Instruction","🎯 Criterion","🐌 Naive Code","🚀 Improved Code","💬 Feedback"),
    "emoji md": written("## 📝 Instruction","## 🎯 Criterion","## 🐌 Naive Code","## 🚀 Improved Code","## 💬 Feedback"),
    "curly": written("{INSTRUCTION}","{CRITERION}","{NAIVE_CODE}","{IMPROVED_CODE}","{FEEDBACK}"),
    "angle open-close inline": written("<<INSTRUCTION>>","<<CRITERION>>","<<NAIVE_CODE>>","<<IMPROVED_CODE>>","<<FEEDBACK>>"),
    "escaped": written("\\[INSTRUCTION\\]","\\[CRITERION\\]","\\[NAIVE\\_CODE\\]","\\[IMPROVED\\_CODE\\]","\\[FEEDBACK\\]"),
    "output prefix": "Output:\n"+written("[INSTRUCTION]","[CRITERION]","[NAIVE_CODE]","[IMPROVED_CODE]","[FEEDBACK]"),
    "trailing note": written("[INSTRUCTION]","[CRITERION]","[NAIVE_CODE]","[IMPROVED_CODE]","[FEEDBACK]")+"\n\n---\n",
    "filename after fence": written("[INSTRUCTION]","[CRITERION]","[NAIVE_CODE]","[IMPROVED_CODE]","[FEEDBACK]",fence="python title=a.py"),
    "END": written("[INSTRUCTION]","[CRITERION]","[NAIVE_CODE]","[IMPROVED_CODE]","[FEEDBACK]")+"\n\n[END]",
    "yaml": f"instruction: |\n  {ASK}\ncriterion: |\n  {BY}\nnaive_code: |\n"+"".join("  "+line+"\n" for line in OLD.splitlines())+"improved_code: |\n"+"".join("  "+line+"\n" for line in NEW.splitlines())+f"feedback: |\n  {WHY}",
    "blockquote": "\n".join("> "+line if line else ">" for line in written("**Instruction**","**Criterion**","**Naive Code**","**Improved Code**","**Feedback**").split("\n")),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_section_is_found(shape: str) -> None:
    """However its heading is written."""
    assert read_sections(SHAPES[shape], ALL) == WHOLE


def test_names_in_feedback_are_no_headings() -> None:
    """A comparison goes through the codes by name; the codes stay what they are."""
    why = "- **Naive code**: builds a list.\n- **Improved code**: does not."
    text = written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]").replace(WHY, why)

    assert read_sections(text, ALL) == {**WHOLE, "feedback": why}


def test_other_names_inside_a_section_are_text_where_the_name_itself_is_there() -> None:
    """Instructions have examples with explanations."""
    ask = f"{ASK}\nExample: 1, 2\nExplanation: 3 is the sum.\nComments: none."
    text = written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]").replace(ASK, ask)

    assert read_sections(text, ALL) == {**WHOLE, "instruction": ask}


def test_names_in_feedback_that_comes_first_are_no_headings() -> None:
    """What has a fence is the code."""
    text = f"## Feedback\n- Naive code: builds a list.\n- Improved code: does not.\n## Naive code\n{F_OLD}\n## Improved code\n{F_NEW}"
    found = read_sections(text, ALL)

    assert (found["naive_code"], found["improved_code"]) == (OLD, NEW)
    assert "Naive code: builds a list." in found["feedback"]


def test_headings_inside_code_are_code() -> None:
    """A comment is no heading."""
    code = "# Improved code\ndef f():\n    # Feedback: none\n    return 1\n"
    text = f"## Naive code\n```python\n{code}```\n## Improved code\n```python\n{NEW}```\n"

    assert read_sections(text, ALL) == {"naive_code": code, "improved_code": NEW}


def test_code_keeps_its_strings_and_its_margin() -> None:
    """Nothing is taken off its ends but the fence."""
    code = "print('python')\nif True:\n    print('''```''')\n"
    text = f"[NAIVE_CODE]\n````python\n{code}````\n[IMPROVED_CODE]\n```\n{NEW}```"

    assert read_sections(text, ALL)["naive_code"] == code


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", set()),
        ("I cannot help with that.", set()),
        ("Instructions are hard to write, and feedback is too.", set()),
        (f"[INSTRUCTION]\n{ASK}\n[CRITERION]\n{BY}", {"instruction", "criterion"}),
        (f"[INSTRUCTION]\n[CRITERION]\n{BY}\n[FEEDBACK]\n\n", {"criterion"}),
        (f"## Instruction\n{ASK}\n## Naive code\n```python\n```\n## Feedback\n{WHY}", {"instruction", "feedback"}),
        (json.dumps(WHOLE)[:60], set()),
    ],
)
def test_what_is_missing_is_not_there(text: str, keys: set[str]) -> None:
    """A section without a word is none."""
    assert set(read_sections(text, ALL)) == keys


def test_a_cut_reply_keeps_what_it_has() -> None:
    """The last section ends where the reply does."""
    text = written("[INSTRUCTION]", "[CRITERION]", "[NAIVE_CODE]", "[IMPROVED_CODE]", "[FEEDBACK]")

    assert read_sections(text[: text.index("return sum(row")], ALL)["naive_code"] == OLD


def test_a_long_reply_takes_no_longer_than_its_length() -> None:
    """No pattern may run away on what a broken model repeats."""
    began = time.perf_counter()
    for text in ("* " * 60_000, "[" * 100_000, "naive code " * 10_000, "```\n" * 30_000, "{" * 50_000, "- \n" * 40_000):
        read_sections(text, ALL)

    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("inside", ['{"naive": [], "improved": []}', '{"naive": "a", "improved": "b"}'])
def test_a_dictionary_inside_a_code_is_not_the_answer(inside: str) -> None:
    """A code may use the sections' names as keys, with which a whole answer in JSON begins too."""
    code = f"used = {inside}\nprint(used)\n"
    text = (
        f"[INSTRUCTION]\n{ASK}\n\n[CRITERION]\n{BY}\n\n[NAIVE_CODE]\n```python\n{code}```\n\n"
        f"[IMPROVED_CODE]\n{F_NEW}\n\n[FEEDBACK]\n{WHY}"
    )

    assert read_sections(text, ALL) == {**WHOLE, "naive_code": code}
