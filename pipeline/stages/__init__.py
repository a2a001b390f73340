"""One thin module per DVC stage; `python -m pipeline.stages.NAME`."""
