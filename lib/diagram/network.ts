import { isObject, type Json, type Path } from '../cfn/template.ts';
import { type Named, namesIn, type Prepared, type Resource } from './prepare.ts';

export type SubnetClass = 'isolated' | 'private' | 'public' | 'subnets';

export interface Tier {
  readonly id: string;
  readonly kind: SubnetClass;
  readonly network: string;
  /** Subnets of the template. */
  readonly subnets: readonly string[];
  /** Set where the subnets are not of this template: the names of parameters or exports. */
  readonly from?: { readonly names: readonly string[]; readonly by: 'import' | 'parameter' };
}

export interface Network {
  readonly id: string;
  /** Absent where the VPC is not of this template. */
  readonly vpc?: string;
  readonly from?: { readonly name: string; readonly by: 'import' | 'parameter' };
}

export interface Networks {
  readonly networks: readonly Network[];
  readonly tiers: readonly Tier[];
  /** Zone of a resource that is in a network: of a tier or of a network. */
  readonly zoneOf: ReadonlyMap<string, string>;
  /** Resources of a zone that are drawn as the zone itself. */
  readonly drawnAsZone: ReadonlySet<string>;
}

const VPC = 'AWS::EC2::VPC';
const SUBNET = 'AWS::EC2::Subnet';

/** Properties that put a resource into subnets, at any depth. */
const SUBNETS =
  /^(SubnetIds?|Subnets|VPCZoneIdentifier|SubnetMappings|ClientSubnets|Subnet|VpcSubnetIds|PrivateSubnets|AwsVpcSubnets)$/;
const GROUPS = /^(\w*SecurityGroups?|\w*SecurityGroupIds?|GroupSet)$/;
const SUBNET_GROUPS =
  /^(DBSubnetGroupName|CacheSubnetGroupName|SubnetGroupName|ClusterSubnetGroupName|ReplicationSubnetGroupIdentifier)$/;
const VPCS = /^(VpcId|VPCId|Vpc|VpcIds|VPCs|VPCID)$/i;

/** VPCs and subnets, which of them is reached from where, and what stands in them. */
export function readNetworks(prepared: Prepared): Networks {
  const { resources } = prepared;
  const ofType = (type: string) => [...resources.values()].filter((resource) => resource.type === type);
  const networks = new Map<string, Network>();
  for (const { id } of ofType(VPC)) networks.set(`vpc:${id}`, { id: `vpc:${id}`, vpc: id });

  // All that are named, before what names none is put into the only one.
  for (const resource of resources.values())
    for (const value of membersNamed(resource.properties, VPCS))
      for (const named of namesIn(value, prepared.template)) networkFrom(named, networks);
  const subnets = ofType(SUBNET);
  const networkOfSubnet = new Map(subnets.map((subnet) => [subnet.id, networkNamed(subnet, prepared, networks)]));
  const classes = new Map(subnets.map((subnet) => [subnet.id, classOf(subnet, prepared)]));
  const together = new Map<string, string>();
  const lists = [...resources.values()].map((resource) => subnetsIn(resource, resources));
  for (const { id } of subnets) together.set(id, id);
  const root = (id: string): string => (together.get(id) === id ? id : root(together.get(id)!));
  const join = (a: string, b: string) => {
    if (classes.get(a) !== classes.get(b) || networkOfSubnet.get(a) !== networkOfSubnet.get(b)) return;
    together.set(root(b), root(a));
  };
  for (const list of lists) for (const other of list.slice(1)) join(list[0]!, other);
  for (const list of lists)
    for (const [index, one] of list.entries()) for (const other of list.slice(index + 1)) join(one, other);
  for (const one of subnets)
    for (const other of subnets) if (one.id !== other.id && stemOf(one.id) === stemOf(other.id)) join(one.id, other.id);

  const tiers = new Map<string, Tier>();
  const tierOfSubnet = new Map<string, string>();
  for (const { id } of subnets) {
    const key = `tier:${root(id)}`;
    const known = tiers.get(key);
    tiers.set(key, {
      id: key,
      kind: classes.get(id)!,
      network: networkOfSubnet.get(id)!,
      subnets: [...(known?.subnets ?? []), id],
    });
    tierOfSubnet.set(id, key);
  }

  const zoneOf = new Map<string, string>();
  const own = (resource: Resource) => ownZone(resource, { prepared, networks, tiers, tierOfSubnet, networkOfSubnet });
  for (const resource of resources.values()) {
    if (resource.type === VPC || resource.type === SUBNET) continue;
    const zone = own(resource);
    if (zone) zoneOf.set(resource.id, zone);
  }
  // What stands in a zone by what it names: a subnet group, a network interface, a security group, a target group's VPC.
  for (const resource of resources.values()) {
    if (zoneOf.has(resource.id) || resource.type === VPC || resource.type === SUBNET) continue;
    const by = resource.references.filter(({ path, target }) => zoneOf.has(target) && placesIts(path, resource.type));
    const zone = by.find(({ path }) => SUBNET_GROUPS.test(lastName(path))) ?? by[0];
    if (zone) zoneOf.set(resource.id, enclosing(zoneOf.get(zone.target)!, lastName(zone.path), tiers));
  }
  for (const resource of ofType('AWS::EFS::MountTarget')) {
    const zone = zoneOf.get(resource.id);
    for (const { path, target } of resource.references)
      if (path[3] === 'FileSystemId' && zone) zoneOf.set(target, zone);
  }
  for (const resource of ofType('AWS::EC2::FlowLog')) {
    const [watched] = resource.references.filter(({ path }) => path[3] === 'ResourceId').map(({ target }) => target);
    const zone =
      watched === undefined
        ? undefined
        : (tierOfSubnet.get(watched) ?? (networks.has(`vpc:${watched}`) ? `vpc:${watched}` : undefined));
    if (zone) zoneOf.set(resource.id, zone);
  }
  for (const resource of ofType('AWS::EC2::VPCGatewayAttachment')) {
    const zone = zoneOf.get(resource.id);
    for (const { path, target } of resource.references)
      if (/^(InternetGatewayId|VpnGatewayId)$/.test(String(path[3])) && zone) zoneOf.set(target, zone);
  }
  return {
    networks: [...networks.values()],
    tiers: [...tiers.values()],
    zoneOf,
    drawnAsZone: new Set([...ofType(VPC), ...subnets].map(({ id }) => id)),
  };
}

