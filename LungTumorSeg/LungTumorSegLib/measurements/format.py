"""A report as a few lines of plain text, for the terminal."""

from __future__ import annotations

from ..wording import class_in_words

_COLUMNS = (
    # heading, key, decimals
    ("volume mL", "volume_ml", 2),
    ("long axis mm", "long_axis_mm", 1),
    ("short axis mm", "short_axis_mm", 1),
    ("3D mm", "diameter_3d_mm", 1),
    ("slice", "slice_index", 0),
    ("mean HU", "mean_hu", 0),
    ("confidence", "confidence", 2),
)


def format_report(report: dict) -> str:
    """Lay a report out: the labels where there are organs or several, the lesions, and the comparison.

    Parameters
    ----------
    report : dict
        As `measure` returns it; further keys are ignored.

    Returns
    -------
    str
        Lines without a newline at the end; the last one says "Not for clinical use."
    """
    segments = report["segments"]
    parts = []
    if len(segments) > 1 or not all(segment["lesion"] for segment in segments):
        parts.append(_segment_table(segments))
    if report["lesions"]:
        parts.append(_lesion_table(report["lesions"], report["total"]))
    elif has_lesions(segments):
        parts.append([f"{nothing_found(segments)}."])
    if "classification" in report:
        words = class_in_words(report["classification"])
        parts.append([f"{words[0].upper()}{words[1:]}."])
    if "reference" in report:
        parts.append(_reference_lines(report["reference"], segments))
    parts.append(["Not for clinical use."])
    return "\n\n".join("\n".join(lines) for lines in parts)


def nothing_found(segments: list[dict]) -> str:
    """Say that there is no lesion, by the names of what is one; ``segments`` are the report's."""
    names = [segment["name"] for segment in segments if segment["lesion"]]
    return f"{', '.join(names)}: none found" if names and all(names) else "No tumour found"


def has_lesions(segments: list[dict]) -> bool:
    """Tell whether any label is a lesion, by the report's ``segments``; an empty mask of unnamed labels has none."""
    return not segments or any(segment["lesion"] for segment in segments)


def name_of(segment: dict) -> str:
    """Return what a label is called; ``segment`` is one of the report's."""
    return segment["name"] or f"label {segment['label']}"


def _segment_table(segments: list[dict]) -> list[str]:
    """Lay out the volume of each label, and its Dice where there is a reference."""
    with_dice = "dice" in segments[0]
    rows = [["", "volume mL", "Dice"], *([name_of(one), f"{one['volume_ml']:.2f}", _dice(one)] for one in segments)]
    return _aligned([row if with_dice else row[:2] for row in rows])


def _dice(segment: dict) -> str:
    return _value(segment.get("dice"), ".3f")


def _lesion_table(lesions: list[dict], total: dict) -> list[str]:
    columns = [column for column in _COLUMNS if column[1] in lesions[0]]
    rows = [["lesion", *(heading for heading, _, _ in columns)]]
    for number, lesion in enumerate(lesions, start=1):
        name = f"{number} (ignored)" if lesion["ignored"] else str(number)
        rows.append([name, *(f"{lesion[key]:.{decimals}f}" for _, key, decimals in columns)])
    count = "1 lesion" if total["count"] == 1 else f"{total['count']} lesions"
    if total["ignored_count"]:
        count += f" (and {total['ignored_count']} ignored)"
    return [
        *_aligned(rows),
        f"In total: {count}, {total['volume_ml']:.2f} mL, "
        f"sum of long axes {total['sum_of_long_axes_mm']:.1f} mm, longest {total['long_axis_mm']:.1f} mm.",
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Lay cells out in columns, the first to the left, with a line below the headings."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def _reference_lines(reference: dict, segments: list[dict]) -> list[str]:
    compared = [name_of(segment) for segment in segments if segment["lesion"]]
    subject = f" ({', '.join(compared)})" if 0 < len(compared) < len(segments) else ""
    found = sum(lesion["found"] for lesion in reference["lesions"])
    lines = [
        f"Against the reference{subject}",
        f"  Dice                   {_value(reference['dice'], '.3f')}",
        f"  volume error           {_value(reference['relative_volume_error'], '.1%')}",
        f"  HD95                   {_value(reference['hd95_mm'], '.1f', ' mm')}",
        f"  surface Dice at 1 mm   {_value(reference['surface_dice_1mm'], '.3f')}",
    ]
    if has_lesions(segments):
        lines += [
            f"  RECIST error           {_value(reference['recist_relative_error'], '.1%')}",
            f"  lesions found          {found} of {len(reference['lesions'])}",
            f"  false positives        {reference['false_positives']}",
        ]
    for number, lesion in enumerate(reference["lesions"], start=1):
        state = f"found, Dice {lesion['dice']:.3f}" if lesion["found"] else "missed"
        lines.append(
            f"  reference lesion {number}: {lesion['volume_ml']:.2f} mL, {lesion['long_axis_mm']:.1f} mm, {state}"
        )
    return lines + [f"  {note}" for note in reference["notes"]]


def _value(value: float | None, form: str, unit: str = "") -> str:
    return "none" if value is None else f"{value:{form}}{unit}"
