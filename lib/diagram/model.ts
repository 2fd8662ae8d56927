import type { Template } from '../cfn/template.ts';
import { KIND_LABEL, type Kind, kindOf, typeLabel } from './catalogue.ts';
import { type KeyUse, keysOf } from './encryption.ts';
import { type External, type Flow, internetOf, referenceFlows, serverlessFlows } from './flows.ts';
import { placesOf, SMALL } from './folding.ts';
import { type Networks, readNetworks, type SubnetClass } from './network.ts';
import { type DrawOptions, type Prepared, prepareTemplate, type Resource } from './prepare.ts';
import { readSecurityGroups, ruleFlows } from './security-groups.ts';
import { plural } from './text.ts';

export type { KeyUse } from './encryption.ts';
export type { Flow, FlowKind } from './flows.ts';
export type { DrawOptions } from './prepare.ts';

export type ZoneKind = SubnetClass | 'group' | 'vpc';

/** A box around others. */
export interface Zone {
  readonly id: string;
  readonly parent?: string;
  readonly kind: ZoneKind;
  readonly label: string;
  /** What stands behind the label: the addresses, or where a network comes from. */
  readonly note?: string;
  /** The VPC, where it is of this template. */
  readonly resource?: string;
  readonly condition?: string;
  /** The subnets of this template that it stands for. */
  readonly members: readonly Member[];
}

/** A resource that is drawn as a line inside a box. */
export interface Member {
  readonly id: string;
  readonly type: string;
  readonly note?: string;
  readonly condition?: string;
}

export interface Card {
  /** The logical ID; for several resources of one type, of the first; for what is no resource, `external:…`. */
  readonly id: string;
  readonly zone?: string;
  readonly kind: Kind;
  /** `S3 bucket`; of several, `21 alarms`. */
  readonly service: string;
  /** Absent where it stands for several. */
  readonly name?: string;
  /** The resources it stands for, but for the one that `name` names. */
  readonly members: readonly Member[];
  /** Absent where one of its resources is certain to exist. */
  readonly condition?: string;
  readonly keys: readonly KeyUse[];
  readonly notes: readonly string[];
  /** What arrows would say, where there are too many: `logs → DatabaseLogGroup`. */
  readonly leads?: readonly string[];
  /** Drawn, but no resource of this template. */
  readonly external: boolean;
}

/** A resource that has no box and no line: it is counted with another. */
export interface Folded {
  readonly id: string;
  readonly type: string;
  /** Card or zone. */
  readonly into: string;
}

/** What is drawn. Every resource is in exactly one place: a zone, a member of a zone or card, a card, or folded. */
export interface Drawing {
  readonly title: string;
  readonly zones: readonly Zone[];
  readonly cards: readonly Card[];
  readonly flows: readonly Flow[];
  readonly folded: readonly Folded[];
  /** Resources that the deployment drawn does not have. */
  readonly absent: readonly string[];
  readonly resources: number;
}

/** Three boxes of one type with the same neighbours are drawn as one, and of small things two. */
const ALIKE = 3;

