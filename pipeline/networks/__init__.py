"""Networks, one file per paper. No file, device, checkpoint or parameter is touched here."""
