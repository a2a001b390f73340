"""The page and the HTTP interface: edits for people who open a browser or speak HTTP.

Picture bytes stay in memory: nothing that is sent is written to disk, and no address is fetched.
"""

from pipeline.serving.web.app import create_app
from pipeline.serving.web.limits import Limits
from pipeline.serving.web.server import run

__all__ = ["Limits", "create_app", "run"]
