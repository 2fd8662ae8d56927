import { referencesIn } from '../cfn/graph.ts';
import { intrinsicOf } from '../cfn/intrinsics.ts';
import { isObject, type Json, type JsonObject, type Path } from '../cfn/template.ts';
import { addressesOf, type External, type Flow, internetOf } from './flows.ts';
import { namesIn, type Prepared, type Resource } from './prepare.ts';

const GROUP = 'AWS::EC2::SecurityGroup';

/** More boxes than these share a group: then it has a box of its own, and rules lead to it. */
const SHOWN_ON = 3;

export interface SecurityGroups {
  /** For each group, the boxes that stand for it in rules: itself, or those that it is on. */
  readonly boxesOf: ReadonlyMap<string, readonly string[]>;
  /** Groups without a box of their own, and the box they are counted with. */
  readonly folded: ReadonlyMap<string, string>;
  /** By the group: what it is on, where it has a box. */
  readonly on: ReadonlyMap<string, readonly string[]>;
}

/** Which boxes each security group is on. `alike` tells apart boxes that may be drawn as one. */
export function readSecurityGroups(
  { resources }: Prepared,
  hostOf: (id: string) => string,
  alike: (id: string) => string,
): SecurityGroups {
  const on = new Map<string, Set<string>>();
  for (const { id, type } of resources.values()) if (type === GROUP) on.set(id, new Set());
  for (const resource of resources.values()) {
    if (/^AWS::EC2::SecurityGroup/.test(resource.type)) continue;
    for (const { target, path } of resource.references) {
      const host = hostOf(resource.id);
      const { type } = resources.get(host)!;
      if (isMembership(path) && type !== GROUP && type !== 'AWS::EC2::VPC') on.get(target)?.add(host);
    }
  }
  const boxesOf = new Map<string, readonly string[]>();
  const folded = new Map<string, string>();
  for (const [group, hosts] of on) {
    const shown = hosts.size > 0 && new Set([...hosts].map(alike)).size <= SHOWN_ON;
    boxesOf.set(group, shown ? [...hosts] : [group]);
    if (shown) folded.set(group, [...hosts][0]!);
  }
  return { boxesOf, folded, on: new Map([...on].map(([group, hosts]) => [group, [...hosts]])) };
}

/** Not a rule that names the group as its source. */
function isMembership(path: Path): boolean {
  return !path.some((step) =>
    /^(SourceSecurityGroup|DestinationSecurityGroup|SecurityGroupIngress|SecurityGroupEgress)/.test(String(step)),
  );
}

interface Rule {
  readonly group: string;
  readonly direction: 'in' | 'out';
  readonly body: JsonObject;
  readonly conditional: boolean;
}

