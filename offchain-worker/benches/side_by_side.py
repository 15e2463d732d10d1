#!/usr/bin/env python3
"""The same market, matched by this engine and by HTCondor's ClassAd library, in one run.

    pip install htcondor
    offchain-worker/benches/side_by_side.py [--profile dev] [LISTINGS REQUESTS]...

HTCondor's negotiator gives each job, in order, the machine with the highest rank among those whose
Requirements and its own hold for each other. That is done here with the library's own symmetricMatch and
Rank, on ads that say what our requests and listings say. Its speed is measured on markets small enough to
end, and said for each pair, because it judges pairs; nothing is extrapolated in the table. All times are
those of one thread on a processor.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import classad2

ENGINE = ["cargo", "bench", "-q", "-p", "usufruct-offchain-worker", "--bench", "matching"]


def engine(listings, requests, profile):
    """What our engine makes of a market, and the market."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ads.jsonl")
        command = ENGINE + profile + ["--", "--ads", path, str(listings), str(requests)]
        subprocess.run(command, check=True)
        with open(path, encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
    kinds = {"machine": [], "request": [], "result": []}
    for record in records:
        kinds[record.pop("is")].append(record)
    return kinds["machine"], kinds["request"], kinds["result"][0]


def machine_ad(machine):
    """A listing as an ad: it refuses offline use, its owner, and terms that it is not sold for."""
    ad = classad2.ClassAd()
    for name, value in machine.items():
        ad["L_" + name] = value
    ad["Requirements"] = classad2.ExprTree(
        "MY.L_online && TARGET.R_tenant != MY.L_owner"
        " && TARGET.R_term >= MY.L_min_term && TARGET.R_term <= MY.L_max_term"
    )
    return ad


def request_ad(request):
    """A request as an ad, with our score as its rank."""
    ad = classad2.ClassAd()
    ad["R_tenant"], ad["R_term"] = request["tenant"], request["term"]
    terms = [
        f"TARGET.L_gpus >= {request['gpus']}",
        f"TARGET.L_cpu >= {request['cpu']}",
        f"TARGET.L_memory >= {request['memory']}",
        f"TARGET.L_disk >= {request['disk']}",
        f"TARGET.L_score >= {request['min_score']}",
        f"TARGET.L_availability >= {request['min_availability']}",
        f"TARGET.L_price <= {request['max_price']}",
        f"(TARGET.L_isolation == 2) == {'true' if request['wasm'] else 'false'}",
    ]
    if request["gpus"]:
        terms.append(f"TARGET.L_gpu_memory >= {request['gpu_memory']}")
    for name in ("classes", "regions"):
        if request[name]:
            field = {"classes": "L_class", "regions": "L_region"}[name]
            terms.append(f"member(TARGET.{field}, {{{','.join(map(str, request[name]))}}})")
    ad["Requirements"] = classad2.ExprTree(" && ".join(terms))
    price, speed, reliability = request["weights"]

    def above(field, least):
        return f"((TARGET.{field} > 100 ? 100 : TARGET.{field}) - {least}) * 10000 / {100 - least}"

    cap = request["max_price"]
    ad["Rank"] = classad2.ExprTree(
        f"({price} * (({cap} - TARGET.L_price) * 10000 / {cap})"
        f" + {speed} * ({above('L_score', request['min_score'])})"
        f" + {reliability} * ({above('L_availability', request['min_availability'])})) / 100"
    )
    return ad


def condor(machines, requests):
    """Each replica in order the best machine that is left: time, placed, total score, pairs judged."""
    ads = [(machine_ad(machine), machine) for machine in machines]
    jobs = [(request_ad(request), request) for request in requests]
    free = dict(enumerate(ads))
    placed = total = pairs = 0
    begun = time.process_time()
    for job, request in jobs:
        nodes = set()
        # One pass for a job and all its replicas, as an autocluster has.
        fitting = []
        for number, (ad, machine) in free.items():
            pairs += 1
            if job.symmetricMatch(ad):
                fitting.append((-rank(job, ad), machine["price"], number))
        fitting.sort()
        left = request["replicas"]
        for minus, _, number in fitting:
            if left == 0:
                break
            node = free[number][1]["node"]
            if request["apart"] and node in nodes:
                continue
            nodes.add(node)
            del free[number]
            left -= 1
            placed += 1
            total -= minus
    return time.process_time() - begun, placed, total, pairs


def rank(job, machine):
    """The job's rank of the machine, as a whole number."""
    return int(job["Rank"].eval(scope=job, target=machine))


def main():
    arguments = sys.argv[1:]
    profile = []
    if arguments[:1] == ["--profile"]:
        profile, arguments = arguments[:2], arguments[2:]
    numbers = [int(argument) for argument in arguments]
    sizes = list(zip(numbers[::2], numbers[1::2])) or [(500, 50), (1_000, 100), (2_000, 200)]
    print(f"ClassAd library: htcondor {classad2.version()}\n")
    print("| listings | requests | who | matched in | per pair | placed of wanted | total score |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for listings, requests in sizes:
        machines, asked, result = engine(listings, requests, profile)
        seconds, placed, total, pairs = condor(machines, asked)
        row = "| {} | {} | {} | {:.6f} s | {:.4f} µs | {} of {} | {} |".format
        every = listings * requests
        wanted = result["wanted"]
        print(row(listings, requests, "usufruct, one by one from an index", result["matched"],
                  result["matched"] / every * 1e6, result["placed"], wanted, result["total"]))
        print(row(listings, requests, "ClassAds", seconds, seconds / pairs * 1e6, placed, wanted,
                  total))
        print(f"|  |  | ratio | {seconds / result['matched']:.0f} |  |  |"
              f" {total / result['total']:.4f} |", flush=True)


if __name__ == "__main__":
    main()
