"""Instruments, readers of raw files, ingest, and what is read back from the store. Import from its modules."""
