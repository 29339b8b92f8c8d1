"""What flows through Millrace and what it stores. Imports nothing of the project and never Beam."""
