"""Stands in for the manager of files: scenes, volumes and segmentations, by the real scene and logics."""

from __future__ import annotations

from pathlib import Path

import slicer
from PySide6 import QtCore

SCENES = (".mrml", ".mrb")


class qSlicerCoreIOManager(QtCore.QObject):
    newFileLoaded = QtCore.Signal(object)

    @QtCore.Slot(str)
    def fileType(self, path):
        if path.endswith(SCENES):
            return "SceneFile"
        return "SegmentationFile" if ".seg." in Path(path).name else "VolumeFile"

    @QtCore.Slot(object)
    def fileWriterFileType(self, node):
        return {"vtkMRMLSegmentationNode": "SegmentationFile"}.get(node.GetClassName(), "NodeFile")

    @QtCore.Slot(str, object, object, object)
    def loadNodes(self, file_type, properties, loaded, messages=None):
        path = properties["fileName"]
        if not Path(path).exists():
            return False
        if file_type == "SceneFile":
            return _load_scene(path, properties.get("clear", True))
        name = properties.get("name", Path(path).name.partition(".")[0])
        if file_type == "SegmentationFile":
            node = slicer.modules.segmentations.logic().LoadSegmentationFromFile(path, True, name)
        elif file_type == "VolumeFile":
            label = properties.get("labelmap", False)
            node = slicer.modules.volumes.logic().AddArchetypeVolume(path, name, int(label))
        else:
            raise NotImplementedError(f"this host loads no {file_type}")
        if node is not None:
            loaded.AddItem(node)
        return node is not None

    @QtCore.Slot(str, object, object)
    def saveNodes(self, file_type, properties, messages=None):
        path = properties["fileName"]
        if file_type == "SceneFile":
            return _save_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        storage = node.GetStorageNode() or node.CreateDefaultStorageNode()
        if storage.GetScene() is None:
            slicer.mrmlScene.AddNode(storage)
            node.SetAndObserveStorageNodeID(storage.GetID())
        storage.SetFileName(path)
        return bool(storage.WriteData(node))


def _load_scene(path: str, clear: bool) -> bool:
    scene = slicer.mrmlScene
    if path.endswith(".mrb"):
        return scene.ReadFromMRB(path, clear)
    scene.SetURL(path)
    return bool(scene.Connect() if clear else scene.Import())


def _save_scene(path: str) -> bool:
    scene = slicer.mrmlScene
    if path.endswith(".mrb"):
        return scene.WriteToMRB(path)
    if path.endswith(".mrml"):
        scene.SetURL(path)
        return bool(scene.Commit())
    return scene.SaveSceneToSlicerDataBundleDirectory(path)
