"""Resources that the emulator cannot create: known to CloudFormation, recorded with their resolved properties, nothing
more.

What a type is called, what GetAtt gives and which properties replace it comes from `lib/spec/index`, so that a
misspelt type, attribute or property is refused as AWS refuses it.
"""

import functools
import hashlib
import json
import pathlib
import re

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation.provisioners import _physical_name

INDEX = pathlib.Path(__file__).parents[3] / "lib" / "spec" / "index"

# How the identifier of an EC2 resource begins: AWS gives it, no property names it.
ID_PREFIX = {
    "AWS::EC2::CustomerGateway": "cgw",
    "AWS::EC2::DHCPOptions": "dopt",
    "AWS::EC2::EIPAssociation": "eipassoc",
    "AWS::EC2::Host": "h",
    "AWS::EC2::Instance": "i",
    "AWS::EC2::NetworkInterface": "eni",
    "AWS::EC2::PrefixList": "pl",
    "AWS::EC2::TransitGateway": "tgw",
    "AWS::EC2::TransitGatewayAttachment": "tgw-attach",
    "AWS::EC2::TransitGatewayRouteTable": "tgw-rtb",
    "AWS::EC2::VPNConnection": "vpn",
    "AWS::EC2::VPNGateway": "vgw",
    "AWS::EC2::Volume": "vol",
}
# What GetAtt gives: attributes of a form of their own, and, of each kind, where nothing better is known.
FORMS = {("AWS::Cognito::UserPool", "ProviderURL"): "https://cognito-idp.{region}.amazonaws.com/{identifier}"}
PLACEHOLDERS = {"array": [], "boolean": "false", "integer": "0", "number": "0", "object": {}}


@functools.cache
def known_types():
    """All resource types that CloudFormation has."""
    return frozenset(json.loads((INDEX / "types.json").read_text()))


@functools.cache
def specification(resource_type):
    """The index's entry of a type: attributes, schema, what replaces it. Empty where the index has none."""
    path = INDEX / f"{resource_type.replace('::', '-')}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def attribute_names(resource_type):
    return specification(resource_type).get("attributes", [])


@functools.cache
def replacing(resource_type, verdict="yes"):
    """Top-level properties whose change replaces the resource by either source ("yes"), or may replace it ("maybe")."""
    replacement = specification(resource_type).get("replacement", {})
    return frozenset(path for path, sources in replacement.items() if "/" not in path and verdict in sources.values())


def arn(resource_type, identifier, properties):
    """In the form that the type's ARNs have; what no property gives is the identifier."""
    service, kind = resource_type.lower().split("::")[1:3]
    form = specification(resource_type).get(
        "arn", f"arn:${{Partition}}:{service}:${{Region}}:${{Account}}:{kind}/${{Id}}"
    )
    known = {"Partition": "aws", "Region": get_region(), "Account": get_account_id()}

    def value(match):
        stated = properties.get(match.group(1))
        return known.get(match.group(1)) or (stated if isinstance(stated, str) else identifier)

    return re.sub(r"\$\{(\w+)\}", value, form)


def token(*parts, length=17):
    """Hexadecimal digits that stay the same from one update to the next."""
    return hashlib.sha256(":".join(parts).encode()).hexdigest()[:length]


def identifier_of(resource_type, logical_id, properties, stack_name):
    """What Ref gives: the name that the template states, or one that CloudFormation would make up."""
    generated = _physical_name(stack_name, logical_id)
    if resource_type in ID_PREFIX:
        return f"{ID_PREFIX[resource_type]}-{token(generated)}"
    names = specification(resource_type).get("ref", [])
    stated = [properties[name] for name in names if isinstance(properties.get(name), str)]
    if stated and len(stated) == len(names):
        return "|".join(stated)
    kind = resource_type.split("::")[2]
    for name in ("Name", f"{kind}Name", f"{kind}Identifier"):
        if isinstance(properties.get(name), str):
            generated = properties[name]
            break
    return arn(resource_type, generated, properties) if any(name.endswith("Arn") for name in names) else generated


def attribute_type(resource_type, name):
    schema = specification(resource_type).get("schema", {})
    found = schema
    for part in name.split("."):
        found = found.get("properties", {}).get(part, {})
        if "$ref" in found:
            found = schema.get("definitions", {}).get(found["$ref"].split("/")[-1], {})
    types = found.get("type")
    return types[0] if isinstance(types, list) else types


def attribute_of(resource_type, identifier, properties, name):
    """A well-formed value for GetAtt: the property of that name, or one made from the identifier."""
    value = properties
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is not None:
        return value
    form = FORMS.get((resource_type, name))
    if form:
        return form.format(region=get_region(), identifier=identifier)
    kind = attribute_type(resource_type, name)
    if kind in PLACEHOLDERS:
        return PLACEHOLDERS[kind]
    if name.split(".")[-1].endswith("Arn"):
        return identifier if identifier.startswith("arn:") else arn(resource_type, identifier, properties)
    if name.split(".")[-1].endswith("Id"):
        return identifier
    return f"{identifier}-{name.replace('.', '-').lower()}"


def attributes_of(resource_type, identifier, properties):
    return {name: attribute_of(resource_type, identifier, properties, name) for name in attribute_names(resource_type)}


def recorder(resource_type):
    """The handlers of a type that is only recorded. The stack keeps the resolved properties; there is nothing to
    delete."""

    def create(logical_id, properties, stack_name):
        identifier = identifier_of(resource_type, logical_id, properties, stack_name)
        return identifier, attributes_of(resource_type, identifier, properties)

    def update(identifier, old_properties, new_properties, stack_name):
        return identifier, attributes_of(resource_type, identifier, new_properties)

    def delete(identifier, properties):
        return None

    return {"create": create, "update": update, "delete": delete}
