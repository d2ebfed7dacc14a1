"""``python -m LungTumorSegLib``."""

import sys

from LungTumorSegLib.commandline.main import main

if __name__ == "__main__":
    sys.exit(main())
