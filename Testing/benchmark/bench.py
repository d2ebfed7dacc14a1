"""Time this project against MONAI and nnU-Net on the same weights and the same CT: `make bench`, `make bench-full`.

    .venv/bin/python Testing/benchmark/bench.py [--form quick|full] [--device cpu|cuda] [--fresh] [--no-growth]

Prints the table, and keeps it with every single measurement in build/bench/FORM; the full form also writes it into
Testing/benchmark/RESULTS.md. A run that was broken off goes on where it was, unless the source has changed since or
--fresh is given; the table of what there is stands in its place all the time, marked as partial.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmark.peers.cases import FORMS, Case, make_ct, make_model
from benchmark.peers.contenders import CONTENDERS, REPOSITORY
from benchmark.peers.growth import measure_growth
from benchmark.peers.growth_plot import draw_growth
from benchmark.peers.machine import describe
from benchmark.peers.processes import FailedError, run_fresh
from benchmark.peers.report import growth_is_there, put_into, report
from benchmark.peers.rounds import run_case
from benchmark.peers.store import Store
from LungTumorSegLib.errors import InputError

RESULTS = Path(__file__).with_name("RESULTS.md")
PICTURE = Path(__file__).with_name("growth.png")


class Bench:
    """One run of the benchmark.

    Parameters
    ----------
    form : {"quick", "full"}
    device : str
        ``cpu`` or ``cuda``.
    folder : Path
        Where CTs, models, masks and records are kept.
    fresh : bool
        Begin anew.
    growth : bool
        Measure growth, too.
    results : Path or None
        The file with the two marks that the tables are written between.
    """

    def __init__(self, form: str, device: str, folder: Path, fresh: bool, growth: bool, results: Path | None):
        self.form, self.device, self.folder, self.growth, self.results = form, device, folder, growth, results
        self.cases = FORMS[form]
        self.store = Store(folder / form, {"form": form, "machine": describe(device)}, fresh)

    def run(self) -> str:
        """Measure all that is missing, and return the tables."""
        for number, case in enumerate(self.cases):
            self.say(f"{case.title}: {len(case.contenders)} contenders")
            ct, model = make_ct(case, self.folder / "ct"), make_model(case, self.folder / "models")
            self._floors(case, model)
            run_case(case, self.store, ct, model, self.device, self.after_each)
            if self.growth and number == 0:
                measure_growth(self.store, self.folder / "ct", model, self.device, self.after_each)
        return self.write()

    def _floors(self, case: Case, model: Path) -> None:
        if any("floors" in one for one in self.store.of(case=case.key)):
            return
        arguments = ["--model", str(model), "--device", self.device]
        try:
            floors = run_fresh(sys.executable, "benchmark.peers.floors", arguments)
        except FailedError as error:
            self.say(f"the machine's rate could not be measured: {error}")
        else:
            self.store.add({"case": case.key, "floors": floors})
            self.after_each(f"{case.key}: the machine's rate measured")

    def after_each(self, line: str) -> None:
        """Say a line, and write what there is."""
        self.say(line)
        self.write()

    def write(self) -> str:
        """Write the tables and the picture, and return the tables."""
        picture = self.results.with_name(PICTURE.name) if self.results else self.folder / self.form / PICTURE.name
        if growth_is_there(self.store):
            draw_growth(self.store, picture)
        text = report(self.form, self.cases, self.store, self.growth, picture.name)
        (self.folder / self.form / "table.md").write_text(text + "\n", encoding="utf-8")
        if self.results:
            put_into(self.results, text)
        return text

    @staticmethod
    def say(line: str) -> None:
        """Tell whoever waits how it goes; the table alone goes to standard output."""
        print(line, file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=list(FORMS), default="quick", help="quick: minutes; full: half an hour")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "build" / "bench", help="default: build/bench")
    parser.add_argument("--fresh", action="store_true", help="begin anew, whatever was measured before")
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, help="by default in the full form only")
    given = parser.parse_args(argv)
    for one in CONTENDERS.values():
        if obstacle := one.obstacle():
            Bench.say(f"{one.name} is left out: {obstacle}")
    full = given.form == "full"
    growth = full if given.growth is None else given.growth
    print(Bench(given.form, given.device, given.folder, given.fresh, growth, RESULTS if full else None).run())


def _end(number: int, _) -> None:
    """End as an error does, so that no contender goes on alone."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    try:
        main()
    except InputError as error:
        Bench.say(f"bench: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        Bench.say("bench: broken off; what was measured is kept, and the same command goes on")
        sys.exit(130)
