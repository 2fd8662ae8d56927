import type { Template } from '../../lib/cfn/template.ts';
import { SHARED_PARAMETERS } from '../../lib/deployment/shared-parameters.ts';
import { spokenOf, withSuffix } from './names.ts';

export const SHARED_RUNBOOK = 'docs/runbooks/shared.md';

/** A provider and a consumer, as the commands of the runbook name them. */
const PROVIDER = 'pikaia';
const CONSUMER = 'shop';
const PREFIX = '/shared-infra/prod';
const REGION = 'us-west-2';

/** The runbook of shared infrastructure. Throws CFN710 where it speaks of something that the templates do not have. */
export function sharedRunbook(templates: Readonly<Record<string, Template>>): string {
  const has = <T>(bodies: Readonly<Record<string, T>> | undefined, name: string, where: string): T =>
    spokenOf(bodies, name, where, 'generator/runbooks/shared.ts');
  const template = (stack: string) => has(templates, `shared/${stack}`, 'the generator');
  const physical = (stack: string, id: string, property: string, suffix: string) =>
    withSuffix(has(has(template(stack).Resources, id, stack).Properties, property, `${id} of ${stack}`), suffix);
  const parameter = (stack: string, id: string) => {
    has(template(stack).Parameters, id, `Parameters of ${stack}`);
    return `\`${id}\``;
  };
  const output = (stack: string, id: string) => {
    has(template(stack).Outputs, id, `Outputs of ${stack}`);
    return id;
  };
  const aws = (words: string) => `aws ${words} --region ${REGION}`;
  const shown = (prefix: string) => Object.keys(SHARED_PARAMETERS).map((name) => `- \`${prefix}/${name}\``);

  const service = physical('app-consumer', 'Service', 'ServiceName', CONSUMER);
  const cluster = physical('app-consumer', 'Cluster', 'ClusterName', CONSUMER);
  const logs = physical('app-consumer', 'AppLogGroup', 'LogGroupName', CONSUMER);
  const listener = `$(${aws(`ssm get-parameter --name ${PREFIX}/alb/https-listener-arn --query Parameter.Value --output text`)})`;
  const exported = (id: string) =>
    aws(
      `cloudformation list-exports --query "Exports[?Name=='${CONSUMER}-${output('app-consumer', id)}'].Value" --output text`,
    );
  const proxy = physical('app', 'DatabaseProxy', 'DBProxyName', PROVIDER);
  const consumerGroup = physical('app-consumer', 'ServiceSecurityGroup', 'GroupName', CONSUMER);
  has(template('app-consumer').Resources, 'ProxyFromServiceIngress', 'app-consumer');
  has(template('app-consumer').Resources, 'ListenerRule', 'app-consumer');

  return `<!-- Generated from generator/runbooks/shared.ts by \`npm run generate\`; edit that, not this file. -->
# Runbook: shared infrastructure

The provider is \`${PROVIDER}\`, the consumer \`${CONSUMER}\`, the prefix of the SSM parameters \`${PREFIX}\`, the region ${REGION}: put your own in
their place. \`plainform.yaml\` says which they are.

## A consumer cannot be deployed: parameters are missing

\`CFN738 ${PREFIX}/… is missing\`, or from CloudFormation: \`Parameter … not found\`, \`Unable to fetch parameters\`.

The provider writes eleven, and a consumer reads all of them:

${shown(PREFIX).join('\n')}

1. What is there: \`${aws(`ssm get-parameters-by-path --path ${PREFIX} --recursive --query "Parameters[].[Name,Value]" --output text`)}\`
2. None: the provider is not deployed, or exports under another prefix (${parameter('export', 'ExportPrefix')} of its export stack).
   \`plainform deploy --project ${PROVIDER} --target aws\`
3. Some: its export stack failed halfway. \`${aws(`cloudformation describe-stack-events --stack-name ${PROVIDER}-export --query "StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]" --output text`)}\`
4. All, and the region or the account is another: SSM parameters are of one region and one account. A consumer lives where its
   provider does.

## Two rules want one priority

\`CFN735\` or \`CFN738\` before a deployment; from CloudFormation: \`Priority '…' is currently in use\`, or \`A rule with the same conditions\`.

1. What the listener has: \`${aws(`elbv2 describe-rules --listener-arn "${listener}" --query "Rules[].[Priority,Conditions[0].HostHeaderConfig.Values[0],RuleArn]" --output text`)}\`
2. What the register says of it: \`plainform projects list --target aws\`. *taken by another* is the row to mend.
3. A free one is written by \`plainform projects add\`; for a project that exists write it into \`plainform.yaml\`, then \`plainform params\`
   and \`plainform deploy --project ${CONSUMER} --target aws\`. Changing a priority interrupts nothing.
4. A rule that no project of the register owns is left over from a stack that was deleted with what it retained, or was made by hand:
   find out whose it is before you delete it.

## The service does not reach its database

1. **The secret.** It has to exist, and to hold the user of this project:
   \`${aws(`secretsmanager get-secret-value --secret-id ${CONSUMER}/database-credentials --query SecretString --output text`)} | jq '{username, dbname, host, port}'\`
   (never print it whole). Missing: \`plainform database create ${CONSUMER} --provider ${PROVIDER}\`. Another path: ${parameter('app-consumer', 'DatabaseSecretPath')}.
2. **The proxy knows the secret.** \`${aws(`rds describe-db-proxies --db-proxy-name ${proxy} --query "DBProxies[0].Auth[].SecretArn" --output text`)}\`
   has to list it; \`plainform database create\` registers it, and may be run again.
3. **The proxy reaches the cluster.** \`${aws(`rds describe-db-proxy-targets --db-proxy-name ${proxy} --query "Targets[].[RdsResourceId,TargetHealth.State,TargetHealth.Reason,TargetHealth.Description]" --output text`)}\`:
   \`AUTH_FAILURE\` is the secret of step 1, \`PENDING_PROXY_CAPACITY\` passes, \`CONNECTION_FAILED\` is the network between proxy and cluster.
4. **The security groups.** The service's group \`${consumerGroup}\` is let in by the provider's database group (\`ProxyFromServiceIngress\` of the app stack):
   \`${aws(`ec2 describe-security-groups --group-ids $(${exported('DatabaseSecurityGroupId')}) --query "SecurityGroups[0].IpPermissions[].[FromPort,UserIdGroupPairs[].GroupId]"`)}\`
5. **The endpoint.** \`${exported('DatabaseProxyEndpoint')}\` and
   \`${aws(`ssm get-parameter --name ${PREFIX}/database/proxy-endpoint --query Parameter.Value --output text`)}\` have to be one; if not, deploy the consumer's app stack again:
   it read the parameter when it was deployed last.
6. **It is let in, and refused there.** \`plainform database check ${CONSUMER} --provider ${PROVIDER}\` logs in as the project and says what is refused.

## The service is not healthy

1. \`${aws(`ecs describe-services --cluster ${cluster} --services ${service} --query "services[0].[runningCount,desiredCount,deployments[].rolloutStateReason,events[:5].message]"`)}\`
2. Why tasks stopped: \`${aws(`ecs describe-tasks --cluster ${cluster} --tasks $(${aws(`ecs list-tasks --cluster ${cluster} --desired-status STOPPED --query "taskArns[:5]" --output text`)}) --query "tasks[].[stoppedReason,containers[].reason]"`)}\`
3. What it said: \`${aws(`logs tail ${logs} --since 30m`)}\`
4. A deployment that failed was rolled back by the circuit breaker: the former version runs on. \`ResourceInitializationError\` is the secret or the
   image; a failing health check is ${parameter('app-consumer', 'HealthCheckPath')} or ${parameter('app-consumer', 'ContainerPort')}.

## Others are slow since one is busy

The cluster's capacity is shared; statements are cut off after a time and connections are limited for each project.

1. Who: \`select usename, count(*), max(now() - query_start) from pg_stat_activity where state <> 'idle' group by 1 order by 3 desc;\`
2. Tighten one project: \`plainform database create ${CONSUMER} --provider ${PROVIDER} --connections 10 --statement-timeout 15\` (it completes what is there).
3. More for all: ${parameter('app', 'DatabaseMaxCapacityAcu')} of the provider; an update without interruption.
4. A project that outgrows what it shares: \`plainform projects graduate ${CONSUMER} --certificate ARN\`.

## A provider shall go

\`CFN739\`: somebody uses it. Every consumer is destroyed first (\`plainform destroy --project NAME --yes NAME --target aws\`), or graduates. What the
listener still routes counts, also where the register knows nothing of it.
`;
}
