"""People, from the skeleton to the picture."""
