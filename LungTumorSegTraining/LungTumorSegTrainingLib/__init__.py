"""How LungTumorSegTraining starts a training in processes of its own. Needs neither Slicer nor LungTumorSegLib."""
