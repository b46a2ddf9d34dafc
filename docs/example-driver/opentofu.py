#!/usr/bin/env python3
"""Machines by OpenTofu or Terraform: opentofu.py tofu|terraform MODULE_DIR STATE_DIR, both folders absolute

MODULE_DIR holds a module for one machine, initialised once (`tofu init`), with the variables `machine`, `host` and
`user_data` (sensitive) and the output `address`. Each machine has a state of its own in STATE_DIR, and that state holds
the token: keep the folder to yourself.
"""
import json
import os
import shutil
import sys

from machine_program import cloud_config, run, serve

tofu, module, state_dir = sys.argv[1:]


def place(machine, *names):
    return os.path.join(state_dir, machine, *names)


def state_option(machine):
    return f"-state={place(machine, 'terraform.tfstate')}"


def apply(command, machine, host="", user_data=""):
    # Variables by the environment: arguments are seen by everybody on this machine.
    variables = {"TF_VAR_machine": machine, "TF_VAR_host": host, "TF_VAR_user_data": user_data}
    options = ("-auto-approve", "-input=false", "-no-color", state_option(machine))
    # Its progress goes to stderr, since stdout is for the answer.
    print(run(tofu, f"-chdir={module}", command, *options, env=variables), file=sys.stderr)


def look(machine):
    if not os.path.isdir(place(machine)):
        return None
    made = os.path.exists(place(machine, "made.json"))
    if not made:
        return {"machine": machine, "host": machine, "state": "stopped", "address": ""}
    with open(place(machine, "made.json")) as file:
        return json.load(file)


def create(request):
    machine, host = request["machine"], request["host"]
    there = look(machine)
    if there is not None and there["state"] == "running":
        return {"machine": there}
    destroy(request)
    os.makedirs(place(machine), mode=0o700)
    apply("apply", machine, host, cloud_config(request))
    outputs = json.loads(run(tofu, f"-chdir={module}", "output", "-json", state_option(machine)))
    made = {"machine": machine, "host": host, "state": "running", "address": outputs["address"]["value"]}
    # Renamed when it is whole: a machine with this file is made.
    with open(place(machine, "made.new"), "w") as file:
        json.dump(made, file)
    os.rename(place(machine, "made.new"), place(machine, "made.json"))
    return {"machine": made}


def destroy(request):
    machine = request["machine"]
    if not os.path.isdir(place(machine)):
        return
    if os.path.exists(place(machine, "made.json")):
        os.unlink(place(machine, "made.json"))
    if os.path.exists(place(machine, "terraform.tfstate")):
        apply("destroy", machine)
    shutil.rmtree(place(machine))


def listing(_):
    names = sorted(name for name in os.listdir(state_dir) if not name.startswith("."))
    return {"machines": [found for found in map(look, names) if found is not None]}


serve(
    {
        "create": create,
        "destroy": destroy,
        "status": lambda request: {"machine": look(request["machine"])},
        "list": listing,
    },
    state_dir,
)
