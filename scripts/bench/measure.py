"""Runs a command with its output thrown away; prints { seconds, mebibytes, status }: wall time, peak memory, exit code."""

import json
import resource
import subprocess
import sys
import time

begun = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - begun
# Kibibytes on Linux, bytes on macOS.
unit = 2**20 if sys.platform == "darwin" else 2**10
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
json.dump({"seconds": seconds, "mebibytes": peak, "status": status}, sys.stdout)
