import {
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { call, type Target } from './clients.ts';
import { clientOf } from './live/reading.ts';
import { SHARED_PARAMETERS } from './shared-parameters.ts';

export interface SharedParameter {
  /** Of the eleven, without the prefix. */
  readonly name: string;
  readonly value?: string;
  readonly state: 'well formed' | 'malformed' | 'missing';
}

/** Each of the eleven, as it stands. `GetParameters` takes ten names at a time. */
export async function sharedParameters(target: Target, prefix: string): Promise<SharedParameter[]> {
  const client = clientOf(SSMClient, target);
  const names = Object.keys(SHARED_PARAMETERS);
  const found = new Map<string, string>();
  for (let from = 0; from < names.length; from += 10) {
    const Names = names.slice(from, from + 10).map((name) => `${prefix}/${name}`);
    const { Parameters = [] } = await call('ssm:GetParameters', target, () =>
      client.send(new GetParametersCommand({ Names })),
    );
    for (const { Name = '', Value } of Parameters)
      if (Value !== undefined) found.set(Name.slice(prefix.length + 1), Value);
  }
  return names.map((name) => {
    const value = found.get(name);
    if (value === undefined) return { name, state: 'missing' };
    return { name, value, state: SHARED_PARAMETERS[name]!.test(value) ? 'well formed' : 'malformed' };
  });
}

export interface ListenerRule {
  readonly arn: string;
  readonly priority: number;
  /** Of its host conditions, in lower case. */
  readonly hosts: readonly string[];
  /** Names of those it forwards to: of a region and an account, so that they tell whose rule it is. */
  readonly targetGroups: readonly string[];
}

/** The rules of a listener but the default one. */
export async function listenerRules(target: Target, listener: string): Promise<ListenerRule[]> {
  const client = clientOf(ElasticLoadBalancingV2Client, target);
  const rules: ListenerRule[] = [];
  let Marker: string | undefined;
  do {
    const page = await call('elasticloadbalancing:DescribeRules', target, () =>
      client.send(new DescribeRulesCommand({ ListenerArn: listener, ...(Marker && { Marker }) })),
    );
    rules.push(...(page.Rules ?? []).flatMap(ruleOf));
    Marker = page.NextMarker;
  } while (Marker);
  return rules;
}

function ruleOf({ RuleArn = '', Priority = '', Conditions = [], Actions = [] }: Rule): ListenerRule[] {
  if (!/^\d+$/.test(Priority)) return [];
  const hosts = Conditions.flatMap(({ HostHeaderConfig, Field, Values }) =>
    (HostHeaderConfig?.Values ?? (Field === 'host-header' ? Values : undefined) ?? []).map((host) =>
      host.toLowerCase(),
    ),
  );
  const groups = Actions.flatMap(({ TargetGroupArn, ForwardConfig }) => [
    TargetGroupArn,
    ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn),
  ]);
  const targetGroups = [...new Set(groups.flatMap((arn) => /:targetgroup\/([^/]+)/.exec(arn ?? '')?.[1] ?? []))];
  return [{ arn: RuleArn, priority: Number(Priority), hosts, targetGroups }];
}
