"""The command line: ``rheobase fit``, ``rheobase inspect``, ``rheobase simulate`` and ``rheobase demo``."""