export interface RuleFlows {
  readonly flows: readonly Flow[];
  /** By box: what a rule says that is no arrow. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

export function ruleFlows(prepared: Prepared, groups: SecurityGroups, externals: Map<string, External>): RuleFlows {
  const flows: Flow[] = [];
  const notes = new Map<string, string[]>();
  const note = (boxes: readonly string[], text: string) => {
    for (const box of boxes) notes.set(box, [...new Set([...(notes.get(box) ?? []), text])]);
  };
  for (const { group, direction, body, conditional } of rulesOf(prepared)) {
    const own = groups.boxesOf.get(group) ?? [];
    const port = portOf(body, prepared);
    const connect = (peers: readonly string[]) => {
      for (const peer of peers)
        for (const box of own) {
          const [from, to] = direction === 'in' ? [peer, box] : [box, peer];
          if (from !== to) flows.push({ from, to, kind: 'network', labels: [port], conditional });
        }
    };
    const named =
      direction === 'in' ? ['SourceSecurityGroupId', 'SourceSecurityGroupName'] : ['DestinationSecurityGroupId'];
    const peer = named.map((name) => body[name]).find((value) => value !== undefined);
    if (peer !== undefined) {
      const target = referencesIn(peer, []).find((reference) => groups.boxesOf.has(reference.target))?.target;
      const [other] = namesIn(peer, prepared.template);
      if (target === group) note(own, `among themselves: ${port}`);
      else if (target !== undefined) connect(groups.boxesOf.get(target)!);
      else if (other) connect([addressesOf(other.name, 'security group', externals).id]);
      else note(own, `${direction === 'in' ? 'from' : 'to'} another security group: ${port}`);
      continue;
    }
    const range = body.CidrIp ?? body.CidrIpv6;
    const text = prepared.say(range);
    if (direction === 'out' && /^(255\.255\.255\.255|127\.0\.0\.1)\/32$/.test(text ?? '')) {
      // How a template says that a group lets nothing out: an empty list would let out everything.
      note(own, 'nothing outbound');
    } else if (direction === 'out') {
      note(own, `out to ${text ?? 'a prefix list'}: ${port}`);
    } else if (text === '0.0.0.0/0' || text === '::/0') {
      connect([internetOf(externals).id]);
    } else if (range !== undefined && isOwnNetwork(range, prepared)) {
      note(own, `in from the VPC: ${port}`);
    } else if (text !== undefined) {
      connect([addressesOf(text, 'addresses', externals).id]);
    } else {
      note(
        own,
        `in from ${body.SourcePrefixListId === undefined ? 'addresses not known here' : 'a prefix list'}: ${port}`,
      );
    }
  }
  return { flows, notes: new Map([...notes].map(([box, texts]) => [box, together(texts)])) };
}

/** `in from the VPC: tcp 80, 443`: the ports of one peer in one line. */
function together(texts: readonly string[]): string[] {
  const ports = new Map<string, string[]>();
  for (const text of texts) {
    const [peer = '', port] = text.split(/: (?=[^:]*$)/);
    ports.set(peer, [...(ports.get(peer) ?? []), ...(port === undefined ? [] : [port])]);
  }
  return [...ports].map(([peer, all]) => (all.length === 0 ? peer : `${peer}: ${portList(all)}`));
}

export function portList(ports: readonly string[]): string {
  const numbers = new Map<string, string[]>();
  for (const port of ports) {
    const [protocol = '', ...rest] = port.split(' ');
    numbers.set(protocol, [...(numbers.get(protocol) ?? []), rest.join(' ')]);
  }
  return [...numbers].map(([protocol, all]) => `${protocol} ${all.join(', ')}`.trim()).join(', ');
}

function rulesOf({ resources }: Prepared): Rule[] {
  const rules: Rule[] = [];
  for (const { id, type, properties, references, condition } of resources.values()) {
    if (type === GROUP) {
      for (const [property, direction] of [
        ['SecurityGroupIngress', 'in'],
        ['SecurityGroupEgress', 'out'],
      ] as const)
        for (const { body, conditional } of itemsOf(properties[property], false))
          rules.push({ group: id, direction, body, conditional });
    } else if (type === 'AWS::EC2::SecurityGroupIngress' || type === 'AWS::EC2::SecurityGroupEgress') {
      const group = references.find(({ path }) => path[3] === 'GroupId' || path[3] === 'GroupName')?.target;
      const direction = type.endsWith('Ingress') ? 'in' : 'out';
      if (group !== undefined) rules.push({ group, direction, body: properties, conditional: condition !== undefined });
    }
  }
  return rules;
}

function itemsOf(value: Json | undefined, conditional: boolean): { body: JsonObject; conditional: boolean }[] {
  if (Array.isArray(value)) return value.flatMap((item) => itemsOf(item, conditional));
  const call = intrinsicOf(value);
  if (call?.name === 'Fn::If' && Array.isArray(call.argument)) return itemsOf(call.argument.slice(1), true);
  return isObject(value) && !call ? [{ body: value, conditional }] : [];
}

function portOf(body: JsonObject, { say }: Prepared): string {
  const protocol = (say(body.IpProtocol) ?? 'any').toLowerCase();
  const name = { '-1': 'all traffic', '6': 'tcp', '17': 'udp', '1': 'icmp', all: 'all traffic' }[protocol] ?? protocol;
  const [from, to] = [say(body.FromPort), say(body.ToPort)];
  if (name === 'all traffic' || /icmp/.test(name) || from === undefined || from === '-1') return name;
  if (from === '0' && to === '65535') return `${name} all ports`;
  return to === undefined || from === to ? `${name} ${from}` : `${name} ${from}-${to}`;
}

/** The addresses of a VPC of the template, by its attribute or because it is given the same. */
function isOwnNetwork(range: Json, { resources }: Prepared): boolean {
  const isVpc = ({ type }: Resource) => type === 'AWS::EC2::VPC';
  if (referencesIn(range, []).some(({ target }) => resources.has(target) && isVpc(resources.get(target)!))) return true;
  return [...resources.values()].some(
    (resource) => isVpc(resource) && JSON.stringify(resource.properties.CidrBlock) === JSON.stringify(range),
  );
}
