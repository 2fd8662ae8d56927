"""Reads the templates named as arguments with PyYAML, which shares no code with js-yaml; prints their models as JSON, with
each short-form function in its long form."""

import json
import sys

import yaml


class Reader(yaml.SafeLoader):
    pass


def function(loader, name, node):
    key = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {key: value.split(".", 1) if name == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    return {key: loader.construct_mapping(node, deep=True)}


Reader.add_multi_constructor("!", function)
# CloudFormation keeps dates as text.
Reader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))

print(json.dumps([yaml.load(open(file, encoding="utf-8"), Reader) for file in sys.argv[1:]]))
