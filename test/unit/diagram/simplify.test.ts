import { expect, test } from '@jest/globals';
import type { Template } from '../../../lib/cfn/template.ts';
import { renderDrawing } from '../../../lib/diagram/draw.ts';
import { type Drawing, modelOf } from '../../../lib/diagram/model.ts';
import { LEVELS, simplified } from '../../../lib/diagram/simplify.ts';

/** Every box leads to the next six. */
function web(count: number): Drawing {
  const ids = Array.from({ length: count }, (_, index) => `Thing${index}`);
  const uses = (index: number) => ids.slice(index + 1, index + 7).map((id) => ({ Ref: id }));
  const entries = ids.map((id, index) => [
    id,
    { Type: TYPES[index % TYPES.length], Properties: { NotificationTargets: uses(index) } },
  ]);
  return modelOf({ Resources: Object.fromEntries(entries) } as unknown as Template);
}

const TYPES = [
  'AWS::SQS::Queue',
  'AWS::DynamoDB::Table',
  'AWS::ECS::Service',
  'AWS::CodeBuild::Project',
  'AWS::WAFv2::IPSet',
];

/** A chain, each link of which also writes to one log group. */
function chain(length: number): Drawing {
  const ids = Array.from({ length }, (_, index) => `Link${index}`);
  const Resources = Object.fromEntries([
    ['Logs', { Type: 'AWS::Logs::LogGroup' }],
    ...ids.map((id, index) => [
      id,
      {
        Type: TYPES[index % TYPES.length],
        Properties: {
          LoggingConfiguration: { Ref: 'Logs' },
          ...(index + 1 < length && { Next: { Ref: ids[index + 1] } }),
        },
      },
    ]),
  ]);
  return modelOf({ Resources } as unknown as Template);
}

test.each(LEVELS)('level %i: what is no arrow any more is said in the box that it would leave', (level) => {
  const drawing = chain(9);
  const simpler = simplified(drawing, level);
  const gone = drawing.flows.filter((flow) => !simpler.flows.includes(flow));
  const names = new Map(drawing.cards.map(({ id, name, service }) => [id, name ?? service]));
  for (const { from, to } of gone) {
    const { leads } = simpler.cards.find(({ id }) => id === from)!;
    expect(leads?.filter((lead) => lead.includes('→')).join()).toContain(names.get(to));
  }
  expect(simpler.cards).toHaveLength(drawing.cards.length);
  expect(simpler.folded).toEqual(drawing.folded);
});

test('first arrows to where many end, then those that only refer, at last all between groups', () => {
  const counts = LEVELS.map((level) => {
    const { flows } = simplified(chain(9), level);
    return [flows.filter(({ to }) => to === 'Logs').length, flows.filter(({ kind }) => kind === 'uses').length];
  });
  expect(counts).toEqual([
    [9, 8],
    [0, 8],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const between = simplified(
    modelOf({
      Resources: {
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            Targets: [
              { Id: 'a', Arn: { Ref: 'Topic' } },
              { Id: 'b', Arn: { Ref: 'Function' } },
            ],
          },
        },
        Topic: { Type: 'AWS::SNS::Topic' },
        Function: { Type: 'AWS::Lambda::Function' },
      },
    }),
    3,
  );
  expect(between.flows.map(({ to }) => to)).toEqual(['Topic']);
  expect(between.cards.map(({ leads }) => leads)).toEqual([['events → Function'], undefined, ['← Rule']]);
});

test('who may connect to whom stays an arrow until the last', () => {
  const groups = ['A', 'B', 'C', 'D', 'E'];
  const ingress = groups
    .slice(1)
    .map((id) => ({ IpProtocol: 'tcp', FromPort: 1, ToPort: 1, SourceSecurityGroupId: { Ref: id } }));
  const drawing = modelOf({
    Resources: Object.fromEntries(
      groups.map((id) => [
        id,
        {
          Type: 'AWS::EC2::SecurityGroup',
          Properties: {
            GroupDescription: id,
            VpcId: { Ref: `Vpc${id}` },
            ...(id === 'A' && { SecurityGroupIngress: ingress }),
          },
        },
      ]),
    ),
  });
  expect(drawing.flows.length).toBeGreaterThan(0);
  for (const level of LEVELS.slice(0, 4)) expect(simplified(drawing, level).flows).toEqual(drawing.flows);
  const { flows, cards } = simplified(drawing, 4);
  expect(flows).toEqual([]);
  expect(cards.find(({ id }) => id === 'A')?.leads).toEqual(['← 4 security groups']);
  expect(cards.find(({ id }) => id === 'B')?.leads).toEqual(['tcp 1 → A']);
});

test('what comes from outside is said where it ends', () => {
  const { cards } = simplified(
    modelOf({
      Resources: {
        Group: {
          Type: 'AWS::EC2::SecurityGroup',
          Properties: {
            VpcId: 'vpc-1',
            SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }],
          },
        },
      },
    }),
    4,
  );
  expect(cards.map(({ id, leads }) => [id, leads])).toEqual([['Group', ['← Internet: tcp 443']]]);
});

test('a drawing that fits keeps its arrows; one that does not comes out legible, and says why', async () => {
  const widthOf = (svg: string) => Number(/viewBox="0 0 (\d+)/.exec(svg)![1]);
  const drawn = (svg: string) => svg.includes('leads there, without an arrow');
  const [short, long] = [await renderDrawing(chain(3)), await renderDrawing(web(40))];
  expect([drawn(short), drawn(long)]).toEqual([false, true]);
  expect(widthOf(long)).toBeLessThan(1900);
}, 60_000);
