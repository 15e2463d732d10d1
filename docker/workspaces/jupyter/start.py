"""Starts JupyterLab when there is a token: nobody gets in before."""

import os
import time

# Where the machine's agent puts secrets.
TOKEN = "/run/secrets/token"
LEAST = 16

while True:
    try:
        with open(TOKEN, encoding="utf-8") as file:
            token = file.read().strip()
        if len(token) >= LEAST:
            break
        print(f"the token has {len(token)} characters, it must have {LEAST}: set another", flush=True)
    except FileNotFoundError:
        print("waiting for a token: usufruct workspace secret set <lease> token < token.txt", flush=True)
    time.sleep(2)

os.makedirs("/tmp/work", exist_ok=True)
# By a variable: arguments are for everybody to see who sees the processes.
os.environ["JUPYTER_TOKEN"] = token
os.execv(
    "/opt/jupyter/bin/jupyter",
    [
        "jupyter",
        "lab",
        "--no-browser",
        "--ip=0.0.0.0",
        "--port=8888",
        "--ServerApp.root_dir=/tmp/work",
        # A tenant comes from any name and port, through the machine's address or a forwarded port.
        "--ServerApp.allow_remote_access=True",
    ],
)
