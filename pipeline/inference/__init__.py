"""Trained weights as predictors: RGB uint8 in, masks and pictures out, at native size."""
