"""Corrections of what the emulator does create: what it drops is stored, what it answers wrongly is put right.

Each is listed, with a probe where one is possible, in `lib/data/emulator.json` (`properties`, `behaviours`): when
the emulator learns a thing, the probe fails and the correction goes. All patches reach into private names;
requirements.txt pins the version.
"""

import json
import sys
from xml.sax.saxutils import escape

import ministack.services.alb as alb
import ministack.services.backup as backup
import ministack.services.cloudformation.changesets as changesets
import ministack.services.cloudformation.drift as drift
import ministack.services.cloudformation.engine as engine
import ministack.services.cloudformation.handlers as handlers
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.cloudformation.stacks as stacks
import ministack.services.cloudwatch as cloudwatch
import ministack.services.elasticache as elasticache
import ministack.services.rds as rds
import ministack.services.secretsmanager as secretsmanager
from in_process import call, is_true
from ministack.core.responses import get_account_id, get_region, new_uuid
from recording import attributes_of, replacing, specification, token

HANDLERS = provisioners._RESOURCE_HANDLERS


def apply():
    handlers._capabilities_enforced = lambda: True
    replace_everywhere(engine._evaluate_conditions, evaluate_conditions)
    replace_everywhere(engine._resolve_parameters, with_checked_keys(engine._resolve_parameters))
    replace_everywhere(engine._extract_deps, with_dependencies_of_metadata(engine._extract_deps))
    replace_everywhere(
        engine.validate_template_support, unresolved_references_refused(engine.validate_template_support)
    )
    replace_everywhere(stacks._resolve_stack_outputs, checked_outputs(stacks._resolve_stack_outputs))
    replace_everywhere(changesets._resolve_props_for_diff, without_absent_resources(changesets._resolve_props_for_diff))
    handlers._ACTION_HANDLERS["CreateChangeSet"] = with_changes_of_outputs(handlers._ACTION_HANDLERS["CreateChangeSet"])
    stacks._property_recreation = recreation  # for change sets only: the native handlers replace by rules of their own
    secrets_by_arn()
    instance_profiles_by_name()
    metric_math()
    cache_endpoints()
    backup._get_vault_access_policy = vault_document("AccessPolicy", "access policy")
    backup._get_vault_notifications = vault_document("Notifications", "notifications")
    rds._cluster_xml = with_more_xml(rds._cluster_xml, log_exports_xml)
    rds._instance_xml = with_more_xml(rds._instance_xml, element_of("PerformanceInsightsKMSKeyId"))
    elasticache._rg_xml = with_more_xml(elasticache._rg_xml, element_of("KmsKeyId"))
    for resource_type, correct in AFTERWARDS.items():
        HANDLERS[resource_type] = corrected(HANDLERS[resource_type], correct)
    HANDLERS["AWS::S3::Bucket"]["delete"] = delete_bucket
    HANDLERS["AWS::RDS::DBCluster"]["delete"] = delete_cluster(HANDLERS["AWS::RDS::DBCluster"]["delete"])


