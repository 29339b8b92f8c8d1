"""The command line: one module a command, imported only when it runs, so that --help answers at once."""
