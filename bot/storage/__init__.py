"""All SQL. Functions take a transaction (`Tx`) from `engine.Database`; a caller decides what belongs together.

The same code serves SQLite (one process, a lock file) and PostgreSQL (any number of processes, a lease).
"""
