"""DICOM files without what identifies the patients (PS3.15, Annex E), checked by two readers."""
