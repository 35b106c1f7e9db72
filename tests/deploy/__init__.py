"""The files of `deploy/`: parsed, held against the program, and run where the machine has what runs them."""
