"""Pictures from video: which films, which frames."""
