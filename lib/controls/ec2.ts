import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, HOLDS, type Judgement, not, notKnown, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { matching, type TextTest } from './tests.ts';

const GROUP = 'AWS::EC2::SecurityGroup';
const INGRESS = 'AWS::EC2::SecurityGroupIngress';

/** Addresses of IPv4 or of IPv6: where a rule says them, and all of them. */
interface Version {
  readonly property: string;
  readonly whole: TextTest;
}

/** AWS reads only the length: 10.0.0.0/0 is everything too. */
const IPV4: Version = {
  property: 'CidrIp',
  whole: matching(/([0-9]{1,3}\.){3}[0-9]{1,3}\/0+/, 'every address', ['0.0.0.0/0']),
};
const IPV6: Version = {
  property: 'CidrIpv6',
  whole: matching(/[0-9a-fA-F:]*:[0-9a-fA-F:.]*\/0+/, 'every address', ['::/0']),
};

/** Ports of Security Hub's EC2.19 as of 2026. */
const HIGH_RISK = [
  ...[20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601],
  ...[8080, 8088, 8888, 9200, 9300],
];
const FOR_EVERYBODY = [80, 443];

/** By an address range, or by a prefix list of the template that has one. The lists of AWS itself have none. */
function isOpen(rule: Place, stack: Stack, versions: readonly Version[]): Judgement {
  const lists = stack.all('AWS::EC2::PrefixList').map(
    (list) => () =>
      all([
        list.exists(),
        () =>
          list.at('Entries').some(
            (entry) =>
              any(
                versions.map(
                  ({ whole }) =>
                    () =>
                      entry.at('Cidr').test(whole),
                ),
                fails(entry.here, ''),
              ),
            'it names ranges',
          ),
        () => rule.at('SourcePrefixListId').refersTo(list),
      ]),
  );
  return any(
    [
      ...versions.map(
        ({ property, whole }) =>
          () =>
            rule.at(property).test(whole),
      ),
      ...lists,
    ],
    fails(rule.here, ''),
  );
}

// EC2 takes names in upper case too.
const ALL = [-1, 'all', 'ALL'];
const TCP = [6, 'tcp', 'TCP'];
const UDP = [17, 'udp', 'UDP'];
const ICMP = [1, 58, 'icmp', 'ICMP', 'icmpv6', 'ICMPV6', 'ICMPv6'];

/** The rule covers the port, on TCP or UDP. Without ports, or with -1, it covers all. */
function covers(rule: Place, port: number): Judgement {
  const [from, to] = [rule.at('FromPort'), rule.at('ToPort')];
  return any([
    () => rule.at('IpProtocol').is(...ALL),
    () =>
      all([
        () => rule.at('IpProtocol').is(...TCP, ...UDP),
        () => from.atMost(port, { absent: HOLDS }),
        () => any([() => to.atLeast(port, { absent: HOLDS }), () => to.is(-1)]),
      ]),
  ]);
}

/** No ingress rule, inline or of its own, is open and does what `judge` says. */
const closed = (judge: (rule: Place) => Judgement, message: string, versions: readonly Version[] = [IPV4, IPV6]) =>
  on([GROUP, INGRESS], (subject, stack) => {
    const judgeRule = (rule: Place) =>
      not(() => all([() => isOpen(rule, stack, versions), () => judge(rule)]), rule.here, message);
    return subject.type === GROUP ? subject.at('SecurityGroupIngress').every(judgeRule) : judgeRule(subject);
  });

const coversAny = (ports: readonly number[]) => (rule: Place) =>
  any(
    ports.map((port) => () => covers(rule, port)),
    fails(rule.here, ''),
  );

