"""One polite way to ask other machines for something.

`PoliteSession` (session.py) is the door: pages and files, patiently. Below it: asking once, by the
rules (client.py), who may be asked (addresses.py), how often (gate.py), whether the site allows it
(robots.py), how long (connections.py), what arrives (transfer.py), and what a download that broke
off leaves behind (part.py).
"""
