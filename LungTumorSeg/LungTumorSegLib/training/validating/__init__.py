"""The network tried on whole CTs: predicted, scored and drawn."""
