#!/usr/bin/env python3
"""The command line of Millrace: `beam_runner.py --help`."""

from pipeline.cli.app import main

if __name__ == "__main__":
    main()
