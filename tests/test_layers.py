"""Imports point to a lower floor only, and packages of one floor do not see each other."""

import ast
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "evaltools"
FLOORS = {
    "text": 0, "errors": 0, "content": 0, "faults": 0, "config": 0, "workdays": 0,
    "stats": 1, "store": 1,
    "survey": 2,
    "scoring": 3,
    "report": 4,
    "campaign": 5, "skeleton": 5,
    "run": 6, "forget": 6, "lab": 6, "doctor": 6,
    "cli": 7, "__init__": 7,
    "__main__": 8,
}  # fmt: skip
MODULES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms of the package that a module names in any import, also inside functions and under TYPE_CHECKING."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [
                f"{node.module}.{alias.name}" if node.module == "evaltools" else node.module for alias in node.names
            ]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("evaltools.")}
    return {room for room in rooms if room in FLOORS}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_point_down(path):
    room = room_of(path)
    assert room in FLOORS, f"{room} has no floor: add it to the plan or move the module"
    for other in imported_rooms(path) - {room}:
        same_floor_base = FLOORS[other] == FLOORS[room] == 0
        assert FLOORS[other] < FLOORS[room] or same_floor_base, f"{room} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_modules_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_stats_is_pure():
    allowed = {"numpy", "pandas", "scipy", "statsmodels", "pyarrow", "evaltools"}
    allowed |= sys.stdlib_module_names - {"io", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib"}
    for path in (SOURCE / "stats").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                tops = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                tops = {node.module.split(".")[0]}
            else:
                continue
            assert tops <= allowed, f"{path.name} imports {tops - allowed}"
    rooms = set().union(*(imported_rooms(path) for path in (SOURCE / "stats").rglob("*.py")))
    assert rooms <= {"stats", "errors", "text"}
