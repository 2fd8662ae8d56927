import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readTemplate } from '../../../lib/cfn/read.ts';
import type { Template } from '../../../lib/cfn/template.ts';
import { type Layout, layOut, type Point, type Rectangle } from '../../../lib/diagram/layout.ts';
import { modelOf } from '../../../lib/diagram/model.ts';
import { fileInProject } from '../../../lib/project.ts';

const ours = readdirSync(fileInProject('templates')).filter((name) => name.endsWith('.yaml'));

const HAIR = 0.5;

function meet(a: Rectangle, b: Rectangle): boolean {
  return (
    a.x + a.width > b.x + HAIR &&
    b.x + b.width > a.x + HAIR &&
    a.y + a.height > b.y + HAIR &&
    b.y + b.height > a.y + HAIR
  );
}

function within(inner: Rectangle, outer: Rectangle): boolean {
  return (
    inner.x >= outer.x - HAIR &&
    inner.y >= outer.y - HAIR &&
    inner.x + inner.width <= outer.x + outer.width + HAIR &&
    inner.y + inner.height <= outer.y + outer.height + HAIR
  );
}

const stretch = (a: Point, b: Point): Rectangle => ({
  x: Math.min(a.x, b.x) + 1,
  y: Math.min(a.y, b.y) + 1,
  width: Math.abs(a.x - b.x) - 2,
  height: Math.abs(a.y - b.y) - 2,
});

/** A stretch that is only a line: a rectangle as thin as a hair. */
const crosses = (a: Point, b: Point, rectangle: Rectangle): boolean => {
  const { x, y, width, height } = stretch(a, b);
  return meet({ x, y, width: Math.max(width, 1.1), height: Math.max(height, 1.1) }, rectangle);
};

/** Everything that would make a drawing hard to read, in words. */
function flaws({ zones, cards, flows, width, height }: Layout): string[] {
  const found: string[] = [];
  const page = { x: 0, y: 0, width, height };
  const zoneAt = new Map(zones.map(({ zone, at }) => [zone.id, at]));
  for (const [index, { card, at, box }] of cards.entries()) {
    if (!within(at, page)) found.push(`${card.id} is off the page`);
    const zone = card.zone === undefined ? undefined : zoneAt.get(card.zone);
    if (zone && !within(at, zone)) found.push(`${card.id} is not in ${card.zone}`);
    for (const row of box.rows)
      if (row.x + row.width > at.width + HAIR || row.y > at.height) found.push(`${row.text} is wider than ${card.id}`);
    for (const other of cards.slice(index + 1))
      if (meet(at, other.at)) found.push(`${card.id} overlaps ${other.card.id}`);
  }
  for (const [index, { zone, at, head }] of zones.entries()) {
    const outer = zone.parent === undefined ? page : zoneAt.get(zone.parent)!;
    if (!within(at, outer)) found.push(`${zone.id} is not in ${zone.parent ?? 'the page'}`);
    for (const other of zones.slice(index + 1))
      if (other.zone.parent === zone.parent && meet(at, other.at)) found.push(`${zone.id} overlaps ${other.zone.id}`);
    const texts = [
      ...head.rows.map((row) => ({
        x: at.x + row.x,
        y: at.y + row.y - 9,
        width: Math.min(row.width, at.width - 24),
        height: 11,
        text: row.text,
      })),
      ...head.chips.map((chip) => ({
        x: at.x + chip.x,
        y: at.y + chip.y,
        width: chip.width,
        height: 20,
        text: chip.text,
      })),
    ];
    for (const text of texts) {
      if (!within(text, at)) found.push(`${text.text} is wider than ${zone.id}`);
      for (const { card, at: place } of cards) if (meet(text, place)) found.push(`${card.id} covers ${text.text}`);
    }
  }
  for (const [index, { flow, points, label }] of flows.entries()) {
    const name = `${flow.from} > ${flow.to}`;
    if (points.length < 2) found.push(`${name} has no line`);
    for (const { card, at } of cards) {
      if (label && meet(label, at)) found.push(`${card.id} covers the label of ${name}`);
      if (card.id === flow.from || card.id === flow.to) continue;
      for (let i = 1; i < points.length; i++)
        if (crosses(points[i - 1]!, points[i]!, at)) found.push(`${name} crosses ${card.id}`);
    }
    for (const other of flows.slice(index + 1))
      if (label && other.label && meet(label, other.label))
        found.push(`labels of ${name} and ${other.flow.from} > ${other.flow.to}`);
  }
  return found;
}

test('what makes a drawing hard to read is found', async () => {
  const layout = await layOut(
    modelOf({
      Resources: {
        A: { Type: 'AWS::SNS::Topic', Properties: { Uses: { Ref: 'B' } } },
        B: { Type: 'AWS::SQS::Queue', Properties: { RedrivePolicy: { x: { Ref: 'C' } } } },
        C: { Type: 'AWS::SQS::Queue' },
      },
    }),
  );
  expect(flaws(layout)).toEqual([]);
  const [a, b, c] = layout.cards;
  const labelled = layout.flows.find(({ label }) => label)!;
  const moved = (cards: Layout['cards']) => flaws({ ...layout, cards });
  expect(moved([a!, { ...b!, at: a!.at }, c!])).toContain('A overlaps B');
  expect(moved([{ ...a!, at: { ...labelled.label!, width: 99 } }, b!, c!])).toContain('A covers the label of B > C');
  const bend = labelled.points[0]!;
  expect(moved([{ ...a!, at: { x: bend.x - 5, y: bend.y - 5, width: 40, height: 40 } }, b!, c!])).toContain(
    'B > C crosses A',
  );
});

const place = (template: unknown) => layOut(modelOf(template as Template));

