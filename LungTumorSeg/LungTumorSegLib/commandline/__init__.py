"""``python -m LungTumorSegLib COMMAND``: one file per command, started from `main`."""
