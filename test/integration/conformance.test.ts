import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConfigServiceClient,
  DescribeConfigRulesCommand,
  PutConfigurationRecorderCommand,
} from '@aws-sdk/client-config-service';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { conformance } from '../../generator/commands/conformance.ts';
import { stacksOf } from '../../generator/environments.ts';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import type { ConformancePack } from '../../lib/evidence/conformance.ts';
import { fileInProject } from '../../lib/project.ts';
import { deployTo } from '../support/emulator-stack.ts';
import { listeningTerminal } from '../support/listening-terminal.ts';

const cfnLint = fileInProject('.venv/bin/cfn-lint');
const lintMissing = existsSync(cfnLint) ? undefined : 'the official cfn-lint is not installed in .venv';
const missing = emulatorMissing();

interface Printed {
  rules: {
    name: string;
    identifier: string;
    resourceTypes: string[];
    parameters: Record<string, string>;
    trigger: string[];
  }[];
  unwatched: ConformancePack['unwatched'];
  template: string;
}

let folder: string;
let printed: Printed;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-pack-'));
  const terminal = listeningTerminal();
  await conformance(
    { arguments: stacksOf('staging').map(({ template }) => fileInProject(template)), json: true },
    terminal,
  );
  printed = JSON.parse(terminal.printed.join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the conformance pack of the staging environment', () => {
  test('fits into a request of AWS Config', () => {
    expect(printed.rules.length).toBeGreaterThan(40);
    expect(printed.rules.length).toBeLessThanOrEqual(130);
    expect(Buffer.byteLength(printed.template)).toBeLessThanOrEqual(51_200);
  });

  (lintMissing ? test.skip : test)(
    `the official cfn-lint finds nothing${lintMissing ? ` (skipped: ${lintMissing})` : ''}`,
    () => {
      const file = join(folder, 'pack.yaml');
      writeFileSync(file, printed.template);
      const { stdout, stderr, status } = spawnSync(cfnLint, [file], { encoding: 'utf8' });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    },
    60_000,
  );

  describe(`deployed to the emulator${missing ? ` (skipped: ${missing})` : ''}`, () => {
    let emulator: Emulator | undefined;
    afterAll(() => emulator?.stop());

    (missing ? test.skip : test)(
      'makes the rules, with identifier, scope and parameters',
      async () => {
        emulator = await startEmulator();
        const client = new ConfigServiceClient(clientOptions({ region: 'us-west-2', endpoint: emulator.endpoint }));
        // As AWS does, the emulator refuses rules where nothing records.
        const ConfigurationRecorder = { name: 'default', roleARN: 'arn:aws:iam::123456789012:role/config' };
        await client.send(new PutConfigurationRecorderCommand({ ConfigurationRecorder }));
        const { status, reason } = await deployTo(emulator.endpoint, { stackName: 'pack', template: printed.template });
        expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: '' });
        const made = new Map<string, { identifier?: string; types?: string[]; parameters: unknown }>();
        let NextToken: string | undefined;
        do {
          const page = await client.send(new DescribeConfigRulesCommand({ ...(NextToken && { NextToken }) }));
          for (const { ConfigRuleName, Source, Scope, InputParameters } of page.ConfigRules ?? [])
            made.set(ConfigRuleName!, {
              ...(Source?.SourceIdentifier && { identifier: Source.SourceIdentifier }),
              ...(Scope?.ComplianceResourceTypes?.length && { types: Scope.ComplianceResourceTypes }),
              parameters: JSON.parse(InputParameters || '{}'),
            });
          NextToken = page.NextToken;
        } while (NextToken);
        for (const { name, identifier, resourceTypes, parameters, trigger } of printed.rules)
          expect([name, made.get(name)]).toEqual([
            name,
            {
              identifier,
              ...(trigger.includes('change') && resourceTypes.length > 0 && { types: resourceTypes }),
              parameters,
            },
          ]);
      },
      120_000,
    );
  });
});
