"""Words: facts in, escaped Telegram HTML out, in Indonesian and English.

Every sentence stands in `locale/<language>/LC_MESSAGES/paybot.po` under a symbolic key; changing one is a change
there and nowhere else. A new fact is a `case` in `notices.py` or `alerts.py` and its keys in both catalogues.
"""
