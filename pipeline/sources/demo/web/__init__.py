"""The two sites of the demo world, served on loopback."""
