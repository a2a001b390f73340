"""The verbs of the command line; what is heavy is imported where it runs."""