/** What is drawn of a template. Never throws: a reference to nothing is no arrow, a resource without a type is a box. */
export function modelOf(template: Template, options: DrawOptions = {}): Drawing {
  const prepared = prepareTemplate(template, options);
  const { resources } = prepared;
  const networks = readNetworks(prepared);
  const folding = foldingOf(prepared, networks);
  const externals = new Map<string, External>();

  const boxed = (id: string) => !networks.drawnAsZone.has(id);
  const fromBoxes = (resource: Resource): string[] => folding.boxesOf(resource.id).filter(boxed);
  const ends = {
    from: fromBoxes,
    to: (target: string) => {
      const resource = resources.get(target);
      if (!resource || /^AWS::(KMS::|EC2::(EIP|SecurityGroup|Subnet|VPC)$)/.test(resource.type)) return undefined;
      if (folding.isUsed(target) && !resource.type.endsWith('::TargetGroup')) return undefined;
      const host = folding.hostOf(target);
      return boxed(host) ? host : undefined;
    },
  };
  const rules = ruleFlows(prepared, folding.groups, externals);
  const flows = joined([
    ...rules.flows,
    ...referenceFlows(prepared, ends, externals),
    ...serverlessFlows(prepared, ends, externals),
    ...routeFlows(prepared, networks, externals),
  ]);

  const zones = zonesOf(prepared, networks);
  const cards: Card[] = [];
  const folded: Folded[] = [];
  const parts = new Map<string, Member[]>();
  for (const resource of resources.values()) {
    const place = folding.placeOf(resource.id);
    if (place === undefined || networks.drawnAsZone.has(resource.id)) continue;
    if (place.as === 'part') parts.set(place.host, [...(parts.get(place.host) ?? []), memberOf(resource)]);
    else folded.push({ id: resource.id, type: resource.type, into: zoneFor(place.host, networks) });
  }
  for (const resource of resources.values()) {
    if (networks.drawnAsZone.has(resource.id) || folding.placeOf(resource.id)) continue;
    const own = resource.id;
    const within = [own, ...folding.foldedInto(own)].map((id) => resources.get(id)!);
    cards.push({
      id: own,
      zone: zoneOfCard(within, networks, resource),
      kind: kindOf(resource.type),
      service: typeLabel(resource.type),
      name: own,
      members: parts.get(own) ?? [],
      ...(resource.condition !== undefined && { condition: resource.condition }),
      keys: uniqueKeys(within.flatMap((each) => keysOf(each, prepared))),
      notes: notesOf(resource, rules.notes.get(own) ?? [], folding.groups.on.get(own) ?? []),
      external: false,
    });
  }
  const merged = withFewWatched(mergeAlike(cards, flows, folded));
  const used = new Set(merged.flows.flatMap(({ from, to }) => [from, to]));
  const outside = [...externals.values()].filter(({ id }) => used.has(id)).map(externalCard);
  const groups = groupZones(merged.cards);
  return {
    title: titleOf(template, options.name ?? 'CloudFormation template'),
    zones: [...zones, ...groups],
    cards: [...merged.cards, ...outside],
    flows: merged.flows,
    folded: merged.folded,
    absent: prepared.absent,
    resources: resources.size,
  };
}

