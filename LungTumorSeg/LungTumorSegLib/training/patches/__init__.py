"""From prepared cases to batches: patches cut out, lesions put in, and augmentation."""
