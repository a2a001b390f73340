"""Objectives: each returns its named, weighted terms as a dict; the engine sums and logs them."""
