"""What a segmentation leaves behind: its report and its files, for one CT or for a folder of them."""
