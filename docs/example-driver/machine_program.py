"""What programs of Rekindle's `command` machine driver share: one JSON object in, one out, a lock for each host.

docs/machine-drivers.md tells what each operation must hold to. Python 3.9 or newer, no packages.
"""
import fcntl
import json
import os
import subprocess
import sys

CHANGES = ("create", "destroy", "start", "stop")


def serve(operations, state_dir):
    """Reads one operation, runs its function of `operations` with the request, prints what that returns."""
    request = json.load(sys.stdin)
    operation = request["operation"]
    if request["version"] != 1 or operation not in operations:
        sys.exit(f"cannot do {operation!r} of version {request['version']!r}")
    os.makedirs(state_dir, mode=0o700, exist_ok=True)
    if operation in CHANGES:
        # A server that was killed leaves its program at work: the next server's program waits for it here. The file is
        # the host's, and stays: removing a lock that somebody waits for would let two in.
        host = request["machine"].rpartition("-")[0]
        lock = open(os.path.join(state_dir, f".{host}.lock"), "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    answer = operations[operation](request)
    print(json.dumps({} if answer is None else answer))


def run(*argv, env=None):
    """Output of a program. Its messages go to our stderr, whose end Rekindle shows when we fail."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
    except OSError as error:
        sys.exit(f"cannot run {argv[0]}: {error}")
    if done.returncode != 0:
        sys.exit(f"{argv[0]} {argv[1]} ended with {done.returncode}")
    return done.stdout


def cloud_config(request):
    """User data for cloud-init in an image that has the agent's package: JSON is YAML."""
    config = {
        "hostname": request["host"],
        "write_files": [
            {
                "path": "/etc/rekindle/agent.json",
                "permissions": "0600",
                "content": json.dumps(request["agentConfig"]),
            }
        ],
        "runcmd": [["systemctl", "restart", "rekindle-agent"]],
    }
    return "#cloud-config\n" + json.dumps(config) + "\n"
