import type { Stack } from '../../lib/cfn/index.ts';
import { app } from './shared/app.ts';
import { appConsumer } from './shared/app-consumer.ts';
import { sharedEvents } from './shared/events.ts';
import { sharedExport } from './shared/export.ts';
import { sharedFrontend } from './shared/frontend.ts';
import { network } from './shared/network.ts';
import { sharedObservability } from './shared/observability.ts';
import { staging } from './staging.ts';
import { stagingFoundation } from './staging-foundation.ts';
import { stagingGovernance } from './staging-governance.ts';
import { stagingMasking } from './staging-masking.ts';
import { stagingMonitoring } from './staging-monitoring.ts';
import { stagingReplica } from './staging-replica.ts';

/** Every stack that is emitted, by the name of its template: `shared/network` is templates/shared/network.yaml. */
export const stacks: Readonly<Record<string, () => Stack>> = {
  'staging-replica': stagingReplica,
  'staging-foundation': stagingFoundation,
  staging,
  'staging-governance': stagingGovernance,
  'staging-masking': stagingMasking,
  'staging-monitoring': stagingMonitoring,
  'shared/network': network,
  'shared/app': app,
  'shared/export': sharedExport,
  'shared/app-consumer': appConsumer,
  'shared/frontend': sharedFrontend,
  'shared/events': sharedEvents,
  'shared/observability': sharedObservability,
};
