"""A report as a few lines of plain text, for the terminal."""

from __future__ import annotations

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
    """Lay a report out as a table of lesions, their total, and the comparison with the reference.

    Parameters
    ----------
    report : dict
        As `measure` returns it; further keys are ignored.

    Returns
    -------
    str
        Lines without a newline at the end; the last one says "Not for clinical use."
    """
    lines = _lesion_table(report["lesions"], report["total"]) if report["lesions"] else ["No tumour found."]
    if "reference" in report:
        lines += ["", *_reference_lines(report["reference"])]
    return "\n".join([*lines, "", "Not for clinical use."])


def _lesion_table(lesions: list[dict], total: dict) -> list[str]:
    columns = [column for column in _COLUMNS if column[1] in lesions[0]]
    rows = [["lesion", *(heading for heading, _, _ in columns)]]
    for number, lesion in enumerate(lesions, start=1):
        name = f"{number} (ignored)" if lesion["ignored"] else str(number)
        rows.append([name, *(f"{lesion[key]:.{decimals}f}" for _, key, decimals in columns)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    count = "1 lesion" if total["count"] == 1 else f"{total['count']} lesions"
    if total["ignored_count"]:
        count += f" (and {total['ignored_count']} ignored)"
    return [
        *lines,
        f"In total: {count}, {total['volume_ml']:.2f} mL, "
        f"sum of long axes {total['sum_of_long_axes_mm']:.1f} mm, longest {total['long_axis_mm']:.1f} mm.",
    ]


def _reference_lines(reference: dict) -> list[str]:
    found = sum(lesion["found"] for lesion in reference["lesions"])
    lines = [
        "Against the reference",
        f"  Dice                   {_value(reference['dice'], '.3f')}",
        f"  volume error           {_value(reference['relative_volume_error'], '.1%')}",
        f"  RECIST error           {_value(reference['recist_relative_error'], '.1%')}",
        f"  HD95                   {_value(reference['hd95_mm'], '.1f', ' mm')}",
        f"  surface Dice at 1 mm   {_value(reference['surface_dice_1mm'], '.3f')}",
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
