"""From the files of a data set, in whatever layout, to prepared cases in a cache."""
