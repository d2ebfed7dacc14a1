"""Networks, taken from MONAI."""
