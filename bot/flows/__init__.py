"""One use case a file, verb first. A flow gathers, lets the core decide, and applies what follows at once."""
