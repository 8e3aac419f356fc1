import subprocess
import sys

IMPORTS = "import sys, torch\nimport zpix.detector\n"


def printed(code: str) -> list[str]:
    """What a fresh interpreter prints."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_the_detector_is_imported_without_the_compiler():
    (line,) = printed(IMPORTS + "print(*[name for name in sys.modules if name.startswith(('torch._dynamo', 'sympy'))])")
    assert line == ""


def test_what_asks_for_the_compiler_gets_the_real_one():
    lines = printed(
        IMPORTS
        + """
from timm.models.naflexvit import disable_compiler
from torchvision.ops import roi_align as module
import torchvision.ops.roi_align, importlib
functions = vars(importlib.import_module("torchvision.ops.roi_align"))
asked = functions["is_compile_supported"]("cpu")
import torch._dynamo, torch._dynamo.utils
print(type(torch._dynamo).__name__, torch._dynamo is sys.modules["torch._dynamo"])
print(asked == torch._dynamo.utils.is_compile_supported("cpu"))
print(disable_compiler(lambda x: x + 1)(1))
"""
    )
    assert lines == ["module True", "True", "2"]


def test_a_name_that_the_stand_in_lacks_is_the_real_one():
    lines = printed(
        """
import sys, torch
from zpix.detector import later_compiler
with later_compiler._compiler_stood_in():
    from torch._dynamo.utils import counters
    from torch._dynamo import OptimizedModule, disable
    @disable
    def f(x):
        return x + 1
import torch._dynamo.utils
print(counters is torch._dynamo.utils.counters, OptimizedModule is torch._dynamo.OptimizedModule, f(1), f.__name__)
"""
    )
    assert lines == ["True True 2 f"]


def test_a_function_told_to_be_left_alone_is():
    lines = printed(
        """
import sys, torch
from zpix.detector import later_compiler
with later_compiler._compiler_stood_in():
    stand_in = sys.modules["torch._dynamo"]
    f = torch.compiler.disable(lambda x: (x + 1, torch.compiler.is_compiling()))
print(type(stand_in).__name__, "torch._dynamo" in sys.modules)
print(f(1), "torch._dynamo" in sys.modules, hasattr(f, "_torchdynamo_disable"))
"""
    )
    assert lines == ["_StandIn False", "(2, False) True False"]