def replace_everywhere(native, replacement):
    """In each module that imported it by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ministack.services.cloudformation") and getattr(module, native.__name__, None) is native:
            setattr(module, native.__name__, replacement)


def with_more_xml(native, more):
    """A description with elements that the emulator leaves out."""
    return lambda record, *rest: native(record, *rest) + more(record)


def element_of(name):
    return lambda record: f"<{name}>{escape(record[name])}</{name}>" if record.get(name) else ""


# ---- every type


def native_update(handler, identifier, old, new, stack_name, logical_id):
    if "update" not in handler:
        return handler["create"](logical_id or identifier, new, stack_name)
    more = (logical_id,) if handler.get("update_with_logical_id") else ()
    return handler["update"](identifier, old, new, stack_name, *more)


def corrected(handler, correct):
    """Runs `correct(identifier, old_properties, properties)` after the native create and update; it gives more
    attributes. What it refuses is not left behind."""

    def create(logical_id, properties, stack_name):
        identifier, attributes = handler["create"](logical_id, properties, stack_name)
        try:
            return identifier, {**attributes, **(correct(identifier, {}, properties) or {})}
        except Exception:
            handler["delete"](identifier, properties, *((logical_id,) if handler.get("delete_with_logical_id") else ()))
            raise

    def update(identifier, old, new, stack_name, logical_id):
        now, attributes = native_update(handler, identifier, old, new, stack_name, logical_id)
        return now, {**attributes, **(correct(now, old if now == identifier else {}, new) or {})}

    return {**handler, "create": create, "update": update, "update_with_logical_id": True}


def with_all_attributes(resource_type, handler):
    """GetAtt gives every attribute that the type has; a misspelt one is still refused. Properties that the type does
    not have, and required ones that are missing, fail the resource, in the words of AWS."""

    def complete(identifier, attributes, properties):
        return identifier, {**attributes_of(resource_type, identifier, properties), **attributes}

    def create(logical_id, properties, stack_name):
        refuse_wrong_properties(resource_type, logical_id, properties)
        return complete(*handler["create"](logical_id, properties, stack_name), properties)

    def update(identifier, old, new, stack_name, logical_id):
        refuse_wrong_properties(resource_type, logical_id, new)
        return complete(*native_update(handler, identifier, old, new, stack_name, logical_id), new)

    return {**handler, "create": create, "update": update, "update_with_logical_id": True}


def refuse_wrong_properties(resource_type, logical_id, properties):
    schema = specification(resource_type).get("schema", {})
    if schema.get("additionalProperties") is False:
        unknown = [name for name in properties if name not in schema.get("properties", {})]
        if unknown:
            raise ValueError(
                f"Properties validation failed for resource {logical_id} with message: "
                f"[#: extraneous key [{unknown[0]}] is not permitted]"
            )
    missing = [name for name in schema.get("required", []) if name not in properties]
    if missing:
        raise ValueError(
            f"Properties validation failed for resource {logical_id} with message: "
            f"[#: required key [{missing[0]}] not found]"
        )


def recreation(resource_type, name):
    """What a change set says of a changed property. The emulator knows a third of its own types."""
    if name in replacing(resource_type):
        return "Always"
    conditional = provisioners._CONDITIONALLY_REPLACING_PROPERTIES.get(resource_type, ())
    if name in replacing(resource_type, "maybe") or name in conditional or not specification(resource_type):
        return "Conditionally"
    return "Never"


def recreation_of_added(native, native_types):
    """Types that the emulator lacks are replaced by the index, its own by their handlers."""
    return lambda resource_type, name: (native if resource_type in native_types else recreation)(resource_type, name)


# ---- templates, change sets and exports


def evaluate_conditions(template, parameters):
    """Conditions over pseudo parameters and every function that AWS allows there; the native one knows Ref and
    Fn::Select."""
    definitions = template.get("Conditions") or {}
    evaluated = {}

    def named(name):
        if name not in evaluated:
            evaluated[name] = truth(definitions[name])
        return evaluated[name]

    def truth(node):
        if "Fn::Equals" in node:
            left, right = (value(operand) for operand in node["Fn::Equals"])
            return str(left) == str(right)
        if "Fn::And" in node:
            return all(truth(each) for each in node["Fn::And"])
        if "Fn::Or" in node:
            return any(truth(each) for each in node["Fn::Or"])
        if "Fn::Not" in node:
            return not truth(node["Fn::Not"][0])
        return named(node["Condition"])

    def value(node):
        if isinstance(node, dict) and node.get("Ref") in parameters:
            return parameters[node["Ref"]]["Value"]  # of a list too: one string, as it was given
        return engine._resolve_refs(node, {}, parameters, evaluated, template.get("Mappings") or {}, "", "")

    return {name: named(name) for name in definitions}


def with_checked_keys(native):
    """Of an SSM parameter type CloudFormation checks the key against the constraints; the emulator checks the value.
    Source: "Systems Manager parameter types" in the CloudFormation user guide, read 2026-11-21."""

    constraints = ("AllowedPattern", "AllowedValues", "MinLength", "MaxLength")

    def resolve(template, provided_params, previous_params=None):
        definitions = template.get("Parameters") or {}
        given = {entry["Key"]: entry for entry in provided_params if "Key" in entry}
        unbound = {}
        for name, definition in definitions.items():
            unbound[name] = definition
            if not str(definition.get("Type")).startswith(engine._SSM_PARAMETER_VALUE_PREFIX):
                continue
            unbound[name] = {key: value for key, value in definition.items() if key not in constraints}
            entry = given.get(name) or {}
            key = entry.get("Value", definition.get("Default"))
            if entry.get("UsePreviousValue") or key is None:
                continue
            allowed = definition.get("AllowedValues")
            if allowed and key not in [str(value) for value in allowed]:
                raise ValueError(f"Parameter '{name}' must be one of AllowedValues")
            engine._check_parameter_constraints(name, definition, "String", str(key))
        return native({**template, "Parameters": unbound}, provided_params, previous_params)

    return resolve


def with_dependencies_of_metadata(native):
    """A reference under Metadata makes one resource wait for another, as one under Properties does."""

    def dependencies(resource, names):
        metadata = engine._intrinsic_references(resource.get("Metadata", {}))
        return native(resource, names) | {name for name, _ in metadata if name in names}

    return dependencies


def without_absent_resources(native):
    """A change set compares the resources that exist: one whose condition turns is added or removed, one that is
    absent counts not."""

    def resolve(template, parameters, stack_name, stack_id):
        resolved = native(template, parameters, stack_name, stack_id)
        conditions = evaluate_conditions(template, parameters) if template else {}
        resources = resolved.get("Resources", {})
        return {
            "Resources": {
                name: entry for name, entry in resources.items() if conditions.get(entry.get("Condition"), True)
            }
        }

    return resolve


def with_changes_of_outputs(native):
    """A change set that changes outputs only can be executed."""

    def create(params):
        from ministack.services.cloudformation import _change_sets, _stacks

        before = set(_change_sets.keys())
        response = native(params)
        for key, change_set in list(_change_sets.items()):
            if key in before:
                continue
            stack = _stacks.get(change_set["StackName"])
            if change_set["Status"] != "FAILED" or change_set["ChangeSetType"] != "UPDATE" or not stack:
                continue
            template, parameters = change_set["_template"], change_set["_resolved_params"]
            try:
                outputs, _ = native_outputs(
                    template.get("Outputs") or {},
                    evaluate_conditions(template, parameters),
                    stack["_resources"],
                    parameters,
                    template.get("Mappings") or {},
                    stack["StackName"],
                    stack["StackId"],
                )
            except ValueError:
                continue
            if outputs != stack.get("Outputs", []):
                change_set.update({"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""})
        return response

    return create


native_outputs = stacks._resolve_stack_outputs


def unresolved_references_refused(native):
    def validate(template, conditions, params=None):
        native(template, conditions, params=params)
        if template.get("Transform"):
            return
        resources = template.get("Resources") or {}
        names = {*resources, *(template.get("Parameters") or {})}
        for section in ("Resources", "Outputs"):
            found = {name for name, _ in engine._intrinsic_references(without_metadata(template.get(section) or {}))}
            unresolved = sorted(name for name in found if name not in names and not name.startswith("AWS::"))
            if unresolved:
                raise ValueError(
                    f"Template format error: Unresolved resource dependencies [{', '.join(unresolved)}] "
                    f"in the {section} block of the template"
                )

    return validate


def without_metadata(entries):
    return {
        name: {key: value for key, value in entry.items() if key != "Metadata"} if isinstance(entry, dict) else entry
        for name, entry in entries.items()
    }


def checked_outputs(native):
    """An export belongs to one stack, and stays as it is while another stack imports it; one that an update drops is
    gone."""

    def resolve(outputs, conditions, resources, parameters, mappings, stack_name, stack_id):
        from ministack.services.cloudformation import _exports, _stacks

        resolved, exports = native(outputs, conditions, resources, parameters, mappings, stack_name, stack_id)
        for name, export in exports.items():
            owner = _exports.get(name, export)["StackId"]
            if owner != stack_id:
                raise ValueError(f"Export with name {name} is already exported by stack {owner.split('/')[1]}")
        mine = {name: export for name, export in _exports.items() if export["StackId"] == stack_id}
        for name, export in mine.items():
            if name in exports and exports[name]["Value"] == export["Value"]:
                continue
            importers = [
                other
                for other, stack in _stacks.items()
                if other != stack_name
                and "DELETE" not in stack.get("StackStatus", "")
                and name in handlers._imported_export_names(stack, other)
            ]
            if importers:
                verb = "updated" if name in exports else "deleted"
                raise ValueError(f"Export {name} cannot be {verb} as it is in use by {', '.join(sorted(importers))}")
        for name in set(mine) - set(exports):
            _exports.pop(name, None)
        return resolved, exports

    return resolve


# ---- Ref


def secrets_by_arn():
    """Ref of a secret is its ARN. The native handlers look their record up by name."""
    resource_type = "AWS::SecretsManager::Secret"
    native = HANDLERS[resource_type]

    def name_of(identifier):
        return secretsmanager._resolve(identifier)[0] or identifier

    def by_arn(answer):
        return answer[1]["Id"], answer[1]

    HANDLERS[resource_type] = {
        **native,
        "create": lambda logical_id, properties, stack_name: by_arn(
            native["create"](logical_id, properties, stack_name)
        ),
        "update": lambda identifier, old, new, stack_name, logical_id: by_arn(
            native["update"](name_of(identifier), old, new, stack_name, logical_id)
        ),
        "delete": lambda identifier, properties: native["delete"](name_of(identifier), properties),
    }
    read, properties_read = drift._DRIFT_READERS[resource_type]
    drift._DRIFT_READERS[resource_type] = (
        lambda identifier, properties: read(name_of(identifier), properties),
        properties_read,
    )


def instance_profiles_by_name():
    """Ref of an instance profile is its name."""
    resource_type = "AWS::IAM::InstanceProfile"
    native = HANDLERS[resource_type]

    def arn_of(name):
        profile = provisioners._iam._instance_profiles.get(name)
        return profile["Arn"] if profile else name

    def by_name(answer):
        return answer[0].rsplit("/", 1)[-1], answer[1]

    HANDLERS[resource_type] = {
        **native,
        "create": lambda logical_id, properties, stack_name: by_name(
            native["create"](logical_id, properties, stack_name)
        ),
        "update": lambda identifier, old, new, stack_name, logical_id: by_name(
            native["update"](arn_of(identifier), old, new, stack_name, logical_id)
        ),
        "delete": lambda identifier, properties: native["delete"](arn_of(identifier), properties),
    }


# ---- CloudWatch


def metric_math():
    """An alarm over Metrics: stored, and never evaluated."""
    native = provisioners._cw_metric_alarm_record

    def record(name, properties):
        metrics = properties.get("Metrics")
        if not metrics:
            return native(name, properties)
        stand_in = {**properties, "Metrics": None, "MetricName": "-", "Namespace": "-"}
        alarm = native(name, {"Threshold": 0, **stand_in})
        for key in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit"):
            alarm.pop(key)
        if "Threshold" not in properties:
            alarm.pop("Threshold")
        return {
            **alarm,
            "Metrics": metrics,
            **({"ThresholdMetricId": properties["ThresholdMetricId"]} if "ThresholdMetricId" in properties else {}),
        }

    provisioners._cw_metric_alarm_record = record
    evaluate = cloudwatch._evaluate_alarm
    cloudwatch._evaluate_alarm = lambda alarm: None if "Metrics" in alarm else evaluate(alarm)


# ---- ElastiCache


def cache_endpoints():
    """Neither container nor shared host: names as AWS makes them, which nothing answers. With no container to wait
    for they are made at once, so that `aws cloudformation deploy`, which looks once and then sleeps 30 seconds,
    finds the stack complete."""

    def spawn(name, engine, *_, **__):
        host = f"{name.removeprefix('ministack-elasticache-')}.{cache_domain(name)}"
        return host, 11211 if engine == "memcached" else 6379, None

    elasticache._spawn_redis_container = spawn
    waits = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda resource_type: waits(resource_type) and "ElastiCache" not in resource_type


def cache_domain(name):
    return f"{token(name, length=6)}.{get_region()}.cache.amazonaws.com"


def replication_group(identifier, old, properties):
    """Endpoints and member names as AWS makes them (cluster mode disabled: primary, reader, <group>-001, ...)."""
    group = elasticache._replication_groups[identifier]
    group["KmsKeyId"] = properties.get("KmsKeyId")
    domain = cache_domain(identifier)
    shards = group["NodeGroups"]
    for shard in shards:
        for number, member in enumerate(shard["NodeGroupMembers"], 1):
            if len(shards) == 1:
                member["CacheClusterId"] = f"{identifier}-{number:03d}"
            member["ReadEndpoint"] = {**member["ReadEndpoint"], "Address": f"{member['CacheClusterId']}.{domain}"}
        if len(shards) == 1:
            shard["PrimaryEndpoint"] = {**shard["PrimaryEndpoint"], "Address": f"master.{identifier}.{domain}"}
            shard["ReaderEndpoint"] = {**shard["PrimaryEndpoint"], "Address": f"replica.{identifier}.{domain}"}
    if len(shards) > 1:
        group["ConfigurationEndpoint"] = {
            **group["ConfigurationEndpoint"],
            "Address": f"clustercfg.{identifier}.{domain}",
        }
    group["MemberClusters"] = [member["CacheClusterId"] for shard in shards for member in shard["NodeGroupMembers"]]
    return provisioners._ec_rg_attrs(identifier)


# ---- AWS Backup


def vault_document(name, what):
    def get(vault_name):
        vault = backup._vaults.get(vault_name)
        if vault is None:
            return backup._not_found(f"Vault '{vault_name}' not found.")
        if not vault.get(f"_{name}"):
            return backup._not_found(f"No {what} is associated with vault '{vault_name}'.")
        return backup._ok({**only_names(vault), **vault[f"_{name}"]})

    return get


def only_names(vault):
    return {key: vault[key] for key in ("BackupVaultName", "BackupVaultArn")}


def backup_vault(identifier, old, properties):
    vault = backup._vaults[identifier]
    policy, notifications = properties.get("AccessPolicy"), properties.get("Notifications")
    vault["_AccessPolicy"] = policy and {"Policy": policy if isinstance(policy, str) else json.dumps(policy)}
    vault["_Notifications"] = notifications and {
        "SNSTopicArn": notifications["SNSTopicArn"],
        "BackupVaultEvents": notifications["BackupVaultEvents"],
    }
    lock = properties.get("LockConfiguration") or {}
    vault["Locked"] = bool(lock)
    for key in ("MinRetentionDays", "MaxRetentionDays"):
        vault.pop(key, None)
        if key in lock:
            vault[key] = int(lock[key])


# ---- IAM


def role(identifier, old, properties):
    boundary = properties.get("PermissionsBoundary")
    if boundary:
        call("iam", "PutRolePermissionsBoundary", RoleName=identifier, PermissionsBoundary=boundary)
    elif old.get("PermissionsBoundary"):
        call("iam", "DeleteRolePermissionsBoundary", RoleName=identifier)


# ---- Lambda


def function(identifier, old, properties):
    kept = {
        "DeadLetterConfig": properties.get("DeadLetterConfig"),
        "KMSKeyArn": properties.get("KmsKeyArn"),
        "VpcConfig": properties.get("VpcConfig"),
    }
    given = {name: value for name, value in kept.items() if value is not None}
    if given:
        call("lambda", "UpdateFunctionConfiguration", FunctionName=identifier, **given)
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is not None:
        call("lambda", "PutFunctionConcurrency", FunctionName=identifier, ReservedConcurrentExecutions=reserved)
    elif "ReservedConcurrentExecutions" in old:
        call("lambda", "DeleteFunctionConcurrency", FunctionName=identifier)
    if "RecursiveLoop" in properties or "RecursiveLoop" in old:
        loop = properties.get("RecursiveLoop", "Terminate")
        call("lambda", "PutFunctionRecursionConfig", FunctionName=identifier, RecursiveLoop=loop)


def event_source_mapping(identifier, old, properties):
    arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:event-source-mapping:{identifier}"
    before, now = ({tag["Key"]: tag["Value"] for tag in each.get("Tags") or []} for each in (old, properties))
    if now:
        call("lambda", "TagResource", Resource=arn, Tags=now)
    if before.keys() - now.keys():
        call("lambda", "UntagResource", Resource=arn, TagKeys=sorted(before.keys() - now.keys()))


# ---- RDS


def cluster(identifier, old, properties):
    record = rds._clusters[identifier]
    record["KmsKeyId"] = properties.get("KmsKeyId", "")
    record["DBClusterParameterGroup"] = properties.get("DBClusterParameterGroupName", "")
    record["StorageEncrypted"] = is_true(properties.get("StorageEncrypted"))
    record["EnabledCloudwatchLogsExports"] = properties.get("EnableCloudwatchLogsExports") or []
    record["TagList"] = properties.get("Tags") or []
    if not is_true(properties.get("ManageMasterUserPassword")):
        return {}
    secret = record.get("MasterUserSecret")
    if not secret:
        record["_MasterUserPassword"] = rds._generate_master_user_password()
        arn = secretsmanager.create_secret_in_process(
            f"rds!cluster-{new_uuid()}",
            json.dumps({"username": record["MasterUsername"], "password": record["_MasterUserPassword"]}),
            description=f"Secret managed by RDS for DB cluster {identifier}",
        )
        secret = record["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active"}
    key = (properties.get("MasterUserSecret") or {}).get("KmsKeyId")
    if key:
        secret["KmsKeyId"] = key
        secretsmanager._resolve(secret["SecretArn"])[1]["KmsKeyId"] = key
    return {"MasterUserSecret.SecretArn": secret["SecretArn"]}


def log_exports_xml(record):
    exports = "".join(f"<member>{name}</member>" for name in record.get("EnabledCloudwatchLogsExports") or [])
    return f"<EnabledCloudwatchLogsExports>{exports}</EnabledCloudwatchLogsExports>" if exports else ""


def delete_cluster(native):
    def delete(identifier, properties):
        record = rds._clusters.get(identifier) or {}
        if record.get("DeletionProtection"):
            raise ValueError(
                "Cannot delete protected Cluster, please disable deletion protection and try again. "
                "(InvalidParameterCombination)"
            )
        native(identifier, properties)
        secret = record.get("MasterUserSecret")
        if secret:
            name, found = secretsmanager._resolve(secret["SecretArn"])
            if found:
                secretsmanager._purge_secret(name, found)

    return delete


def instance(identifier, old, properties):
    """A member of a cluster takes its storage from there; the first member writes, the others read, each in the next
    zone."""
    record = rds._instances[identifier]
    record["PerformanceInsightsKMSKeyId"] = properties.get("PerformanceInsightsKMSKeyId", "")
    record["PerformanceInsightsRetentionPeriod"] = int(properties.get("PerformanceInsightsRetentionPeriod", 7))
    members = rds._clusters.get(record.get("DBClusterIdentifier") or "", {}).get("DBClusterMembers", [])
    for number, member in enumerate(members):
        member["IsClusterWriter"] = number == 0
        if member["DBInstanceIdentifier"] == identifier and not properties.get("AvailabilityZone"):
            record["AvailabilityZone"] = f"{get_region()}{'abc'[number % 3]}"
    if members:
        parent = rds._clusters[record["DBClusterIdentifier"]]
        record["StorageEncrypted"], record["KmsKeyId"] = parent["StorageEncrypted"], parent.get("KmsKeyId", "")


# ---- S3


def bucket(identifier, old, properties):
    settings = (
        ("BucketEncryption", "Encryption", encryption),
        ("LifecycleConfiguration", "Lifecycle", lifecycle),
        ("OwnershipControls", "OwnershipControls", lambda value: {"OwnershipControls": value}),
        ("Tags", "Tagging", lambda value: {"Tagging": {"TagSet": value}}),
    )
    for name, operation, translate in settings:
        put = f"PutBucket{operation}" + ("Configuration" if operation == "Lifecycle" else "")
        if properties.get(name):
            call("s3", put, Bucket=identifier, **translate(properties[name]))
        elif old.get(name):
            call("s3", f"DeleteBucket{operation}", Bucket=identifier)
    if properties.get("LoggingConfiguration") or old.get("LoggingConfiguration"):
        call("s3", "PutBucketLogging", Bucket=identifier, BucketLoggingStatus=logging(identifier, properties))
    if properties.get("VersioningConfiguration", {}).get("Status") == "Suspended":
        call("s3", "PutBucketVersioning", Bucket=identifier, VersioningConfiguration={"Status": "Suspended"})


def encryption(value):
    rules = [
        {
            "ApplyServerSideEncryptionByDefault" if key == "ServerSideEncryptionByDefault" else key: item
            for key, item in rule.items()
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def logging(identifier, properties):
    stated = properties.get("LoggingConfiguration")
    if not stated:
        return {}
    target = stated.get("DestinationBucketName", identifier)
    return {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": stated.get("LogFilePrefix", "")}}


def lifecycle(value):
    return {"LifecycleConfiguration": {"Rules": [lifecycle_rule(rule) for rule in value["Rules"]]}}


def lifecycle_rule(rule):
    """CloudFormation's flat rule as the API's nested one."""
    renamed = {
        "Days": rule.get("ExpirationInDays"),
        "Date": rule.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    expiration = {key: item for key, item in renamed.items() if item is not None}
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if rule.get("NoncurrentVersionExpirationInDays"):
        noncurrent = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    conditions = {key: rule[key] for key in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if key in rule}
    if rule.get("TagFilters"):
        conditions["Tags"] = rule["TagFilters"]
    several = len(conditions) > 1 or "Tags" in conditions
    return {
        "ID": rule.get("Id"),
        "Status": rule["Status"],
        "Filter": {"And": conditions} if several else conditions or {"Prefix": ""},
        "Expiration": expiration or None,
        "NoncurrentVersionExpiration": noncurrent,
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
        "Transitions": transitions(rule, "Transition", {"TransitionInDays": "Days", "TransitionDate": "Date"}),
        "NoncurrentVersionTransitions": transitions(
            rule, "NoncurrentVersionTransition", {"TransitionInDays": "NoncurrentDays"}
        ),
    }


def transitions(rule, name, renamed):
    stated = rule.get(f"{name}s") or ([rule[name]] if rule.get(name) else None)
    return stated and [{renamed.get(key, key): item for key, item in each.items()} for each in stated]


def delete_bucket(identifier, properties):
    """As S3 does: a bucket that holds objects is not deleted."""
    if identifier in provisioners._s3._buckets:
        call("s3", "DeleteBucket", Bucket=identifier)


# ---- EventBridge


def event_bus(identifier, old, properties):
    settings = ("KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
    stored = {name: properties[name] for name in settings if name in properties}
    if stored:
        call("events", "UpdateEventBus", Name=identifier, **stored)


# ---- Elastic Load Balancing


def listener_rule(identifier, old, properties):
    priority = str(properties.get("Priority"))
    for arn, rule in alb._rules.items():
        if arn != identifier and rule["ListenerArn"] == properties["ListenerArn"] and rule["Priority"] == priority:
            raise ValueError(f"Priority '{priority}' is currently in use")


# ---- SNS


def topic(identifier, old, properties):
    for name in ("KmsMasterKeyId", "SignatureVersion", "TracingConfig"):
        if name in properties or name in old:
            value = properties.get(name, "")
            call("sns", "SetTopicAttributes", TopicArn=identifier, AttributeName=name, AttributeValue=value)


AFTERWARDS = {
    "AWS::Backup::BackupVault": backup_vault,
    "AWS::ElastiCache::ReplicationGroup": replication_group,
    "AWS::ElasticLoadBalancingV2::ListenerRule": listener_rule,
    "AWS::Events::EventBus": event_bus,
    "AWS::IAM::Role": role,
    "AWS::Lambda::EventSourceMapping": event_source_mapping,
    "AWS::Lambda::Function": function,
    "AWS::RDS::DBCluster": cluster,
    "AWS::RDS::DBInstance": instance,
    "AWS::S3::Bucket": bucket,
    "AWS::SNS::Topic": topic,
}
