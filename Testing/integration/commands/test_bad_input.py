"""What a user can get wrong ends in status 2 and one line that says what, where and what to do; nothing is written."""

from __future__ import annotations

import gzip
import os
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LungTumorSegLib.volume import Grid, Volume, write_volume
from support.commands import call, check_refusal, run, snapshot
from support.dicom_series import write_ct_series
from support.models import RECIPE, Malicious, constant_weights, save_constant_model


@pytest.fixture
def refuse(bench, tmp_path):
    """Segment what a test made in ``tmp_path``, expecting a refusal with these words and no new file."""

    def refuse(ct: Path, *words: str, model: Path | None = None, options: tuple = ()) -> None:
        before = snapshot(tmp_path)
        arguments = [ct, "--model", model or bench.everything, "--report", tmp_path / "report.json"]
        if "-o" not in options:
            arguments += ["-o", tmp_path / "mask.seg.nrrd"]
        check_refusal(call("segment", *arguments, *options), str(words[0]), *words[1:])
        assert snapshot(tmp_path) == before

    return refuse


def image_of(bench) -> sitk.Image:
    return sitk.ReadImage(bench.ct)


def save(image: sitk.Image, path: Path) -> Path:
    sitk.WriteImage(image, path)
    return path


def test_a_missing_file(refuse, tmp_path):
    refuse(tmp_path / "no.nii.gz", f"{tmp_path / 'no.nii.gz'}: there is no such file or folder; ")


def test_a_name_that_is_not_utf8(refuse, bench, tmp_path):
    """SimpleITK would end the process over it."""
    name = os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.nii.gz")
    try:
        shutil.copy(bench.ct, name)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    refuse(name, "is not a name in UTF-8")


def test_not_an_image(refuse, tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(b"hello" * 500)
    refuse(tmp_path / "ct.nii.gz", "not a NIfTI")


def test_two_dimensions(refuse, bench, tmp_path):
    refuse(save(image_of(bench)[:, :, 30], tmp_path / "ct.nii.gz"), "2D")


def test_four_dimensions(refuse, bench, tmp_path):
    refuse(save(sitk.JoinSeries([image_of(bench)] * 2), tmp_path / "ct.nii.gz"), "4 dimensions")


def test_colour(refuse, bench, tmp_path):
    grey = sitk.Cast(sitk.IntensityWindowing(image_of(bench), -1000, 400, 0, 255), sitk.sitkUInt8)
    refuse(save(sitk.Compose(grey, grey, grey), tmp_path / "ct.mha"), "colour")


def test_eight_bits(refuse, bench, tmp_path):
    grey = sitk.Cast(sitk.IntensityWindowing(image_of(bench), -1000, 400, 0, 255), sitk.sitkUInt8)
    refuse(save(grey, tmp_path / "ct.nii.gz"), "not in Hounsfield units")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_a_number(refuse, bench, tmp_path, value):
    array = bench.phantom.ct.array.astype(np.float32)
    array[30, 40, 40] = value
    write_volume(tmp_path / "ct.nrrd", bench.phantom.ct.with_array(array))
    refuse(tmp_path / "ct.nrrd", "NaN or infinite" if np.isnan(value) else "infinite")


@pytest.mark.parametrize("spacing", [0.0, 1e-6, 4000.0])
def test_absurd_spacing(refuse, bench, tmp_path, spacing):
    raw = bytearray(gzip.decompress(bench.ct.read_bytes()))
    struct.pack_into("<f", raw, 76 + 3 * 4, spacing)  # pixdim[3]
    struct.pack_into("<h", raw, 254, 0)  # no sform: the spacing is pixdim's
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(bytes(raw)))
    refuse(tmp_path / "ct.nii.gz", "spacing")


def test_axes_that_are_not_perpendicular(refuse, bench, tmp_path):
    write_volume(tmp_path / "ct.nrrd", bench.phantom.ct)
    raw = (tmp_path / "ct.nrrd").read_bytes()
    head, _, voxels = raw.partition(b"\n\n")
    lines = head.decode().splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("space directions"))
    lines[at] = "space directions: (3.75,0,0) (2.5,2.75,0) (0,0,5)"
    (tmp_path / "ct.nrrd").write_bytes("\n".join(lines).encode() + b"\n\n" + voxels)
    refuse(tmp_path / "ct.nrrd", "not orthonormal")


