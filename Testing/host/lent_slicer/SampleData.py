"""Stands in for Slicer's module SampleData: sources are registered and looked up; nothing is downloaded."""

import slicer


class SampleDataSource:
    def __init__(
        self,
        sampleName=None,
        sampleDescription=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        checksums=None,
        loadFiles=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFileProperties=None,
    ):
        self.sampleName = sampleName
        self.sampleDescription = sampleName if sampleDescription is None else sampleDescription
        lists = isinstance(uris, list | tuple)
        self.uris = uris if lists else [uris]
        self.fileNames = fileNames if lists else [fileNames]
        self.nodeNames = [None] * len(self.uris) if nodeNames is None else nodeNames if lists else [nodeNames]
        if uris is None or not len(self.uris) == len(self.fileNames) == len(self.nodeNames):
            raise ValueError("All fields of sample data source must have the same length")
        self.customDownloader = customDownloader
        self.thumbnailFileName = thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        if not hasattr(slicer.modules, "sampleDataSourceCategories"):
            slicer.modules.sampleDataSourceCategories = {}
        slicer.modules.sampleDataSourceCategories[category] = {"title": title}

    @staticmethod
    def registerCustomSampleDataSource(category="Custom", **source):
        sources = SampleDataLogic._sources().setdefault(category, [])
        new = SampleDataSource(**source)
        if not any(vars(one) == vars(new) for one in sources):
            sources.append(new)

    @staticmethod
    def sourceForSampleName(sampleName):
        every = (source for sources in SampleDataLogic._sources().values() for source in sources)
        return next((one for one in every if one.sampleName == sampleName), None)

    @staticmethod
    def _sources():
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        return slicer.modules.sampleDataSources
