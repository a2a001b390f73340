"""Masks of several methods on the same pictures: ours, off-the-shelf networks, any other tool."""
