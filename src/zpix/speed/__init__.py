"""How fast is zpix on this machine, beside other implementations of the same work?

Other rooms take names from the files of this one: the processes that take turns (`turns.py`) then load what their work
needs, and nothing else.
"""
