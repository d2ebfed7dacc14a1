"""Parse the command line, run one command, and turn what happens into an exit status and one clear line.

Exit status: 0 done; 2 the input, the arguments or the installation need something from the user; 1 a mistake of the
program; 130 interrupted with Ctrl-C, 143 ended by SIGTERM (129 by SIGHUP), as shells expect; 75 a training stopped by
SIGTERM or SIGUSR1 after a checkpoint.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import traceback
import warnings

from .. import __version__
from ..errors import CancelledError, InputError
from .arguments import name
from .console import Console
from .signals import Stopped, stop_on_signals

# Each a module in this folder, with SUMMARY, add_arguments(parser) and run(arguments, console) -> status or None.
# They import what is heavy inside `run`, so that `--help` answers at once.
COMMANDS = (
    *("segment", "measure", "phantom", "recipes", "anonymize", "prepare", "train", "evaluate", "search", "export"),
    "doctor",
)

PROGRAM = "lungtumorseg"
DESCRIPTION = "Find, outline and measure lung tumours in chest CT. Not for clinical use."

# Without any handler Python prints the warnings that libraries log.
_NOWHERE = logging.NullHandler()


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line that says where to look."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str):
        """Raise instead of printing the usage."""
        raise InputError(message, do=f"see `{self.prog} --help`")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; ``--json`` and ``--debug`` may stand before or after the command."""
    anywhere = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    anywhere.add_argument("--json", action="store_true", help="print machine-readable events, one JSON object a line")
    anywhere.add_argument("--debug", action="store_true", help="print a traceback when something goes wrong")
    parser = Parser(prog=PROGRAM, description=DESCRIPTION, parents=[anywhere])
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        module = importlib.import_module(f".{command}", __package__)
        sub = commands.add_parser(command, parents=[anywhere], help=module.SUMMARY, description=module.__doc__)
        sub.register("type", None, name)  # what an argument is whose type is not said
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : list of str, optional
        Arguments without the program's name; those of the process by default.
    """
    argv = sys.argv[1:] if argv is None else argv
    debug = "--debug" in argv
    console = Console(json="--json" in argv)
    _quieten_libraries(console, debug)
    try:
        with stop_on_signals():
            arguments = build_parser().parse_args(argv)
            return arguments.run(arguments, console) or 0
    except SystemExit as end:  # --help, --version
        return int(end.code or 0)
    except (Exception, Stopped) as error:
        if debug:
            traceback.print_exc()
        message, status = explain(error, console.written_paths)
        console.error(message, status)
        return status
    finally:
        console.close()


def explain(error: BaseException, written: list[str]) -> tuple[str, int]:
    """Return the one line that says what ended the work, and the exit status."""
    if isinstance(error, InputError):
        return str(error), 2
    if isinstance(error, (Stopped, CancelledError)):
        outputs = f"after writing {', '.join(written)}" if written else "nothing written"
        return f"interrupted, {outputs}", error.status if isinstance(error, Stopped) else 130
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("LungTumorSegLib"):
        return f"the Python package '{error.name}' is not installed; `{PROGRAM} doctor` says what to install", 2
    if _is_out_of_memory(error):
        return "not enough memory; close other programs, or use a machine with more", 1
    first_line = (str(error).splitlines() or [""])[0]
    return f"unexpected {type(error).__name__}: {first_line} (a mistake of this program; --debug shows where)", 1


def _is_out_of_memory(error: BaseException) -> bool:
    """Tell a lack of memory also in the words of torch and of the loader of shared libraries."""
    words = ("can't allocate memory", "out of memory", "failed to map segment")
    return isinstance(error, MemoryError) or any(text in str(error) for text in words)


def _quieten_libraries(console: Console, debug: bool) -> None:
    """Show this package's own log lines as notes; without ``--debug`` no library's warning reaches the user."""
    log = logging.getLogger("LungTumorSegLib")
    log.handlers = [console.log_handler()]
    log.setLevel(logging.INFO)
    log.propagate = False
    if not debug:
        warnings.simplefilter("ignore")
        logging.getLogger().addHandler(_NOWHERE)
