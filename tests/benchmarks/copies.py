"""Several versions of the package in one process: copies under names of their own, each with wrappers of its own.

Two processes that run the same code differ by up to 13 %, by where their memory lies and on which core they are; two
versions can only be compared to a hundredth within one.
"""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "otelml"
NOT_NEEDED = ("cli", "dashboards", "rules", "_examples")


def extract(revision: str | None, folder: Path, name: str) -> None:
    """Leave the package as `name` in a folder: of a git revision, or as it is in the working tree."""
    for path, text in _of_tree() if revision is None else _of_revision(revision):
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_renamed(text, name) if path.suffix in {".py", ".json"} else text, encoding="utf-8")


def _of_tree() -> Iterator[tuple[Path, str]]:
    source = ROOT / "src" / PACKAGE
    for path in source.rglob("*"):
        relative = path.relative_to(source)
        if path.is_file() and "__pycache__" not in path.parts and relative.parts[0] not in NOT_NEEDED:
            yield relative, path.read_text(encoding="utf-8")


def _of_revision(revision: str) -> Iterator[tuple[Path, str]]:
    command = ("git", "archive", revision, f"src/{PACKAGE}")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)  # noqa: S603
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            relative = Path(member.name).parts[2:]
            if content is not None and relative and relative[0] not in NOT_NEEDED:
                yield Path(*relative), content.read().decode()


def _renamed(text: str, name: str) -> str:
    """Import the copy's modules, also by the texts that name them; the distribution is still that of the package."""
    text = re.sub(rf"^(\s*from|\s*import) {PACKAGE}\b(?=[. ])", rf"\1 {name}", text, flags=re.MULTILINE)
    text = re.sub(rf"^(\s*)import {PACKAGE}$", rf"\1import {name} as {PACKAGE}", text, flags=re.MULTILINE)
    return re.sub(rf"""(["']){PACKAGE}((?:\.[a-z_]+)+)\1""", lambda found: _module(found, name), text)


def _module(found: re.Match[str], name: str) -> str:
    quote, rest = found.groups()
    path = ROOT / "src" / PACKAGE / rest[1:].replace(".", "/")
    return f"{quote}{name if path.is_dir() or path.with_suffix('.py').is_file() else PACKAGE}{rest}{quote}"


class Attributes:
    """What the classes and modules of some packages hold now, to be told from what an instrumentation puts there."""

    def __init__(self, *packages: str) -> None:
        self._held: list[tuple[Any, dict[str, Any]]] = [(owner, dict(vars(owner))) for owner in _owners(packages)]

    def taken_back(self) -> dict[Any, dict[str, Any]]:
        """Put everything back; returns what had been put in its place, by owner."""
        replaced: dict[Any, dict[str, Any]] = {}
        for owner, held in self._held:
            for name, value in dict(vars(owner)).items():
                if held.get(name, self) is value or (isinstance(owner, ModuleType) and not callable(value)):
                    continue
                if name in held:
                    setattr(owner, name, held[name])
                elif isinstance(owner, type) and callable(value) | isinstance(value, classmethod):
                    delattr(owner, name)
                else:
                    continue
                replaced.setdefault(owner, {})[name] = value
        return replaced


def _owners(packages: tuple[str, ...]) -> list[Any]:
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
    found: dict[int, Any] = {id(module): module for module in modules}
    waiting = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    for value in waiting:
        found.update((id(cls), cls) for cls in value.__mro__ if cls.__module__.partition(".")[0] in packages)
    return list(found.values())


class Copy:
    """One version of the package, whose wrappers are on classes of its own and nowhere else."""

    def __init__(self, folder: Path, name: str, revision: str | None) -> None:
        extract(revision, folder, name)
        self.package: Any = importlib.import_module(name)
        self._wrappers: dict[Any, dict[str, Any]] = {}

    def instrument(self, attributes: Attributes, **settings: Any) -> None:
        """Let it watch with these settings, and take what it put into classes for its own subclasses."""
        self.package.instrument(**settings)
        for owner, replaced in attributes.taken_back().items():
            self._wrappers.setdefault(owner, {}).update(replaced)

    def subclass(self, cls: type) -> type:
        """A class as this version alone has wrapped it."""
        members: dict[str, Callable[..., Any]] = {}
        for base in reversed(cls.__mro__):
            own = self._wrappers.get(base, {})
            members = {name: value for name, value in members.items() if name not in vars(base)} | own
        members.pop("__init_subclass__", None)
        if not members:
            raise LookupError(f"{self.package.__name__} wraps nothing of {cls.__name__}")
        return type(cls.__name__, (cls,), {**members, "__module__": cls.__module__})
