"""Stands in for ``slicer.i18n`` in an application without translations."""


def tr(text: str) -> str:
    return text


def translate(context: str, text: str) -> str:
    return text
