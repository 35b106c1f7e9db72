"""The bot killed over and over, at random and at the worst moments, under faults: what Telegram accepted tells."""
