"""The description of the machine."""

import torch

from zpix.speed.machine import this_machine


def test_a_machine_says_what_it_has_and_lacks(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "amx_bf16": False}, raising=False)
    machine = this_machine(torch.device("cpu"))
    assert machine.has == ("avx2",) and machine.lacks == ("amx_bf16",) and machine.cores >= 1
    assert "no amx_bf16" in str(machine) and torch.__version__ in str(machine)
