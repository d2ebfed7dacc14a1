"""Training, from a data set to a model folder.

Each room imports only from the lines below its own:

    launching, search     processes started and watched; many runs, for the best settings
    start, export         from recipe and data to a run; from a run to a model folder
    optimizing            loss, optimiser, checkpoints, and the loop
    patches, validating   what a network learns from; whole CTs, to see what it has learnt
    data                  from files in many layouts to prepared cases
    processes, watching   the machine and who trains together; what a run reports and leaves to look at
"""