function placesIts(path: Path, type: string): boolean {
  const name = lastName(path);
  if (SUBNET_GROUPS.test(name) || GROUPS.test(name)) return true;
  return type.startsWith('AWS::EC2::') && /^(NetworkInterfaceId|NetworkInterfaces|RouteTableId)$/.test(name);
}

/** A security group says in which network something stands, not in which subnets. */
function enclosing(zone: string, name: string, tiers: ReadonlyMap<string, Tier>): string {
  return GROUPS.test(name) ? (tiers.get(zone)?.network ?? zone) : zone;
}

/** The innermost property: indexes and functions are left out. */
export function lastName(path: Path): string {
  for (let index = path.length - 1; index >= 3; index--) {
    const step = path[index];
    if (typeof step === 'string' && step !== 'Ref' && !step.startsWith('Fn::')) return step;
  }
  return '';
}

interface Found {
  readonly prepared: Prepared;
  readonly networks: Map<string, Network>;
  readonly tiers: Map<string, Tier>;
  readonly tierOfSubnet: ReadonlyMap<string, string>;
  readonly networkOfSubnet: ReadonlyMap<string, string>;
}

function ownZone(resource: Resource, found: Found): string | undefined {
  const { prepared, networks, tiers, tierOfSubnet, networkOfSubnet } = found;
  if (/^AWS::(IAM|CloudFormation|SSM)::/.test(resource.type)) return undefined;
  const inSubnets = subnetsIn(resource, prepared.resources);
  if (inSubnets.length > 0) {
    const its = new Set(inSubnets.map((id) => tierOfSubnet.get(id)!));
    return its.size === 1 ? [...its][0]! : networkOfSubnet.get(inSubnets[0]!);
  }
  const named = membersNamed(resource.properties, SUBNETS).flatMap((value) => namesIn(value, prepared.template));
  const vpcRef = resource.references.find(
    ({ path, target }) => VPCS.test(lastName(path)) && prepared.resources.get(target)?.type === VPC,
  );
  const outer =
    vpcRef || membersNamed(resource.properties, VPCS).length > 0
      ? networkNamed(resource, prepared, networks)
      : undefined;
  const [first] = named;
  if (first) {
    const network = outer ?? networkOfImported(prepared, networks);
    const stems = [...new Set(named.map(({ name }) => stemOf(name)))].sort();
    const id = `tier:${first.from}:${network}:${stems.join()}`;
    const names = [...new Set([...(tiers.get(id)?.from?.names ?? []), ...named.map(({ name }) => name)])];
    tiers.set(id, { id, kind: classByNames(names), network, subnets: [], from: { names, by: first.from } });
    return id;
  }
  return outer;
}

