"""Prints, as JSON, what the installed cfn-lint knows and keeps in code rather than in data: which JSON schema each of its
rules holds against which property, the attributes of each resource type, the patterns of formats, the policies beside Properties.
Read by scripts/cut-spec.mjs."""

import importlib
import json
import os
import sys

import cfnlint
from cfnlint.helpers import REGIONS, valid_snapshot_types
from cfnlint.rules import Rules
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

schema_rule = importlib.import_module("cfnlint.rules.jsonschema.CfnLintJsonSchema")
regional_rule = importlib.import_module("cfnlint.rules.jsonschema.CfnLintJsonSchemaRegional")

found = {}
construct = schema_rule.CfnLintJsonSchema.__init__


def recording(self, keywords=None, schema_details=None, all_matches=False):
    construct(self, keywords=keywords, schema_details=schema_details, all_matches=all_matches)
    if schema_details is not None:
        found[self.id] = {
            "rule": self.id,
            "text": self.shortdesc,
            "keywords": list(self.keywords),
            "folder": schema_details.module.__name__.split(".")[-1],
            "file": schema_details.filename,
            "regional": isinstance(self, regional_rule.CfnLintJsonSchemaRegional),
        }


schema_rule.CfnLintJsonSchema.__init__ = recording
schema_rule.load_resource = lambda *_, **__: {}
rules = Rules.create_from_directory(os.path.join(os.path.dirname(cfnlint.__file__), "rules"))

attributes = {}
for region in ["us-east-1", *sorted(REGIONS)]:
    for name in PROVIDER_SCHEMA_MANAGER.get_resource_types(region):
        if name not in attributes:
            patterns = PROVIDER_SCHEMA_MANAGER.get_type_getatts(name, region).data
            # Most are names; "Outputs\\..*" is a regular expression.
            attributes[name] = sorted(key.replace("\\..*", ".*") for key in patterns)

formats = {
    rule.format_keyword: rule.pattern.replace("\\Z", "$")
    for rule in rules.values()
    if getattr(rule, "format_keyword", None) and getattr(rule, "pattern", None)
}

creation = rules["E3055"]
creation_policies = {
    name: creation._get_schema(name) for name in sorted(attributes) if creation._get_schema(name)
}

json.dump(
    {
        "rules": [found[key] for key in sorted(found)],
        "attributes": attributes,
        "formats": formats,
        "creationPolicies": creation_policies,
        "snapshots": sorted(valid_snapshot_types),
    },
    sys.stdout,
    sort_keys=True,
)