/** Open to everybody is a port of a web server, and nothing else. */
function isUnusual(rule: Place): Judgement {
  const exactly = (port: number) =>
    all([() => rule.at('IpProtocol').is(...TCP), () => rule.at('FromPort').is(port), () => rule.at('ToPort').is(port)]);
  return all([
    () => not(() => rule.at('IpProtocol').is(...ICMP), rule.here, ''),
    () =>
      not(
        () =>
          any(
            FOR_EVERYBODY.map((port) => () => exactly(port)),
            fails(rule.here, ''),
          ),
        rule.here,
        '',
      ),
  ]);
}

const ADMIN = [22, 3389];

/** Devices of a block device mapping are encrypted; those from a snapshot as the snapshot is. */
const devicesEncrypted = (mappings: Place): Judgement =>
  mappings.every((mapping) =>
    when(all([() => mapping.at('Ebs').present(), () => mapping.at('Ebs', 'SnapshotId').absent()]), () =>
      mapping.at('Ebs', 'Encrypted').is(true),
    ),
  );

const noPublicAddress = (interfaces: Place): Judgement =>
  interfaces.every((each) => each.at('AssociatePublicIpAddress').isNot(true));

/** The place at the path, or an item of the list there, names the subject. `*` stands for some item of a list. */
function names(place: Place, [step, ...rest]: readonly string[], subject: Subject): Judgement {
  if (step === '*') return place.some((item) => names(item, rest, subject), '');
  if (step !== undefined) return names(place.at(step), rest, subject);
  return any([() => place.refersTo(subject), () => place.some((each) => each.refersTo(subject), '')]);
}

/** A resource of the type that exists and whose property names the subject. */
function namedBy(
  stack: Stack,
  subject: Subject,
  uses: readonly (readonly [type: string, path: string])[],
  otherwise: string,
  also: (other: Subject) => Judgement = () => HOLDS,
): Judgement {
  return any(
    uses.flatMap(([type, path]) =>
      stack
        .all(type)
        .map((other) => () => all([other.exists(), () => names(other, path.split('.'), subject), () => also(other)])),
    ),
    fails(subject.here, otherwise),
  );
}

const asksForV2 = (data: Place): Judgement =>
  any([
    () => data.at('MetadataOptions', 'HttpTokens').is('required'),
    () => data.at('MetadataOptions', 'HttpEndpoint').is('disabled'),
  ]);

/** What the instance does not say, its launch template says. */
function launchedWithV2(instance: Subject, stack: Stack): Judgement {
  const launch = instance.at('LaunchTemplate');
  for (const template of stack.all('AWS::EC2::LaunchTemplate')) {
    const same = all([
      template.exists(),
      () =>
        any([
          () => launch.at('LaunchTemplateId').refersTo(template),
          () => launch.at('LaunchTemplateName').refersTo(template, 'LaunchTemplateName'),
        ]),
    ]);
    if (same.is === 'open') return same;
    if (same.is === 'holds') return asksForV2(template.at('LaunchTemplateData'));
  }
  return all([launch.present(), () => notKnown(launch.here, 'the launch template is not one of this template')]);
}

/** It, or its only interface, stands in a subnet of the template that hands out addresses, and it does not refuse one. */
function isHandedAnAddress(instance: Subject, stack: Stack): Judgement {
  const interfaces = instance.at('NetworkInterfaces');
  return any(
    stack
      .all('AWS::EC2::Subnet')
      .map(
        (subnet) => () =>
          all([
            subnet.exists(),
            () => subnet.at('MapPublicIpOnLaunch').is(true),
            () =>
              any([
                () => all([interfaces.absent(), () => instance.at('SubnetId').refersTo(subnet)]),
                () =>
                  interfaces.some(
                    (each) =>
                      all([each.at('AssociatePublicIpAddress').absent(), () => each.at('SubnetId').refersTo(subnet)]),
                    'it stands in other subnets',
                  ),
              ]),
          ]),
      ),
    fails(instance.here, 'no subnet hands it an address'),
  );
}

