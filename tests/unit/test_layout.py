"""The layout tells the design: imports run one way, Streamlit and SQL stay in their rooms, files stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = {
    "schema": 0,
    "errors": 0,
    "settings": 1,
    "encoder": 1,
    "safety": 2,
    "retrieval": 2,
    "exercises": 2,
    "store": 2,
    "replies": 3,
    "people": 4,
    "review": 4,
    "companion": 4,
    "conversation": 5,
    "assemble": 5,
    "batch": 5,
    "printing": 5,
    "serve": 5,
    "doctor": 6,
    "ui": 7,
    "cli": 8,
    "__main__": 9,
}
FILES = sorted(path for folder in ("coach", "evals") for path in (ROOT / folder).rglob("*.py"))


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT / "coach").parts
    return parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return (
        names
        | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        | {
            f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "coach"
            for alias in node.names
        }
    )


@pytest.mark.parametrize("path", [p for p in FILES if p.relative_to(ROOT).parts[0] == "coach"], ids=lambda p: p.name)
def test_imports_run_downward_only(path: Path) -> None:
    room = _room(path)
    if room in ("__init__", "bundled"):
        return
    for name in _imports(path):
        if name.startswith("coach.") and room != "cli":
            other = name.split(".")[1]
            assert other == room or LAYERS[other] < LAYERS[room], f"{path.name} ({room}) reaches up to {other}"
        assert not name.startswith("evals") or room == "cli"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_only_the_screens_import_streamlit_and_only_the_store_speaks_sql(path: Path) -> None:
    imported = {name.split(".")[0] for name in _imports(path)}
    inside = path.relative_to(ROOT).parts
    if inside[:2] != ("coach", "ui"):
        assert "streamlit" not in imported
    if inside[:2] != ("coach", "store"):
        assert "sqlalchemy" not in imported


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420
