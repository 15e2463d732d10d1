"""Reads numbers, writes what is to be said of them as JSON, and ends with status 0.

    job.py 3 5 8                  the numbers are its arguments
    job.py --input /tmp/input     … or in a file that is copied into the workspace, one or more in a line

The result is printed, and written to --result. Then the job stays for --keep seconds, so that the result can be fetched:
what a container wrote goes with it.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time


def described(numbers):
    """What is to be said of at least one number."""
    return {
        "count": len(numbers),
        "sum": math.fsum(numbers),
        "mean": statistics.fmean(numbers),
        "deviation": statistics.pstdev(numbers),
        "least": min(numbers),
        "median": statistics.median(numbers),
        "most": max(numbers),
    }


def waited_for(path, seconds):
    """The text of a file that is copied here within so many seconds, and does not grow any more."""
    end = time.monotonic() + seconds
    size = None
    while time.monotonic() < end:
        now = os.path.getsize(path) if os.path.exists(path) else None
        if now is not None and now == size:
            with open(path, encoding="utf-8") as file:
                return file.read()
        size = now
        time.sleep(1)
    sys.exit(f"{path} did not come within {seconds} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("numbers", nargs="*")
    parser.add_argument("--input")
    parser.add_argument("--result", default="/tmp/result.json")
    parser.add_argument("--wait", type=int, default=600)
    parser.add_argument("--keep", type=int, default=0)
    said = parser.parse_args()
    words = said.numbers
    if said.input:
        words = waited_for(said.input, said.wait).split()
    try:
        numbers = [float(word) for word in words]
    except ValueError as error:
        sys.exit(f"not a number: {error}")
    if not numbers:
        sys.exit("no numbers: give some as arguments, or --input with a file of them")
    result = json.dumps(described(numbers))
    print(result, flush=True)
    with open(said.result + ".part", "w", encoding="utf-8") as file:
        file.write(result + "\n")
    # All of it or nothing, for whoever fetches it.
    os.replace(said.result + ".part", said.result)
    time.sleep(said.keep)


if __name__ == "__main__":
    main()
