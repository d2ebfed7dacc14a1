"""Ways to spoil a data set of each layout, and what is to be answered."""

from __future__ import annotations

import json

import numpy as np

from .spoiling import arrays, away, both, elsewhere, emptied, listing, marked, renamed, written

ONE, TWO = "pancreas_000", "pancreas_001"

# By name: the way, the path that is named, words of what was expected, words of what was found.
NNUNET = {
    "no images": (away("imagesTr"), "imagesTr", "expected CASE_0000.nii.gz in it", "found dataset.json, labelsTr"),
    "no labels": (away("labelsTr"), "labelsTr", "expected CASE.nii.gz in it", "found dataset.json, imagesTr"),
    "images misspelt": (renamed("imagesTr", "imageTr"), "imagesTr", "expected CASE_0000.nii.gz", "found imageTr"),
    "images are a file": (written("imagesTr"), "imagesTr", "expected a folder with CASE_0000.nii.gz", "is a file"),
    "no image is there": (
        both(emptied("imagesTr"), emptied("labelsTr")),
        "imagesTr",
        "expected CASE_0000.nii.gz",
        "found nothing",
    ),
    "wrong channel": (
        renamed(f"imagesTr/{ONE}_0000.nii.gz", f"{ONE}_0001.nii.gz"),
        f"imagesTr/{ONE}_0000.nii.gz",
        f"expected {ONE}_0000.nii.gz, the image",
        f"found {ONE}_0001.nii.gz",
    ),
    "no channel": (
        renamed(f"imagesTr/{TWO}_0000.nii.gz", f"{TWO}.nii.gz"),
        f"imagesTr/{TWO}_0000.nii.gz",
        f"expected {TWO}_0000.nii.gz, the image",
        f"found {TWO}.nii.gz",
    ),
    "image without label": (
        away(f"labelsTr/{TWO}.nii.gz"),
        f"labelsTr/{TWO}.nii.gz",
        f"expected {TWO}.nii.gz, the label map",
        f"found {ONE}.nii.gz",
    ),
    "label misspelt": (
        renamed(f"labelsTr/{ONE}.nii.gz", f"{ONE}_seg.nii.gz"),
        f"labelsTr/{ONE}.nii.gz",
        f"expected {ONE}.nii.gz, the label map",
        f"found {ONE}_seg.nii.gz",
    ),
    "listing is not JSON": (written("dataset.json", "{labels: }"), "dataset.json", "JSON", "cannot be read"),
    "listing is empty": (written("dataset.json"), "dataset.json", "JSON", "cannot be read"),
    "listing is a list": (written("dataset.json", "[]"), "dataset.json", "expected a JSON object", ""),
    "no file ending": (listing(without="file_ending"), "dataset.json", "'file_ending'", "found channel_names, labels"),
    "nothing in the listing": (written("dataset.json", "{}"), "dataset.json", "'training' list", "found no key"),
    "other ending": (listing(file_ending=".nrrd"), "imagesTr", "expected CASE_0000.nrrd", f"found {ONE}_0000.nii.gz"),
    "ending that is not read": (listing(file_ending=".png"), "dataset.json", ".nii.gz", "images in '.png'"),
    "ending is a number": (listing(file_ending=3), "dataset.json", ".nii.gz", "images in 3"),
    "two channels": (
        listing(channel_names={"0": "CT", "1": "PET"}),
        "dataset.json",
        "give CT alone",
        "names 2 image channels",
    ),
    "number of cases": (listing(numTraining=3), "dataset.json", "says that there are 3 cases", "there are 2"),
    "labels of another recipe": (
        listing(labels={"background": 0, "liver": 1, "vessel": 2, "cancer": 3}),
        "dataset.json",
        "expected the recipe's labels 1 Pancreas, 2 Pancreatic cancer",
        "found 1 liver, 2 vessel, 3 cancer",
    ),
    "value of no label": (
        marked(f"labelsTr/{TWO}.nii.gz", 7),
        f"labelsTr/{TWO}.nii.gz",
        "expected the values 0 background, 1 Pancreas, 2 Pancreatic cancer",
        "found 7 as well",
    ),
    "label on another grid": (elsewhere(f"labelsTr/{ONE}.nii.gz"), f"labelsTr/{ONE}.nii.gz", "", "6"),
    "image is none": (written(f"imagesTr/{ONE}_0000.nii.gz", b"text"), f"imagesTr/{ONE}_0000.nii.gz", "", ""),
    "label is a folder": (
        emptied(f"labelsTr/{ONE}.nii.gz"),
        f"labelsTr/{ONE}.nii.gz",
        "expected the label map",
        "found a folder",
    ),
}
TABLE = "subtype_mapping.json"
SUBTYPES = {
    "no table": (
        away(TABLE),
        "",
        f"expected {TABLE} or subtype_mapping.csv",
        "found dataset.json, imagesTr, labelsTr",
    ),
    "table misspelt": (renamed(TABLE, "subtypes.json"), "", f"expected {TABLE}", "found dataset.json, imagesTr"),
    "two tables": (written("subtype_mapping.csv", "case,subtype"), "", "keep one", "two tables of subtypes"),
    "table is not JSON": (written(TABLE, "case: 0"), TABLE, 'expected {"CASE": 0, …}', "this is no table"),
    "table is a list": (written(TABLE, "[0, 1]"), TABLE, 'expected {"CASE": 0, …}', "found a JSON list"),
    "class of no name": (written(TABLE, json.dumps({ONE: 7})), TABLE, "the recipe knows 0 to 2", "is 7"),
    "class is a word": (written(TABLE, json.dumps({ONE: "high"})), TABLE, "expected a whole number", "is 'high'"),
    "case without class": (written(TABLE, json.dumps({ONE: 0})), TABLE, "add it", f"no class for 2 cases ({TWO}"),
    "class without case": (
        both(away(f"imagesTr/{TWO}_0000.nii.gz"), away(f"labelsTr/{TWO}.nii.gz"), listing(numTraining=2)),
        TABLE,
        "restore the files",
        f"names 1 case ({TWO}) that is not in the data set",
    ),
}
PAIR = {"image": f"imagesTr/{ONE}.nii.gz", "label": f"labelsTr/{ONE}.nii.gz"}
DECATHLON = {
    "no listing": (
        away("dataset.json"),
        "",
        "expected dataset.json with imagesTr and labelsTr",
        "found imagesTr, labelsTr",
    ),
    "listing misspelt": (
        renamed("dataset.json", "datasets.json"),
        "",
        "expected dataset.json with",
        "found datasets.json",
    ),
    "listing is a folder": (emptied("dataset.json"), "", "expected dataset.json with", "found a folder of that name"),
    "lists nothing": (listing(training=[], numTraining=0), "dataset.json", "expected cases in its list", "found none"),
    "lists names": (listing(training=[ONE]), "dataset.json", '{"image": PATH, "label": PATH}', f'found "{ONE}"'),
    "list is a number": (listing(training=3), "dataset.json", "'training' list", "found name, modality"),
    "entry without label": (
        listing(training=[{"image": PAIR["image"]}]),
        "dataset.json",
        '{"image": PATH, "label": PATH}',
        f'found {{"image": "imagesTr/{ONE}.nii.gz"}}',
    ),
    "listed twice": (listing(training=[PAIR, PAIR]), "", "rename one", f"two cases are named {ONE}"),
    "image is not there": (
        listing(training=[{**PAIR, "image": "imagesTr/pancreas_0.nii.gz"}], numTraining=1),
        "imagesTr/pancreas_0.nii.gz",
        "expected pancreas_0.nii.gz, the image",
        f"found {ONE}.nii.gz, {TWO}.nii.gz",
    ),
    "folder is not there": (
        renamed("labelsTr", "labels"),
        f"labelsTr/{ONE}.nii.gz",
        "expected a folder labelsTr in",
        "found labels",
    ),
    "folder is a file": (
        written("labelsTr"),
        f"labelsTr/{ONE}.nii.gz",
        "expected a folder labelsTr",
        "found a file of that name",
    ),
    "one label": (
        listing(labels={"0": "background", "1": "cancer"}),
        "dataset.json",
        "expected the recipe's labels 1 Pancreas, 2 Pancreatic cancer",
        "found 1 cancer",
    ),
    "value of no label": (
        marked(f"labelsTr/{ONE}.nii.gz", 3),
        f"labelsTr/{ONE}.nii.gz",
        "expected the values 0 background, 1 Pancreas, 2 Pancreatic cancer",
        "found 3 as well",
    ),
}
MASK = "Segmentations/Case_000_seg.npz"
PAIRED = {
    "no images": (away("Images"), "Images", "expected a folder CASE of DICOM files", "found Segmentations"),
    "no masks": (away("Segmentations"), "Segmentations", "expected a mask CASE.npz", "found Images"),
    "masks misspelt": (renamed("Segmentations", "Masks"), "Segmentations", "expected a mask CASE.npz", "found Images"),
    "small letters": (renamed("Images", "images"), "Images", "expected a folder CASE", "found images"),
    "images are a file": (written("Images"), "Images", "expected a folder with a folder CASE", "this is a file"),
    "no case": (emptied("Images"), "Images", "expected a folder CASE of DICOM files", "found nothing"),
    "case is empty": (emptied("Images/Case_000"), "Images/Case_000", "", ""),
    "case is a file": (
        written("Images/Case_000"),
        MASK,
        "expected the name of one",
        "found Case_001",
    ),
    "case holds no slices": (
        both(emptied("Images/Case_000"), written("Images/Case_000/notes.txt", "text")),
        "Images/Case_000",
        "",
        "",
    ),
    "image without mask": (away(MASK), "Segmentations", "expected Case_000.npz", "found Case_001_seg.npz"),
    "no mask at all": (emptied("Segmentations"), "Segmentations", "expected Case_000.npz", "found nothing"),
    "mask misspelt": (
        renamed(MASK, "Case_00_seg.npz"),
        "Segmentations/Case_00_seg.npz",
        "expected the name of one",
        "found Case_000, Case_001",
    ),
    "two masks": (
        arrays("Segmentations/Case_000.npz", Masks=np.zeros(3)),
        MASK,
        "expected one",
        "found Case_000.npz as well",
    ),
    "other key": (arrays(MASK, masks=np.zeros(3), other=np.zeros(3)), MASK, "'Masks'", "only masks, other"),
    "other shape": (
        arrays(MASK, Masks=np.zeros((24, 64, 71), np.uint8)),
        MASK,
        "the CT 24 x 64 x 72",
        "its mask has 24 x 64 x 71",
    ),
    "no numbers": (arrays(MASK, Masks=np.full((24, 64, 72), "a")), MASK, "whole numbers", "not a mask"),
    "fractions": (arrays(MASK, Masks=np.full((24, 64, 72), 0.3)), MASK, "whole numbers", "not a mask"),
    "mask is text": (written(MASK, "text"), MASK, ".npz file", "damaged"),
    "mask is a folder": (emptied(MASK), MASK, "", ""),
}
FOLDERS = {
    "ct misspelt": (
        renamed("case_1/ct.nii.gz", "CT1.nii.gz"),
        "case_1",
        "expected ct.nii.gz or a DICOM series",
        "found CT1.nii.gz",
    ),
    "no ct": (away("case_0/ct.nii.gz"), "case_0", "expected ct.nii.gz", "found tumor.nii.gz"),
    "ct is a folder": (emptied("case_0/ct.nii.gz"), "case_0/ct.nii.gz", "expected a file", "found a folder"),
    "ct in another format": (renamed("case_0/ct.nii.gz", "ct.mat"), "case_0/ct.mat", ".nii.gz", "not a format"),
    "mask misspelt": (
        renamed("case_1/tumor.nii.gz", "tumour.nii.gz"),
        "case_1/tumour.nii.gz",
        "expected tumor.nii.gz",
        "found tumour.nii.gz",
    ),
    "mask of another name": (
        renamed("case_0/tumor.nii.gz", "mask.nii.gz"),
        "case_0/mask.nii.gz",
        "expected tumor.nii.gz",
        "found mask.nii.gz",
    ),
    "mask in another format": (renamed("case_0/tumor.nii.gz", "tumor.mat"), "case_0/tumor.mat", "", "not a format"),
    "mask on another grid": (elsewhere("case_0/tumor.nii.gz"), "case_0/tumor.nii.gz", "", "6"),
    "ct is empty": (written("case_0/ct.nii.gz"), "case_0/ct.nii.gz", "", ""),
}
LAYOUTS = {"nnunet": NNUNET, "subtypes": SUBTYPES, "decathlon": DECATHLON, "paired": PAIRED, "folders": FOLDERS}
