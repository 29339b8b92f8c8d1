"""What the pipeline is measured against; each module is a program of its own."""
