"""Types that the emulator's CloudFormation lacks and its services have: created through the service's API, so that the
AWS SDK finds them. Reports still say "recorded": the service stores what it is told and does nothing with it.

A handler gives back (physical ID, attributes) and raises ValueError to fail the resource. What replaces a resource
is registered by `launch.py` from the index; an `update` sees the other changes only.
"""

import json
from dataclasses import dataclass

import ministack.services.cloudwatch as cloudwatch
import ministack.services.config as config
import ministack.services.secretsmanager as secretsmanager
from in_process import call, fitted, is_true, service_model
from ministack.core.responses import get_account_id, new_uuid
from ministack.services.cloudformation.provisioners import _physical_name


@dataclass
class Resource:
    logical_id: str
    properties: dict
    stack_name: str

    def get(self, name, default=None):
        return self.properties.get(name, default)

    def named(self, property_name, **options):
        return self.get(property_name) or _physical_name(self.stack_name, self.logical_id, **options)

    def tags(self):
        """Tags as the list of pairs that most APIs take."""
        tags = self.get("Tags") or []
        return [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else tags

    def tag_specifications(self, kind):
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": self.tags()}]} if self.tags() else {}


HANDLERS = {}


def handles(resource_type, delete, update=None):
    """Registers a create function. Without `update` the create function is called again: right where the API call is
    a Put."""

    def register(create):
        HANDLERS[resource_type] = {
            "create": lambda logical_id, properties, stack_name: create(Resource(logical_id, properties, stack_name)),
            "update": lambda identifier, old, new, stack_name, logical_id: (
                update(identifier, Resource(logical_id, old, stack_name), Resource(logical_id, new, stack_name))
                if update
                else create(Resource(logical_id, new, stack_name))
            ),
            "update_with_logical_id": True,
            "delete": delete,
        }
        return create

    return register


def only(properties, *names):
    return {name: properties[name] for name in names if properties.get(name) is not None}


# ---- AWS Config: one recorder and one channel a region, no rule without a recorder; the service here has no limit


def one_per_region(store, name, what):
    others = [other for other in store if other != name]
    if others:
        raise ValueError(
            f"Failed to put {what} '{name}' because the maximum number of {what}s: 1 is reached "
            f"(MaxNumberOf{what.title().replace(' ', '')}sExceededException): '{others[0]}' exists"
        )


@handles("AWS::Config::ConfigurationRecorder", lambda identifier, properties: config._recorders.pop(identifier, None))
def configuration_recorder(resource):
    name = resource.get("Name", "default")
    one_per_region(config._recorders, name, "configuration recorder")
    call("config", "PutConfigurationRecorder", ConfigurationRecorder={**resource.properties, "Name": name})
    call("config", "StartConfigurationRecorder", ConfigurationRecorderName=name)
    return name, {}


@handles("AWS::Config::DeliveryChannel", lambda identifier, properties: config._delivery_channels.pop(identifier, None))
def delivery_channel(resource):
    name = resource.get("Name", "default")
    one_per_region(config._delivery_channels, name, "delivery channel")
    call("config", "PutDeliveryChannel", DeliveryChannel={**resource.properties, "Name": name})
    return name, {}


def delete_config_rule(identifier, properties):
    config._config_rules.pop(identifier, None)


@handles("AWS::Config::ConfigRule", delete_config_rule)
def config_rule(resource):
    if not config._recorders:
        raise ValueError("NoAvailableConfigurationRecorderException: There is no configuration recorder in this region")
    name = resource.named("ConfigRuleName", max_len=128)
    call("config", "PutConfigRule", ConfigRule={**resource.properties, "ConfigRuleName": name})
    rule = call("config", "DescribeConfigRules", ConfigRuleNames=[name])["ConfigRules"][0]
    return name, {
        "Arn": rule["ConfigRuleArn"],
        "ConfigRuleId": rule["ConfigRuleId"],
        "Compliance.Type": "INSUFFICIENT_DATA",
    }


# ---- AWS Backup


def delete_backup_selection(identifier, properties):
    selection_id, _, plan_id = identifier.partition("_")
    call("backup", "DeleteBackupSelection", BackupPlanId=plan_id, SelectionId=selection_id)


@handles("AWS::Backup::BackupSelection", delete_backup_selection)
def backup_selection(resource):
    plan_id = resource.get("BackupPlanId")
    answer = call(
        "backup", "CreateBackupSelection", BackupPlanId=plan_id, BackupSelection=resource.get("BackupSelection")
    )
    identifier = f"{answer['SelectionId']}_{plan_id}"
    return identifier, {"Id": identifier, "SelectionId": answer["SelectionId"], "BackupPlanId": plan_id}


# ---- AWS Budgets


def delete_budget(identifier, properties):
    call("budgets", "DeleteBudget", AccountId=get_account_id(), BudgetName=identifier)


def update_budget(identifier, old, new):
    delete_budget(identifier, old.properties)
    return budget(new)


@handles("AWS::Budgets::Budget", delete_budget, update_budget)
def budget(resource):
    stated = resource.get("Budget")
    name = stated.get("BudgetName") or _physical_name(resource.stack_name, resource.logical_id, max_len=100)
    call(
        "budgets",
        "CreateBudget",
        AccountId=get_account_id(),
        Budget={**stated, "BudgetName": name},
        **only(resource.properties, "NotificationsWithSubscribers", "ResourceTags"),
    )
    return name, {}


# ---- CloudTrail

TRAIL = (
    "S3BucketName",
    "S3KeyPrefix",
    "SnsTopicName",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "EnableLogFileValidation",
    "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn",
    "KMSKeyId",
    "IsOrganizationTrail",
)


def delete_trail(identifier, properties):
    call("cloudtrail", "DeleteTrail", Name=identifier)


def update_trail(identifier, old, new):
    call("cloudtrail", "UpdateTrail", Name=identifier, **only(new.properties, *TRAIL))
    return identifier, trail_settings(identifier, new)


def trail_settings(name, resource):
    call("cloudtrail", "StartLogging" if is_true(resource.get("IsLogging")) else "StopLogging", Name=name)
    if resource.get("EventSelectors"):
        call("cloudtrail", "PutEventSelectors", TrailName=name, EventSelectors=resource.get("EventSelectors"))
    trail = call("cloudtrail", "GetTrail", Name=name)["Trail"]
    return {"Arn": trail["TrailARN"], "SnsTopicArn": trail.get("SnsTopicARN", "")}


@handles("AWS::CloudTrail::Trail", delete_trail, update_trail)
def trail(resource):
    name = resource.named("TrailName")
    call("cloudtrail", "CreateTrail", Name=name, TagsList=resource.tags(), **only(resource.properties, *TRAIL))
    return name, trail_settings(name, resource)


# ---- CloudWatch


def delete_composite_alarm(identifier, properties):
    cloudwatch._composite_alarms.pop(identifier, None)


@handles("AWS::CloudWatch::CompositeAlarm", delete_composite_alarm)
def composite_alarm(resource):
    name = resource.named("AlarmName", max_len=255)
    call("cloudwatch", "PutCompositeAlarm", **{**resource.properties, "AlarmName": name})
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


# ---- EC2


def address(public_ip):
    addresses = call("ec2", "DescribeAddresses")["Addresses"]  # the service knows no filter by address
    return next(each for each in addresses if each["PublicIp"] == public_ip)


def release_address(identifier, properties):
    call("ec2", "ReleaseAddress", AllocationId=address(identifier)["AllocationId"])


def retag(resource_id, old, new):
    dropped = [tag for tag in old.tags() if tag["Key"] not in {other["Key"] for other in new.tags()}]
    if dropped:
        call("ec2", "DeleteTags", Resources=[resource_id], Tags=dropped)
    if new.tags():
        call("ec2", "CreateTags", Resources=[resource_id], Tags=new.tags())


def update_address(identifier, old, new):
    allocation_id = address(identifier)["AllocationId"]
    retag(allocation_id, old, new)
    return identifier, {"AllocationId": allocation_id, "PublicIp": identifier}


@handles("AWS::EC2::EIP", release_address, update_address)
def elastic_ip(resource):
    answer = call("ec2", "AllocateAddress", Domain="vpc", **resource.tag_specifications("elastic-ip"))
    return answer["PublicIp"], {"AllocationId": answer["AllocationId"], "PublicIp": answer["PublicIp"]}


def update_nat_gateway(identifier, old, new):
    retag(identifier, old, new)
    return identifier, {"NatGatewayId": identifier, "EniId": f"eni-{identifier[4:]}"}


@handles(
    "AWS::EC2::NatGateway",
    lambda identifier, properties: call("ec2", "DeleteNatGateway", NatGatewayId=identifier),
    update_nat_gateway,
)
def nat_gateway(resource):
    answer = call(
        "ec2",
        "CreateNatGateway",
        **only(resource.properties, "SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress"),
        **resource.tag_specifications("natgateway"),
    )
    identifier = answer["NatGateway"]["NatGatewayId"]
    return identifier, {"NatGatewayId": identifier, "EniId": f"eni-{identifier[4:]}"}


def update_flow_log(identifier, old, new):
    retag(identifier, old, new)
    return identifier, {"Id": identifier}


@handles(
    "AWS::EC2::FlowLog",
    lambda identifier, properties: call("ec2", "DeleteFlowLogs", FlowLogIds=[identifier]),
    update_flow_log,
)
def flow_log(resource):
    answer = call(
        "ec2",
        "CreateFlowLogs",
        ResourceIds=[resource.get("ResourceId")],
        **only(
            resource.properties,
            "ResourceType",
            "TrafficType",
            "LogDestinationType",
            "LogDestination",
            "LogGroupName",
            "LogFormat",
            "MaxAggregationInterval",
            "DeliverLogsPermissionArn",
        ),
        **resource.tag_specifications("vpc-flow-log"),
    )
    return answer["FlowLogIds"][0], {"Id": answer["FlowLogIds"][0]}


def permissions(properties):
    """The rule of a SecurityGroupIngress or Egress as the API's IpPermissions."""
    described = only(properties, "Description")
    permission = only(properties, "IpProtocol", "FromPort", "ToPort")
    group = properties.get("SourceSecurityGroupId") or properties.get("DestinationSecurityGroupId")
    prefix_list = properties.get("SourcePrefixListId") or properties.get("DestinationPrefixListId")
    if properties.get("CidrIp"):
        permission["IpRanges"] = [{"CidrIp": properties["CidrIp"], **described}]
    if properties.get("CidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": properties["CidrIpv6"], **described}]
    if group:
        permission["UserIdGroupPairs"] = [{"GroupId": group, **described}]
    if prefix_list:
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **described}]
    return [permission]


