"""Cars out of photos: who finds the car, what makes a cutout of it, and whether it is any good."""
