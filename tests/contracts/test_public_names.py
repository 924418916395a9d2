"""The public surface of the package."""

import subprocess
import sys

import codefavor

HEAVY = (
    "torch",
    "fastapi",
    "trl",
    "scipy",
    "pandas",
    "sklearn",
    "matplotlib",
    "datasets",
    "transformers",
    "jinja2",
    "numpy",
)


def test_public_names_are_what_they_were() -> None:
    """Adding a name is a decision; losing one breaks somebody."""
    assert codefavor.__all__ == [
        "CodefavorError",
        "Comparison",
        "Judge",
        "PreferencePair",
        "Verdict",
        "judge",
        "load_judge",
        "rank",
        "trl_reward",
    ]
    assert all(getattr(codefavor, name) is not None for name in codefavor.__all__)


def _loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_importing_the_package_stays_light() -> None:
    """People import it beside their own code; a second of torch on every import would drive them away."""
    assert _loaded_after("import codefavor") == set()


def test_the_help_stays_light() -> None:
    """`codefavor --help` answers at once."""
    statement = "from codefavor.cli.main import main; main(['--help'])"

    assert _loaded_after(statement) == set()