/** What instances run when they start. */
const USER_DATA: readonly (readonly [type: string, ...path: string[]])[] = [
  ['AWS::EC2::Instance', 'UserData'],
  ['AWS::EC2::LaunchTemplate', 'LaunchTemplateData', 'UserData'],
  ['AWS::AutoScaling::LaunchConfiguration', 'UserData'],
];

/** Somewhere in the text. */
function mentions({ content, here }: Place, subject: Subject): Judgement {
  if (content.is === 'open') return { is: 'open', needs: content.needs };
  const isNamed =
    content.is === 'unknown' &&
    content.value.dependsOn.some(({ kind, name }) => kind === 'resource' && name === subject.id);
  return isNamed ? HOLDS : fails(here, `it does not mention ${subject.id}`);
}

/** An instance that starts may associate the address with itself. */
const isTakenByAnInstance = (address: Subject, stack: Stack): Judgement =>
  any(
    USER_DATA.flatMap(([type, ...path]) =>
      stack
        .all(type)
        .map(
          (machine) => () =>
            all([
              machine.exists(),
              () => mentions(machine.at(...path), address),
              () => notKnown(address.here, `what ${machine.id} runs may associate it`),
            ]),
        ),
    ),
    fails(address.here, 'nothing uses it'),
  );

export const ec2: Controls = {
  'EC2.3': on(['AWS::EC2::Volume', 'AWS::EC2::Instance', 'AWS::EC2::LaunchTemplate'], (subject) => {
    if (subject.type === 'AWS::EC2::Volume') return subject.at('Encrypted').is(true);
    const data = subject.type === 'AWS::EC2::Instance' ? subject : subject.at('LaunchTemplateData');
    return devicesEncrypted(data.at('BlockDeviceMappings'));
  }),
  'EC2.6': on('AWS::EC2::VPC', (vpc, stack) =>
    namedBy(stack, vpc, [['AWS::EC2::FlowLog', 'ResourceId']], 'it has no flow log', (log) =>
      all([
        () => log.at('ResourceType').is('VPC'),
        () => any([() => log.at('TrafficType').is('ALL', 'REJECT'), () => log.at('TrafficType').absent()]),
      ]),
    ),
  ),
  'EC2.8': on('AWS::EC2::Instance', (instance, stack) =>
    any([
      () => asksForV2(instance),
      () => all([() => instance.at('MetadataOptions', 'HttpTokens').absent(), () => launchedWithV2(instance, stack)]),
    ]),
  ),
  'EC2.9': on('AWS::EC2::Instance', (instance, stack) =>
    all([
      () => noPublicAddress(instance.at('NetworkInterfaces')),
      () =>
        not(
          () =>
            namedBy(
              stack,
              instance,
              [
                ['AWS::EC2::EIP', 'InstanceId'],
                ['AWS::EC2::EIPAssociation', 'InstanceId'],
              ],
              'it has no Elastic IP address',
            ),
          instance.here,
          'an Elastic IP address is associated with it',
        ),
      () =>
        not(
          () => isHandedAnAddress(instance, stack),
          instance.here,
          'its subnet hands out public addresses, and AssociatePublicIpAddress is not false',
        ),
    ]),
  ),
  'EC2.10': on('AWS::EC2::VPC', (vpc, stack) =>
    namedBy(stack, vpc, [['AWS::EC2::VPCEndpoint', 'VpcId']], 'it has no endpoint of the EC2 API', (endpoint) =>
      any([() => endpoint.at('ServiceName').endsWith('.ec2'), () => endpoint.at('ServiceName').endsWith('.ec2-fips')]),
    ),
  ),
  'EC2.12': on('AWS::EC2::EIP', (address, stack) =>
    any([
      () => address.at('InstanceId').present(),
      () =>
        namedBy(
          stack,
          address,
          [
            ['AWS::EC2::NatGateway', 'AllocationId'],
            ['AWS::EC2::NatGateway', 'SecondaryAllocationIds'],
            ['AWS::ElasticLoadBalancingV2::LoadBalancer', 'SubnetMappings.*.AllocationId'],
            ['AWS::Transfer::Server', 'EndpointDetails.AddressAllocationIds'],
            ['AWS::EC2::EIPAssociation', 'AllocationId'],
            ['AWS::EC2::EIPAssociation', 'EIP'],
          ],
          'nothing uses it',
        ),
      () => isTakenByAnInstance(address, stack),
    ]),
  ),
  'EC2.13': closed((rule) => covers(rule, 22), 'everybody reaches port 22 (SSH)'),
  'EC2.14': closed((rule) => covers(rule, 3389), 'everybody reaches port 3389 (RDP)'),
  'EC2.15': on('AWS::EC2::Subnet', (subnet) =>
    all([
      () => subnet.at('MapPublicIpOnLaunch').isNot(true),
      () => subnet.at('AssignIpv6AddressOnCreation').isNot(true),
    ]),
  ),
  'EC2.16': on('AWS::EC2::NetworkAcl', (acl, stack) =>
    namedBy(stack, acl, [['AWS::EC2::SubnetNetworkAclAssociation', 'NetworkAclId']], 'no subnet uses it'),
  ),
  'EC2.17': on('AWS::EC2::Instance', (instance, stack) =>
    not(
      () =>
        any([
          () => instance.at('NetworkInterfaces').hasItems(2),
          () => namedBy(stack, instance, [['AWS::EC2::NetworkInterfaceAttachment', 'InstanceId']], 'it has one'),
        ]),
      instance.here,
      'it has more than one network interface',
    ),
  ),
  'EC2.18': closed(isUnusual, 'everybody reaches more than the ports 80 and 443'),
  'EC2.19': closed(coversAny(HIGH_RISK), 'everybody reaches a port of high risk'),
  'EC2.21': on('AWS::EC2::NetworkAclEntry', (entry) =>
    when(
      all([
        () => entry.at('RuleAction').is('allow'),
        () => entry.at('Egress').isNot(true),
        () => any([() => entry.at('CidrBlock').test(IPV4.whole), () => entry.at('Ipv6CidrBlock').test(IPV6.whole)]),
      ]),
      () =>
        not(
          () =>
            any([
              () => entry.at('Protocol').is(-1),
              () =>
                all([
                  () => entry.at('Protocol').is(6),
                  () =>
                    any(
                      ADMIN.map(
                        (port) => () =>
                          all([
                            () => entry.at('PortRange', 'From').atMost(port, { absent: HOLDS }),
                            () => entry.at('PortRange', 'To').atLeast(port, { absent: HOLDS }),
                          ]),
                      ),
                      fails(entry.here, ''),
                    ),
                ]),
            ]),
          entry.here,
          'it lets everybody reach port 22 or 3389',
        ),
    ),
  ),
  'EC2.23': on('AWS::EC2::TransitGateway', (gateway) => gateway.at('AutoAcceptSharedAttachments').isNot('enable')),
  'EC2.25': on('AWS::EC2::LaunchTemplate', (template) =>
    noPublicAddress(template.at('LaunchTemplateData', 'NetworkInterfaces')),
  ),
  'EC2.51': on('AWS::EC2::ClientVpnEndpoint', (endpoint) => endpoint.at('ConnectionLogOptions', 'Enabled').is(true)),
  'EC2.53': closed(coversAny(ADMIN), 'everybody reaches a port of remote administration', [IPV4]),
  'EC2.54': closed(coversAny(ADMIN), 'everybody reaches a port of remote administration', [IPV6]),
  'EC2.170': on('AWS::EC2::LaunchTemplate', (template) => asksForV2(template.at('LaunchTemplateData'))),
  'PF.VPC.endpoint': on('AWS::EC2::VPCEndpoint', (endpoint) =>
    when(endpoint.at('VpcEndpointType').is('Interface'), () => endpoint.at('SubnetIds').hasItems(2)),
  ),
};
