"""Cars, from the blueprint to the picture."""
