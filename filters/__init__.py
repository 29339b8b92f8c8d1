"""What is done to one document: pure functions. No Beam, no network, no clock, no memory between documents."""
