"""Find, outline and measure lung tumours in chest CT. Not for clinical use.

The package is plain Python: it runs in 3D Slicer, in a terminal and on a cluster node. Importing it loads
nothing heavy; ``torch`` and ``monai`` are imported where a network is built or run.

Floors, each importing only from those below it:

6. ``commandline``
5. ``worker``: a process that segments for others
4. ``training``, ``prediction``
3. ``inference``, ``networks``, ``postprocessing``, ``evaluation``
2. ``lungs``, ``preparation``, ``measurements``, ``phantom``
1. ``volume``, ``recipe``, ``model``
0. ``errors``, ``progress``

``scene`` stands beside them: the only room that touches ``slicer`` and ``vtk``.
"""

__version__ = "0.1.0"