/** Where no VPC is named: the only one that there is, or one that is not known. */
function networkOfImported(prepared: Prepared, networks: Map<string, Network>): string {
  const [only, ...others] = networks.keys();
  if (only !== undefined && others.length === 0) return only;
  const [named] = Object.entries(prepared.template.Parameters ?? {}).filter(
    ([name, body]) => isObject(body) && (body.Type === 'AWS::EC2::VPC::Id' || /^vpc(id)?$/i.test(name)),
  );
  return named ? networkFrom({ name: named[0], from: 'parameter' }, networks) : unknownNetwork(networks);
}

function networkFrom({ name, from }: Pick<Named, 'name' | 'from'>, networks: Map<string, Network>): string {
  const id = `vpc:${from}:${name}`;
  if (!networks.has(id)) networks.set(id, { id, from: { name, by: from } });
  return id;
}

function unknownNetwork(networks: Map<string, Network>): string {
  if (!networks.has('vpc:unknown')) networks.set('vpc:unknown', { id: 'vpc:unknown' });
  return 'vpc:unknown';
}

function networkNamed(resource: Resource, prepared: Prepared, networks: Map<string, Network>): string {
  const reference = resource.references.find(
    ({ path, target }) => VPCS.test(lastName(path)) && prepared.resources.get(target)?.type === VPC,
  );
  if (reference) return `vpc:${reference.target}`;
  const [named] = membersNamed(resource.properties, VPCS).flatMap((value) => namesIn(value, prepared.template));
  if (named) return networkFrom(named, networks);
  return resource.properties.VpcId === undefined ? networkOfImported(prepared, networks) : unknownNetwork(networks);
}

/** Values of the members that have such a name, at any depth. */
function membersNamed(value: Json | undefined, name: RegExp): Json[] {
  if (Array.isArray(value)) return value.flatMap((member) => membersNamed(member, name));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => (name.test(key) ? [member] : membersNamed(member, name)));
}

function subnetsIn({ references, type }: Resource, resources: ReadonlyMap<string, Resource>): string[] {
  if (type === 'AWS::EC2::NetworkAclEntry') return [];
  const found = references
    .filter(
      ({ path, target }) => resources.get(target)?.type === SUBNET && path.some((step) => SUBNETS.test(String(step))),
    )
    .map(({ target }) => target);
  return [...new Set(found)];
}

/** By the routes of its route table; where the template has none, by what the subnet says or is called. */
function classOf(subnet: Resource, { resources }: Prepared): SubnetClass {
  const all = [...resources.values()];
  const tables = all
    .filter(
      ({ type, references }) =>
        type.endsWith('RouteTableAssociation') && references.some(({ target }) => target === subnet.id),
    )
    .flatMap(({ references }) =>
      references.filter(({ path }) => path[3] === 'RouteTableId').map(({ target }) => target),
    );
  if (tables.length > 0) {
    const routes = all.filter(
      ({ type, references }) =>
        type === 'AWS::EC2::Route' &&
        references.some(({ path, target }) => path[3] === 'RouteTableId' && tables.includes(target)),
    );
    const leads = (property: string) => routes.some(({ properties }) => properties[property] !== undefined);
    const toInternet = routes.some(
      ({ properties, references }) =>
        properties.GatewayId !== undefined &&
        !references.some(
          ({ path, target }) => path[3] === 'GatewayId' && resources.get(target)?.type === 'AWS::EC2::VPNGateway',
        ),
    );
    if (toInternet) return 'public';
    if (routes.length === 0) return 'isolated';
    return leads('NatGatewayId') ||
      leads('InstanceId') ||
      leads('NetworkInterfaceId') ||
      leads('TransitGatewayId') ||
      leads('GatewayId') ||
      leads('EgressOnlyInternetGatewayId')
      ? 'private'
      : 'isolated';
  }
  if (String(subnet.properties.MapPublicIpOnLaunch) === 'true') return 'public';
  return classByName(subnet.id);
}

function classByName(name: string): SubnetClass {
  if (/public|dmz|ingress/i.test(name)) return 'public';
  if (/isolated/i.test(name)) return 'isolated';
  if (/private/i.test(name)) return 'private';
  return 'subnets';
}

function classByNames(names: readonly string[]): SubnetClass {
  const [first, ...others] = new Set(names.map(classByName));
  return first !== undefined && others.length === 0 ? first : 'subnets';
}

/** A name without what tells its zone: `PrivateSubnet` of `PrivateSubnet2`, `SubnetA`, `PublicSubnetOne`. */
export function stemOf(name: string): string {
  return name
    .replace(/(AZ|Az)[0-9A-Fa-f]?(?=[A-Z]|$)/g, '')
    .replace(/(One|Two|Three|Four|First|Second|Third)(?=[A-Z]|$)/g, '')
    .replace(/\d+/g, '')
    .replace(/(?<=[a-z])[A-F](?=[A-Z][a-z]|$)/g, '');
}
