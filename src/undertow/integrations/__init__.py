"""One recorder per framework, each loaded only when asked for."""
