"""Sections of params.yaml that more than one floor reads; importing them costs nothing."""
