"""What is compiled is kept, whatever the environment says: each worker and each process would do it anew."""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
