import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { graduation } from '../../../generator/projects/graduate.ts';
import { type Consumer, parseRegister } from '../../../generator/projects/register.ts';
import { readTemplate } from '../../../lib/cfn/read.ts';
import { projectNames } from '../../../lib/database/names.ts';
import { fileInProject } from '../../../lib/project.ts';

const CERTIFICATE = 'arn:aws:acm:us-west-2:111122223333:certificate/0b1c6a39-0000-4000-8000-000000000000';
const IMAGE = 'public.ecr.aws/nginx/nginx:1.27';
const text = `
environments:
  dev: {type: development, region: us-west-2}
providers:
  pikaia: {environment: dev, domain: api.pikaia.dev, certificateArn: "${CERTIFICATE}", image: "${IMAGE}"}
projects:
  shop: {provider: pikaia, domain: api.shop.com, priority: 100, image: "${IMAGE}", parameters: {app-consumer: {MaxTasks: 8, AlertEmail: ops@shop.com, DatabaseSecretKeyArn: ""}, events: {EventBacklogSeconds: 700}}}
`;
const shop = parseRegister(text, 'plainform.yaml').projects.get('shop') as Consumer;
const { stacks, steps, entry } = graduation(shop, CERTIFICATE, 'shop-own');

test('every stack of its own, under a prefix that nobody holds, sized as before', () => {
  expect(stacks.map(({ stackName }) => stackName)).toEqual(
    ['network', 'app', 'frontend', 'events', 'observability'].map((stack) => `shop-own-${stack}`),
  );
  const app = stacks.find(({ stack }) => stack === 'app')!;
  expect(app.values).toMatchObject({
    EnvironmentSuffix: 'shop-own',
    CertificateArn: CERTIFICATE,
    MaxTasks: '8',
    ImageUri: IMAGE,
  });
});

test('its credentials lead to a database that a step makes and the copy fills', () => {
  const network = readTemplate(fileInProject('templates/shared/network.yaml')).template;
  const port = network.Parameters!.DatabasePort!.Default;
  const commands = steps.flatMap((step) => step.commands);
  const made = commands.findIndex((command) =>
    command.startsWith('plainform database create shop-own --exports shop-own --region us-west-2'),
  );
  expect(made).toBeGreaterThan(-1);
  expect(projectNames('shop-own')).toMatchObject({ database: 'shop_own', user: 'shop_own_user' });
  const restored = commands.flatMap((command, index) => (command.startsWith('pg_restore') ? [index] : []));
  expect(restored).toHaveLength(2);
  for (const index of restored) {
    expect(index).toBeGreaterThan(made);
    expect(commands[index]).toContain(`port=${port} dbname=shop_own user=shop_own_user `);
  }
});

test('what the consumer was given goes along, in the files and in the entry', () => {
  const valuesOf = (name: string) => stacks.find(({ stack }) => stack === name)!.values;
  expect([valuesOf('app').MaxTasks, valuesOf('network').AlertEmail, valuesOf('events').EventBacklogSeconds]).toEqual([
    '8',
    'ops@shop.com',
    '700',
  ]);
  const { projects } = parseRegister(text.replace(/ {2}shop: .*\n/, `  ${entry}\n`), 'plainform.yaml');
  expect(projects.get('shop')!.parameters).toEqual({
    network: { AlertEmail: 'ops@shop.com' },
    app: { MaxTasks: 8 },
    events: { EventBacklogSeconds: 700 },
  });
});

test('each step says how to see that it worked, what it interrupts, and how to go back', () => {
  for (const { title, commands, check, interrupts, back } of steps)
    for (const part of [title, check, interrupts, back, ...commands]) expect(part).not.toBe('');
  const titles = steps.map(({ title }) => title.split(' ')[0]);
  expect(titles.indexOf('Deploy')).toBeLessThan(titles.indexOf('Stop'));
  expect(titles.indexOf('Stop')).toBeLessThan(titles.indexOf('Copy'));
  expect(titles.indexOf('Copy')).toBeLessThan(titles.indexOf('Point'));
  expect(steps.filter(({ interrupts }) => !interrupts.startsWith('nothing'))).toHaveLength(3);
});

test('the commands name what the templates name', () => {
  const commands = steps.flatMap((step) => step.commands).join('\n');
  for (const [, file] of commands.matchAll(/--template-file (\S+)/g))
    expect(existsSync(fileInProject(file!))).toBe(true);
  const named = (template: string, type: string, property: string) =>
    Object.values(readTemplate(fileInProject(`templates/shared/${template}.yaml`)).template.Resources).flatMap(
      ({ Type, Properties }) => (Type === type ? [JSON.stringify(Properties?.[property])] : []),
    );
  expect(named('app-consumer', 'AWS::ECS::Service', 'ServiceName')).toEqual(['{"Fn::Sub":"${EnvironmentSuffix}-app"}']);
  expect(named('app-consumer', 'AWS::ECS::Cluster', 'ClusterName')).toEqual(['{"Fn::Sub":"${EnvironmentSuffix}-app"}']);
  expect(named('events', 'AWS::Lambda::Function', 'FunctionName')).toContain(
    '{"Fn::Sub":"${EnvironmentSuffix}-event-consumer"}',
  );
  expect(commands).toContain('service/shop-app/shop-app');
  expect(commands).toContain('--function-name shop-event-consumer');
  expect(commands).toContain('dbname=shop user=shop_user');
});

test('the entry that takes the place of the former one is a register', () => {
  const { projects } = parseRegister(text.replace(/ {2}shop: .*\n/, `  ${entry}\n`), 'plainform.yaml');
  expect(projects.get('shop')).toMatchObject({
    mode: 'standalone',
    resourcePrefix: 'shop-own',
    domain: 'api.shop.com',
  });
});
