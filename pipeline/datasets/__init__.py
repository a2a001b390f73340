"""Pictures as training samples."""
