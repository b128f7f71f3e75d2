"""The figures as text and as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from evals.suites import Figure, Result


def as_text(result: Result) -> str:
    """A suite's figures, a line each, and what went wrong."""
    lines = [f"{result.suite} ({result.split})"]
    lines += [f"  {figure.name:34} {_value(figure):>22}  {_goal(figure)}" for figure in result.figures]
    if result.wrong:
        lines += [f"  to read ({len(result.wrong)}):", *(f"    {line}" for line in result.wrong)]
    return "\n".join(lines)


def as_html(results: Sequence[Result]) -> str:
    """All suites on one page."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Attune: figures</title>",
        "<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;"
        "padding:.3rem 1rem .3rem 0;border-bottom:1px solid #ccc}.no{font-weight:600}</style>",
        f"<h1>Figures of {date.today():%d %B %Y}</h1>",
    ]
    for result in results:
        parts.append(
            f"<h2>{escape(result.suite)} ({escape(result.split)})</h2><table><tr><th>figure<th>measured<th>goal</tr>"
        )
        for figure in result.figures:
            css = " class='no'" if figure.reached is False else ""
            parts.append(
                f"<tr{css}><td>{escape(figure.name)}<td>{escape(_value(figure))}<td>{escape(_goal(figure))}</tr>"
            )
        parts.append("</table>")
        if result.wrong:
            items = "".join(f"<li>{escape(line)}" for line in result.wrong)
            parts.append(f"<details><summary>{len(result.wrong)} cases to read</summary><ul>{items}</ul></details>")
    return "".join(parts)


def _value(figure: Figure) -> str:
    text = f"{figure.value:.3f}" if isinstance(figure.value, float) and figure.value <= 1 else f"{figure.value:g}"
    span = f" [{figure.low:.2f}-{figure.high:.2f}]" if figure.low is not None and figure.high is not None else ""
    return f"{text}{span} n={figure.n}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    sign = "<=" if figure.at_most else ">="
    return f"goal {sign} {figure.goal:g}: {'reached' if figure.reached else 'NOT reached'}"
