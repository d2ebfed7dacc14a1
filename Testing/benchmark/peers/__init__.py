"""This project beside MONAI's sliding window and nnU-Net's predictor: same weights, same CT, from file to file.

`contenders` names who takes part, `run_one` runs one of them in a process of its own, `rounds` runs all in turns,
`comparing` compares their masks, `tables` and `targets` say what came of it.
"""
