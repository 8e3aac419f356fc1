"""The scripts of benchmarks/ run; what they find is for the reader."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

#: How each script is called, as small as it goes, and lines that it must print.
SMALL = {
    "backbones.py": (["resnet10", "resnet10t"], 64),
    "dense.py": ([128],),
    "heads.py": ([2],),
    "image_windows.py": (1024,),
    "memory.py": ([sys.executable, "-c", 'import time; kept = b"x" * 50_000_000; time.sleep(1)'],),
    "large_field.py": (512,),
    "survey_sizes.py": (0.1,),
    "pooling.py": (20, 128),
    "scene_stages.py": (1,),
    "view_page.py": (1024,),
}


def test_every_script_is_here_and_in_the_readme():
    assert set(SMALL) == {path.name for path in BENCHMARKS.glob("*.py")}
    text = (BENCHMARKS / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+\.py)", text, re.M)) == set(SMALL)


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(SMALL))
def test_a_benchmark_runs(script, capsys, request):
    if script == "scene_stages.py":
        pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    if script == "large_field.py":  # it replaces the network of the process that it runs in
        command = ["python", str(BENCHMARKS / script), *map(str, SMALL[script])]
        programs = request.getfixturevalue("quick_programs")
        said = subprocess.run(command, env=programs, check=True, capture_output=True, text=True).stdout
    else:
        runpy.run_path(str(BENCHMARKS / script))["main"](*SMALL[script])
        said = capsys.readouterr().out
    figures = re.findall(r"\d+\.\d+", said)
    assert len(figures) >= 3 and any(float(figure) > 0 for figure in figures)