def test_truncated(refuse, bench, tmp_path):
    raw = bench.ct.read_bytes()
    (tmp_path / "ct.nii.gz").write_bytes(raw[: len(raw) // 2])
    refuse(tmp_path / "ct.nii.gz", str(tmp_path / "ct.nii.gz"))


def test_two_patients_in_a_dicom_folder(refuse, bench, tmp_path):
    small = Volume(bench.phantom.ct.array[:8], Grid((96, 96, 8), (3.75, 3.75, 5.0)))
    for patient in ("PID-1", "PID-2"):
        write_ct_series(tmp_path / "dicom" / patient, small, PatientID=patient)
    refuse(tmp_path / "dicom", "patients")


def test_no_lungs(refuse, bench, tmp_path):
    abdomen = np.where(bench.phantom.ct.array > -300, bench.phantom.ct.array, 40).astype(np.int16)
    abdomen[:, :8] = -1000
    write_volume(tmp_path / "ct.nii.gz", bench.phantom.ct.with_array(abdomen))
    refuse(tmp_path / "ct.nii.gz", "no lungs were found")


def test_outputs_that_cannot_be_written(refuse, bench, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    refuse(bench.ct, "a part of the path is a file", options=("-o", tmp_path / "file/mask.nii.gz"))
    refuse(bench.ct, "cannot be written", options=("-o", "/proc/mask.nii.gz"))
    refuse(bench.ct, "cannot be written", options=("--preview", "/proc/picture.png"))


def test_a_folder_without_permission(refuse, bench, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    try:
        (folder / "probe").touch()
    except PermissionError:
        refuse(bench.ct, "there is no permission to write here", options=("-o", folder / "mask.nii.gz"))
    else:
        pytest.skip("this user may write everywhere (root)")


def test_names_of_no_format(refuse, bench, tmp_path):
    refuse(bench.ct, "mask.txt", "suffix", options=("-o", tmp_path / "mask.txt"))
    refuse(bench.ct, "p.doc", ".png", options=("--preview", tmp_path / "p.doc"))
    refuse(bench.ct, "r.xml", ".json", options=("--report", tmp_path / "r.xml"))


def test_an_output_that_would_replace_an_input_or_another_output(refuse, bench, tmp_path):
    shutil.copy(bench.ct, tmp_path / "ct.nii.gz")
    (tmp_path / "link.nii.gz").hardlink_to(tmp_path / "ct.nii.gz")
    for name in ("ct.nii.gz", "link.nii.gz", "./x/../ct.nii.gz"):
        refuse(tmp_path / "ct.nii.gz", "would replace an input", options=("-o", tmp_path / name))
    (tmp_path / "report.json").touch()
    refuse(
        bench.ct, "would replace", options=("--preview", tmp_path / "p.png", "--reference", tmp_path / "report.json")
    )


def test_a_reference_on_another_grid(refuse, bench, tmp_path):
    write_volume(tmp_path / "ref.nii.gz", Volume(np.ones((4, 4, 4), np.uint8), Grid((4, 4, 4))))
    refuse(bench.ct, "ref.nii.gz", "does not lie on the CT's grid", options=("--reference", tmp_path / "ref.nii.gz"))


def test_models(refuse, bench, tmp_path):
    refuse(bench.ct, "there is no such model", model=tmp_path / "none")
    model = save_constant_model(tmp_path / "model")
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    refuse(bench.ct, str(weights), "is damaged", model=model)
    weights.unlink()
    refuse(bench.ct, "the model lacks model.safetensors", model=model)
    (model / "checkpoint.pt").write_bytes(b"")
    refuse(bench.ct, "this is a training run; make a model of it first: lungtumorseg export", model=model)


def test_weights_of_another_shape(refuse, bench, tmp_path):
    from safetensors.torch import save_file

    model = save_constant_model(tmp_path / "model")
    wrong = {name: tensor[:1].clone() for name, tensor in constant_weights(1.0).items()}
    save_file(wrong, model / "model.safetensors")
    refuse(bench.ct, str(model), "has shape", model=model)
    assert (model / "recipe.yaml").read_text() == RECIPE


def test_a_malicious_model(refuse, bench, tmp_path):
    model = save_constant_model(tmp_path / "model")
    (model / "model.safetensors").write_bytes(pickle.dumps(Malicious(tmp_path / "trap")))
    refuse(bench.ct, "is a pickle under another name", model=model)
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--device", "tpu"), "'tpu' is not auto, cpu, cuda or cuda:N"),
        (("--overlap", "1"), "'1' is not a number from 0 to below 1"),
        (("--overlap", "half"), "'half' is not a number"),
        (("--modle", "x"), "unrecognized arguments: --modle"),
        (("--series", "0"), "'0' is not a whole number from 1"),
        (("--model", ""), "argument --model: is an empty name"),
        (("-o", ""), "argument -o/--output: is an empty name"),
        (("--ignore", "x.nrrd"), "give --reference as well"),
        (("-o", "x" * 300 + ".nrrd"), "name is too long"),
        (("--series", "3"), "is a file, and a series is chosen from a DICOM folder"),
    ],
)
def test_arguments(refuse, bench, options, words):
    refuse(bench.ct, words, options=options)


def test_a_device_that_is_not_there(refuse, bench):
    refuse(bench.ct, "cuda:99", "cannot be used", options=("--device", "cuda:99"))


def test_a_full_disk(bench, tmp_path):
    """The size of every file is limited, which shows to the program as a full disk does: a write falls short."""
    resource = pytest.importorskip("resource", reason="file size limits are a POSIX feature")

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    options = ("-o", tmp_path / "mask.seg.nrrd", "--report", tmp_path / "r.json", "--preview", tmp_path / "p.png")
    done = run("segment", bench.ct, "--model", bench.everything, *options, preexec_fn=limited)
    check_refusal(done, str(tmp_path), "written")
    assert snapshot(tmp_path) == {}
    grid = ("--size", "64", "64", "40", "--spacing", "6", "6", "8")
    done = run("phantom", "-o", tmp_path / "data", *grid, preexec_fn=limited)
    check_refusal(done, str(tmp_path / "data"), "written")
    assert snapshot(tmp_path) == {}
