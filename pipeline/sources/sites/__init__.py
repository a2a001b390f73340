"""Pictures from sites: the walk, the store, and collecting."""
