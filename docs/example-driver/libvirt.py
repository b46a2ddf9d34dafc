#!/usr/bin/env python3
"""Virtual machines by libvirt: libvirt.py BASE_IMAGE NETWORK STATE_DIR

BASE_IMAGE is a qcow2 with cloud-init and the agent's package, NETWORK a libvirt network with DHCP. Needs virsh,
virt-install, qemu-img and cloud-localds. STATE_DIR must be a folder that QEMU's user can pass through.
"""
import os
import shutil
import subprocess
import sys
import time

from machine_program import cloud_config, run, serve

base, network, state_dir = sys.argv[1:]
address_seconds = 120
stop_seconds = 60


def domain(machine):
    """Names are shared with other domains of this hypervisor, which are none of ours."""
    return f"rekindle-{machine}"


def place(machine, *names):
    return os.path.join(state_dir, machine, *names)


def domain_state(machine):
    """Empty when there is no such domain."""
    done = subprocess.run(["virsh", "domstate", domain(machine)], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def address(machine):
    lines = run("virsh", "domifaddr", domain(machine), "--source", "lease").splitlines()
    found = [line.split()[3].split("/")[0] for line in lines if " ipv4 " in line]
    return found[0] if found else ""


def look(machine):
    # The folder comes first and goes last, so it is there for a half-made one too.
    if not os.path.isdir(place(machine)):
        return None
    host = machine
    if os.path.exists(place(machine, "host")):
        with open(place(machine, "host")) as file:
            host = file.read()
    running = domain_state(machine) == "running"
    return {
        "machine": machine,
        "host": host,
        "state": "running" if running else "stopped",
        "address": address(machine) if running else "",
    }


def await_running(machine):
    deadline = time.monotonic() + address_seconds
    while True:
        found = look(machine)
        if found["address"] != "" or time.monotonic() > deadline:
            return {"machine": found}
        time.sleep(1)


def create(request):
    machine = request["machine"]
    there = look(machine)
    if there is not None and there["state"] == "running":
        return {"machine": there}
    destroy(request)
    os.makedirs(place(machine), mode=0o711)
    # Disks with the token in them: libvirt gives them to QEMU's user, and nobody else reads them.
    os.umask(0o077)
    for name, text in (
        ("host", request["host"]),
        ("user-data", cloud_config(request)),
        ("meta-data", f"instance-id: {machine}\nlocal-hostname: {request['host']}\n"),
    ):
        with open(place(machine, name), "w") as file:
            file.write(text)
    disk, seed = place(machine, "disk.qcow2"), place(machine, "seed.img")
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", disk)
    run("cloud-localds", seed, place(machine, "user-data"), place(machine, "meta-data"))
    os.unlink(place(machine, "user-data"))
    progress = run(
        *("virt-install", "--name", domain(machine), "--memory", "2048", "--vcpus", "2", "--import"),
        *("--disk", f"path={disk}", "--disk", f"path={seed},device=cdrom", "--network", f"network={network}"),
        *("--serial", f"file,path={place(machine, 'console')}", "--graphics", "none", "--noautoconsole"),
        *("--osinfo", "detect=on,require=off"),
    )
    print(progress, file=sys.stderr)
    return await_running(machine)


def destroy(request):
    machine = request["machine"]
    if domain_state(machine) not in ("", "shut off"):
        run("virsh", "destroy", domain(machine))
    if domain_state(machine) != "":
        run("virsh", "undefine", domain(machine), "--nvram")
    shutil.rmtree(place(machine), ignore_errors=True)


def start(request):
    machine = request["machine"]
    if domain_state(machine) != "running":
        run("virsh", "start", domain(machine))
    return await_running(machine)


def stop(request):
    machine = request["machine"]
    if domain_state(machine) == "running":
        run("virsh", "shutdown", domain(machine))
    deadline = time.monotonic() + stop_seconds
    while domain_state(machine) == "running" and time.monotonic() < deadline:
        time.sleep(1)
    if domain_state(machine) == "running":
        run("virsh", "destroy", domain(machine))


def listing(_):
    names = sorted(name for name in os.listdir(state_dir) if not name.startswith("."))
    return {"machines": [found for found in map(look, names) if found is not None]}


def evidence(request):
    path = place(request["machine"], "console")
    if not os.path.exists(path):
        return {"evidence": ""}
    with open(path, errors="replace") as file:
        return {"evidence": "".join(file.readlines()[-200:])}


serve(
    {
        "create": create,
        "destroy": destroy,
        "start": start,
        "stop": stop,
        "status": lambda request: {"machine": look(request["machine"])},
        "list": listing,
        "evidence": evidence,
    },
    state_dir,
)
