"""The parts of the module's panel: each a small class that is given its Qt widgets and what it works with."""
