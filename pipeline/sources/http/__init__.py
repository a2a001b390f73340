"""One polite way to ask other machines for something.

`PoliteSession` (session.py) is the door; the parts below it: who may be asked (addresses.py),
how often (gate.py), whether the site allows it (robots.py), how long (connections.py), and what a
download that broke off leaves behind (part.py).
"""
