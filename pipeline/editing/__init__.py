"""Edits of photos and films: what the command line, the page, the API and the bot call.

`Studio` loads each network once, when it is first needed.
"""
