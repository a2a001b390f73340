"""The demo world: small synthetic pictures, drawn from a seed with NumPy and OpenCV alone.

It stands in for the real sets where nothing may be downloaded, in the same folder layouts, so
that the whole pipeline runs, trains and is tested on any machine.
"""
