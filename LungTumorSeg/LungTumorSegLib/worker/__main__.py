"""``python -m LungTumorSegLib.worker``: what `Worker` starts."""

import sys

FOR_PEOPLE = (
    "This process is started and spoken to by LungTumorSeg's module in 3D Slicer; to segment a CT from here, use "
    "`python -m LungTumorSegLib segment CT`."
)


def main() -> int:
    """Serve the client at the other end of stdin; say what this is for where that is a person."""
    if sys.stdin is None or sys.stdin.isatty():
        print(FOR_PEOPLE, file=sys.stderr)
        return 2
    from .server import serve

    serve()


if __name__ == "__main__":
    sys.exit(main())
