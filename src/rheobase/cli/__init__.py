"""The command line: ``rheobase demo``."""