def security_group_rule(direction):
    def revoke(identifier, properties):
        call(
            "ec2",
            f"RevokeSecurityGroup{direction}",
            GroupId=properties["GroupId"],
            IpPermissions=permissions(properties),
        )

    def replace(identifier, old, new):
        revoke(identifier, old.properties)
        return authorize(new)

    @handles(f"AWS::EC2::SecurityGroup{direction}", revoke, replace)
    def authorize(resource):
        answer = call(
            "ec2",
            f"AuthorizeSecurityGroup{direction}",
            GroupId=resource.get("GroupId"),
            IpPermissions=permissions(resource.properties),
        )
        identifier = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return identifier, {"Id": identifier}


security_group_rule("Ingress")
security_group_rule("Egress")


def update_network_acl(identifier, old, new):
    retag(identifier, old, new)
    return identifier, {"Id": identifier}


@handles(
    "AWS::EC2::NetworkAcl",
    lambda identifier, properties: call("ec2", "DeleteNetworkAcl", NetworkAclId=identifier),
    update_network_acl,
)
def network_acl(resource):
    answer = call("ec2", "CreateNetworkAcl", VpcId=resource.get("VpcId"), **resource.tag_specifications("network-acl"))
    identifier = answer["NetworkAcl"]["NetworkAclId"]
    return identifier, {"Id": identifier}


