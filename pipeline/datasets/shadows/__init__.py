"""Scenes with and without the shadow of an inserted object."""
