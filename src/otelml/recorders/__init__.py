"""`Prediction` in, streams changed: one file for each thing that is watched."""