ACL_ENTRY = ("NetworkAclId", "RuleNumber", "Protocol", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "PortRange")


def delete_network_acl_entry(identifier, properties):
    call(
        "ec2",
        "DeleteNetworkAclEntry",
        Egress=properties.get("Egress", False),
        **only(properties, "NetworkAclId", "RuleNumber"),
    )


def update_network_acl_entry(identifier, old, new):
    delete_network_acl_entry(identifier, old.properties)
    return network_acl_entry(new)


@handles("AWS::EC2::NetworkAclEntry", delete_network_acl_entry, update_network_acl_entry)
def network_acl_entry(resource):
    call(
        "ec2",
        "CreateNetworkAclEntry",
        Egress=resource.get("Egress", False),
        IcmpTypeCode=resource.get("Icmp"),
        **only(resource.properties, *ACL_ENTRY),
    )
    identifier = _physical_name(resource.stack_name, resource.logical_id)
    return identifier, {"Id": identifier}


@handles(
    "AWS::EC2::EgressOnlyInternetGateway",
    lambda identifier, properties: call(
        "ec2", "DeleteEgressOnlyInternetGateway", EgressOnlyInternetGatewayId=identifier
    ),
    lambda identifier, old, new: (identifier, {"Id": identifier}),
)
def egress_only_internet_gateway(resource):
    answer = call("ec2", "CreateEgressOnlyInternetGateway", VpcId=resource.get("VpcId"))
    identifier = answer["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    return identifier, {"Id": identifier}


def update_peering(identifier, old, new):
    retag(identifier, old, new)
    return identifier, {"Id": identifier}


@handles(
    "AWS::EC2::VPCPeeringConnection",
    lambda identifier, properties: call("ec2", "DeleteVpcPeeringConnection", VpcPeeringConnectionId=identifier),
    update_peering,
)
def vpc_peering_connection(resource):
    answer = call(
        "ec2",
        "CreateVpcPeeringConnection",
        **only(resource.properties, "VpcId", "PeerVpcId", "PeerOwnerId", "PeerRegion"),
        **resource.tag_specifications("vpc-peering-connection"),
    )
    identifier = answer["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    return identifier, {"Id": identifier}


# ---- EKS


def addon_names(identifier):
    cluster, name = identifier.split("|")
    return {"clusterName": cluster, "addonName": name}


ADDON = ("AddonVersion", "ServiceAccountRoleArn", "ConfigurationValues", "PodIdentityAssociations", "ResolveConflicts")


def addon_attributes(identifier):
    return {"Arn": call("eks", "DescribeAddon", **addon_names(identifier))["addon"]["addonArn"]}


def update_addon(identifier, old, new):
    call("eks", "UpdateAddon", **addon_names(identifier), **only(new.properties, *ADDON))
    return identifier, addon_attributes(identifier)


@handles(
    "AWS::EKS::Addon",
    lambda identifier, properties: call("eks", "DeleteAddon", **addon_names(identifier)),
    update_addon,
)
def addon(resource):
    identifier = f"{resource.get('ClusterName')}|{resource.get('AddonName')}"
    tags = {tag["Key"]: tag["Value"] for tag in resource.tags()}
    call("eks", "CreateAddon", tags=tags, **addon_names(identifier), **only(resource.properties, *ADDON))
    return identifier, addon_attributes(identifier)


# ---- EventBridge


ARCHIVE = ("Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier")


def archive_attributes(name):
    return {"Arn": call("events", "DescribeArchive", ArchiveName=name)["ArchiveArn"]}


def update_archive(identifier, old, new):
    call("events", "UpdateArchive", ArchiveName=identifier, **only(new.properties, *ARCHIVE))
    return identifier, archive_attributes(identifier)


@handles(
    "AWS::Events::Archive",
    lambda identifier, properties: call("events", "DeleteArchive", ArchiveName=identifier),
    update_archive,
)
def archive(resource):
    name = resource.named("ArchiveName", max_len=48)
    source = resource.get("SourceArn")
    call("events", "CreateArchive", ArchiveName=name, EventSourceArn=source, **only(resource.properties, *ARCHIVE))
    return name, archive_attributes(name)


# ---- IAM


def group_policies(resource):
    inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in resource.get("Policies") or []}
    return set(resource.get("ManagedPolicyArns") or []), inline


def set_group_policies(name, old, new):
    for policy_arn in old[0] - new[0]:
        call("iam", "DetachGroupPolicy", GroupName=name, PolicyArn=policy_arn)
    for policy_arn in sorted(new[0] - old[0]):
        call("iam", "AttachGroupPolicy", GroupName=name, PolicyArn=policy_arn)
    for policy in old[1].keys() - new[1].keys():
        call("iam", "DeleteGroupPolicy", GroupName=name, PolicyName=policy)
    for policy, document in new[1].items():
        call("iam", "PutGroupPolicy", GroupName=name, PolicyName=policy, PolicyDocument=document)


NO_POLICIES = (set(), {})


def group_attributes(name):
    return {"Arn": call("iam", "GetGroup", GroupName=name)["Group"]["Arn"]}


def delete_group(identifier, properties):
    set_group_policies(identifier, group_policies(Resource("", properties, "")), NO_POLICIES)
    call("iam", "DeleteGroup", GroupName=identifier)


def update_group(identifier, old, new):
    set_group_policies(identifier, group_policies(old), group_policies(new))
    return identifier, group_attributes(identifier)


@handles("AWS::IAM::Group", delete_group, update_group)
def group(resource):
    name = resource.named("GroupName")
    call("iam", "CreateGroup", GroupName=name, **only(resource.properties, "Path"))
    set_group_policies(name, NO_POLICIES, group_policies(resource))
    return name, group_attributes(name)


def remove_users(identifier, properties):
    for user in properties.get("Users", []):
        call("iam", "RemoveUserFromGroup", GroupName=properties["GroupName"], UserName=user)


def update_users(identifier, old, new):
    remove_users(identifier, old.properties)
    return users_of_group(new)


@handles("AWS::IAM::UserToGroupAddition", remove_users, update_users)
def users_of_group(resource):
    for user in resource.get("Users", []):
        call("iam", "AddUserToGroup", GroupName=resource.get("GroupName"), UserName=user)
    identifier = _physical_name(resource.stack_name, resource.logical_id)
    return identifier, {"Id": identifier}


def delete_oidc_provider(identifier, properties):
    call("iam", "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=identifier)


@handles("AWS::IAM::OIDCProvider", delete_oidc_provider, lambda identifier, old, new: (identifier, {"Arn": identifier}))
def oidc_provider(resource):
    answer = call(
        "iam",
        "CreateOpenIDConnectProvider",
        **only(resource.properties, "Url", "ClientIdList", "ThumbprintList", "Tags"),
    )
    return answer["OpenIDConnectProviderArn"], {"Arn": answer["OpenIDConnectProviderArn"]}


# ---- RDS

PROXY = (
    "DBProxyName",
    "DebugLogging",
    "IdleClientTimeout",
    "RequireTLS",
    "RoleArn",
    "Auth",
    "Tags",
    "EngineFamily",
    "VpcSubnetIds",
    "VpcSecurityGroupIds",
)


def proxy_attributes(name):
    proxy = call("rds", "DescribeDBProxies", DBProxyName=name)["DBProxies"][0]
    return {"DBProxyArn": proxy["DBProxyArn"], "Endpoint": proxy["Endpoint"], "VpcId": proxy.get("VpcId", "")}


def update_proxy(identifier, old, new):
    changes = only(new.properties, "Auth", "RequireTLS", "IdleClientTimeout", "DebugLogging", "RoleArn")
    groups = {"SecurityGroups": new.get("VpcSecurityGroupIds")}
    call("rds", "ModifyDBProxy", DBProxyName=identifier, **changes, **groups)
    return identifier, proxy_attributes(identifier)


@handles(
    "AWS::RDS::DBProxy",
    lambda identifier, properties: call("rds", "DeleteDBProxy", DBProxyName=identifier),
    update_proxy,
)
def db_proxy(resource):
    call("rds", "CreateDBProxy", **only(resource.properties, *PROXY))
    return resource.get("DBProxyName"), proxy_attributes(resource.get("DBProxyName"))


def delete_target_group(identifier, properties):
    targets = only(properties, "DBClusterIdentifiers", "DBInstanceIdentifiers")
    if targets:
        call("rds", "DeregisterDBProxyTargets", DBProxyName=properties["DBProxyName"], **targets)


def update_target_group(identifier, old, new):
    delete_target_group(identifier, old.properties)
    return target_group(new)


@handles("AWS::RDS::DBProxyTargetGroup", delete_target_group, update_target_group)
def target_group(resource):
    names = {"DBProxyName": resource.get("DBProxyName"), "TargetGroupName": resource.get("TargetGroupName", "default")}
    pool = resource.get("ConnectionPoolConfigurationInfo")
    if pool:
        call("rds", "ModifyDBProxyTargetGroup", **names, ConnectionPoolConfig=pool)
    targets = only(resource.properties, "DBClusterIdentifiers", "DBInstanceIdentifiers")
    if targets:
        call("rds", "RegisterDBProxyTargets", **names, **targets)
    found = call("rds", "DescribeDBProxyTargetGroups", DBProxyName=names["DBProxyName"])["TargetGroups"][0]
    return found["TargetGroupArn"], {"TargetGroupArn": found["TargetGroupArn"]}


# ---- Route 53


def delete_health_check(identifier, properties):
    call("route53", "DeleteHealthCheck", HealthCheckId=identifier)


HEALTH_CHECK_CREATE_ONLY = ("Type", "RequestInterval", "MeasureLatency", "RoutingControlArn")


def update_health_check(identifier, old, new):
    changes = {
        name: value for name, value in new.get("HealthCheckConfig").items() if name not in HEALTH_CHECK_CREATE_ONLY
    }
    call("route53", "UpdateHealthCheck", HealthCheckId=identifier, **changes)
    return identifier, {"HealthCheckId": identifier}


@handles("AWS::Route53::HealthCheck", delete_health_check, update_health_check)
def health_check(resource):
    answer = call(
        "route53", "CreateHealthCheck", CallerReference=new_uuid(), HealthCheckConfig=resource.get("HealthCheckConfig")
    )
    identifier = answer["HealthCheck"]["Id"]
    return identifier, {"HealthCheckId": identifier}


# ---- Secrets Manager


def stop_rotation(identifier, properties):
    _, secret = secretsmanager._resolve(properties["SecretId"])
    if secret:
        secret.update({"RotationEnabled": False, "RotationLambdaARN": None, "RotationRules": None})


@handles("AWS::SecretsManager::RotationSchedule", stop_rotation)
def rotation_schedule(resource):
    """Stores the schedule on the secret. Rotating at once would make a second version with the same value: left out."""
    _, secret = secretsmanager._resolve(resource.get("SecretId"))
    if not secret:
        raise ValueError("ResourceNotFoundException: Secrets Manager can't find the specified secret.")
    rules = fitted(resource.get("RotationRules") or {}, service_model("secretsmanager").shape_for("RotationRulesType"))
    secret.update(
        {"RotationEnabled": True, "RotationLambdaARN": resource.get("RotationLambdaARN"), "RotationRules": rules}
    )
    return secret["ARN"], {"Id": secret["ARN"]}


@handles(
    "AWS::SecretsManager::ResourcePolicy",
    lambda identifier, properties: call("secretsmanager", "DeleteResourcePolicy", SecretId=properties["SecretId"]),
)
def secret_policy(resource):
    answer = call(
        "secretsmanager",
        "PutResourcePolicy",
        SecretId=resource.get("SecretId"),
        ResourcePolicy=json.dumps(resource.get("ResourcePolicy")),
    )
    return answer["ARN"], {"Id": answer["ARN"]}


# ---- WAF


def waf_lock(kind, identifier):
    name, item_id, scope = identifier.split("|")
    where = {"Name": name, "Id": item_id, "Scope": scope}
    return {**where, "LockToken": call("wafv2", f"Get{kind}", **where)["LockToken"]}


def waf_set(kind, *properties):
    """An IPSet, RegexPatternSet or RuleGroup: Ref is name|id|scope."""

    def attributes(identifier):
        name, item_id, scope = identifier.split("|")
        found = call("wafv2", f"Get{kind}", Name=name, Id=item_id, Scope=scope)
        return {"Arn": found[kind]["ARN"], "Id": item_id}

    def delete(identifier, properties):
        call("wafv2", f"Delete{kind}", **waf_lock(kind, identifier))

    def settings(resource):
        stated = only(resource.properties, *properties)
        if "RegularExpressionList" in stated:
            stated["RegularExpressionList"] = [{"RegexString": text} for text in stated["RegularExpressionList"]]
        return stated

    def update(identifier, old, new):
        call("wafv2", f"Update{kind}", **waf_lock(kind, identifier), **settings(new))
        return identifier, attributes(identifier)

    @handles(f"AWS::WAFv2::{kind}", delete, update)
    def create(resource):
        name, scope = resource.named("Name"), resource.get("Scope")
        answer = call(
            "wafv2",
            f"Create{kind}",
            Name=name,
            Scope=scope,
            Tags=resource.get("Tags"),
            **settings(resource),
            **only(resource.properties, "IPAddressVersion", "Capacity"),
        )
        identifier = f"{name}|{answer['Summary']['Id']}|{scope}"
        return identifier, attributes(identifier)


waf_set("IPSet", "Addresses", "Description")
waf_set("RegexPatternSet", "RegularExpressionList", "Description")
waf_set("RuleGroup", "Rules", "VisibilityConfig", "Description")


@handles(
    "AWS::WAFv2::WebACLAssociation",
    lambda identifier, properties: call("wafv2", "DisassociateWebACL", ResourceArn=properties["ResourceArn"]),
)
def web_acl_association(resource):
    call("wafv2", "AssociateWebACL", **only(resource.properties, "WebACLArn", "ResourceArn"))
    return f"{resource.get('ResourceArn')}|{resource.get('WebACLArn')}", {}
