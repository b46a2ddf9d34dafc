#!/usr/bin/env python3
"""Machines as instances of one EC2 auto-scaling group, by the AWS CLI: aws-autoscaling.py GROUP LAUNCH_TEMPLATE STATE_DIR

Rekindle decides what is rebuilt, so the group must not: suspend its `Launch`, `Terminate` and `ReplaceUnhealthy` processes
(`aws autoscaling suspend-processes`), and leave room in its largest size for surge. The launch template names an image
with cloud-init and the agent's package. Nothing is kept here but locks: names are tags of the instances.
"""
import hashlib
import json
import os
import sys
import tempfile

from machine_program import cloud_config, run, serve

group, template, state_dir = sys.argv[1:]
gone = ("shutting-down", "terminated")


def aws(*argv):
    return json.loads(run("aws", *argv, "--output", "json") or "null")


def tags(instance):
    return {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}


def instances(*more_filters):
    """Of this driver; those that are gone stay listed for an hour, and are left out."""
    found = aws("ec2", "describe-instances", "--filters", f"Name=tag:rekindle-group,Values={group}", *more_filters)
    every = [instance for part in found["Reservations"] for instance in part["Instances"]]
    return [instance for instance in every if instance["State"]["Name"] not in gone]


def view(instance):
    return {
        "machine": tags(instance)["rekindle-machine"],
        "host": tags(instance)["rekindle-host"],
        # `pending` is half-made.
        "state": "running" if instance["State"]["Name"] == "running" and is_member(instance) else "stopped",
        "address": instance.get("PrivateIpAddress", ""),
    }


def is_member(instance):
    return tags(instance).get("aws:autoscaling:groupName") == group


def find(machine):
    return instances(f"Name=tag:rekindle-machine,Values={machine}")


def status(request):
    found = find(request["machine"])
    return {"machine": view(found[0]) if found else None}


def create(request):
    machine, host = request["machine"], request["host"]
    found = find(machine)
    if found and view(found[0])["state"] == "running":
        return {"machine": view(found[0])}
    destroy(request)
    tag_list = [("Name", host), ("rekindle-machine", machine), ("rekindle-host", host), ("rekindle-group", group)]
    tag_json = [{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tag_list]}]
    # The same request twice makes one instance.
    once = hashlib.sha256(f"{machine} {request['agentConfig']['token']}".encode()).hexdigest()
    # A file of ours (mode 0600): arguments are seen by everybody on this machine.
    with tempfile.NamedTemporaryFile("w", dir=state_dir, prefix=".user-data-") as user_data:
        user_data.write(cloud_config(request))
        user_data.flush()
        made = aws(
            *("ec2", "run-instances", "--launch-template", f"LaunchTemplateName={template}", "--count", "1"),
            *("--client-token", once, "--user-data", f"file://{user_data.name}"),
            *("--tag-specifications", json.dumps(tag_json)),
        )
    instance = made["Instances"][0]["InstanceId"]
    run("aws", "ec2", "wait", "instance-running", "--instance-ids", instance)
    run("aws", "autoscaling", "attach-instances", "--auto-scaling-group-name", group, "--instance-ids", instance)
    found = find(machine)[0]
    # The group's own tag comes some time after.
    return {"machine": {**view(found), "state": "running"}}


def destroy(request):
    for instance in find(request["machine"]):
        name = instance["InstanceId"]
        if is_member(instance):
            run(
                *("aws", "autoscaling", "detach-instances", "--auto-scaling-group-name", group),
                *("--instance-ids", name, "--should-decrement-desired-capacity"),
            )
        run("aws", "ec2", "terminate-instances", "--instance-ids", name)
        run("aws", "ec2", "wait", "instance-terminated", "--instance-ids", name)


serve(
    {
        "create": create,
        "destroy": destroy,
        "status": status,
        "list": lambda _: {"machines": [view(instance) for instance in instances()]},
    },
    state_dir,
)
