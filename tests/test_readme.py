"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    """Fenced blocks of the README in `language`, in order."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )


def test_the_first_two_commands_are_one_line_each():
    """`.ci/run` runs these two lines as they stand."""
    install, tests = blocks("sh")[:2]
    assert install == "pip install . && rheobase demo\n"
    assert tests == "pip install nox && nox -s tests\n"


def test_the_example_runs(capsys):
    """The example prints one score per neuron, each better than a constant rate."""
    (example,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(example, str(README), "exec"), names)
    printed = capsys.readouterr().out
    assert len(re.findall(r"\d\.\d+", printed)) >= 1
    assert (names["model"].coef_.shape, names["counts"].shape[1]) == ((32, 4), 4)


def test_links_lead_somewhere():
    """Every relative link and picture exists."""
    targets = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert [target for target in targets if not (README.parent / target).exists()] == []
