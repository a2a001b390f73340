"""Weather in front of a scene: drawn once, laid over any number of pictures alike."""
