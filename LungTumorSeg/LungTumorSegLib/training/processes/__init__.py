"""The machine and the processes that train together: cores, memory, devices, signals, and what processes add up."""
