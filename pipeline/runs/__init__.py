"""Runs that are over: reading their scores, comparing two of them, and the spread over seeds."""