test.each(ours)('%s: nothing covers anything, and it fits a page', async (name) => {
  const layout = await layOut(modelOf(readTemplate(fileInProject('templates', name)).template));
  expect(flaws(layout)).toEqual([]);
  expect(layout.width).toBeLessThan(1800);
  expect(layout.height).toBeLessThan(1300);
});

/** Eighty resources of a shop: a network, functions behind an API, queues, tables, alarms, keys. */
function shop(parts: number) {
  const each = Array.from({ length: parts }, (_, index) => index);
  const resources: [string, string, object?][] = [
    ['Vpc', 'AWS::EC2::VPC', { CidrBlock: '10.0.0.0/16' }],
    ['Key', 'AWS::KMS::Key'],
    ['Topic', 'AWS::SNS::Topic', { KmsMasterKeyId: { Ref: 'Key' } }],
    ['Api', 'AWS::ApiGateway::RestApi'],
    ['Group', 'AWS::EC2::SecurityGroup', { VpcId: { Ref: 'Vpc' } }],
    ...each.flatMap((index): [string, string, object?][] => [
      [`Subnet${index}`, 'AWS::EC2::Subnet', { VpcId: { Ref: 'Vpc' } }],
      [
        `Role${index}`,
        'AWS::IAM::Role',
        {
          Policies: [
            {
              PolicyDocument: {
                Statement: [{ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: { Ref: `Table${index % 3}` } }],
              },
            },
          ],
        },
      ],
      [
        `Handler${index}`,
        'AWS::Lambda::Function',
        {
          Role: { 'Fn::GetAtt': [`Role${index}`, 'Arn'] },
          VpcConfig: { SubnetIds: [{ Ref: `Subnet${index}` }], SecurityGroupIds: [{ Ref: 'Group' }] },
        },
      ],
      [`Queue${index}`, 'AWS::SQS::Queue', { KmsMasterKeyId: { Ref: 'Key' } }],
      [
        `Mapping${index}`,
        'AWS::Lambda::EventSourceMapping',
        { EventSourceArn: { 'Fn::GetAtt': [`Queue${index}`, 'Arn'] }, FunctionName: { Ref: `Handler${index}` } },
      ],
      [
        `Alarm${index}`,
        'AWS::CloudWatch::Alarm',
        { AlarmActions: [{ Ref: 'Topic' }], Dimensions: [{ Value: { Ref: `Handler${index}` } }] },
      ],
      [
        `Method${index}`,
        'AWS::ApiGateway::Method',
        { RestApiId: { Ref: 'Api' }, Integration: { Uri: { 'Fn::Sub': `x/\${Handler${(index + 1) % parts}.Arn}` } } },
      ],
      [`Table${index}`, 'AWS::DynamoDB::Table'],
    ]),
  ];
  return { Resources: Object.fromEntries(resources.map(([id, Type, Properties = {}]) => [id, { Type, Properties }])) };
}

test('a hundred resources with arrows between most of them are readable on one page', async () => {
  const template = shop(12);
  expect(Object.keys(template.Resources).length).toBeGreaterThan(100);
  const layout = await place(template);
  expect(flaws(layout)).toEqual([]);
  expect(layout.width).toBeLessThan(2400);
  expect(layout.height).toBeLessThan(2400);
}, 60_000);

test.each([
  ['no resources', {}, 0],
  ['one', { Bucket: { Type: 'AWS::S3::Bucket' } }, 1],
  [
    'a NAT gateway in the subnets that go through it',
    {
      Vpc: { Type: 'AWS::EC2::VPC' },
      Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' } } },
      Nat: { Type: 'AWS::EC2::NatGateway', Properties: { SubnetId: { Ref: 'Subnet' } } },
      Table: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: { Ref: 'Vpc' } } },
      Route: { Type: 'AWS::EC2::Route', Properties: { RouteTableId: { Ref: 'Table' }, NatGatewayId: { Ref: 'Nat' } } },
      Association: {
        Type: 'AWS::EC2::SubnetRouteTableAssociation',
        Properties: { SubnetId: { Ref: 'Subnet' }, RouteTableId: { Ref: 'Table' } },
      },
    },
    1,
  ],
])('%s', async (_, Resources, cards) => {
  const layout = await place({ Resources });
  expect(layout.cards).toHaveLength(cards);
  expect(flaws(layout)).toEqual([]);
});

const graphs = fc.record({
  nodes: fc.array(
    fc.constantFrom(
      'AWS::SQS::Queue',
      'AWS::Lambda::Function',
      'AWS::DynamoDB::Table',
      'AWS::SNS::Topic',
      'AWS::EC2::Instance',
    ),
    { minLength: 1, maxLength: 14 },
  ),
  edges: fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { maxLength: 18 }),
  inside: fc.array(fc.nat(13), { maxLength: 5 }),
});

test('whatever refers to whatever, nothing covers anything', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, async ({ nodes, edges, inside }) => {
      const Resources = Object.fromEntries(
        nodes.map((Type, index) => {
          const uses = edges.filter(([from]) => from === index).map(([, to]) => ({ Ref: `Resource${to}` }));
          const subnets = inside.includes(index)
            ? { SubnetIds: { Ref: index % 2 ? 'PrivateSubnets' : 'PublicSubnets' } }
            : {};
          return [`Resource${index}`, { Type, Properties: { Uses: uses, ...subnets } }];
        }),
      );
      const given = { Type: 'List<AWS::EC2::Subnet::Id>' };
      const layout = await place({ Parameters: { PrivateSubnets: given, PublicSubnets: given }, Resources });
      expect(flaws(layout)).toEqual([]);
    }),
    { numRuns: 25 },
  );
}, 60_000);
