"""Telegram's updates to flows: a handler parses, calls one flow, and is done."""
