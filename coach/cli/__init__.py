"""The command line. One JSON object an answer with --json; --jsonl FILE runs a batch, a line in, a line out.

Exit codes: 0 done, 1 the thing asked for failed (one sentence says why), 2 wrong usage. No traceback without --debug.
"""

from coach.cli import ask, look_after, people
from coach.cli.app import app, main

__all__ = ["app", "ask", "look_after", "main", "people"]
