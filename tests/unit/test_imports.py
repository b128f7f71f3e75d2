"""Import budget: what a command does not need is not imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("streamlit", "chromadb", "openai", "langchain_core", "langchain_openai", "onnxruntime", "onnx", "trafilatura")


def loaded_after(code: str) -> set[str]:
    listing = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}\nimport sys; print(' '.join(sorted({{n.split('.')[0] for n in sys.modules}})))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listing.stdout.split()) & set(HEAVY)


@pytest.mark.parametrize(
    "code",
    [
        "import coach.cli",
        "from coach.safety import screen",
        "from coach.assemble import companion; companion()",
        "import coach.conversation, coach.review.decisions, coach.doctor",
    ],
)
def test_heavy_libraries_are_not_loaded_before_they_are_needed(code: str) -> None:
    assert loaded_after(code) == set()


def test_the_screen_loads_the_language_model_and_nothing_else() -> None:
    assert loaded_after("from coach.safety import screen; screen('hello')") <= {"onnxruntime", "onnx"}


def test_a_turn_without_a_model_loads_no_model_library() -> None:
    code = (
        "import tempfile, pathlib\nfrom coach.settings import Settings\nfrom coach.assemble import companion, Search\n"
        "s = Settings(data_dir=pathlib.Path(tempfile.mkdtemp()))\n"
        "companion(s, Search(s)).screen(['we never talk'])"
    )
    assert not loaded_after(code) & {"openai", "langchain_openai", "streamlit"}
