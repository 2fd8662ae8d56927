"""Starts ministack with a handler for each resource type that it cannot create.

Such a resource is recorded: the stack reaches CREATE_COMPLETE, Ref and GetAtt give well-formed values, and nothing else
exists. `lib/data/emulator.json` lists the types that the templates here need so; reports say "recorded" for them. A type
that CloudFormation does not have is not registered, so a misspelt one is refused as AWS refuses it.

`_RESOURCE_HANDLERS` is private to ministack: requirements.txt pins its version, and a test notices when a type becomes
native. Called as `launch.py TYPES.json`, or `launch.py TYPES.json --list-types` to print the native types as JSON.
"""

import json
import pathlib
import sys
import uuid

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import changesets, engine, stacks  # noqa: F401 (loaded to be patched)
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

# How the physical ID of a type begins, where it is not a name.
ID_PREFIX = {
    "AWS::EC2::EIP": "eipalloc",
    "AWS::EC2::FlowLog": "fl",
    "AWS::EC2::NatGateway": "nat",
    "AWS::EC2::SecurityGroupEgress": "sgr",
    "AWS::EC2::SecurityGroupIngress": "sgr",
}
NAME_PROPERTIES = ("Name", "ConfigRuleName", "SubscriptionName", "BudgetName")


def physical_id(resource_type, logical_id, properties, stack_name):
    if resource_type in ID_PREFIX:
        return f"{ID_PREFIX[resource_type]}-{uuid.uuid4().hex[:17]}"
    for name in NAME_PROPERTIES:
        if isinstance(properties.get(name), str):
            return properties[name]
    return f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"


def attributes(resource_type, identifier, names):
    service = resource_type.split("::")[1].lower()
    values = {}
    for name in names:
        if name in ("Id", "AllocationId", "NatGatewayId"):
            values[name] = identifier
        elif name == "PublicIp":
            values[name] = "203.0.113.10"
        elif name.endswith("Arn"):
            values[name] = f"arn:aws:{service}:::{identifier}"
        else:
            values[name] = f"{identifier}-{name}"
    return values


def recorder(resource_type, folder):
    def names():
        path = folder / f"{resource_type.replace('::', '-')}.json"
        return json.loads(path.read_text())["attributes"]

    def create(logical_id, properties, stack_name):
        identifier = physical_id(resource_type, logical_id, properties, stack_name)
        return identifier, attributes(resource_type, identifier, names())

    def update(identifier, old_properties, new_properties, stack_name):
        return identifier, attributes(resource_type, identifier, names())

    def delete(identifier, properties):
        return None

    return {"create": create, "update": update, "delete": delete}


def master_secret(identifier, properties):
    """A managed master password: AWS makes the secret, the emulator does not, but templates refer to its ARN."""
    if str(properties.get("ManageMasterUserPassword", "")).lower() != "true":
        return {}
    return {"MasterUserSecret.SecretArn": f"arn:aws:secretsmanager:::secret:rds!{identifier}"}


def with_attributes(resource_type, more):
    """Lets a native handler give attributes that it leaves out."""
    native = _RESOURCE_HANDLERS[resource_type]

    def create(logical_id, properties, stack_name):
        identifier, values = native["create"](logical_id, properties, stack_name)
        return identifier, {**values, **more(identifier, properties)}

    def update(identifier, old_properties, new_properties, *rest):
        identifier, values = native["update"](identifier, old_properties, new_properties, *rest)
        return identifier, {**values, **more(identifier, new_properties)}

    _RESOURCE_HANDLERS[resource_type] = {**native, "create": create, "update": update}


def pseudo_parameters_in_conditions():
    """Conditions may compare AWS::Region and AWS::AccountId; ministack knows them everywhere but there."""
    original = engine._evaluate_conditions

    def evaluate(template, params):
        pseudo = {
            "AWS::Region": {"Value": get_region()},
            "AWS::AccountId": {"Value": get_account_id()},
            "AWS::Partition": {"Value": "aws"},
            "AWS::URLSuffix": {"Value": "amazonaws.com"},
        }
        return original(template, {**pseudo, **params})

    for module in list(sys.modules.values()):
        if getattr(module, "_evaluate_conditions", None) is original:
            module._evaluate_conditions = evaluate


def main():
    types_file = pathlib.Path(sys.argv[1])
    native = sorted(_RESOURCE_HANDLERS)
    if "--list-types" in sys.argv:
        print(json.dumps(native))
        return
    for resource_type in json.loads(types_file.read_text()):
        if resource_type not in _RESOURCE_HANDLERS and not resource_type.startswith("AWS::Serverless::"):
            _RESOURCE_HANDLERS[resource_type] = recorder(resource_type, types_file.parent)
    with_attributes("AWS::RDS::DBCluster", master_secret)
    pseudo_parameters_in_conditions()
    sys.argv = sys.argv[:1]
    from ministack.app import main as serve

    serve()


main()