/** The first sentence of the description. */
function titleOf({ Description }: Template, name: string): string {
  const text = typeof Description === 'string' ? Description.trim().replace(/\s+/g, ' ') : '';
  return text === '' ? name : (/^.{12,}?[.!](?= [A-Z*(]|$)/.exec(text)?.[0] ?? text).replace(/\.$/, '');
}

interface Folding {
  hostOf(id: string): string;
  boxesOf(id: string): string[];
  isUsed(id: string): boolean;
  placeOf(id: string): { host: string; as: 'folded' | 'part' } | undefined;
  foldedInto(host: string): readonly string[];
  readonly groups: ReturnType<typeof readSecurityGroups>;
}

/** Where each resource is: in a box of its own, or with that of another. */
function foldingOf(prepared: Prepared, networks: Networks): Folding {
  const { resources } = prepared;
  const places = placesOf(resources);
  for (const id of networks.drawnAsZone) places.delete(id);
  const hostOfPlace = (id: string): string => {
    const place = places.get(id);
    return place ? hostOfPlace(place.owner) : id;
  };
  const alike = (id: string) => `${resources.get(id)?.type} ${networks.zoneOf.get(id)}`;
  const groups = readSecurityGroups(prepared, hostOfPlace, alike);
  const hostOf = (id: string): string => {
    const host = hostOfPlace(id);
    return groups.folded.get(host) ?? host;
  };
  const inside = new Map<string, string[]>();
  for (const id of resources.keys()) {
    const host = hostOf(id);
    if (host !== id) inside.set(host, [...(inside.get(host) ?? []), id]);
  }
  /** A role that three functions share stands for each of them. */
  const users = new Map<string, Set<string>>();
  for (const { id, references } of resources.values())
    for (const { target } of references)
      if (places.get(target)?.as === 'used') users.set(target, (users.get(target) ?? new Set()).add(id));
  const boxesOf = (id: string, seen: readonly string[] = []): string[] => {
    const place = places.get(id);
    if (!place || seen.includes(id)) return [hostOf(id)];
    const next = place.as === 'used' ? [...(users.get(id) ?? [place.owner])] : [place.owner];
    const usable = next.filter((user) => !/^AWS::IAM::\w*Policy$/.test(resources.get(user)!.type));
    return [...new Set((usable.length > 0 ? usable : next).flatMap((user) => boxesOf(user, [...seen, id])))];
  };
  return {
    groups,
    hostOf,
    boxesOf,
    isUsed: (id) => places.get(id)?.as === 'used',
    placeOf: (id) => {
      const host = hostOf(id);
      return host === id
        ? undefined
        : { host, as: places.get(id)?.as === 'part' && places.get(id)?.owner === host ? 'part' : 'folded' };
    },
    foldedInto: (host) => inside.get(host) ?? [],
  };
}

function memberOf({ id, type, condition }: Resource): Member {
  return { id, type, ...(condition !== undefined && { condition }) };
}

function uniqueKeys(uses: readonly KeyUse[]): KeyUse[] {
  return [...new Map(uses.map((use) => [`${use.from} ${use.name}`, use])).values()];
}

/** A zone is named where something is counted with a VPC or a subnet. */
function zoneFor(host: string, { drawnAsZone, tiers }: Networks): string {
  if (!drawnAsZone.has(host)) return host;
  return tiers.find(({ subnets }) => subnets.includes(host))?.id ?? `vpc:${host}`;
}

function zoneOfCard(within: readonly Resource[], { zoneOf }: Networks, self: Resource): string {
  const zones = within
    .filter(({ type }) => !/^AWS::(IAM|KMS|Logs|SSM|CloudFormation)::/.test(type))
    .flatMap(({ id }) => zoneOf.get(id) ?? []);
  const own = zoneOf.get(self.id);
  if (own?.startsWith('tier:')) return own;
  return zones.find((zone) => zone.startsWith('tier:')) ?? own ?? zones[0] ?? `group:${kindOf(self.type)}`;
}

function notesOf({ type, properties }: Resource, rules: readonly string[], on: readonly string[]): string[] {
  const notes = [...rules];
  if (type === 'AWS::EC2::SecurityGroup' && on.length > 0) notes.unshift(`on ${on.join(', ')}`);
  if (type === 'AWS::ElasticLoadBalancingV2::LoadBalancer' && typeof properties.Scheme === 'string')
    notes.unshift(properties.Scheme);
  return notes;
}

function externalCard({ id, name, what }: External): Card {
  return { id, kind: 'outside', service: what, name, members: [], keys: [], notes: [], external: true };
}

const TIER_LABEL: Readonly<Record<SubnetClass, string>> = {
  isolated: 'Isolated subnets',
  private: 'Private subnets',
  public: 'Public subnets',
  subnets: 'Subnets',
};

function zonesOf({ resources, say }: Prepared, networks: Networks): Zone[] {
  const zones: Zone[] = [];
  for (const { id, vpc, from } of networks.networks) {
    const resource = vpc === undefined ? undefined : resources.get(vpc)!;
    const addresses = resource && say(resource.properties.CidrBlock);
    zones.push({
      id,
      kind: 'vpc',
      label: /^(vpc)?$/i.test(vpc ?? from?.name ?? '') ? 'VPC' : `VPC ${vpc ?? from?.name}`,
      ...(addresses !== undefined && { note: addresses }),
      ...(vpc === undefined && { note: from ? sourceOf(from.by) : 'not of this template' }),
      ...(vpc !== undefined && { resource: vpc }),
      ...(resource?.condition !== undefined && { condition: resource.condition }),
      members: [],
    });
  }
  for (const { id, kind, network, subnets, from } of networks.tiers) {
    const members = subnets.map((subnet) => {
      const { properties } = resources.get(subnet)!;
      const addresses = typeof properties.CidrBlock === 'string' ? properties.CidrBlock : undefined;
      return { ...memberOf(resources.get(subnet)!), ...(addresses !== undefined && { note: addresses }) };
    });
    const [first] = members;
    const conditional =
      first !== undefined && members.every(({ condition }) => condition !== undefined && condition === first.condition);
    zones.push({
      id,
      parent: network,
      kind,
      label: from ? givenLabel(kind, from.names) : TIER_LABEL[kind],
      ...(from && { note: sourceOf(from.by) }),
      ...(conditional && { condition: first.condition! }),
      members,
    });
  }
  return zones;
}

/** `PublicSubnets` says itself what it is; `VpcZoneA` does not. */
function givenLabel(kind: SubnetClass, names: readonly string[]): string {
  const text = names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ');
  return names.every((name) => /subnet/i.test(name)) ? text : `${TIER_LABEL[kind]} ${text}`;
}

function sourceOf(by: 'import' | 'parameter'): string {
  return by === 'import' ? 'imported' : 'parameter';
}

function groupZones(cards: readonly Card[]): Zone[] {
  const kinds = [...new Set(cards.map(({ zone }) => zone))].filter((zone) => zone?.startsWith('group:'));
  return kinds.map((zone) => {
    const kind = zone!.slice('group:'.length) as Kind;
    return { id: zone!, kind: 'group', label: KIND_LABEL[kind], members: [] };
  });
}

/** What goes through gateways: a route to a NAT gateway, and the Internet at an Internet gateway. */
function routeFlows({ resources }: Prepared, networks: Networks, externals: Map<string, External>): Flow[] {
  const flows: Flow[] = [];
  const all = [...resources.values()];
  for (const route of all) {
    if (route.type !== 'AWS::EC2::Route') continue;
    const table = route.references.find(({ path }) => path[3] === 'RouteTableId')?.target;
    const nat = route.references.find(({ path }) => path[3] === 'NatGatewayId')?.target;
    if (nat === undefined || table === undefined) continue;
    const subnets = all
      .filter(
        ({ type, references }) =>
          type.endsWith('RouteTableAssociation') && references.some(({ target }) => target === table),
      )
      .flatMap(({ references }) => references.filter(({ path }) => path[3] === 'SubnetId').map(({ target }) => target));
    for (const { id, subnets: own } of networks.tiers)
      if (own.some((subnet) => subnets.includes(subnet)))
        flows.push({
          from: id,
          to: nat,
          kind: 'network',
          labels: ['outbound'],
          conditional: route.condition !== undefined,
        });
  }
  for (const { id, type } of all) {
    if (type !== 'AWS::EC2::InternetGateway') continue;
    flows.push({ from: internetOf(externals).id, to: id, kind: 'network', labels: [], conditional: false });
    const network = networks.zoneOf.get(id);
    for (const tier of networks.tiers)
      if (tier.kind === 'public' && tier.network === network)
        flows.push({ from: id, to: tier.id, kind: 'network', labels: [], conditional: false });
  }
  return flows;
}

/** One arrow between two boxes: labels together, and one that only uses left out where another says more. */
function joined(flows: readonly Flow[]): Flow[] {
  const arrows = new Map<string, Flow>();
  for (const flow of flows) {
    if (flow.from === flow.to) continue;
    const key = `${flow.from}\n${flow.to}`;
    const known = arrows.get(key);
    if (!known) {
      arrows.set(key, flow);
      continue;
    }
    arrows.set(key, {
      ...known,
      kind: known.kind === 'uses' ? flow.kind : known.kind,
      labels: telling([...new Set([...known.labels, ...flow.labels])]),
      conditional: known.conditional && flow.conditional,
    });
  }
  return [...arrows.values()].filter(({ from, to, kind }) => kind !== 'uses' || !arrows.has(`${to}\n${from}`));
}

/** What a permission says is left out where another reference says what is done with it. */
function telling(labels: readonly string[]): readonly string[] {
  const said = labels.filter((label) => !/^(reads|writes|sends|may use)/.test(label));
  if (said.length > 0) return said;
  const reads = labels.some((label) => label.includes('reads'));
  const writes = labels.some((label) => label.includes('writes'));
  return reads && writes ? ['reads, writes'] : reads ? ['reads'] : writes ? ['writes'] : labels.slice(0, 1);
}

/** Arrows from more resources than these to alarms that are drawn as one say less than their number. */
const WATCHED = 3;

function withFewWatched({ cards, flows, folded }: Merged): Merged {
  const notes = new Map<string, string>();
  for (const { id, name } of cards) {
    const watched = flows.filter(({ to, labels }) => to === id && isWatch(labels)).map(({ from }) => from);
    if (name === undefined && watched.length > WATCHED) notes.set(id, `watches ${watched.join(', ')}`);
  }
  return {
    cards: cards.map((card) => (notes.has(card.id) ? { ...card, notes: [...card.notes, notes.get(card.id)!] } : card)),
    flows: flows.filter(({ to, labels }) => !notes.has(to) || !isWatch(labels)),
    folded,
  };
}

function isWatch(labels: readonly string[]): boolean {
  return labels.length === 1 && labels[0] === 'metrics';
}

interface Merged {
  readonly cards: readonly Card[];
  readonly flows: readonly Flow[];
  readonly folded: readonly Folded[];
}

/** From so many boxes on, pairs that only lead to each other are drawn as two boxes that count them. */
const CROWDED = 24;

/** Boxes of one type, zone, key and neighbours as one that counts them; again, until there are no more. */
function mergeAlike(cards: readonly Card[], flows: readonly Flow[], folded: readonly Folded[]): Merged {
  const groups = new Map<string, Card[]>();
  const partners = new Map<string, string[]>();
  const incident = (id: string, text: string) => partners.set(id, [...(partners.get(id) ?? []), text]);
  const cardOf = new Map(cards.map((card) => [card.id, card]));
  const degree = new Map<string, number>();
  for (const { from, to } of flows) for (const end of [from, to]) degree.set(end, (degree.get(end) ?? 0) + 1);
  const crowded = cards.length > CROWDED;
  const partner = (id: string) => {
    const card = cardOf.get(id);
    return crowded && card?.name !== undefined && degree.get(id) === 1 ? `${card.service} in ${card.zone}` : id;
  };
  for (const { from, to, kind, labels } of flows) {
    const watches = cardOf.get(to)?.service === typeLabel('AWS::CloudWatch::Alarm');
    // What an alarm watches tells it from others; where the alarm goes is what the picture is about.
    if (!watches) incident(to, `< ${partner(from)} ${kind} ${labels.join()}`);
    incident(from, `> ${partner(to)} ${kind} ${labels.join()}`);
  }
  for (const card of cards) {
    const { zone, service, keys, notes } = card;
    const near = [...new Set(partners.get(card.id) ?? [])].sort();
    const signature = JSON.stringify([zone, service, card.name === undefined, keys, notes, near]);
    groups.set(card.name === undefined ? `${signature} ${card.id}` : signature, [
      ...(groups.get(signature) ?? []),
      card,
    ]);
  }
  const into = new Map<string, string>();
  const result: Card[] = [];
  const small = new Set([...SMALL].map(typeLabel));
  for (const group of groups.values()) {
    const [first] = group;
    const enough = group.length >= (small.has(first!.service) ? 2 : ALIKE);
    // Each key has a name that the badges repeat.
    if (!enough || /^KMS /.test(first!.service) || group.some(({ members }) => members.length > 0)) {
      result.push(...group);
      continue;
    }
    for (const { id } of group) into.set(id, first!.id);
    const conditions = [...new Set(group.map(({ condition }) => condition))];
    const { name: _, condition: __, ...rest } = first!;
    result.push({
      ...rest,
      service: `${group.length} ${plural(inSentence(first!.service))}`,
      members: group.map(({ id, condition, service }) => ({
        id,
        type: service,
        ...(condition !== undefined && { condition }),
      })),
      ...(conditions.length === 1 && conditions[0] !== undefined && { condition: conditions[0] }),
    });
  }
  if (into.size === 0) return { cards: result, flows, folded };
  const at = (id: string) => into.get(id) ?? id;
  const inOrder = new Map(cards.map(({ id }, index) => [id, index]));
  return mergeAlike(
    result.sort((a, b) => inOrder.get(a.id)! - inOrder.get(b.id)!),
    joined(flows.map((flow) => ({ ...flow, from: at(flow.from), to: at(flow.to) }))),
    folded.map((each) => ({ ...each, into: at(each.into) })),
  );
}

/** Where the first word is no name. */
function inSentence(label: string): string {
  return /^(Budget|Classic|Custom|Flow|Internet|Launch|Load|Log|Network|Security|State|Target|Transit)\b/.test(label)
    ? label.slice(0, 1).toLowerCase() + label.slice(1)
    : label;
}
